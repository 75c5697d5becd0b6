/** What compiled code does with collections: going through them, taking them apart, making objects. */
import type { Span } from '../ast.ts'
import {
  equal,
  isPlainObject,
  keyOf,
  makeObject,
  type PlainObject,
  RegoObject,
  RegoSet,
  sortedKeys,
  type Value,
} from '../value.ts'
import { EvaluationError } from './failure.ts'

const none: readonly Value[] = []

/** The elements of a collection in ascending order of their keys; none for scalars. */
export function elementsOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof RegoSet) return value.sorted()
  if (value instanceof RegoObject) return value.sorted().map(([, item]) => item)
  if (!isPlainObject(value)) return none
  return sortedKeys(value).map((key) => value[key] as Value)
}

/** The elements of a collection, where nobody can observe their order. */
export function anyElementsOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof RegoSet) return value.unsorted()
  if (value instanceof RegoObject) return value.sorted().map(([, item]) => item)
  return isPlainObject(value) ? Object.values(value) : none
}

/** The keys of a collection, in the order of `elementsOf`: indices of an array, members of a set. */
export function keysOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value.map((_, i) => i)
  if (value instanceof RegoSet) return value.sorted()
  if (value instanceof RegoObject) return value.sorted().map(([key]) => key)
  return isPlainObject(value) ? sortedKeys(value) : none
}

/** The keys of a collection, in the order of `anyElementsOf`. */
export function anyKeysOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value.map((_, i) => i)
  if (value instanceof RegoSet) return value.unsorted()
  if (value instanceof RegoObject) return value.sorted().map(([key]) => key)
  return isPlainObject(value) ? Object.keys(value) : none
}

/** Whether a value can be gone through: `every` over anything else is undefined. */
export function isCollection(value: Value): boolean {
  return Array.isArray(value) || value instanceof RegoSet || value instanceof RegoObject || isPlainObject(value)
}

/** Whether a value is an object of exactly `size` keys. */
export function isObjectOf(value: Value, size: number): boolean {
  if (value instanceof RegoObject) return value.size === size
  return isPlainObject(value) && Object.keys(value).length === size
}

/** The object that a comprehension makes of its elements. */
export function objectOf(entries: readonly (readonly [Value, Value])[], at: Span): Value {
  const building = new ObjectBuilding(at)
  for (const [key, value] of entries) building.add(key, value)
  return building.finish()
}

/** An object that is being collected. Two values for one key are a conflict unless they are equal. */
export class ObjectBuilding {
  readonly #entries = new Map<unknown, readonly [Value, Value]>()
  readonly #at: Span

  constructor(at: Span) {
    this.#at = at
  }

  add(key: Value, value: Value): void {
    const place = keyOf(key)
    const known = this.#entries.get(place)
    if (known === undefined) this.#entries.set(place, [key, value])
    else if (!equal(known[1], value))
      throw new EvaluationError('eval_conflict_error', 'object keys must be unique', this.#at)
  }

  finish(): PlainObject | RegoObject {
    return makeObject(this.#entries.values())
  }
}
