/**
 * What a state remembers of calls: the results of functions, and of parts of documents below given keys, by arguments. Without it a chain of
 * rules that each ask the next one twice takes exponential time.
 */

import { keyOf, type Value } from '../value.ts'
import { absent, type State } from './state.ts'

/** Calls remembered for each function in one state; a loop over more different arguments than this computes the rest anew. */
const callsMax = 10_000

/** Remembered calls of one function. Composite arguments count as equal when they are one and the same value, which costs nothing to find out. */
export class CallMemory {
  readonly #root = new Map<unknown, unknown>()
  #count = 0

  /** The result of a call: `absent` where it was undefined, undefined where it is not remembered. */
  recall(args: readonly Value[]): unknown {
    let found: unknown = this.#root
    for (const arg of args) found = (found as Map<unknown, unknown> | undefined)?.get(identity(arg))
    return found
  }

  keep(args: readonly Value[], result: Value | undefined): void {
    if (this.#count >= callsMax) return
    this.#count++
    let level = this.#root
    for (const arg of args.slice(0, -1)) {
      const key = identity(arg)
      let next = level.get(key) as Map<unknown, unknown> | undefined
      if (next === undefined) {
        next = new Map()
        level.set(key, next)
      }
      level = next
    }
    level.set(identity(args.at(-1) as Value), result === undefined ? absent : result)
  }
}

function identity(value: Value): unknown {
  return typeof value === 'object' ? value : keyOf(value)
}

/** The memory of a state at a number that compiled code has given to a function. */
export function callMemory(state: State, slot: number): CallMemory {
  state.calls[slot] ??= new CallMemory()
  return state.calls[slot] as CallMemory
}
