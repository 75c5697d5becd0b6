/**
 * Queries whose evaluations are collected in a `Coverage`. Each is made three times: as it is asked for, without the rule index, and without early
 * exit. The second and third say of what was not reached why it was not, and nothing else: their results and errors are dropped.
 */
import { watching } from '../emit/instrument.ts'
import type { Making } from '../making.ts'
import type { EvaluateOptions, NondeterministicValues, Query } from '../run/query.ts'
import type { Watch } from '../run/watch.ts'
import type { Value } from '../value.ts'
import type { Coverage, CoverageRun } from './coverage.ts'

interface Way {
  readonly run: CoverageRun
  readonly indexed: boolean
  readonly exitsEarly: boolean
}

const asAsked: Way = { run: 'plain', indexed: true, exitsEarly: true }
const others: readonly Way[] = [
  { run: 'index_excluded', indexed: false, exitsEarly: true },
  { run: 'early_exit', indexed: true, exitsEarly: false },
]

/** `link` makes the queries in one way; `isFirst` is the one whose results are given. */
export function covered(
  coverage: Coverage,
  link: (making: Making, isFirst: boolean) => readonly Query[],
): readonly Query[] {
  const linked = (way: Way): readonly Query[] => link(making(coverage, way), way === asAsked)
  const apart = others.map(linked)
  return linked(asAsked).map((first, i) =>
    collected(
      coverage,
      first,
      apart.map((queries) => queries[i] as Query),
    ),
  )
}

function making(coverage: Coverage, { run, indexed, exitsEarly }: Way): Making {
  return {
    marks: { needsFirst: indexed },
    emission: (plan) => {
      const watch = coverage.watch(plan, run)
      const anew = (): Watch => {
        // The last evaluation may have been broken off.
        watch.restart()
        return watch
      }
      return { instrument: watching({ indexed, exitsEarly }), watch: anew }
    },
  }
}

/** A query that evaluates as `first` does, and then in the other ways with the values that builtins gave it. */
function collected(coverage: Coverage, first: Query, apart: readonly Query[]): Query {
  const once = <Result>(evaluate: Evaluate<Result>, input: Value | undefined, options: EvaluateOptions | undefined) => {
    const { used, recording } = recorder(options)
    try {
      return evaluate(first, input, recording)
    } finally {
      for (const other of apart) quietly(() => evaluate(other, input, used()))
    }
  }
  const waiting = async <Result>(
    evaluate: Evaluate<Promise<Result>>,
    input: Value | undefined,
    options: EvaluateOptions | undefined,
  ): Promise<Result> => {
    const { used, recording } = recorder(options)
    try {
      return await evaluate(first, input, recording)
    } finally {
      // As in `quietly`.
      for (const other of apart) await evaluate(other, input, used()).catch(() => undefined)
    }
  }
  return {
    ...first,
    evaluate: (input, options) => once((query, given, how) => query.evaluate(given, how), input, options),
    value: (input, options) => once((query, given, how) => query.value(given, how), input, options),
    evaluateAsync: (input, options) => waiting((query, given, how) => query.evaluateAsync(given, how), input, options),
    rows: (input, options) => waiting((query, given, how) => query.rows(given, how), input, options),
    valueAsync: (input, options) => waiting((query, given, how) => query.valueAsync(given, how), input, options),
    coverage: () => coverage.report(),
  }
}

/** What has been reached where it fails has been collected. */
function quietly(run: () => unknown): void {
  try {
    run()
  } catch {}
}

type Evaluate<Result> = (query: Query, input: Value | undefined, options: EvaluateOptions) => Result

function recorder(options: EvaluateOptions | undefined): { used(): EvaluateOptions; recording: EvaluateOptions } {
  let nondeterministic: NondeterministicValues = {}
  return {
    used: () => ({ nondeterministic }),
    recording: {
      ...options,
      record: (values) => {
        nondeterministic = values
        options?.record?.(values)
      },
    },
  }
}
