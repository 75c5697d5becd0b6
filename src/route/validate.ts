/**
 * Values against converted schemas, by ajv, with numbers compared as they were written. Numbers that a double does not hold
 * go in as stand-ins, and every keyword that looks at a number asks for the real one.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { RE2JS } from 're2js'
import { Fault, isRawNumber, type Json } from '../model/index.ts'
import { compareDecimals, type Decimal, decimalOf, isInteger, isMultiple } from './decimal.ts'

/** Checks a value; faults with `argument_missing`, `argument_unknown` or `argument_invalid`, naming the field. */
export type Check = (value: Json, name: string) => void

export interface Validator {
  /** Throws an `Error` when the schema is not valid. `#/$defs/NAME` is one of the definitions it was made with. */
  compile(schema: Json): Check
}

/** Stand-ins for numbers that are integers and for those that are not: far from what anybody lists in an `enum`. */
const integerStandIn = 2 ** 1000
const fractionStandIn = 2 ** -20

/** What stand-ins stand for while one value is checked; handed to the keywords as `this`, where ajv puts itself for schemas. */
class RealNumbers extends Map<number, Decimal> {}

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

/** Makes validators that share one compiler: what it needs for itself is compiled once, not once a description. Throws an `Error` for a definition that is not valid. */
export type MakeValidator = (definitions: { readonly [name: string]: Json }) => Validator

export function openValidators(): MakeValidator {
  const ajv = new Ajv2020({
    strict: false,
    logger: false,
    // An argument called `constructor` is an argument, and one that is not there is not found on a prototype.
    ownProperties: true,
    passContext: true,
    // Patterns come from a file, texts from agents: RE2's linear time, never a backtracking engine.
    code: { regExp: linearRegExp },
  })
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
  let count = 0
  return (definitions) => {
    const id = `description-${++count}`
    ajv.addSchema({ $id: id, $defs: qualified(definitions, id) })
    return {
      compile: (schema) => {
        const validate = ajv.compile(qualified(schema, id) as object)
        return (value, name) => check(validate, value, name)
      },
    }
  }
}

/** Keywords whose value is a list of data: a `$ref` in it refers to nothing. A field may have such a name too, but is no list. */
const dataLists = new Set(['enum', 'examples'])

/** `#/$defs/X` means the one in the document `id`. */
function qualified(schema: Json, id: string): Json {
  if (typeof schema !== 'object' || schema === null || isRawNumber(schema)) return schema
  if (Array.isArray(schema)) return schema.map((item) => qualified(item, id))
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === '$ref' && typeof value === 'string') return [key, `${id}${value}`]
      return [key, dataLists.has(key) && Array.isArray(value) ? value : qualified(value as Json, id)]
    }),
  )
}

function check(validate: ValidateFunction, value: Json, name: string): void {
  const real = new RealNumbers()
  const shown = standIn(value, real)
  if (validate.call(real, shown) === true) return
  throw faultOf((validate.errors ?? [])[0], name)
}

/** The value with every number that is no plain one replaced; the value itself when there is none. */
function standIn(value: Json, real: Map<number, Decimal>): Json {
  if (typeof value === 'number') return mayStandIn(value) ? replaced(value, real) : value
  if (typeof value === 'bigint') return replaced(value, real)
  if (typeof value !== 'object' || value === null) return value
  if (isRawNumber(value)) return replaced(value, real)
  if (Array.isArray(value)) {
    let copy: Json[] | undefined
    for (let index = 0; index < value.length; index++) {
      const item = value[index] as Json
      const next = standIn(item, real)
      if (next === item) continue
      copy ??= [...value]
      copy[index] = next
    }
    return copy ?? value
  }
  let changed: [string, Json][] | undefined
  for (const key of Object.keys(value)) {
    const item = (value as { readonly [key: string]: Json })[key] as Json
    const next = standIn(item, real)
    if (next === item) continue
    changed ??= []
    changed.push([key, next])
  }
  // `fromEntries` defines properties: a key `__proto__` stays one.
  return changed === undefined ? value : Object.fromEntries([...Object.entries(value), ...changed])
}

/** An agent's plain number could be the very one that stands in for another: then it gets a stand-in too. */
function mayStandIn(value: number): boolean {
  return value >= integerStandIn || (value >= fractionStandIn && value < fractionStandIn * 2)
}

function replaced(value: Json, real: Map<number, Decimal>): number {
  const decimal = decimalOf(value)
  if (decimal === undefined) throw new Fault('argument_invalid', 'a number cannot be read')
  // Each one its own, so that two of them are not taken for duplicates of each other.
  const number = isInteger(decimal)
    ? integerStandIn * (1 + real.size * 2 ** -40)
    : fractionStandIn * (1 + real.size * 2 ** -40)
  real.set(number, decimal)
  return number
}

/** What a numeric keyword wants, as words before its bound; undefined when the value is fine. */
type NumericCheck = (value: Decimal, bound: Decimal) => string | undefined

function boundCheck(keyword: string): NumericCheck {
  const holds = bounds[keyword] as (order: number) => boolean
  const sign = boundSigns[keyword] as string
  return (value, bound) => (holds(compareDecimals(value, bound)) ? undefined : sign)
}

function realNumber(context: unknown, data: number): Decimal | undefined {
  return context instanceof RealNumbers ? context.get(data) : undefined
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
function linearRegExp(pattern: string): { test(text: string): boolean; toString(): string } {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
  // ajv keeps one object for each text that `toString` gives: two patterns must not look the same.
  return { test: (text) => compiled.matcher(text).find(), toString: () => `linearRegExp(${JSON.stringify(pattern)})` }
}
linearRegExp.code = 'linearRegExp'

const listedMax = 20

function faultOf(error: ErrorObject | undefined, name: string): Fault {
  const path = pathOf(error, name)
  switch (error?.keyword) {
    case 'required':
      return new Fault('argument_missing', `\`${path}\` is missing`, { publicDetail: `\`${path}\` is missing` })
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const said = `\`${path}\` is not part of this operation`
      return new Fault('argument_unknown', said, { publicDetail: said })
    }
    default: {
      const said = `\`${path}\` ${wantedOf(error)}`
      return new Fault('argument_invalid', said, { publicDetail: said })
    }
  }
}

/** The field as one would write it: `lines/0/qty`. */
function pathOf(error: ErrorObject | undefined, name: string): string {
  const params = error?.params ?? {}
  const field: unknown = params.missingProperty ?? params.additionalProperty ?? params.unevaluatedProperty
  const inside = (error?.instancePath ?? '').slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  const path = [name, inside, typeof field === 'string' ? field : ''].filter((part) => part !== '').join('/')
  return path === '' ? 'body' : shownField(path)
}

/** Characters of a field's name that are told: the name may be the agent's own. */
const fieldCharsMax = 200

export function shownField(name: string): string {
  const text = JSON.stringify(name.slice(0, fieldCharsMax)).slice(1, -1)
  return text.replaceAll('`', "'")
}

function wantedOf(error: ErrorObject | undefined): string {
  const listed: unknown = error?.params?.allowedValues
  if (Array.isArray(listed)) {
    const some = listed.slice(0, listedMax).map((value) => JSON.stringify(value))
    return `must be one of ${some.join(', ')}${listed.length > listedMax ? ' ...' : ''}`
  }
  return error?.message ?? 'is not valid'
}
