/**
 * Values as YAML text, laid out and quoted as Go's yaml library writes them: lists at the level of their key, strings plain where they can be, literal where they
 * have several lines, lines folded after 80 columns.
 */
import { numberText } from '../number.ts'
import {
  compareStrings,
  isNumber,
  isPlainObject,
  jsonEntries,
  type PlainObject,
  type RegoObject,
  RegoSet,
  type Value,
} from '../value.ts'
import { enter, leave, printing, stopped } from '../visits.ts'
import { BuiltinError } from './builtin.ts'
import { formatFloat } from './go/float-text.ts'
import { textLengthMax } from './limits.ts'

/** Lines are broken at the first space after this column. */
const foldAfter = 80

/** `isPlain` says whether a text means itself when it stands without quotes. */
export function marshalYaml(value: Value, isPlain: (text: string) => boolean): string {
  return new Writer(isPlain).document(value)
}

class Writer {
  readonly #isPlain: (text: string) => boolean
  /** Characters written so far. Parts that a value shares are written again each time, so that a small value can make a text without end. */
  #length = 0

  constructor(isPlain: (text: string) => boolean) {
    this.#isPlain = isPlain
  }

  document(value: Value): string {
    return `${this.#block(value, 0, 0)}\n`
  }

  /** The value's text from the place where it begins; its further lines start at `indent`. */
  #block(value: Value, indent: number, column: number): string {
    this.#count(indent)
    if (typeof value === 'string') return this.#text(value, indent, column, false)
    if (value === null || typeof value === 'boolean') return String(value)
    if (isNumber(value)) return numberLine(numberText(value))
    enter(printing)
    const text = this.#collection(value, indent)
    leave()
    return text
  }

  #collection(value: Value[] | PlainObject | RegoObject | RegoSet, indent: number): string {
    if (Array.isArray(value) || value instanceof RegoSet) {
      const list = Array.isArray(value) ? value : value.sorted()
      if (list.length === 0) return '[]'
      return list.map((item) => `- ${this.#block(item, indent + 2, indent + 2)}`).join(`\n${' '.repeat(indent)}`)
    }
    const entries = [...jsonEntries(value)].sort(([a], [b]) => compareKeys(a, b))
    if (entries.length === 0) return '{}'
    return entries.map(([key, item]) => this.#entry(key, item, indent)).join(`\n${' '.repeat(indent)}`)
  }

  #entry(key: string, value: Value, indent: number): string {
    const name = isSimpleKey(key)
      ? this.#text(key, indent, indent, true)
      : `? ${this.#text(key, indent, indent + 2, false)}\n${' '.repeat(indent)}`
    const nested = isPlainObject(value) || (typeof value === 'object' && value !== null && !isNumber(value))
    const body = this.#block(value, this.#isList(value) ? indent : indent + 2, indent + name.length + 2)
    if (!nested || body === '[]' || body === '{}') return `${name}: ${body}`
    return `${name}:\n${' '.repeat(this.#isList(value) ? indent : indent + 2)}${body}`
  }

  #count(characters: number): void {
    this.#length += characters
    if (this.#length > textLengthMax)
      throw stopped(`a text of more than \`${textLengthMax}\` characters is more than one value may have`)
  }

  #isList(value: Value): boolean {
    return Array.isArray(value) || value instanceof RegoSet
  }

  #text(text: string, indent: number, column: number, key: boolean): string {
    this.#count(text.length)
    if (rawUnprintable.test(text)) throw new BuiltinError('yaml: control characters are not allowed')
    const shape = analyze(text)
    if (text.includes('\n')) {
      if (shape.literal && !key) return literal(text, indent)
      return doubleQuoted(text, indent, column, key)
    }
    if (!this.#isPlain(text)) return doubleQuoted(text, indent, column, key)
    if (shape.plain) return fold(text, indent, column, key)
    if (shape.single) return fold(`'${text.replaceAll("'", "''")}'`, indent, column, key)
    return doubleQuoted(text, indent, column, key)
  }
}

/** Keys of one line and no great length stand before their colon, others get lines of their own. */
function isSimpleKey(key: string): boolean {
  return !key.includes('\n') && !otherBreak.test(key) && Buffer.byteLength(key) <= 128
}

/** Whole numbers of 64 bits have their digits, all others are doubles to the library. */
function numberLine(text: string): string {
  if (/^-?\d+$/.test(text)) {
    const whole = BigInt(text)
    if (whole >= -(2n ** 63n) && whole < 2n ** 64n) return text
  }
  const near = Number(text)
  return Number.isFinite(near) ? formatFloat(near, 'g', -1) : text
}

/** Keys in the order of the library: letters after everything else, numbers inside them by size. */
function compareKeys(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  let digits = false
  for (let i = 0; i < left.length && i < right.length; i++) {
    const x = left[i] as string
    const y = right[i] as string
    if (x === y) {
      digits = /\p{Nd}/u.test(x)
      continue
    }
    const letterX = /\p{L}/u.test(x)
    const letterY = /\p{L}/u.test(y)
    if (letterX && letterY) return compareStrings(x, y)
    if (letterX || letterY) return digits ? (letterX ? -1 : 1) : letterX ? 1 : -1
    return compareNumbersAt(left, right, i) || compareStrings(x, y)
  }
  return left.length - right.length
}

function compareNumbersAt(left: readonly string[], right: readonly string[], at: number): number {
  let zero = false
  if (left[at] === '0' || right[at] === '0') {
    for (let i = at - 1; i >= 0 && /\p{Nd}/u.test(left[i] as string); i--) {
      if (left[i] !== '0') {
        zero = true
        break
      }
    }
  }
  const run = (runes: readonly string[]): bigint => {
    let end = at
    while (end < runes.length && /[0-9]/.test(runes[end] as string)) end += 1
    return BigInt(runes.slice(at, end).join('') || '0')
  }
  const endOf = (runes: readonly string[]): number => {
    let end = at
    while (end < runes.length && /[0-9]/.test(runes[end] as string)) end += 1
    return end
  }
  const a = run(left)
  const b = run(right)
  if (zero || a === b) return endOf(left) - endOf(right)
  return a < b ? -1 : 1
}

interface Shape {
  readonly plain: boolean
  readonly single: boolean
  readonly literal: boolean
}

/** All but the characters that the library takes for printable: tabs and what lies beyond U+FFFF are not. */
const special = /[^\n\x20-\x7e\u0085\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u

/** Characters that JSON writes as they are: OPA makes YAML of JSON, and its reader refuses them. */
const rawUnprintable = /[\x7f-\x84\x86-\x9f\ufffe\uffff]/

/** Line breaks to YAML besides `\n`. */
const otherBreak = /[\u0085\u2028\u2029]/

/** Which ways of writing keep a text what it is. */
function analyze(text: string): Shape {
  if (text === '') return { plain: true, single: true, literal: false }
  const unprintable = special.test(text)
  const spaceBreak = / \n/.test(text)
  const breakSpace = /\n /.test(text)
  const outer = /^[ \n]|[ \n]$/.test(text)
  const indicator =
    /^(?:---|\.\.\.)/.test(text) ||
    /^[#,[\]{}&*!|>'"%@`]/.test(text) ||
    /^[?:-](?:[\s]|$)/.test(text) ||
    /:(?:\s|$)/.test(text) ||
    /\s#/.test(text)
  return {
    plain: !(unprintable || spaceBreak || breakSpace || outer || indicator || /\n/.test(text) || otherBreak.test(text)),
    single: !(unprintable || spaceBreak || breakSpace),
    literal: !(unprintable || spaceBreak || / $/.test(text)),
  }
}

function literal(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : ''
  const ending = !text.endsWith('\n') ? '-' : /(?:^|\n)\n$/.test(text) ? '+' : ''
  const pad = ' '.repeat(Math.max(indent, 2))
  const body = text.replace(/\n$/, '').split('\n')
  return `|${hint}${ending}\n${body.map((line) => (line === '' ? '' : pad + line)).join('\n')}`
}

/** Breaks a line at single spaces once it is longer than it should be. */
function fold(text: string, indent: number, column: number, key: boolean): string {
  if (key || column + text.length <= foldAfter) return text
  const pad = `\n${' '.repeat(Math.max(indent, 2))}`
  let made = ''
  let at = column
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string
    const single = char === ' ' && text[i - 1] !== ' ' && text[i + 1] !== ' ' && text[i + 1] !== undefined
    if (single && at > foldAfter) {
      made += pad
      at = pad.length - 1
    } else {
      made += char
      at += 1
    }
  }
  return made
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

function doubleQuoted(text: string, indent: number, column: number, key: boolean): string {
  const pad = `\n${' '.repeat(Math.max(indent, 2))}`
  const runes = [...text]
  let made = '"'
  let at = column + 1
  for (const [i, rune] of runes.entries()) {
    if (rune === ' ' && !key && at > foldAfter && i > 0 && i < runes.length - 1 && runes[i - 1] !== ' ') {
      made += pad + (runes[i + 1] === ' ' ? '\\' : '')
      at = pad.length - 1
      continue
    }
    const escaped = escapes[rune] ?? (special.test(rune) || rune === '\ufeff' ? escapeCode(rune) : rune)
    made += escaped
    at += escaped.length
  }
  return `${made}"`
}

function escapeCode(rune: string): string {
  const code = rune.codePointAt(0) ?? 0
  const hex = code.toString(16).toUpperCase()
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
