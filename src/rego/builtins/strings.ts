/**
 * The builtins on strings. Positions and lengths count code points.
 */
import { type NumberValue, numberText, toDecimal } from '../number.ts'
import { entriesOf, isNumber, RegoSet, typeName, type Value } from '../value.ts'
import { type Builtin, BuiltinError, operandError, operandTypeError } from './builtin.ts'
import { codePointCount, codePointIndex, hasPairs, sliceCodePoints } from './code-points.ts'
import { truncate as cut, toBigFloat } from './go/big-float.ts'
import { type Operand, sprintf } from './go/fmt.ts'
import { toBigInt } from './integers.ts'
import { lower, upper } from './letter-case.ts'
import { checkTextLength } from './limits.ts'
import {
  arrayOperand,
  intOperand,
  listOperand,
  numberOperand,
  objectOperand,
  operandElementError,
  stringOperand,
  stringsOperand,
} from './operands.ts'
import { replaceAll } from './replace.ts'
import { termText } from './term-text.ts'

function concat(delimiter: Value, collection: Value): string {
  const separator = stringOperand(delimiter, 1)
  const parts = listOperand(collection, 2)
  let length = separator.length * Math.max(0, parts.length - 1)
  for (const part of parts) {
    if (typeof part !== 'string') throw operandElementError(2, collection, part, 'string')
    length += part.length
  }
  checkTextLength(length)
  return parts.join(separator)
}

function formatInt(value: Value, base: Value): string {
  const number = numberOperand(value, 1)
  const radix = numberOperand(base, 2)
  if (radix !== 2 && radix !== 8 && radix !== 10 && radix !== 16) throw operandError(2, 'must be one of {2, 8, 10, 16}')
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number.toString(radix)
  return (toBigInt(number) ?? cut(toBigFloat(number))).toString(radix)
}

function indexOf(haystack: Value, needle: Value): number {
  const text = stringOperand(haystack, 1)
  const search = stringOperand(needle, 2)
  if (search === '') throw new BuiltinError('empty search character')
  const at = text.indexOf(search)
  return at <= 0 ? at : codePointIndex(text, at)
}

function indexesOf(haystack: Value, needle: Value): number[] {
  const text = stringOperand(haystack, 1)
  const search = stringOperand(needle, 2)
  if (search === '') throw new BuiltinError('empty search character')
  const found: number[] = []
  let counted = 0
  let points = 0
  for (let at = text.indexOf(search); at >= 0; at = text.indexOf(search, at + 1)) {
    points += codePointCount(text.slice(counted, at))
    counted = at
    found.push(points)
  }
  return found
}

function substring(value: Value, offset: Value, length: Value): string {
  const text = stringOperand(value, 1)
  const start = intOperand(offset, 2)
  const count = intOperand(length, 3)
  if (start < 0) throw new BuiltinError('negative offset')
  return sliceCodePoints(text, start, count < 0 ? text.length : start + count)
}

function splitText(text: string, delimiter: string): string[] {
  return delimiter === '' && hasPairs(text) ? [...text] : text.split(delimiter)
}

/** The first `count` parts, or for a negative count the last. */
function splitN(value: Value, delimiter: Value, count: Value): string[] {
  const text = stringOperand(value, 1)
  const separator = stringOperand(delimiter, 2)
  const n = intOperand(count, 3)
  const parts = splitText(text, separator)
  return n >= 0 ? parts.slice(0, n) : parts.slice(Math.max(0, parts.length + n))
}

function countOf(search: Value, substring: Value): number {
  const text = stringOperand(search, 1)
  const part = stringOperand(substring, 2)
  if (part === '') return codePointCount(text) + 1
  let count = 0
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count += 1
  return count
}

function replace(value: Value, old: Value, replacement: Value): string {
  const text = stringOperand(value, 1)
  return replaceAll(text, [[stringOperand(old, 2), stringOperand(replacement, 3)]])
}

function replaceN(patterns: Value, value: Value): string {
  const object = objectOperand(patterns, 1)
  const text = stringOperand(value, 2)
  const pairs = entriesOf(object).map(([old, replacement]): [string, string] => {
    if (typeof old !== 'string') throw operandError(1, 'non-string key found in pattern object')
    if (typeof replacement !== 'string') throw operandError(1, 'non-string value found in pattern object')
    return [old, replacement]
  })
  return replaceAll(text, pairs)
}

/** A string, or the strings of an array or set. */
function oneOrMore(value: Value, position: number): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value) || value instanceof RegoSet) return stringsOperand(value, position)
  throw operandTypeError(position, typeName(value), ['string', 'set', 'array'])
}

/** Whether any of the texts begins (ends) with any of the affixes: one look-up for each length that occurs, not one comparison for each pair. */
function anyAffix(search: Value, base: Value, atEnd: boolean): boolean {
  const texts = oneOrMore(search, 1)
  const affixes = oneOrMore(base, 2)
  if (affixes.length <= 4) {
    return affixes.some((affix) => texts.some((text) => (atEnd ? text.endsWith(affix) : text.startsWith(affix))))
  }
  const known = new Set(affixes)
  const lengths = new Set(affixes.map((affix) => affix.length))
  for (const text of texts) {
    for (const length of lengths) {
      if (length > text.length) continue
      if (known.has(atEnd ? text.slice(text.length - length) : text.slice(0, length))) return true
    }
  }
  return false
}

/** Where the text without leading characters of the set begins. */
function trimmedStart(text: string, cutset: ReadonlySet<string>): number {
  let start = 0
  for (const rune of text) {
    if (!cutset.has(rune)) break
    start += rune.length
  }
  return start
}

function trimmedEnd(text: string, cutset: ReadonlySet<string>, start: number): number {
  let end = text.length
  while (end > start) {
    const low = text.charCodeAt(end - 1)
    const pair = end - 2 >= start && low >= 0xdc00 && low <= 0xdfff && (text.codePointAt(end - 2) ?? 0) > 0xffff
    const rune = text.slice(pair ? end - 2 : end - 1, end)
    if (!cutset.has(rune)) break
    end -= rune.length
  }
  return end
}

function trim(value: Value, cutset: Value, left: boolean, right: boolean): string {
  const text = stringOperand(value, 1)
  const runes = new Set(stringOperand(cutset, 2))
  const start = left ? trimmedStart(text, runes) : 0
  return text.slice(start, right ? trimmedEnd(text, runes, start) : text.length)
}

function trimPrefix(value: Value, prefix: Value): string {
  const text = stringOperand(value, 1)
  const start = stringOperand(prefix, 2)
  return text.startsWith(start) ? text.slice(start.length) : text
}

function trimSuffix(value: Value, suffix: Value): string {
  const text = stringOperand(value, 1)
  const end = stringOperand(suffix, 2)
  return text.endsWith(end) ? text.slice(0, text.length - end.length) : text
}

/** What Go calls white space; JavaScript's own `trim` takes U+FEFF too and leaves U+0085. */
const spaces = new Set(
  [
    ...'\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
  ].map((space) => space.charCodeAt(0)),
)

function trimSpace(value: Value): string {
  const text = stringOperand(value, 1)
  let start = 0
  let end = text.length
  while (start < end && spaces.has(text.charCodeAt(start))) start += 1
  while (end > start && spaces.has(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function reverse(text: string): string {
  return hasPairs(text) ? [...text].reverse().join('') : text.split('').reverse().join('')
}

/** What a value is to Go's `fmt`: a term that is no number or string is its text, and so is a number like `1e-7`, with neither digits alone nor a point. */
function formatOperand(value: Value): Operand {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  return isNumber(value) ? numericOperand(value) : termText(value)
}

function numericOperand(value: NumberValue): Operand {
  if (typeof value === 'bigint') return roundOperand(value) ?? value
  const text = numberText(value)
  if (text.includes('.') && Number.isFinite(Number(text))) return Number(text)
  if (toDecimal(value).exponent < 0) return text
  return roundOperand(value) ?? toBigInt(value) ?? text
}

/** Zeros at the end of a whole number from which on it was surely written with an exponent. */
const zerosWritten = 21

/** A whole number that nobody writes out: `2e308` stays this text and `2.5e300` is a float, as in Go; the text of a number is not kept. */
function roundOperand(value: NumberValue): Operand | undefined {
  const { coefficient, exponent } = toDecimal(value)
  if (exponent < zerosWritten) return undefined
  const digits = String(coefficient < 0n ? -coefficient : coefficient)
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  const text = `${coefficient < 0n ? '-' : ''}${digits[0]}${fraction}e${exponent + digits.length - 1}`
  return fraction !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

function format(pattern: Value, values: Value): string {
  const text = stringOperand(pattern, 1)
  const operands = arrayOperand(values, 2).map(formatOperand)
  const made = sprintf(text, operands)
  checkTextLength(made.length)
  return made
}

export const strings: Record<string, Builtin> = {
  concat: { run: (_, delimiter, collection) => concat(delimiter, collection) },
  contains: { run: (_, haystack, needle) => stringOperand(haystack, 1).includes(stringOperand(needle, 2)) },
  endswith: { run: (_, search, base) => stringOperand(search, 1).endsWith(stringOperand(base, 2)) },
  startswith: { run: (_, search, base) => stringOperand(search, 1).startsWith(stringOperand(base, 2)) },
  format_int: { run: (_, number, base) => formatInt(number, base) },
  indexof: { run: (_, haystack, needle) => indexOf(haystack, needle) },
  indexof_n: { run: (_, haystack, needle) => indexesOf(haystack, needle) },
  lower: { run: (_, x) => lower(stringOperand(x, 1)) },
  upper: { run: (_, x) => upper(stringOperand(x, 1)) },
  replace: { run: (_, x, old, replacement) => replace(x, old, replacement) },
  split: { run: (_, x, delimiter) => splitText(stringOperand(x, 1), stringOperand(delimiter, 2)) },
  sprintf: { run: (_, pattern, values) => format(pattern, values) },
  'strings.any_prefix_match': { run: (_, search, base) => anyAffix(search, base, false) },
  'strings.any_suffix_match': { run: (_, search, base) => anyAffix(search, base, true) },
  'strings.count': { run: (_, search, part) => countOf(search, part) },
  'strings.replace_n': { run: (_, patterns, value) => replaceN(patterns, value) },
  'strings.reverse': { run: (_, x) => reverse(stringOperand(x, 1)) },
  'strings.split_n': { run: (_, x, delimiter, n) => splitN(x, delimiter, n) },
  substring: { run: (_, value, offset, length) => substring(value, offset, length) },
  trim: { run: (_, value, cutset) => trim(value, cutset, true, true) },
  trim_left: { run: (_, value, cutset) => trim(value, cutset, true, false) },
  trim_right: { run: (_, value, cutset) => trim(value, cutset, false, true) },
  trim_prefix: { run: (_, value, prefix) => trimPrefix(value, prefix) },
  trim_suffix: { run: (_, value, suffix) => trimSuffix(value, suffix) },
  trim_space: { run: (_, value) => trimSpace(value) },
}
