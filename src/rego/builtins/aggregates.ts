/**
 * Builtins over whole collections: how many, how much, the largest and smallest, sorting, membership.
 */
import type { NumberValue } from '../number.ts'
import {
  compare,
  entriesOf,
  equal,
  isNumber,
  isObject,
  lookup,
  RegoObject,
  RegoSet,
  sizeOf,
  typeName,
  type Value,
} from '../value.ts'
import { product, sum } from './arithmetic.ts'
import { type Builtin, operandTypeError } from './builtin.ts'
import { codePointCount } from './code-points.ts'
import { listOperand, operandElementError } from './operands.ts'

function count(value: Value): number {
  if (typeof value === 'string') return codePointCount(value)
  const size = sizeOf(value)
  if (size !== undefined) return size
  throw operandTypeError(1, typeName(value), ['array', 'object', 'set', 'string'])
}

function numbersOf(value: Value): readonly NumberValue[] {
  const list = listOperand(value, 1)
  for (const item of list) if (!isNumber(item)) throw operandElementError(1, value, item, 'number')
  return list as readonly NumberValue[]
}

/** The element that comes last in the order that `sign` gives, or undefined when there is none. */
function extreme(value: Value, sign: 1 | -1): Value | undefined {
  const list = listOperand(value, 1)
  let best = list[0]
  for (const item of list) if (best !== undefined && compare(item, best) * sign >= 0) best = item
  return best
}

/** Whether `value` is a member of a set, an element of an array or a value of an object. */
function isMember(value: Value, collection: Value): boolean {
  if (collection instanceof RegoSet) return collection.has(value)
  if (Array.isArray(collection)) {
    for (const item of collection) if (equal(value, item)) return true
    return false
  }
  if (!isObject(collection)) return false
  if (collection instanceof RegoObject) return entriesOf(collection).some(([, item]) => equal(value, item))
  for (const key of Object.keys(collection)) if (equal(value, collection[key] as Value)) return true
  return false
}

/** Whether `collection[key]` is there and equal to `value`. */
function isEntry(key: Value, value: Value, collection: Value): boolean {
  const found = lookup(collection, key)
  return found !== undefined && equal(found, value)
}

export const aggregates: Record<string, Builtin> = {
  count: { run: (_, collection) => count(collection) },
  sum: { run: (_, collection) => sum(numbersOf(collection)) },
  product: { run: (_, collection) => product(numbersOf(collection)) },
  max: { run: (_, collection) => extreme(collection, 1) },
  min: { run: (_, collection) => extreme(collection, -1) },
  sort: { run: (_, collection) => [...listOperand(collection, 1)].sort(compare) },
  all: { run: (_, list) => listOperand(list, 1, ['array', 'set']).every((item) => item === true) },
  any: { run: (_, list) => listOperand(list, 1, ['array', 'set']).some((item) => item === true) },
  'internal.member_2': { run: (_, value, collection) => isMember(value, collection) },
  'internal.member_3': { run: (_, key, value, collection) => isEntry(key, value, collection) },
}
