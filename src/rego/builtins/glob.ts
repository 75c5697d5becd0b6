/**
 * `glob.*`: file-name patterns as github.com/gobwas/glob reads them, run as RE2 programs. `*` stops at delimiters, `**` does not, `?` is one character that is no
 * delimiter, `[abc]`, `[!abc]`, `[a-z]` and `{a,b}` are as in a shell, `\` takes the next character as it is.
 */
import type { RE2JS } from 're2js'
import { typeName, type Value } from '../value.ts'
import { type Builtin, BuiltinError, operandTypeError } from './builtin.ts'
import { codePointCount } from './code-points.ts'
import { checkMatched, checkPattern } from './limits.ts'
import { memo } from './memo.ts'
import { operandElementError, stringOperand } from './operands.ts'
import { compilePattern, quotePattern } from './pattern.ts'

const classEscape = /[\\\]^[-]/g

class Translator {
  readonly #runes: readonly string[]
  readonly #any: string
  #at = 0
  #depth = 0

  constructor(pattern: string, delimiters: string) {
    // Its reader takes a NUL for the end of the pattern.
    const end = pattern.indexOf('\0')
    this.#runes = [...(end < 0 ? pattern : pattern.slice(0, end))]
    // To Go's reader U+FFFD is what bytes become that are no character.
    if (this.#runes.includes('\ufffd')) throw new BuiltinError('could not read rune')
    this.#any = delimiters === '' ? '.' : `[^${delimiters.replace(classEscape, '\\$&')}]`
  }

  translate(): string {
    const items: string[] = []
    while (this.#at < this.#runes.length) items.push(this.#item())
    // The library takes a `?` or `[!a]` that is the whole pattern for a match of the empty text too.
    const [only = ''] = items
    if (items.length === 1 && (only === this.#any || only.startsWith('[^'))) items.push('?')
    const expression = items.join('')
    // Alternatives that are not closed end with the pattern.
    return `(?s:${expression}${')'.repeat(this.#depth)})`
  }

  #item(): string {
    const rune = this.#runes[this.#at] as string
    this.#at += 1
    switch (rune) {
      case '*': {
        if (this.#runes[this.#at] !== '*') return `${this.#any}*`
        this.#at += 1
        return '.*'
      }
      case '?':
        return this.#any
      case '[':
        return this.#range()
      case '{':
        this.#depth += 1
        return '(?:'
      case '}':
        if (this.#depth === 0) return '\\}'
        this.#depth -= 1
        return ')'
      case ',':
        return this.#depth === 0 ? ',' : '|'
      case '\\': {
        const escaped = this.#runes[this.#at]
        this.#at += 1
        return escaped === undefined ? '' : quotePattern(escaped)
      }
      default:
        return quotePattern(rune)
    }
  }

  #range(): string {
    const not = this.#runes[this.#at] === '!' ? '^' : ''
    if (not !== '') this.#at += 1
    const low = this.#runes[this.#at]
    if (low === undefined) throw new BuiltinError('unexpected end of input')
    return this.#runes[this.#at + 1] === '-' ? this.#span(not, low) : this.#list(not)
  }

  #span(not: string, low: string): string {
    const high = this.#runes[this.#at + 2]
    const close = this.#runes[this.#at + 3]
    if (high === undefined || close === undefined) throw new BuiltinError('unexpected end of input')
    if (close !== ']') throw new BuiltinError('expected close range character')
    if ((high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) {
      throw new BuiltinError(`hi character '${high}' should be greater than lo '${low}'`)
    }
    this.#at += 4
    return `[${not}${low.replace(classEscape, '\\$&')}-${high.replace(classEscape, '\\$&')}]`
  }

  #list(not: string): string {
    let members = ''
    for (;;) {
      let rune = this.#runes[this.#at]
      this.#at += 1
      if (rune === ']') break
      if (rune === '\\') {
        rune = this.#runes[this.#at]
        this.#at += 1
      }
      if (rune === undefined) throw new BuiltinError('unexpected end of input')
      members += rune.replace(classEscape, '\\$&')
    }
    if (members === '') throw new BuiltinError('could not parse range')
    return `[${not}${members}]`
  }
}

/** Keys are the delimiters, U+0000 and the pattern: a delimiter that is U+0000 itself would be cut off by the reader anyway. */
const compileGlob: (key: string) => RE2JS = memo((key) => {
  const mark = key.indexOf('\0')
  return compilePattern(new Translator(key.slice(mark + 1), key.slice(0, mark)).translate())
})

function delimiterText(value: Value): string {
  if (value === null) return ''
  if (!Array.isArray(value)) throw operandTypeError(2, typeName(value), ['array', 'null'])
  if (value.length === 0) return '.'
  for (const item of value) {
    if (typeof item !== 'string') throw operandElementError(2, value, item, 'string')
    if (codePointCount(item) !== 1) throw operandElementError(2, value, item, 'rune')
  }
  return value.length === 1 ? (value[0] as string) : value.join('')
}

function match(pattern: Value, delimiters: Value, value: Value): boolean {
  const glob = stringOperand(pattern, 1)
  const text = stringOperand(value, 3)
  const stops = delimiterText(delimiters)
  checkPattern(glob)
  checkMatched(text)
  return compileGlob(`${stops}\0${glob}`).testExact(text)
}

export const glob: Record<string, Builtin> = {
  'glob.match': { run: (_, pattern, delimiters, value) => match(pattern, delimiters, value) },
  'glob.quote_meta': { run: (_, pattern) => stringOperand(pattern, 1).replace(/[*?\\[\]{}]/g, '\\$&') },
}
