/** A prepared query: runs compiled code on an input, waits where it may, and turns what comes out into JSON or an error. */

import type { CoverageReport } from '../cover/coverage.ts'
import type { Linked } from '../emit/link.ts'
import { type RegoError, RegoErrors } from '../errors.ts'
import type { Truth } from '../unknowns/truth.ts'
import { type Json, type PlainObject, setField, type Value } from '../value.ts'
import { startVisits, TooManyVisits } from '../visits.ts'
import { EvaluationError, EvaluationInterrupted, Suspension } from './failure.ts'
import { output } from './output.ts'
import { type Environment, Evaluation, type Recording, State } from './state.ts'
import type { Watch } from './watch.ts'

/** Values of nondeterministic builtins, by name and then by the canonical text of the arguments. */
export type NondeterministicValues = Readonly<Record<string, Readonly<Record<string, Value>>>>

export interface EvaluateOptions {
  /** Values to give back instead of asking the clock, chance or the network: a replay. Calls that are not in it are made as usual. */
  readonly nondeterministic?: NondeterministicValues
  /** Is given, when evaluation has ended, every nondeterministic value that it used. */
  readonly record?: (values: NondeterministicValues) => void
  /**
   * Is given, when evaluation has ended with a result, the rules that gave a part of it, in the order in which they first did so, by the names that
   * `PrepareOptions.rules` gave them. Never called where the query was prepared without.
   */
  readonly rules?: (fired: readonly string[]) => void
}

export interface Query {
  /**
   * All results: one object of bindings each, sets as sorted arrays. An empty array means that the query is undefined. No argument means that
   * `input` is undefined. Throws `RegoErrors` with an `eval_*` code; a builtin that must wait is `eval_builtin_error`.
   */
  evaluate(input?: Value, options?: EvaluateOptions): Record<string, Json>[]
  /** The value of a query that is one term, undefined where it has none. Throws as `evaluate` does, and `TypeError` for any other query. */
  value(input?: Value, options?: EvaluateOptions): Json | undefined
  /** As `evaluate`, and waits for `http.send` and name look-ups. */
  evaluateAsync(input?: Value, options?: EvaluateOptions): Promise<Record<string, Json>[]>
  /** As `evaluateAsync`, the values of each result in the order of the query's variables. */
  rows(input?: Value, options?: EvaluateOptions): Promise<Json[][]>
  /** As `value`, and waits for `http.send` and name look-ups. */
  valueAsync(input?: Value, options?: EvaluateOptions): Promise<Json | undefined>
  /**
   * Whether the query holds while the places under `unknowns` may hold anything or be absent; what the input has there is not looked at.
   * `yes`: it has a result other than false whatever they hold. `no`: it has none, whatever they hold. `maybe`: it depends on them, or that
   * could not be found out within bounds; it is never `no` where some filling in of the unknown parts gives a result. An evaluation that
   * ends with an error has no result; builtins whose values change (the clock, the network) are as unknown. Limits of evaluation that
   * only huge values reach are left out of account.
   */
  holds(input?: Value): Truth
  /** False only where `holds` says `no`. Made to be asked often: it ends at the first case that may hold, and where it would take long. */
  couldHold(input?: Value): boolean
  /**
   * The places of the input that the query can read, each with everything below it: `[["call", "tool"], ["identity"]]`. `[[]]` is all of it,
   * `[]` nothing. What no path leads to or through need not be parsed.
   */
  readonly reads: readonly (readonly string[])[]
  /** What all evaluations so far have reached of the modules; present where the query was prepared with `coverage`. */
  readonly coverage?: () => CoverageReport
}

export interface QueryParts {
  readonly linked: Linked
  readonly environment: Environment
  readonly vars: readonly string[]
  readonly reads: readonly (readonly string[])[]
  /** The names of noted rules by their numbers; absent where the code notes none. */
  readonly rules?: readonly string[]
  /** Makes the watch of one evaluation; absent where the code is not watched. */
  readonly watch?: () => Watch
  readonly holds: (input: Value | undefined) => Truth
  readonly couldHold: (input: Value | undefined) => boolean
  /** The text of a source file, for the line that an error shows. */
  readonly describe: (error: EvaluationError) => RegoError
}

export function makeQuery(parts: QueryParts): Query {
  const { linked, environment, vars, reads, holds, couldHold } = parts
  const found = (state: State): Value[][] => {
    const out: Value[][] = []
    linked.rows(state, out)
    return out
  }
  const rows = (state: State): Record<string, Json>[] => found(state).map((row) => bindings(state, vars, row))
  const values = (state: State): Json[][] =>
    found(state).map((row) => row.map((each) => output(each, state.evaluation)))
  const value = (state: State): Json | undefined => {
    if (linked.value === undefined) throw new TypeError('only a query that is one term has a value; use `evaluate`')
    const result = linked.value(state)
    return result === undefined || linked.givesJson ? (result as Json | undefined) : output(result, state.evaluation)
  }
  return {
    reads,
    holds: (input) => holds(input),
    couldHold: (input) => couldHold(input),
    evaluate: (input, options) => runOnce(parts, environment, rows, input, options),
    value: (input, options) => runOnce(parts, environment, value, input, options),
    evaluateAsync: (input, options) => runWaiting(parts, environment, rows, input, options),
    rows: (input, options) => runWaiting(parts, environment, values, input, options),
    valueAsync: (input, options) => runWaiting(parts, environment, value, input, options),
  }
}

function runOnce<Result>(
  parts: QueryParts,
  environment: Environment,
  run: (state: State) => Result,
  input: Value | undefined,
  options: EvaluateOptions | undefined,
): Result {
  const evaluation = evaluationFor(parts, environment, true, options)
  const state = new State(evaluation, input)
  startVisits()
  try {
    const { guard } = environment
    const result = guard === undefined ? run(state) : guard(() => run(state))
    tellRules(parts, state, options)
    return result
  } catch (error) {
    throw asRegoErrors(parts, error)
  } finally {
    options?.record?.(recorded(evaluation))
  }
}

async function runWaiting<Result>(
  parts: QueryParts,
  environment: Environment,
  run: (state: State) => Result,
  input: Value | undefined,
  options: EvaluateOptions | undefined,
): Promise<Result> {
  const evaluation = evaluationFor(parts, environment, false, options)
  try {
    for (;;) {
      const state = new State(evaluation, input)
      startVisits()
      try {
        const { guard } = environment
        const result = guard === undefined ? run(state) : guard(() => run(state))
        tellRules(parts, state, options)
        return result
      } catch (error) {
        if (!(error instanceof Suspension)) throw error
        await evaluation.resume(error)
      }
    }
  } catch (error) {
    throw asRegoErrors(parts, error)
  } finally {
    evaluation.end()
    options?.record?.(recorded(evaluation))
  }
}

function evaluationFor(
  { watch }: QueryParts,
  environment: Environment,
  synchronous: boolean,
  options: EvaluateOptions | undefined,
): Evaluation {
  return new Evaluation(environment, {
    synchronous,
    recording: recordingFrom(options),
    watch: watch?.(),
  })
}

function tellRules({ rules }: QueryParts, { noted }: State, options: EvaluateOptions | undefined): void {
  if (rules === undefined || options?.rules === undefined) return
  const fired: string[] = []
  if (noted !== undefined) for (let i = 0; i < noted.length; i++) fired.push(rules[noted[i] as number] as string)
  options.rules(fired)
}

function recordingFrom(options: EvaluateOptions | undefined): Recording | undefined {
  if (options?.nondeterministic === undefined) return undefined
  return new Map(
    Object.entries(options.nondeterministic).map(([name, values]) => [name, new Map(Object.entries(values))]),
  )
}

function recorded(evaluation: Evaluation): NondeterministicValues {
  const names = [...(evaluation.recording ?? [])].map(([name, values]) => [name, Object.fromEntries(values)] as const)
  return Object.fromEntries(names)
}

function asRegoErrors(parts: QueryParts, error: unknown): unknown {
  // A walk that was broken off has not come out of the values again.
  startVisits()
  if (error instanceof TooManyVisits) {
    return new RegoErrors([parts.describe(new EvaluationError('eval_cancel_error', error.message))])
  }
  if (error instanceof EvaluationInterrupted) {
    return new RegoErrors([parts.describe(new EvaluationError('eval_cancel_error', error.message))])
  }
  if (error instanceof EvaluationError) return new RegoErrors([parts.describe(error)])
  // Walks over values are bounded. What is left are the builtins that go down into values themselves: V8 says `RangeError` when the stack is used up.
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return new RegoErrors([
      parts.describe(new EvaluationError('eval_cancel_error', 'a value is nested too deeply to be evaluated')),
    ])
  }
  return error
}

function bindings(state: State, vars: readonly string[], row: readonly Value[]): Record<string, Json> {
  const result: PlainObject = {}
  for (const [i, name] of vars.entries()) setField(result, name, output(row[i] as Value, state.evaluation) as Value)
  return result as Record<string, Json>
}
