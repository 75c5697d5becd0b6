/** Texts of paths and queries as the values that a description says they are: each text has one value, or none. */
import { type Json, limits, rawNumber } from '../model/index.ts'
import { compareDecimals, isNumberText, parseDecimal } from './decimal.ts'
import { type Document, elements, type Located, member, resolve } from './references.ts'

export type Kind = 'integer' | 'number' | 'boolean' | 'string' | 'array' | 'object' | 'null'

/** References within alternatives within references: beyond it nothing new comes. */
const depthMax = 16
const longest = BigInt(limits.jsonNumberDigitsMax)
/** A whole number as JSON writes it: no sign but minus, no leading zero, no negative zero. */
const integerText = /^(?:0|-?[1-9][0-9]*)$/

/** The kinds that a schema allows; none when it does not say. Throws `Flaws` for a reference that leads nowhere. */
export function kindsOf(document: Document, schema: Located, depth = 0): Set<Kind> {
  const kinds = new Set<Kind>()
  if (depth > depthMax) return kinds
  const at = resolve(document, schema)
  const type = member(at, 'type')?.value
  for (const one of Array.isArray(type) ? type : [type]) if (typeof one === 'string') kinds.add(one as Kind)
  if (kinds.size > 0) return kinds
  const listed = member(at, 'enum')?.value
  for (const value of Array.isArray(listed) ? listed : [member(at, 'const')?.value])
    if (value !== undefined) kinds.add(kindOf(value))
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
    const list = member(at, keyword)
    if (list !== undefined)
      for (const each of elements(list)) for (const kind of kindsOf(document, each, depth + 1)) kinds.add(kind)
  }
  return kinds
}

function kindOf(value: Json): Kind {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value as Kind
  return typeof value === 'object' && !('rawJSON' in value) ? 'object' : 'number'
}

/**
 * The value of a text, the most special kind first: `5` is a number where a number is allowed, text where only text is.
 * Undefined when no kind fits. A schema that names no kind means text.
 */
export function readText(text: string, kinds: ReadonlySet<Kind>): Json | undefined {
  if (kinds.has('integer') || kinds.has('number')) {
    const number = readNumber(text, kinds.has('number'))
    if (number !== undefined) return number
  }
  if (kinds.has('boolean')) {
    if (text === 'true') return true
    if (text === 'false') return false
  }
  if (kinds.has('string') || kinds.size === 0) return text
  return undefined
}

function readNumber(text: string, fractions: boolean): Json | undefined {
  // Checked before anything whose work grows with the digits.
  if (text.length > limits.jsonNumberDigitsMax || !isNumberText(text)) return undefined
  if (integerText.test(text)) {
    const value = Number(text)
    return Number.isSafeInteger(value) ? value : BigInt(text)
  }
  if (!fractions) return undefined
  const value = Number(text)
  const written = parseDecimal(text)
  // As strict JSON bounds it: what would be long when written out is long.
  if (written === undefined || written.exponent > longest || written.exponent < -longest) return undefined
  const read = Number.isFinite(value) ? parseDecimal(String(value)) : undefined
  const same = read !== undefined && compareDecimals(written, read) === 0
  // As strict JSON keeps it (model/json.ts): where a double would change the number, the text stays.
  if (same && Number.isSafeInteger(value)) return value === 0 ? 0 : value
  return same && !Number.isInteger(value) ? value : rawNumber(text)
}
