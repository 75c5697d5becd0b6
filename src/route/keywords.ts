/**
 * JSON Schema keywords as the gateway checks them, in place of ajv's own: numbers by the decimals that were written, lengths
 * without counting long texts, formats that say what a value is, patterns in linear time.
 */
import type { Ajv2020, ErrorObject } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { RE2JS } from 're2js'
import type { Json } from '../model/index.ts'
import { compareDecimals, type Decimal, decimalOf, isInteger, isMultiple } from './decimal.ts'
import { realNumber } from './numbers.ts'

const bounds: { readonly [keyword: string]: (order: number) => boolean } = {
  minimum: (order) => order >= 0,
  maximum: (order) => order <= 0,
  exclusiveMinimum: (order) => order > 0,
  exclusiveMaximum: (order) => order < 0,
}
const boundSigns: { readonly [keyword: string]: string } = {
  minimum: '>=',
  maximum: '<=',
  exclusiveMinimum: '>',
  exclusiveMaximum: '<',
}
/** OpenAPI's format registry: the ranges of signed integers; the other numeric formats narrow nothing. */
const integerBits: { readonly [format: string]: bigint } = { int8: 8n, int16: 16n, int32: 32n, int64: 64n }

/** Puts the keywords of this file in place of ajv's. */
export function defineKeywords(ajv: Ajv2020): void {
  for (const keyword of Object.keys(bounds)) defineNumeric(ajv, keyword, boundCheck(keyword))
  defineNumeric(ajv, 'multipleOf', (value, step) => (isMultiple(value, step) ? undefined : 'a multiple of'))
  defineLength(
    ajv,
    'maxLength',
    (text, bound) => text.length <= bound || (text.length <= bound * 2 && characters(text) <= bound),
  )
  defineLength(
    ajv,
    'minLength',
    (text, bound) => text.length >= bound * 2 || (text.length >= bound && characters(text) >= bound),
  )
  defineFormat(ajv)
}

/** What a numeric keyword wants, as words before its bound; undefined when the value is fine. */
type NumericCheck = (value: Decimal, bound: Decimal) => string | undefined

function boundCheck(keyword: string): NumericCheck {
  const holds = bounds[keyword] as (order: number) => boolean
  const sign = boundSigns[keyword] as string
  return (value, bound) => (holds(compareDecimals(value, bound)) ? undefined : sign)
}

interface KeywordFunction {
  (this: unknown, data: number): boolean
  errors?: Partial<ErrorObject>[]
}

function defineNumeric(ajv: Ajv2020, keyword: string, want: NumericCheck): void {
  ajv.removeKeyword(keyword)
  ajv.addKeyword({
    keyword,
    type: 'number',
    errors: true,
    compile: (bound: Json) => {
      const limit = decimalOf(bound)
      if (limit === undefined || (keyword === 'multipleOf' && limit.digits <= 0n))
        throw new Error(`\`${keyword}\` is not a number that can be used`)
      const text = typeof bound === 'bigint' || typeof bound === 'number' ? String(bound) : JSON.stringify(bound)
      const plainLimit = typeof bound === 'number' && keyword !== 'multipleOf' ? bound : undefined
      const validate: KeywordFunction = function (data) {
        const exact = realNumber(this, data)
        // Two plain numbers compare as doubles exactly when they compare as what was written.
        if (exact === undefined && plainLimit !== undefined && bounds[keyword]?.(data - plainLimit) === true)
          return true
        const wanted = want(exact ?? (decimalOf(data) as Decimal), limit)
        if (wanted === undefined) return true
        validate.errors = [{ keyword, message: `must be ${wanted} ${text}`, params: {} }]
        return false
      }
      return validate
    },
  })
}

/**
 * Lengths count code points (JSON Schema validation section 6.3.1), and a text has at most as many as UTF-16 units, at least
 * half: long texts need no counting.
 */
function defineLength(
  ajv: Ajv2020,
  keyword: 'minLength' | 'maxLength',
  holds: (text: string, bound: number) => boolean,
): void {
  ajv.removeKeyword(keyword)
  ajv.addKeyword({
    keyword,
    type: 'string',
    errors: true,
    compile: (bound: number) => {
      const more = keyword === 'maxLength' ? 'more' : 'fewer'
      const validate: TextFunction = (text) => {
        if (holds(text, bound)) return true
        validate.errors = [{ keyword, message: `must NOT have ${more} than ${bound} characters`, params: {} }]
        return false
      }
      return validate
    },
  })
}

function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

interface TextFunction {
  (text: string): boolean
  errors?: Partial<ErrorObject>[]
}

function defineFormat(ajv: Ajv2020): void {
  ajv.removeKeyword('format')
  ajv.addKeyword({
    keyword: 'format',
    type: ['number', 'string'],
    errors: true,
    compile: (name: Json) => {
      const accepts = typeof name === 'string' ? formatCheck(name) : undefined
      if (accepts === undefined) return () => true
      const validate: KeywordFunction = function (data) {
        if (accepts(data, this)) return true
        validate.errors = [{ keyword: 'format', message: `must match the format ${JSON.stringify(name)}`, params: {} }]
        return false
      }
      return validate
    },
  })
}

/** Undefined for a format that nobody here knows: JSON Schema lets it pass as a remark. */
function formatCheck(name: string): ((data: unknown, context: unknown) => boolean) | undefined {
  const bits = integerBits[name]
  if (bits !== undefined) {
    const least = decimalOf(-(2n ** (bits - 1n))) as Decimal
    const most = decimalOf(2n ** (bits - 1n) - 1n) as Decimal
    return (data, context) => {
      if (typeof data !== 'number') return true
      const value = realNumber(context, data) ?? (decimalOf(data) as Decimal)
      return isInteger(value) && compareDecimals(value, least) >= 0 && compareDecimals(value, most) <= 0
    }
  }
  if (!textFormats.has(name)) return undefined
  const format = formats.default.get(name as Parameters<typeof formats.default.get>[0])
  const test = typeof format === 'object' && 'validate' in format ? format.validate : format
  if (test instanceof RegExp) return (data) => typeof data !== 'string' || test.test(data)
  if (typeof test === 'function') return (data) => typeof data !== 'string' || (test as (text: string) => boolean)(data)
  return undefined
}

/** Formats that are checked. `regex`, `password`, `binary` and the like say how to show a text, not what it is. */
const textFormats = new Set([
  ...['date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uri', 'uri-reference', 'uuid'],
  ...['json-pointer', 'byte'],
])

/** The part of RegExp that ajv uses, in linear time. Throws for what RE2 does not have (look-around, back-references). */
export function linearRegExp(pattern: string): { test(text: string): boolean; toString(): string } {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
  // ajv keeps one object for each text that `toString` gives: two patterns must not look the same.
  return { test: (text) => compiled.matcher(text).find(), toString: () => `linearRegExp(${JSON.stringify(pattern)})` }
}
linearRegExp.code = 'linearRegExp'
