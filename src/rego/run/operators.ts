/**
 * The few operators that compiled code calls by itself rather than through the table of builtins, because policies are made of them. Each
 * gives what the builtin of the same name gives; a test compares the two.
 */
import { compare, equal, RegoObject, RegoSet, type Value } from '../value.ts'
import { elementsOf } from './collections.ts'

export function less(a: Value, b: Value): boolean {
  return compare(a, b) < 0
}

export function lessOrEqual(a: Value, b: Value): boolean {
  return compare(a, b) <= 0
}

/** `member in collection`: false for a collection that is none. */
export function isMember(member: Value, collection: Value): boolean {
  if (collection instanceof RegoSet) return collection.has(member)
  if (Array.isArray(collection)) {
    if (typeof member === 'string') return collection.includes(member)
    for (const item of collection) if (equal(item, member)) return true
    return false
  }
  if (collection instanceof RegoObject || (typeof collection === 'object' && collection !== null)) {
    for (const item of elementsOf(collection)) if (equal(item, member)) return true
  }
  return false
}
