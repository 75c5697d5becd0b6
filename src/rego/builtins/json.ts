/**
 * `json.marshal`, `json.unmarshal` and their kin, as Go's `encoding/json` writes and reads: keys ascending, `<`, `>` and `&` escaped, numbers exact.
 */
import { numberText, parseNumber } from '../number.ts'
import {
  entriesOf,
  isNumber,
  isObject,
  jsonEntries,
  jsonString,
  type PlainObject,
  type RegoObject,
  RegoSet,
  setField,
  typeName,
  type Value,
} from '../value.ts'
import { enter, leave, printing } from '../visits.ts'
import { type Builtin, BuiltinError, operandError } from './builtin.ts'
import { hasEscapedKey, readTokens } from './json-tokens.ts'
import { checkTextLength } from './limits.ts'
import { limitError, objectOperand, stringOperand } from './operands.ts'
import { termText } from './term-text.ts'

/** Arrays and objects inside each other. Go's reader stops at 10,000; what works on values here goes down by calling itself. */
const depthMax = 1000

/** How a document is laid out; `undefined` is all on one line. */
export interface Layout {
  readonly prefix: string
  readonly indent: string
}

/** The value as JSON text; sets are arrays, keys that are no strings their own JSON text. */
export function marshal(value: Value, layout?: Layout): string {
  return write(value, layout, layout === undefined ? '' : `\n${layout.prefix}`)
}

function write(value: Value, layout: Layout | undefined, line: string): string {
  if (typeof value === 'string') return jsonString(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (isNumber(value)) return numberText(value)
  enter(printing)
  const text = writeCollection(value, layout, line)
  leave()
  return text
}

function writeCollection(
  value: Value[] | PlainObject | RegoObject | RegoSet,
  layout: Layout | undefined,
  line: string,
): string {
  const inner = layout === undefined ? '' : line + layout.indent
  const colon = layout === undefined ? ':' : ': '
  if (Array.isArray(value) || value instanceof RegoSet) {
    const list = Array.isArray(value) ? value : value.sorted()
    if (list.length === 0) return '[]'
    return `[${inner}${list.map((item) => write(item, layout, inner)).join(`,${inner}`)}${line}]`
  }
  const entries = jsonEntries(value)
  if (entries.length === 0) return '{}'
  return `{${inner}${entries
    .map(([key, item]) => jsonString(key) + colon + write(item, layout, inner))
    .join(`,${inner}`)}${line}}`
}

/** Digits enough that a double may not hold the number, or an exponent. */
const preciseNumber = /\d[\d.]{14,}|\d[eE]/

/** The value of a JSON text. Throws `BuiltinError` when it is none. */
export function unmarshal(text: string): Value {
  if (text.length > depthMax) checkDepth(text)
  try {
    if (hasEscapedKey(text)) return readTokens(text)
    if (!preciseNumber.test(text) && !text.includes('\\u')) return JSON.parse(text) as Value
    return JSON.parse(text, revive as (key: string, value: unknown) => unknown) as Value
  } catch (cause) {
    throw new BuiltinError(jsonProblem(text, cause), { cause })
  }
}

/** Keeps numbers exact, and puts U+FFFD in the place of lone surrogates as Go does. */
function revive(_: string, value: Value, context: { source?: string }): Value {
  if (typeof value === 'number') return parseNumber(context.source ?? String(value)) ?? value
  if (typeof value === 'string') return value.toWellFormed()
  if (!isObject(value) || Object.keys(value).every((key) => key.isWellFormed())) return value
  const repaired: PlainObject = {}
  for (const [key, item] of entriesOf(value)) setField(repaired, (key as string).toWellFormed(), item)
  return repaired
}

function jsonProblem(text: string, cause: unknown): string {
  if (text.trim() === '') return 'unexpected end of JSON input'
  return cause instanceof Error ? `invalid JSON: ${cause.message}` : 'invalid JSON'
}

function checkDepth(text: string): void {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (inString) {
      if (unit === 0x5c) i += 1
      else if (unit === 0x22) inString = false
    } else if (unit === 0x22) inString = true
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1
      if (depth > depthMax) throw limitError('the nesting of a JSON text', `${depthMax} levels`)
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1
  }
}

function isValid(value: Value): boolean {
  if (typeof value !== 'string') return false
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}

function marshalWithOptions(value: Value, options: Value): string {
  let prefix = ''
  let indent = '\t'
  let laidOut = false
  let pretty: boolean | undefined
  for (const [key, option] of entriesOf(objectOperand(options, 2))) {
    if (key === 'prefix' || key === 'indent') {
      if (typeof option !== 'string')
        throw operandError(2, `key "${key}" failed cast to string: must be string but got ${typeName(option)}`)
      if (key === 'prefix') prefix = option
      else indent = option
      laidOut = true
    } else if (key === 'pretty') {
      if (typeof option !== 'boolean') throw operandError(2, 'key "pretty" failed cast to bool')
      pretty = option
    } else {
      throw operandError(2, `object contained unknown key ${termText(key)}`)
    }
  }
  if (!(pretty ?? laidOut)) return marshal(value)
  return prefix + marshal(value, { prefix, indent })
}

function checked(text: string): string {
  checkTextLength(text.length)
  return text
}

export const json: Record<string, Builtin> = {
  'json.marshal': { run: (_, value) => checked(marshal(value)) },
  'json.marshal_with_options': { run: (_, value, options) => checked(marshalWithOptions(value, options)) },
  'json.unmarshal': { run: (_, text) => unmarshal(stringOperand(text, 1)) },
  'json.is_valid': { run: (_, text) => isValid(text) },
}
