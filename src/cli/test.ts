/** `gatehouse test PATH ...`: runs the tests of policies, with the flags and in the forms of `opa test`. */
import { resolve } from 'node:path'
import { Coverage, explain, explanationText, type PreparedTest, prepareTests, RegoErrors } from '../rego/index.ts'
import type { Options, RunCommand } from './command.ts'
import { belowThreshold, coverageRecord, thresholdOf } from './coverage-report.ts'
import { makeDeadline } from './deadline.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { makeNetwork } from './network.ts'
import { orderedJson } from './ordered-json.ts'
import { allowedHosts, type Compiling, environmentOf, loadOperands, readCompiling, timeoutMs } from './policy-work.ts'
import { problemsIn, problemsText } from './rego-problems.ts'
import { inOrder } from './test-cases.ts'
import { jsonReport, prettyReport } from './test-report.ts'
import { benchmark, Listener, runTest, type TestResult } from './test-run.ts'
import { watchFiles } from './watch.ts'

/** The statuses of `opa test`: 1 that something is wrong or nothing was run, 2 that a test did not pass. */
const status = { done: exitStatus.done, wrong: 1, failed: 2 } as const

/** Milliseconds of one test, and of the benchmark of one, where nobody says. */
const timeoutDefaultMs = 5_000
const benchmarkTimeoutMs = 30_000

export const runTests: RunCommand = async (options, io) => {
  if (options.text('format') === 'gobench' && !options.is('bench'))
    throw new CommandError('`--format gobench` is for benchmarks; add `--bench`', status.wrong)
  if (wantsCoverage(options) && options.is('bench'))
    throw new CommandError('`--coverage` changes how long tests take; leave out `--bench`', status.wrong)
  thresholdOf(options, status.wrong)
  const ended = await runAll(options, io)
  if (!options.is('watch')) return ended
  await watching(options, io)
  return status.done
}

function wantsCoverage(options: Options): boolean {
  return options.is('coverage') || options.text('threshold') !== undefined
}

/** Everything once, or as often as `--count` says, until a test does not pass. */
async function runAll(options: Options, io: Io): Promise<number> {
  let prepared: Prepared
  try {
    prepared = prepareAll(options, io)
  } catch (cause) {
    const problems = problemsIn(cause)
    if (problems === undefined) throw cause
    const during = cause instanceof RegoErrors ? '' : ' during loading'
    await io.err.write(`${problemsText(problems, during)}\n`)
    return status.wrong
  }
  let ended: number = status.done
  for (let i = 0; i < Math.max(options.count('count') ?? 1, 1) && ended === status.done; i++)
    ended = await runOnce(prepared, options, io)
  return ended
}

interface Prepared {
  readonly tests: readonly PreparedTest[]
  readonly listener: Listener
  /** Starts the time of the next test. */
  readonly startTime: () => void
  readonly explain: (result: TestResult) => string
  /** Collects what the tests reach, where it is asked for. */
  readonly coverage: Coverage | undefined
}

function prepareAll(options: Options, io: Io): Prepared {
  const listener = new Listener()
  const { modules, data } = loadOperands(options, io)
  const compiling = readCompiling(options, io, status.wrong)
  const limitMs = timeoutMs(options, status.wrong) ?? (options.is('bench') ? benchmarkTimeoutMs : timeoutDefaultMs)
  const deadline = makeDeadline(limitMs, io.clock)
  const only = options.text('run')
  const errorsMax = options.count('max-errors')
  const program = {
    modules,
    data: data as never,
    ...compiling,
    ...(errorsMax === undefined ? {} : { errorsMax }),
    refuseConflicts: true,
    env: environmentOf(io),
    ports: makeNetwork(io, allowedHosts(compiling.capabilities)),
  }
  const coverage = wantsCoverage(options) ? new Coverage() : undefined
  const tests = prepareTests({
    ...program,
    ...(coverage === undefined ? {} : { coverage }),
    guard: deadline.guard,
    onCase: listener.onCase,
    ...(options.is('bench') ? {} : { print: listener.print }),
    ...(only === undefined ? {} : { only }),
  })
  return {
    tests,
    listener,
    startTime: deadline.startOver,
    explain: (result) => whyFailed(result, program),
    coverage,
  }
}

async function runOnce(
  { tests, listener, startTime, explain: why, coverage }: Prepared,
  options: Options,
  io: Io,
): Promise<number> {
  const run = options.is('bench') ? benchmark : runTest
  const results: TestResult[] = []
  for (const test of tests) {
    startTime()
    results.push(await run(test, listener, io.clock))
  }
  const isWhole = results.every(({ outcome }) => outcome === 'pass' || outcome === 'skip')
  if (coverage !== undefined && isWhole) return await tellCoverage(coverage, options, io)
  await io.out.write(reportOf(results, why, options))
  if (results.length === 0 && options.is('fail-on-empty')) {
    await io.err.write('no tests were run\n')
    return status.wrong
  }
  const bad = results.filter(
    ({ outcome }) => outcome !== 'pass' && !(outcome === 'skip' && options.is('exit-zero-on-skipped')),
  )
  return bad.length > 0 ? status.failed : status.done
}

/** In place of the report where no test failed, as `opa test` has it. */
async function tellCoverage(coverage: Coverage, options: Options, io: Io): Promise<number> {
  const report = coverage.report()
  const threshold = thresholdOf(options, status.wrong)
  const problem = threshold === undefined ? undefined : belowThreshold(report, threshold)
  if (problem === undefined) await io.out.write(`${orderedJson(coverageRecord(report))}\n`)
  else await io.err.write(problem)
  return problem === undefined ? status.done : status.failed
}

function reportOf(results: readonly TestResult[], why: Prepared['explain'], options: Options): string {
  const format = options.text('format') ?? 'pretty'
  if (format === 'json') {
    const isSorted = options.text('sort') === 'duration'
    return jsonReport(isSorted ? [...results].sort((one, other) => other.durationNs - one.durationNs) : results)
  }
  const explains = options.is('verbose') || options.is('var-values')
  return prettyReport(results, {
    isVerbose: options.is('verbose'),
    ...(explains ? { explain: why } : {}),
    ...(options.is('bench') ? { benchmarks: format === 'gobench' ? 'gobench' : 'pretty' } : {}),
  })
}

type Program = Pick<Parameters<typeof explain>[0], 'modules' | 'data'> & Compiling

/** Failed cases of one test that are explained, and lines for each. */
const explainedCasesMax = 5
const explanationLinesMax = 12

/** The conditions that a failed test, or each of its failed cases, came to, with the values they saw. */
function whyFailed({ test, cases }: TestResult, program: Program): string {
  if (test.name.includes('#')) return `its name comes again in \`${test.file}\`; give it another to see why it failed`
  const name = `${test.package}.${test.name}`
  const failed = [...inOrder(cases)].filter(([, each]) => each.isFailed && each.cases.size === 0)
  const asked = failed
    .slice(0, explainedCasesMax)
    .map(([path]) => name + path.map((key) => `[${JSON.stringify(key)}]`).join(''))
  const queries = asked.length === 0 ? [name] : asked
  return queries
    .map((query) => explanationText(explain({ ...program, query }), { linesMax: explanationLinesMax }))
    .join('\n\n')
}

/** Runs again whenever a file changes, until it is interrupted. */
async function watching(options: Options, io: Io): Promise<void> {
  const paths = options.operands.map((path) => resolve(io.directory, path))
  const announce = (): Promise<void> => io.out.write(`${'*'.repeat(80)}\nWatching for changes ...\n`)
  let failed: ((cause: unknown) => void) | undefined
  const ended = new Promise<void>((end, fail) => {
    failed = fail
    io.onInterrupt(() => end())
  })
  const watch = await watchFiles({
    paths: () => paths,
    clock: io.clock,
    changed: async () => {
      await runAll(options, io)
      await announce()
    },
    failed: (cause) => failed?.(cause),
  })
  try {
    await announce()
    await ended
  } finally {
    watch.close()
  }
}
