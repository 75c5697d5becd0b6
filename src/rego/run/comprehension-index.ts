/**
 * The elements of a comprehension by their keys. Looking through all candidates for each of many keys takes time with their product; filing all of them
 * once and looking up takes time with their sum.
 */
import type { Span } from '../ast.ts'
import { keyOf, RegoSet, type Value } from '../value.ts'
import { objectOf } from './collections.ts'
import { EvaluationError } from './failure.ts'
import type { State } from './state.ts'

/** Times that a comprehension runs plainly in a state before its elements are filed: filing costs about as much as running it so often. */
const plainRuns = 8

type Kind = 'array' | 'set' | 'object'
type Group = Value[] | RegoSet | (readonly [Value, Value])[]

export class ComprehensionIndex {
  readonly #of: Kind
  readonly #at: Span
  readonly #groups = new Map<unknown, Group>()
  readonly #none: Value
  #runs = 0
  isFiled = false
  #isAbandoned = false

  constructor(of: Kind, at: Span) {
    this.#of = of
    this.#at = at
    this.#none = of === 'array' ? [] : of === 'set' ? new RegoSet() : {}
  }

  /** Counts a run, and says whether the elements are to be filed before it. */
  isDue(): boolean {
    return !this.isFiled && !this.#isAbandoned && this.#runs++ >= plainRuns
  }

  file(by: readonly Value[], value: Value, key?: Value): void {
    const place = placeOf(by)
    let group = this.#groups.get(place)
    if (group === undefined) {
      group = this.#of === 'set' ? new RegoSet() : []
      this.#groups.set(place, group)
    }
    if (group instanceof RegoSet) group.add(value)
    else if (key === undefined) (group as Value[]).push(value)
    else (group as (readonly [Value, Value])[]).push([key, value])
  }

  /** Elements of keys that nobody asks for may fail where those that are asked for do not: then each run looks for itself. */
  abandon(error: unknown): void {
    if (!(error instanceof EvaluationError) || error.code === 'eval_cancel_error') throw error
    this.#isAbandoned = true
    this.#groups.clear()
  }

  /** Whether no key has an element. */
  get isEmpty(): boolean {
    return this.#groups.size === 0
  }

  get none(): Value {
    return this.#none
  }

  /** The elements of a key as one collection. Two values for one key of an object are a conflict, as they are when it is made. */
  find(by: readonly Value[]): Value {
    const group = this.#groups.get(placeOf(by))
    if (group === undefined) return this.#none
    return this.#of === 'object' ? objectOf(group as (readonly [Value, Value])[], this.#at) : (group as Value)
  }
}

function placeOf(by: readonly Value[]): unknown {
  return keyOf(by.length === 1 ? (by[0] as Value) : [...by])
}

/** The index of a state at a number that compiled code has given to a comprehension. */
export function comprehensionIndex(state: State, slot: number, of: Kind, at: Span): ComprehensionIndex {
  state.calls[slot] ??= new ComprehensionIndex(of, at)
  return state.calls[slot] as ComprehensionIndex
}
