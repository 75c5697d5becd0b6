/** Results of tests in the forms of `opa test`. */
import { goDuration } from './go-duration.ts'
import { orderedJson, type Printed, type Record, record } from './ordered-json.ts'
import { problemsText } from './rego-problems.ts'
import { type Cases, inOrder } from './test-cases.ts'
import type { TestResult } from './test-run.ts'

export interface ReportOptions {
  /** Tells of tests that pass too, and explains those that fail. */
  readonly isVerbose: boolean
  /** Why a test failed, as lines; absent: it is not told. */
  readonly explain?: (result: TestResult) => string
  /** Benchmarks are lines of figures, for people or in Go's format for benchmarks. */
  readonly benchmarks?: 'pretty' | 'gobench'
}

const outcomes = { pass: 'PASS', fail: 'FAIL', skip: 'SKIPPED', error: 'ERROR' } as const
const rule = `${'-'.repeat(80)}\n`

export function prettyReport(results: readonly TestResult[], options: ReportOptions): string {
  const shown = results.filter(({ outcome }) => options.isVerbose || outcome !== 'pass')
  const benchmarks = options.benchmarks === undefined ? [] : results.filter(({ runs }) => runs !== undefined)
  const lines = [
    ...benchmarks.map((result) => benchmarkLine(result, options.benchmarks === 'gobench')),
    ...shown
      .filter(({ runs }) => runs === undefined)
      .map((result, i) => resultLines(result, shown[i - 1]?.test.file, options.isVerbose)),
  ]
  return [...lines, failures(results, options), lines.length > 0 ? rule : '', summary(results)].join('')
}

function resultLines(result: TestResult, before: string | undefined, isVerbose: boolean): string {
  const { test, printed, cases, errors } = result
  const gap = before !== undefined && before !== test.file ? '\n' : ''
  const output = printed.length === 0 ? '' : `\n${indented(printed.join('\n').trim(), 2)}\n`
  const problem = errors.length === 0 ? '' : `  ${problemsText(errors).replace(/^1 error occurred: /, '')}\n`
  return `${gap}${test.file}:${test.row}:\n${headline(result)}\n${caseLines(cases, isVerbose)}${output}${problem}`
}

function headline({ test, outcome, durationNs }: TestResult): string {
  const took = outcome === 'skip' ? '' : ` (${goDuration(durationNs)})`
  return `${test.package}.${test.name}: ${outcomes[outcome]}${took}`
}

function caseLines(cases: Cases, isVerbose: boolean): string {
  return [...inOrder(cases)]
    .filter(([, { isFailed }]) => isFailed || isVerbose)
    .map(([path, { name, isFailed }]) => `${'  '.repeat(path.length)}${name}: ${isFailed ? 'FAIL' : 'PASS'}\n`)
    .join('')
}

/** Why tests failed, where that is asked for. */
function failures(results: readonly TestResult[], { explain }: ReportOptions): string {
  const failed = results.filter(({ outcome }) => outcome === 'fail')
  if (explain === undefined || failed.length === 0) return ''
  const told = failed.map((result) => `${headline(result)}\n\n${indented(explain(result), 2)}\n`)
  return `${rule}FAILURES\n${rule}${told.join('')}`
}

function indented(text: string, spaces: number): string {
  return text
    .split('\n')
    .map((line) => `${' '.repeat(spaces)}${line}\n`)
    .join('')
}

/** Cases count in place of their test. */
function summary(results: readonly TestResult[]): string {
  const counts = { pass: 0, fail: 0, skip: 0, error: 0 }
  for (const { outcome, cases } of results) {
    const leaves = [...inOrder(cases)].filter(([, each]) => each.cases.size === 0)
    if (leaves.length === 0 || outcome === 'skip' || outcome === 'error') counts[outcome]++
    else for (const [, { isFailed }] of leaves) counts[isFailed ? 'fail' : 'pass']++
  }
  const total = counts.pass + counts.fail + counts.skip + counts.error
  return (['pass', 'fail', 'skip', 'error'] as const)
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${outcomes[outcome]}: ${counts[outcome]}/${total}\n`)
    .join('')
}

/** `name`, how often it ran, and what one run took. */
function benchmarkLine({ test, runs = 0, durationNs }: TestResult, isGo: boolean): string {
  const full = `${test.package}.${test.name}`
  const camel = full.split(/[._]/).map((part) => part.charAt(0).toUpperCase() + part.slice(1))
  const name = isGo ? `Benchmark${camel.join('')}` : full
  return `${name}\t${String(runs).padStart(8)}\t${String(Math.round(durationNs / runs)).padStart(10)} ns/op\n`
}

export function jsonReport(results: readonly TestResult[]): string {
  return `${orderedJson(results.map(resultRecord))}\n`
}

function resultRecord({ test, outcome, durationNs, printed, errors, cases, runs }: TestResult): Record {
  const { file, row, col } = test
  const [error] = errors
  return record({
    location: record({ file, row, col }),
    package: test.package,
    name: test.name,
    fail: outcome === 'fail' ? true : undefined,
    error: error === undefined ? undefined : errorRecord(error),
    skip: outcome === 'skip' ? true : undefined,
    duration: durationNs,
    output: printed.length === 0 ? undefined : Buffer.from(`${printed.join('\n')}\n`).toString('base64'),
    benchmark_result: runs === undefined ? undefined : record({ N: runs, T: durationNs }),
    sub_results: cases.size === 0 ? undefined : casesRecord(cases),
  })
}

function errorRecord({ code, message, file, row, col }: TestResult['errors'][number]): Record {
  return record({ code, message, location: row === 0 ? undefined : record({ file, row, col }) })
}

function casesRecord(cases: Cases): Record {
  const sorted = [...cases].sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  return new Map<string, Printed>(
    sorted.map(([key, { name, isFailed, cases: inner }]) => [
      key,
      record({
        name: name === '' ? undefined : name,
        fail: isFailed ? true : undefined,
        sub_results: inner.size === 0 ? undefined : casesRecord(inner),
      }),
    ]),
  )
}
