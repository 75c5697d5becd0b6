/**
 * What leaves an evaluation: a document of its own, so that nobody can change data or input through a result. Values are shared inside an
 * evaluation, and a small one can print as a huge one, so the copy is counted while it is made.
 */
import { numberToJson } from '../number.ts'
import {
  areSorted,
  compareStrings,
  isNumber,
  type Json,
  keyText,
  type PlainObject,
  RegoObject,
  RegoSet,
  setField,
  type Value,
} from '../value.ts'
import { enter, leave } from '../visits.ts'

/** Counts the values of one result, and throws `eval_cancel_error` past the limit. */
export interface ResultCount {
  countValues(values: number): void
}

/** A value as JSON: keys ascending, sets as sorted arrays, keys that are not strings as their JSON text. */
export function output(value: Value, count: ResultCount): Json {
  return typeof value === 'object' && value !== null ? copy(value, count) : value
}

function copy(value: Exclude<Value, null | boolean | number | bigint | string>, count: ResultCount): Json {
  enter()
  const json = copyComposite(value, count)
  leave()
  return json
}

function copyComposite(value: Exclude<Value, null | boolean | number | bigint | string>, count: ResultCount): Json {
  if (Array.isArray(value)) return copyList(value, count)
  if (value instanceof RegoSet) return copyList(value.sorted(), count)
  if (isNumber(value)) return numberToJson(value)
  if (value instanceof RegoObject) {
    count.countValues(value.size)
    const result: PlainObject = {}
    for (const [key, item] of value) setField(result, keyText(key), output(item, count) as Value)
    return result as Json
  }
  return copyObject(value, count)
}

function copyObject(value: PlainObject, count: ResultCount): Json {
  const keys = Object.keys(value)
  count.countValues(keys.length)
  // Spreading copies many fields for the price of one; it keeps their order, so that it serves only where that is right already.
  const sorted = areSorted(keys)
  const result: PlainObject = sorted ? { ...value } : {}
  for (const key of sorted ? keys : keys.sort(compareStrings)) {
    const item = value[key] as Value
    if (!sorted || (typeof item === 'object' && item !== null)) setField(result, key, output(item, count) as Value)
  }
  return result as Json
}

function copyList(items: readonly Value[], count: ResultCount): Json[] {
  count.countValues(items.length)
  const result = items.slice()
  for (let i = 0; i < result.length; i++) {
    const item = result[i] as Value
    if (typeof item === 'object' && item !== null) result[i] = copy(item, count) as Value
  }
  return result as Json[]
}
