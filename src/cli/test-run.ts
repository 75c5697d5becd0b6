/** Runs the tests of a program one after another, each in an evaluation of its own: what came of it, what it printed and how long it took. */
import type { Clock, Json } from '../model/index.ts'
import { type PreparedTest, type Query, type RegoError, RegoErrors, toJson, type Value } from '../rego/index.ts'
import { type Cases, caseResults } from './test-cases.ts'

export interface TestResult {
  readonly test: PreparedTest
  readonly outcome: 'pass' | 'fail' | 'skip' | 'error'
  /** Nanoseconds. */
  readonly durationNs: number
  /** What `print` printed, a line each. */
  readonly printed: readonly string[]
  readonly errors: readonly RegoError[]
  readonly cases: Cases
  /** Of a benchmark: how often it ran in all of the time. */
  readonly runs?: number
}

/** What evaluation tells while a test runs. The tests share one program, so that they tell it to one listener. */
export class Listener {
  printed: string[] = []
  reached: Json[][] = []

  readonly print = (line: string): void => {
    this.printed.push(line)
  }

  readonly onCase = (keys: readonly Value[]): void => {
    this.reached.push(keys.map((key) => toJson(key) as Json))
  }

  startOver(): void {
    this.printed = []
    this.reached = []
  }
}

const notRun = { durationNs: 0, printed: [], errors: [], cases: new Map() } as const

/** One test once. */
export async function runTest(test: PreparedTest, listener: Listener, clock: Clock): Promise<TestResult> {
  const { query } = test
  if (test.isTodo) return { ...notRun, test, outcome: 'skip' }
  if (query === undefined) return { ...notRun, test, outcome: 'error', errors: test.errors ?? [] }
  listener.startOver()
  const start = clock.monotonicMs()
  const came = await comeOf(query)
  const durationNs = Math.round((clock.monotonicMs() - start) * 1e6)
  const { printed, reached } = listener
  const result = { test, durationNs, printed, cases: new Map() as Cases }
  if (came.errors !== undefined) return { ...result, outcome: 'error', errors: came.errors }
  const { value } = came
  if (value === undefined) return { ...result, outcome: 'fail', errors: [] }
  if (!test.hasCases) return { ...result, outcome: value === true ? 'pass' : 'fail', errors: [] }
  const { isFailed, cases } = caseResults(value, reached)
  return { ...result, outcome: isFailed ? 'fail' : 'pass', errors: [], cases }
}

/** Milliseconds that a benchmark of one test takes, as Go's have it. */
const benchmarkMs = 1_000

/** One test again and again, for a second; a test that does not pass is run once. */
export async function benchmark(test: PreparedTest, listener: Listener, clock: Clock): Promise<TestResult> {
  const start = clock.monotonicMs()
  let runs = 0
  for (;;) {
    const result = await runTest(test, listener, clock)
    runs++
    const spentMs = clock.monotonicMs() - start
    if (result.outcome !== 'pass') return result
    if (spentMs >= benchmarkMs) return { ...result, runs, durationNs: Math.round(spentMs * 1e6) }
  }
}

async function comeOf(
  query: Query,
): Promise<{ readonly value?: Json | undefined; readonly errors?: readonly RegoError[] }> {
  try {
    return { value: (await query.valueAsync()) as Json | undefined }
  } catch (cause) {
    if (cause instanceof RegoErrors) return { errors: cause.errors }
    throw cause
  }
}
