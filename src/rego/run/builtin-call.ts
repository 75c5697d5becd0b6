/** How compiled code calls a builtin: errors become undefined or end the evaluation, nondeterministic values are recorded, large results are charged. */
import type { Span } from '../ast.ts'
import { type Builtin, BuiltinError } from '../builtins/builtin.ts'
import { textLengthMax } from '../builtins/limits.ts'
import { canonicalText, RegoSet, type Value } from '../value.ts'
import { EvaluationError } from './failure.ts'
import type { State } from './state.ts'

/** A call from compiled code, or from a module, which knows no place. */
export type BuiltinCall = (state: State, at: Span | undefined, ...args: Value[]) => Value | undefined

/** A call of a relation from compiled code. */
export type RelationCall = (state: State, at: Span, ...args: Value[]) => Iterable<Value>

/** Results up to this many elements or UTF-16 units cost no steps: they are paid for by the call that made them. */
const freeResultSize = 64

/** Text is cheaper to make than elements: this many UTF-16 units are one step. */
const unitsPerStep = 16

export function builtinCall(name: string, builtin: Builtin): BuiltinCall {
  if ('each' in builtin) throw new Error(`\`${name}\` is a relation, not a function`)
  const { run } = builtin
  if (builtin.nondeterministic === true) {
    return (state, at, ...args) =>
      recorded(state, name, args, () => guarded(state, at, name, () => run(state.evaluation, ...args)))
  }
  return (state, at, a, b, c, ...rest) => {
    let result: Value | undefined
    try {
      // Fixed arguments spare the array that a rest parameter makes on every call.
      if (rest.length > 0) result = run(state.evaluation, a as Value, b as Value, c as Value, ...rest)
      else if (c !== undefined) result = run(state.evaluation, a as Value, b as Value, c)
      else if (b !== undefined) result = run(state.evaluation, a as Value, b)
      else if (a !== undefined) result = run(state.evaluation, a)
      else result = run(state.evaluation)
    } catch (error) {
      return failed(state, at, name, error)
    }
    if (typeof result === 'object' || typeof result === 'string') chargeResult(state, result)
    return result
  }
}

/** The results of a relation. */
export function relationCall(name: string, builtin: Builtin): RelationCall {
  if (!('each' in builtin)) throw new Error(`\`${name}\` is a function, not a relation`)
  return (state, at, ...args) => {
    try {
      return builtin.each(state.evaluation, ...args)
    } catch (error) {
      failed(state, at, name, error)
      return []
    }
  }
}

function guarded(state: State, at: Span | undefined, name: string, call: () => Value | undefined): Value | undefined {
  try {
    return call()
  } catch (error) {
    return failed(state, at, name, error)
  }
}

/** What follows from an error in a builtin: the call is undefined, unless errors are strict or this one always ends the evaluation. */
function failed(state: State, at: Span | undefined, name: string, error: unknown): undefined {
  if (!(error instanceof BuiltinError)) throw error
  const { strictBuiltinErrors, builtinError } = state.evaluation.environment
  const halts = error.halts || strictBuiltinErrors
  if (!halts && builtinError === undefined) return undefined
  const placed = new EvaluationError(error.code, `${name}: ${error.message}`, at, error)
  if (halts) throw placed
  state.evaluation.tell(() => builtinError?.(placed))
  return undefined
}

function recorded(
  state: State,
  name: string,
  args: readonly Value[],
  call: () => Value | undefined,
): Value | undefined {
  state.evaluation.recording ??= new Map()
  const { recording } = state.evaluation
  const key = canonicalText([...args])
  const known = recording.get(name)?.get(key)
  if (known !== undefined) return known
  const result = call()
  if (result === undefined) return undefined
  const values = recording.get(name) ?? new Map<string, Value>()
  recording.set(name, values)
  values.set(key, result)
  return result
}

/** Pays for a result that is large: a policy that doubles a text again and again runs out of steps before the process runs out of memory. */
export function chargeResult(state: State, result: Value): void {
  if (typeof result === 'string') {
    if (result.length > textLengthMax) {
      throw new EvaluationError(
        'eval_cancel_error',
        `a text of \`${result.length}\` characters is more than \`${textLengthMax}\`, the limit of one value`,
      )
    }
    if (result.length > freeResultSize) state.evaluation.charge(Math.ceil(result.length / unitsPerStep))
  } else if (Array.isArray(result)) {
    if (result.length > freeResultSize) state.evaluation.charge(result.length)
  } else if (result instanceof RegoSet) {
    if (result.size > freeResultSize) state.evaluation.charge(result.size)
  }
}
