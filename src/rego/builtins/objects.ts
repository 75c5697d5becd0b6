/**
 * `object.*`: look-up with a default, keys, union, and picking or dropping keys.
 */
import {
  entriesOf,
  equal,
  isObject,
  isPlainObject,
  lookup,
  makeObject,
  type PlainObject,
  type RegoObject,
  RegoSet,
  setField,
  typeName,
  type Value,
} from '../value.ts'
import { type Builtin, BuiltinError, operandTypeError } from './builtin.ts'
import { arrayOperand, objectOperand, operandElementError } from './operands.ts'

type AnyObject = PlainObject | RegoObject

function get(object: Value, key: Value, fallback: Value): Value {
  objectOperand(object, 1)
  if (!Array.isArray(key)) {
    const value = lookup(object, key)
    return value === undefined ? fallback : value
  }
  let found: Value | undefined = object
  for (const part of key) {
    found = lookup(found, part)
    if (found === undefined) return fallback
  }
  return found
}

function keys(object: Value): RegoSet {
  const map = objectOperand(object, 1)
  return RegoSet.from(isPlainObject(map) ? Object.keys(map) : entriesOf(map).map(([key]) => key))
}

/** The keys that an operand names: elements, members, or the keys of an object. */
function namedKeys(value: Value): RegoSet {
  if (value instanceof RegoSet) return value
  if (Array.isArray(value)) return RegoSet.from(value)
  if (isObject(value)) return keys(value)
  throw operandTypeError(2, typeName(value), ['object', 'set', 'array'])
}

function pick(object: Value, named: Value, keep: boolean): AnyObject {
  const map = objectOperand(object, 1)
  const chosen = namedKeys(named)
  if (isPlainObject(map)) {
    const result: PlainObject = {}
    for (const key of Object.keys(map)) if (chosen.has(key) === keep) setField(result, key, map[key] as Value)
    return result
  }
  return makeObject(entriesOf(map).filter(([key]) => chosen.has(key) === keep))
}

/** Both objects' keys; where both have one, objects are united in turn, otherwise `b`'s value stays. */
function unite(a: AnyObject, b: AnyObject): AnyObject {
  if (isPlainObject(a) && isPlainObject(b)) {
    const result: PlainObject = {}
    for (const key of Object.keys(a)) setField(result, key, a[key] as Value)
    for (const key of Object.keys(b)) {
      const over = b[key] as Value
      const under = Object.hasOwn(a, key) ? a[key] : undefined
      setField(result, key, isObject(under) && isObject(over) ? unite(under, over) : over)
    }
    return result
  }
  const merged = entriesOf(b).map(([key, over]): [Value, Value] => {
    const under = lookup(a, key)
    return [key, isObject(under) && isObject(over) ? unite(under, over) : over]
  })
  return makeObject([...entriesOf(a), ...merged])
}

function uniteAll(objects: Value): AnyObject {
  const list = arrayOperand(objects, 1)
  let result: AnyObject = {}
  for (const item of list) {
    if (!isObject(item)) throw operandElementError(1, objects, item, 'object')
    result = unite(result, item)
  }
  return result
}

/** Whether `part` can be had from `whole` by leaving things out: keys at any depth, members, the ends of an array. */
function isSubset(whole: Value, part: Value): boolean {
  if (isObject(whole) && isObject(part)) {
    return entriesOf(part).every(([key, value]) => {
      const other = lookup(whole, key)
      return other !== undefined && (equal(value, other) || (sameKind(other, value) && isSubset(other, value)))
    })
  }
  if (part instanceof RegoSet) {
    if (whole instanceof RegoSet) return part.unsorted().every((member) => whole.has(member))
    if (Array.isArray(whole)) return arrayHoldsSet(whole, part)
  }
  if (Array.isArray(whole) && Array.isArray(part)) return arrayHoldsArray(whole, part)
  throw new BuiltinError('both arguments object.subset must be of the same type or array and set', {
    code: 'eval_type_error',
  })
}

function sameKind(a: Value, b: Value): boolean {
  if (Array.isArray(a)) return Array.isArray(b)
  if (a instanceof RegoSet) return b instanceof RegoSet
  return isObject(a) && isObject(b)
}

/** Every member is an element. OPA counts elements, so one that occurs twice stands for two members, and an empty array holds nothing. */
function arrayHoldsSet(whole: readonly Value[], part: RegoSet): boolean {
  let missing = part.size
  for (const item of whole) {
    if (part.has(item)) missing -= 1
    if (missing === 0) return true
  }
  return false
}

/** The elements of `part` stand next to each other in `whole`. OPA looks on after a mismatch from the place after its start. */
function arrayHoldsArray(whole: readonly Value[], part: readonly Value[]): boolean {
  for (let start = 0; start + part.length <= whole.length; start++) {
    if (part.every((item, i) => equal(item, whole[start + i] as Value))) return true
  }
  return false
}

export const objects: Record<string, Builtin> = {
  'object.get': { run: (_, object, key, fallback) => get(object, key, fallback) },
  'object.keys': { run: (_, object) => keys(object) },
  'object.filter': { run: (_, object, named) => pick(object, named, true) },
  'object.remove': { run: (_, object, named) => pick(object, named, false) },
  'object.union': { run: (_, a, b) => unite(objectOperand(a, 1), objectOperand(b, 2)) },
  'object.union_n': { run: (_, objects) => uniteAll(objects) },
  'object.subset': { run: (_, whole, part) => isSubset(whole, part) },
}
