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
import { EvaluationError } from './failure.ts'

/** A value as JSON: keys ascending, sets as sorted arrays, keys that are not strings as their JSON text. Throws `eval_cancel_error` past `max` values. */
export function output(value: Value, max: number): Json {
  return typeof value === 'object' && value !== null ? copy(value, { left: max, max }) : value
}

interface Budget {
  left: number
  readonly max: number
}

function copy(value: Value, budget: Budget): Json {
  if (typeof value !== 'object' || value === null) return value
  enter()
  const json = copyComposite(value, budget)
  leave()
  return json
}

function copyComposite(value: Exclude<Value, null | boolean | number | bigint | string>, budget: Budget): Json {
  if (Array.isArray(value)) return copyList(value, budget)
  if (value instanceof RegoSet) return copyList(value.sorted(), budget)
  if (isNumber(value)) return numberToJson(value)
  if (value instanceof RegoObject) {
    spend(budget, value.size)
    const result: PlainObject = {}
    for (const [key, item] of value) setField(result, keyText(key), copy(item, budget) as Value)
    return result as Json
  }
  return copyObject(value, budget)
}

function copyObject(value: PlainObject, budget: Budget): Json {
  const keys = Object.keys(value)
  spend(budget, keys.length)
  // Spreading copies many fields for the price of one; it keeps their order, so that it serves only where that is right already.
  const sorted = areSorted(keys)
  const result: PlainObject = sorted ? { ...value } : {}
  for (const key of sorted ? keys : keys.sort(compareStrings)) {
    const item = value[key] as Value
    if (!sorted || (typeof item === 'object' && item !== null)) setField(result, key, copy(item, budget) as Value)
  }
  return result as Json
}

function copyList(items: readonly Value[], budget: Budget): Json[] {
  spend(budget, items.length)
  const result: Json[] = []
  for (let i = 0; i < items.length; i++) result.push(copy(items[i] as Value, budget))
  return result
}

function spend(budget: Budget, values: number): void {
  budget.left -= values
  if (budget.left < 0) {
    throw new EvaluationError('eval_cancel_error', `the result has more than \`${budget.max}\` values`)
  }
}
