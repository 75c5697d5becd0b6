/**
 * Coverage as OPA reports it: over the tests of the policies that ship, and over some of the suite's cases. There both say
 * the same to the column; of the suite's cases 99 of 100 have the same lines and more than nine in ten the same ranges inside them, the rest being
 * parts of expressions that OPA evaluates apart and that are constants, or one with what is around them, here.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Coverage, type CoverageRange, type CoverageReport, prepare } from '../../src/rego/index.ts'
import { opaMissing, runOpa } from '../support/opa.ts'
import { filesBelow, textOf } from '../support/sources.ts'
import { type Case, casesFolder, modulesOf, readCases } from './rego-cases.ts'

const missing = opaMissing()
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-coverage-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const text = ({ start, end }: CoverageRange): string => `${start.row}:${start.col}-${end.row}:${end.col}`

/** Without the reasons for what was not reached: OPA's depend on the order in which its index keeps rules. */
function rangesOf(report: CoverageReport): unknown {
  return Object.fromEntries(
    Object.entries(report.files).map(([file, { covered = [], not_covered: missed = [], ...rest }]) => [
      file,
      { ...rest, covered: covered.map(text), missed: missed.map(text) },
    ]),
  )
}

function linesOf({ files, ...totals }: CoverageReport): unknown {
  const counted = Object.entries(files).map(([file, { covered_lines, not_covered_lines, coverage }]) => [
    file,
    { covered_lines, not_covered_lines, coverage },
  ])
  return { totals, files: Object.fromEntries(counted) }
}

const policies = Object.fromEntries(filesBelow('policies', ['.rego']).map((path) => [path, textOf(path)]))

describe.skipIf(missing !== undefined)(`the coverage of the policies' tests${missing ?? ''}`, () => {
  test('is what `opa test` reports, to the column', { timeout: 60_000 }, () => {
    const root = join(import.meta.dirname, '../..')
    const opa = JSON.parse(runOpa(['test', '--coverage', '--format', 'json', 'policies'], root).out)
    const coverage = new Coverage()
    const data = JSON.parse(textOf('policies/data.json'))
    for (const source of Object.values(policies)) {
      const name = /^package (\S+)$/m.exec(source)?.[1] ?? ''
      const rules = new Set([...source.matchAll(/^(test_\w+)\b/gm)].map(([found]) => `data.${name}.${found}`))
      if (rules.size === 0) continue
      const query = `[${[...rules].join(', ')}]`
      prepare({ query, modules: policies, data, coverage }).value()
    }
    const report = coverage.report()
    expect(linesOf(report)).toEqual(linesOf(opa))
    expect(rangesOf(report)).toEqual(rangesOf(opa))
  })
})

interface Covered {
  readonly ours: CoverageReport
  readonly opas: CoverageReport
}

/** One case in both; undefined where there is nothing to compare. */
async function both(wanted: Case): Promise<Covered | undefined> {
  const named = Object.entries(modulesOf(wanted)).map(([name, source]) => [fileName(name), source] as const)
  if (named.length === 0 || wanted.want_error_code !== undefined || wanted.want_error !== undefined) return undefined
  if (wanted.input_term !== undefined || named.some(([, source]) => source.includes('test.sleep'))) return undefined
  const place = join(folder, 'case')
  rmSync(place, { recursive: true, force: true })
  const files: Record<string, string> = { ...Object.fromEntries(named), 'data.json': JSON.stringify(wanted.data ?? {}) }
  const hasInput = 'input' in wanted
  for (const [name, content] of Object.entries({ ...files, ...(hasInput && { in: JSON.stringify(wanted.input) }) })) {
    mkdirSync(dirname(join(place, name)), { recursive: true })
    writeFileSync(join(place, name), content)
  }
  const words = [...Object.keys(files).flatMap((file) => ['-d', file]), ...(hasInput ? ['-i', 'in'] : [])]
  const opas = JSON.parse(
    runOpa(['eval', ...words, wanted.query, '--coverage', '--format', 'json'], place).out,
  ).coverage
  if (opas === undefined) return undefined
  const coverage = new Coverage()
  const query = prepare({
    query: wanted.query,
    modules: Object.fromEntries(named),
    data: wanted.data ?? {},
    coverage,
  })
  await (hasInput ? query.evaluateAsync(wanted.input) : query.evaluateAsync())
  return { ours: coverage.report(), opas }
}

function fileName(name: string): string {
  return `${name.replaceAll('/', '_').replace(/\.rego$/, '')}.rego`
}

/** Every how many cases one is compared: each starts an `opa`. */
const everyCase = 60

describe.skipIf(missing !== undefined || !existsSync(casesFolder))('the coverage of cases of the suite', () => {
  test('is what `opa eval` reports', { timeout: 60_000 }, async () => {
    const cases = readdirSync(casesFolder)
      .sort()
      .flatMap((file) => readCases(join(casesFolder, file)))
      .filter((_, i) => i % everyCase === 7)
    const compared = (await Promise.all(cases.map(both))).filter((each) => each !== undefined)
    expect(compared.length).toBeGreaterThan(15)
    const share = (what: (report: CoverageReport) => unknown): number =>
      compared.filter(({ ours, opas }) => JSON.stringify(what(ours)) === JSON.stringify(what(opas))).length /
      compared.length
    expect(share(linesOf)).toBeGreaterThan(0.95)
    expect(share(rangesOf)).toBeGreaterThan(0.9)
  })
})

describe('coverage', () => {
  const modules = { 'p.rego': 'package p\n\nallow if {\n\tinput.x > 1\n\tinput.y\n}\n\nallow if input.z\n' }

  test('of a query is its own where no other shares it', () => {
    const query = prepare({ query: 'data.p.allow', modules, coverage: true })
    query.evaluate({ x: 2 })
    expect(query.coverage?.()).toMatchObject({ covered_lines: 3, not_covered_lines: 2 })
    query.evaluate({ z: true })
    expect(query.coverage?.()).toMatchObject({ covered_lines: 3, not_covered_lines: 1 })
  })

  test('counts how often conditions held and failed', () => {
    const coverage = new Coverage()
    const query = prepare({ query: 'data.p.allow', modules, coverage })
    for (const x of [0, 1, 2, 3]) query.evaluate({ x, y: x === 3 })
    const rows = coverage.conditions()['p.rego']?.map(({ text, held, failed }) => ({ text, held, failed }))
    expect(rows).toEqual([
      { text: 'input.x > 1', held: 2, failed: 2 },
      { text: 'input.y', held: 1, failed: 1 },
      { text: 'input.z', held: 0, failed: 3 },
    ])
  })

  test('says of what was not reached that the rule index passed it over', () => {
    const rules = { 'p.rego': 'package p\n\na if input.x == 1\n\na if input.x == 2\n' }
    const query = prepare({ query: 'data.p.a', modules: rules, coverage: true })
    query.evaluate({ x: 2 })
    expect(query.coverage?.().files['p.rego']?.not_covered).toEqual([
      { start: { row: 3, col: 1 }, end: { row: 3, col: 2 } },
      { start: { row: 3, col: 6 }, end: { row: 3, col: 18 }, kinds: ['index_excluded'] },
    ])
  })

  test('changes no result, prints once and throws what an evaluation throws', () => {
    const lines: string[] = []
    const source = { 'p.rego': 'package p\n\na := 1 if print("here")\n\na := 2 if input.x\n' }
    const query = prepare({ query: 'data.p.a', modules: source, coverage: true, print: (line) => lines.push(line) })
    expect(query.value({})).toBe(1)
    expect(lines).toEqual(['here'])
    expect(() => query.value({ x: 1 })).toThrow('complete rules must not produce multiple outputs')
  })
})
