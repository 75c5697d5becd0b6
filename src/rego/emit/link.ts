/**
 * Links compiled code: the only place where text becomes code. The text comes from the code writer, which admits a policy's text as string
 * literals only.
 */
import type { Span } from '../ast.ts'
import type { BuiltinCall } from '../run/builtin-call.ts'
import { baseAt } from '../run/overlay.ts'
import { runtime } from '../run/runtime.ts'
import type { State } from '../run/state.ts'
import type { Value } from '../value.ts'
import type { Emitted } from './program.ts'

/** The procedures of a query. */
export interface Linked {
  /** Puts one array of bindings into `out` for each result. */
  rows(state: State, out: Value[][]): void
  /** The value of a query that is one term; absent for others. */
  readonly value: ((state: State) => Value | undefined) | undefined
  /** The values of further queries, in the order of the plan. */
  readonly entries: readonly ((state: State) => Value | undefined)[]
  /** Whether `value` gives JSON of its own; otherwise what it gives must be copied. */
  readonly givesJson: boolean
}

type Factory = (
  library: typeof runtime,
  constants: readonly Value[],
  places: readonly Span[],
  bases: readonly (Value | undefined)[],
  calls: readonly unknown[],
) => Linked

/** Code that has been compiled and waits for its data. */
export interface Linkable {
  link(data: Value, call: (builtin: string) => BuiltinCall | ((...args: never[]) => Iterable<Value>)): Linked
}

/** How much code this process has loaded. */
let loads = 0

export function load({ text, pool }: Emitted): Linkable {
  loads++
  // V8 keeps one body for equal texts, and what it learns from one of them then slows the others down: its optimised code can no longer take the
  // functions and data around it for constants. A number at the end makes every text its own, so that a policy is as fast after a reload as before.
  const own = `${text}\n// ${loads}`
  const factory = new Function('runtime', 'constants', 'places', 'bases', 'calls', own) as Factory
  return {
    link(data, call) {
      const bases = pool.bases.map((path) => path.reduce((value: Value | undefined, key) => baseAt(value, key), data))
      return factory(runtime, pool.constants, pool.places, bases, pool.builtins.map(call))
    },
  }
}
