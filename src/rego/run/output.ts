/**
 * What leaves an evaluation: a document of its own, so that nobody can change data or input through a result. Values are shared inside an
 * evaluation, and a small one can print as a huge one, so the copy is counted while it is made.
 */
import { numberToJson } from '../number.ts'
import {
  isNumber,
  type Json,
  keyText,
  type PlainObject,
  RegoObject,
  RegoSet,
  setField,
  sortedKeys,
  type Value,
} from '../value.ts'
import { EvaluationError } from './failure.ts'

/** A value as JSON: keys ascending, sets as sorted arrays, keys that are not strings as their JSON text. Throws `eval_cancel_error` past `max` values. */
export function output(value: Value, max: number): Json {
  return typeof value === 'object' && value !== null ? new Copy(max).of(value) : value
}

class Copy {
  readonly #max: number
  #left: number

  constructor(max: number) {
    this.#max = max
    this.#left = max
  }

  of(value: Value): Json {
    if (--this.#left < 0) {
      throw new EvaluationError('eval_cancel_error', `the result has more than \`${this.#max}\` values`)
    }
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return this.#list(value)
    if (value instanceof RegoSet) return this.#list(value.sorted())
    if (isNumber(value)) return numberToJson(value)
    const result: PlainObject = {}
    if (value instanceof RegoObject) {
      for (const [key, item] of value) setField(result, keyText(key), this.of(item) as Value)
    } else {
      for (const key of sortedKeys(value)) setField(result, key, this.of(value[key] as Value) as Value)
    }
    return result as Json
  }

  #list(items: readonly Value[]): Json[] {
    const result: Json[] = []
    for (const item of items) result.push(this.of(item))
    return result
  }
}
