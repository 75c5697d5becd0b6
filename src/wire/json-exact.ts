/**
 * The exact reader of JSON text (RFC 8259): slow, strict, and able to say where what is wrong. `json.ts` falls back on it
 * whenever the engine's own reader would lose something or has refused.
 */
import { type Json, limits } from '../model/index.ts'
import { hasBoundedDigits, numberOf } from './json-number.ts'
import { hexDigit } from './percent.ts'

/** Text that is not JSON as this gateway takes it. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
  readonly kind: 'malformed' | 'too_deep'
  /** From 1. */
  readonly row: number
  /** From 1, in characters (UTF-16 code units). */
  readonly column: number
  /** Bytes before the place. */
  readonly offset: number

  constructor(kind: 'malformed' | 'too_deep', what: string, place: { row: number; column: number; offset: number }) {
    super(`row ${place.row}, column ${place.column} (byte ${place.offset}): ${what}`)
    this.kind = kind
    this.row = place.row
    this.column = place.column
    this.offset = place.offset
  }
}

/** The error at index `at` of `text`. */
export function errorAt(text: string, at: number, what: string, kind: JsonError['kind'] = 'malformed'): JsonError {
  const before = text.slice(0, at)
  const rowStart = before.lastIndexOf('\n') + 1
  let row = 1
  for (let index = before.indexOf('\n'); index !== -1; index = before.indexOf('\n', index + 1)) row++
  return new JsonError(kind, what, { row, column: at - rowStart + 1, offset: Buffer.byteLength(before) })
}

/** Reads the whole of `text`. Throws a `JsonError`. */
export function readExactly(text: string): Json {
  const reader = new Reader(text)
  return reader.document()
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const escapes: { readonly [letter: string]: string } = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class Reader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): Json {
    const value = this.#value()
    this.#space()
    if (this.#at < this.#text.length) throw this.#error(`${this.#here()} follows the value, expected nothing`)
    return value
  }

  #value(): Json {
    this.#space()
    const character = this.#text[this.#at]
    if (character === '{') return this.#object()
    if (character === '[') return this.#array()
    if (character === '"') return this.#string()
    if (character === 't') return this.#word('true', true)
    if (character === 'f') return this.#word('false', false)
    if (character === 'n') return this.#word('null', null)
    return this.#number()
  }

  #object(): Json {
    this.#enter()
    const object: { [key: string]: Json } = {}
    this.#at++
    if (this.#skip('}')) return this.#leave(object)
    for (;;) {
      this.#space()
      const keyAt = this.#at
      if (this.#text[keyAt] !== '"') throw this.#error(`${this.#here()} where a key in double quotes was expected`)
      const key = this.#string()
      if (Object.hasOwn(object, key)) throw this.#error(`the key \`${shown(key)}\` comes twice in one object`, keyAt)
      if (!this.#skip(':')) throw this.#error(`${this.#here()} where \`:\` was expected`)
      const value = this.#value()
      // INVARIANT: `__proto__` is a key like any other, never a prototype.
      if (key === '__proto__')
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      else object[key] = value
      if (this.#skip('}')) return this.#leave(object)
      if (!this.#skip(',')) throw this.#error(`${this.#here()} where \`,\` or \`}\` was expected`)
    }
  }

  #array(): Json {
    this.#enter()
    const array: Json[] = []
    this.#at++
    if (this.#skip(']')) return this.#leave(array)
    for (;;) {
      array.push(this.#value())
      if (this.#skip(']')) return this.#leave(array)
      if (!this.#skip(',')) throw this.#error(`${this.#here()} where \`,\` or \`]\` was expected`)
    }
  }

  #string(): string {
    const start = ++this.#at
    let out = ''
    let from = start
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (Number.isNaN(code)) throw this.#error('the string does not end', start - 1)
      if (code === 0x22) {
        out += this.#text.slice(from, this.#at++)
        return out
      }
      if (code < 0x20) throw this.#error(`${this.#here()} in a string, which must be written as an escape`)
      if (code === 0x5c) {
        out += this.#text.slice(from, this.#at)
        out += this.#escape()
        from = this.#at
      } else this.#at++
    }
  }

  #escape(): string {
    const start = this.#at
    const letter = this.#text[start + 1] ?? ''
    if (letter === 'u') return this.#unicode()
    const character = escapes[letter]
    if (character === undefined) throw this.#error(`\`\\${shown(letter)}\` is no escape`, start)
    this.#at += 2
    return character
  }

  /** A surrogate without its other half has no UTF-8 (RFC 8259 section 8.2), so two readers would make different text of it. */
  #unicode(): string {
    const start = this.#at
    const first = this.#codeUnit()
    if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first)
    if (first < 0xdc00 && this.#text.startsWith('\\u', this.#at)) {
      const second = this.#codeUnit()
      if (second >= 0xdc00 && second <= 0xdfff) return String.fromCharCode(first, second)
    }
    throw this.#error(`\`${this.#text.slice(start, start + 6)}\` is half of a surrogate pair`, start)
  }

  #codeUnit(): number {
    const start = this.#at
    let code = 0
    for (let index = start + 2; index < start + 6; index++) {
      const digit = hexDigit(this.#text.charCodeAt(index))
      if (digit < 0) throw this.#error('`\\u` must be followed by four hexadecimal digits', start)
      code = code * 16 + digit
    }
    this.#at = start + 6
    return code
  }

  #number(): Json {
    numberPattern.lastIndex = this.#at
    const text = numberPattern.exec(this.#text)?.[0]
    if (text === undefined) throw this.#error(`${this.#here()} where a value was expected`)
    if (!hasBoundedDigits(text))
      throw this.#error(`a number has more than ${limits.jsonNumberDigitsMax} digits, also when written out`)
    this.#at += text.length
    return numberOf(text)
  }

  #word(word: string, value: Json): Json {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error(`${this.#here()} where a value was expected`)
    this.#at += word.length
    return value
  }

  #enter(): void {
    if (++this.#depth > limits.jsonDepthMax)
      throw errorAt(this.#text, this.#at, `more than ${limits.jsonDepthMax} levels of nesting`, 'too_deep')
  }

  #leave(value: Json): Json {
    this.#depth--
    return value
  }

  #skip(character: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  /** What stands at the place, for a message. */
  #here(): string {
    const code = this.#text.codePointAt(this.#at)
    if (code === undefined) return 'the end of the text'
    return code > 0x20 && code < 0x7f
      ? `\`${String.fromCodePoint(code)}\``
      : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  }

  #error(what: string, at = this.#at): JsonError {
    return errorAt(this.#text, at, what)
  }
}

/** An agent's text in a message: short, on one line. */
function shown(text: string): string {
  return text.slice(0, 64).replaceAll(/[^\u0020-\u007e\u00a0-\ud7ff\ue000-\uffff]/g, '?')
}
