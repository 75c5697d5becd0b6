/**
 * The values of Rego in JavaScript, their total order and equality. JSON documents are read in place: null, booleans, strings, arrays and
 * plain objects are themselves, numbers are as `number.ts` says, and only sets and objects with other keys than strings are classes of ours.
 * `undefined` is JavaScript's.
 */
import {
  compareNumbers,
  Decimal,
  isRawNumber,
  type NumberValue,
  narrow,
  numberKey,
  numberText,
  numberToJson,
  type RawNumber,
  toDecimal,
} from './number.ts'
import { enter, leave, printing } from './visits.ts'

/** An object whose keys are all strings. Only own properties count: `__proto__`, `constructor` and the like are keys as any other. */
export interface PlainObject {
  [key: string]: Value
}

/** A Rego value. Values are never changed once another part of an evaluation can see them. */
export type Value = null | boolean | NumberValue | string | Value[] | PlainObject | RegoObject | RegoSet

/** What `JSON.parse` gives, plus bigint and `JSON.rawJSON` for numbers that a double does not hold. */
export type Json = null | boolean | number | bigint | RawNumber | string | Json[] | { [key: string]: Json }

/** A value that is a JavaScript object: collections, and numbers that no JS number or bigint holds. */
type Composite = Exclude<Value, null | boolean | number | bigint | string>

/** The names that Rego gives to the types of values, as `type_name` prints them. */
export type TypeName = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'set'

/** The type of a value. */
export function typeName(value: Value): TypeName {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
    case 'bigint':
      return 'number'
    case 'boolean':
      return 'boolean'
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof RegoSet) return 'set'
  if (value instanceof RegoObject) return 'object'
  return value instanceof Decimal || isRawNumber(value) ? 'number' : 'object'
}

export function isNumber(value: Value | undefined): value is NumberValue {
  if (typeof value === 'number' || typeof value === 'bigint') return true
  return value instanceof Decimal || (typeof value === 'object' && value !== null && isRawNumber(value))
}

/** Whether a value is an object of either form. */
export function isObject(value: Value | undefined): value is PlainObject | RegoObject {
  return value instanceof RegoObject || isPlainObject(value)
}

/** Whether a value is an object all of whose keys are strings. */
export function isPlainObject(value: Value | undefined): value is PlainObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RegoSet || value instanceof RegoObject || value instanceof Decimal) &&
    !isRawNumber(value)
  )
}

/** Sets `key` as an own property, whatever its name. */
export function setField(object: PlainObject, key: string, value: Value): void {
  // Assignment to `__proto__` would change the prototype and leave no property.
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

/** The own property `key`, or undefined. */
export function getField(object: PlainObject, key: string): Value | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Sets of at most this many members are searched one by one; a hash index costs more to build than it saves. */
const scanMax = 8

/** A set. Members are kept in the order they came and sorted when somebody looks. */
export class RegoSet {
  #members: Value[] = []
  #index: Map<unknown, Value> | undefined
  #sorted = true

  /** The set of the given values; duplicates are one member. */
  static from(values: Iterable<Value>): RegoSet {
    const set = new RegoSet()
    for (const value of values) set.add(value)
    return set
  }

  get size(): number {
    return this.#members.length
  }

  has(value: Value): boolean {
    return this.get(value) !== undefined
  }

  /** The member equal to `value`, or undefined. */
  get(value: Value): Value | undefined {
    if (this.#index !== undefined) return this.#index.get(keyOf(value))
    for (const member of this.#members) if (equal(member, value)) return member
    return undefined
  }

  /** Adds a member while the set is being built; false when it was there already. */
  add(value: Value): boolean {
    if (this.#index === undefined) {
      for (const member of this.#members) if (equal(member, value)) return false
      if (this.#members.length >= scanMax) {
        this.#index = new Map()
        for (const member of this.#members) this.#index.set(keyOf(member), member)
        this.#index.set(keyOf(value), value)
      }
    } else {
      const key = keyOf(value)
      if (this.#index.has(key)) return false
      this.#index.set(key, value)
    }
    // Most sets hold none or one: a list that grows has room for many.
    if (this.#members.length === 0) this.#members = [value]
    else {
      this.#members.push(value)
      this.#sorted = false
    }
    return true
  }

  /** The members in ascending order. Not to be changed by the caller. */
  sorted(): readonly Value[] {
    if (!this.#sorted) {
      this.#members.sort(compare)
      this.#sorted = true
    }
    return this.#members
  }

  /** The members in no promised order: for uses whose result does not depend on it. */
  unsorted(): readonly Value[] {
    return this.#members
  }

  /** The members in ascending order. */
  [Symbol.iterator](): IterableIterator<Value> {
    return this.sorted()[Symbol.iterator]()
  }
}

/** An object that has a key which is not a string. Objects without one are plain (`makeObject` decides). */
export class RegoObject {
  readonly #entries = new Map<unknown, [Value, Value]>()
  #sorted: [Value, Value][] | undefined

  get size(): number {
    return this.#entries.size
  }

  has(key: Value): boolean {
    return this.#entries.has(keyOf(key))
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key))?.[1]
  }

  /** Sets a key while the object is being built. */
  set(key: Value, value: Value): void {
    this.#entries.set(keyOf(key), [key, value])
    this.#sorted = undefined
  }

  /** Keys and values, ascending by key. Not to be changed by the caller. */
  sorted(): readonly (readonly [Value, Value])[] {
    this.#sorted ??= [...this.#entries.values()].sort((a, b) => compare(a[0], b[0]))
    return this.#sorted
  }

  [Symbol.iterator](): IterableIterator<readonly [Value, Value]> {
    return this.sorted()[Symbol.iterator]()
  }
}

/** The object of the given entries in the form it must have: plain when every key is a string. A later entry replaces an earlier one of the same key. */
export function makeObject(entries: Iterable<readonly [Value, Value]>): PlainObject | RegoObject {
  const list = [...entries]
  if (list.every(([key]) => typeof key === 'string')) {
    const plain: PlainObject = {}
    for (const [key, value] of list) setField(plain, key as string, value)
    return plain
  }
  const object = new RegoObject()
  for (const [key, value] of list) object.set(key, value)
  return object
}

/** Keys and values of an object of either form, ascending by key. */
export function entriesOf(object: PlainObject | RegoObject): readonly (readonly [Value, Value])[] {
  if (object instanceof RegoObject) return object.sorted()
  return sortedKeys(object).map((key) => [key, object[key] as Value])
}

/** The keys of a plain object in ascending order. */
export function sortedKeys(object: PlainObject): string[] {
  const keys = Object.keys(object)
  return areSorted(keys) ? keys : keys.sort(compareStrings)
}

/** Whether strings are in ascending order. */
export function areSorted(strings: readonly string[]): boolean {
  for (let i = 1; i < strings.length; i++) {
    if (compareStrings(strings[i - 1] as string, strings[i] as string) > 0) return false
  }
  return true
}

/** How many members, elements or keys a collection has; undefined for other values. Strings count code points elsewhere. */
export function sizeOf(value: Value): number | undefined {
  if (Array.isArray(value)) return value.length
  if (value instanceof RegoSet || value instanceof RegoObject) return value.size
  return isPlainObject(value) ? Object.keys(value).length : undefined
}

/**
 * What `collection[key]` reads: the element at an index, the value at a key, the member equal to the key; undefined when there is none or the
 * value is no collection.
 */
export function lookup(collection: Value | undefined, key: Value): Value | undefined {
  if (typeof collection !== 'object' || collection === null) return undefined
  if (Array.isArray(collection)) return typeof key === 'number' ? collection[key] : lookupIndex(collection, key)
  // Sets and objects of ours keep everything in private fields, so that an own property is always a key of a plain object or of a number.
  if (typeof key === 'string' && Object.hasOwn(collection, key)) {
    return isNumberField(key) && isNumber(collection) ? undefined : (collection as PlainObject)[key]
  }
  return collection instanceof RegoSet || collection instanceof RegoObject ? collection.get(key) : undefined
}

/** Whether an own property may be that of a number that is a JavaScript object. */
function isNumberField(key: string): boolean {
  return key === 'rawJSON' || key === 'coefficient' || key === 'exponent'
}

function lookupIndex(array: Value[], key: Value): Value | undefined {
  return typeof key === 'object' && isNumber(key) ? array[Number(numberKey(key))] : undefined
}

/** A primitive that two values share exactly when they are equal: fit for a `Map`. */
export function keyOf(value: Value): unknown {
  // Every composite key starts with U+0000; a string that does so too gets a mark of its own.
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? `\u0000"${value}` : value
  if (typeof value === 'number' && (Number.isSafeInteger(value) || !Number.isInteger(value))) return value
  if (value === null || typeof value === 'boolean') return value
  // A number in another form than the plainest has the key of the plainest.
  if (typeof value === 'bigint' || (typeof value === 'object' && isNumber(value))) {
    const plain = narrow(toDecimal(value))
    if (typeof plain === 'number') return plain
  }
  return `\u0000${canonicalText(value)}`
}

/** A text that two values share exactly when they are equal. Not for people: it is neither JSON nor Rego. */
export function canonicalText(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object') return numberKey(value)
  enter(printing)
  const text = canonicalComposite(value)
  leave()
  return text
}

function canonicalComposite(value: Composite): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (value instanceof RegoSet) return `<${value.sorted().map(canonicalText).join(',')}>`
  if (isNumber(value)) return numberKey(value)
  return `{${entriesOf(value)
    .map(([key, item]) => `${canonicalText(key)}:${canonicalText(item)}`)
    .join(',')}}`
}

/** Whether two values are equal. Numbers compare by the decimal they stand for, objects and sets by content. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true
  const type = typeof a
  if (type === typeof b && type !== 'object') return false
  if (
    type === 'string' ||
    type === 'boolean' ||
    typeof b === 'string' ||
    typeof b === 'boolean' ||
    a === null ||
    b === null
  )
    return false
  enter()
  const same = equalComposite(a, b)
  leave()
  return same
}

function equalComposite(a: Value, b: Value): boolean {
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!equal(a[i] as Value, b[i] as Value)) return false
    return true
  }
  if (a instanceof RegoSet) {
    if (!(b instanceof RegoSet) || a.size !== b.size) return false
    for (const member of a.unsorted()) if (!b.has(member)) return false
    return true
  }
  if (isNumber(a)) return isNumber(b) && compareNumbers(a, b) === 0
  if (a instanceof RegoObject) {
    if (!(b instanceof RegoObject) || a.size !== b.size) return false
    for (const [key, value] of a) {
      const other = b.get(key)
      if (other === undefined || !equal(value, other)) return false
    }
    return true
  }
  if (!isPlainObject(a) || !isPlainObject(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  for (const key of keys) {
    if (!Object.hasOwn(b, key) || !equal(a[key] as Value, b[key] as Value)) return false
  }
  return true
}

const ranks: Record<TypeName, number> = { null: 0, boolean: 1, number: 2, string: 3, array: 4, object: 5, set: 6 }

/** Negative, zero or positive as `a` comes before, with or after `b`: null < booleans < numbers < strings < arrays < objects < sets. */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b)
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0
  if (a === b) return 0
  if (typeof a !== 'object') return compareParts(a, b)
  enter()
  const order = compareParts(a, b)
  leave()
  return order
}

function compareParts(a: Value, b: Value): number {
  const type = typeName(a)
  const difference = ranks[type] - ranks[typeName(b)]
  if (difference !== 0) return difference
  switch (type) {
    case 'boolean':
      return a === false ? -1 : 1
    case 'number':
      return compareNumbers(a as NumberValue, b as NumberValue)
    case 'array':
      return compareLists(a as Value[], b as Value[])
    case 'set':
      return compareLists((a as RegoSet).sorted(), (b as RegoSet).sorted())
    case 'object':
      return compareObjects(a as PlainObject | RegoObject, b as PlainObject | RegoObject)
    default:
      return 0
  }
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const order = compare(a[i] as Value, b[i] as Value)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareObjects(a: PlainObject | RegoObject, b: PlainObject | RegoObject): number {
  const left = entriesOf(a)
  const right = entriesOf(b)
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    const [keyA, valueA] = left[i] as readonly [Value, Value]
    const [keyB, valueB] = right[i] as readonly [Value, Value]
    const order = compare(keyA, keyB) || compare(valueA, valueB)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** Order by code point, which is the order of UTF-8 bytes; JavaScript's own `<` goes by UTF-16 units and puts U+FFFF after U+10000. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const unitA = a.charCodeAt(i)
    const unitB = b.charCodeAt(i)
    if (unitA === unitB) continue
    const surrogateA = unitA >= 0xd800 && unitA <= 0xdfff
    const surrogateB = unitB >= 0xd800 && unitB <= 0xdfff
    if (surrogateA !== surrogateB) return surrogateA ? 1 : -1
    return unitA - unitB
  }
  return a.length - b.length
}

/** The value as a JSON document of its own: keys ascending, sets as sorted arrays, keys that are not strings as their JSON text. */
export function toJson(value: Value): Json {
  if (typeof value !== 'object' || value === null) return value
  enter()
  const json = compositeToJson(value)
  leave()
  return json
}

function compositeToJson(value: Composite): Json {
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof RegoSet) return value.sorted().map(toJson)
  if (isNumber(value)) return numberToJson(value)
  const result: PlainObject = {}
  if (value instanceof RegoObject)
    for (const [key, item] of value) setField(result, keyText(key), toJson(item) as Value)
  else for (const key of sortedKeys(value)) setField(result, key, toJson(value[key] as Value) as Value)
  return result as Json
}

/** The property name that a key gets in JSON: a string as it is, anything else its JSON text. */
export function keyText(key: Value): string {
  return typeof key === 'string' ? key : jsonText(key)
}

const escapedInJson = /[<>&\u2028\u2029]/g

/** A string as Go's `encoding/json` writes it. */
export function jsonString(text: string): string {
  const quoted = JSON.stringify(text.isWellFormed() ? text : text.toWellFormed())
  return quoted.replace(escapedInJson, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Compact JSON text of a value as Go writes it, sets as arrays; keys are ascending as they stand in the text, and of two that read alike the later one stays. */
export function jsonText(value: Value): string {
  if (typeof value === 'string') return jsonString(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object') return numberText(value)
  enter(printing)
  const text = compositeText(value)
  leave()
  return text
}

function compositeText(value: Composite): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (value instanceof RegoSet) return `[${value.sorted().map(jsonText).join(',')}]`
  if (isNumber(value)) return numberText(value)
  return `{${jsonEntries(value)
    .map(([key, item]) => `${jsonString(key)}:${jsonText(item)}`)
    .join(',')}}`
}

/** An object's entries under the property names they get in JSON, ascending; of two keys that read alike (`1` and `"1"`) the later one stays. */
export function jsonEntries(object: PlainObject | RegoObject): readonly (readonly [string, Value])[] {
  if (isPlainObject(object)) return sortedKeys(object).map((key) => [key, object[key] as Value])
  const named = new Map(entriesOf(object).map(([key, item]) => [keyText(key), item]))
  return [...named].sort(([a], [b]) => compareStrings(a, b))
}
