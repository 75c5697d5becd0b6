/**
 * Text to tokens. Keywords are not told apart from names here, because which names are keywords depends on imports and
 * place; a character or literal that Rego does not have becomes an `illegal` token with its reason, so that an error is
 * raised only where the parser gets to it.
 */

import type { Comment, Span } from '../ast.ts'

export type Punctuation =
  | ('[' | ']' | '{' | '}' | '(' | ')' | ',' | ':' | ';' | '.')
  | ('+' | '-' | '*' | '/' | '%' | '&' | '|')
  | ('=' | '==' | ':=' | '!=' | '<' | '<=' | '>' | '>=')

/**
 * A token. `text` is the name, the number as written, the decoded string or template text, or for `illegal` the reason
 * (empty for a character that Rego does not have). `gap` says that white space or a comment precedes, `newline` that a
 * line ended there. A template is cut into `template` tokens, with the tokens of its expressions between them.
 */
export interface Token {
  readonly kind: Punctuation | 'name' | 'number' | 'string' | 'template' | 'illegal' | 'eof'
  readonly text: string
  readonly start: number
  readonly end: number
  readonly row: number
  readonly col: number
  readonly gap: boolean
  readonly newline: boolean
  /** For `template`: written with backticks, and whether it is the last part. */
  readonly raw?: boolean
  readonly last?: boolean
}

/** Longest source text, in UTF-16 units: bounds memory; OPA has no bound, real modules stay below a tenth of it. */
export const sourceCharsMax = 16_777_216

const simple = new Set(['[', ']', '(', ')', ',', ';', '.', '+', '-', '*', '/', '%', '&', '|'])
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
const namePattern = /[A-Za-z_][A-Za-z0-9_\p{Nd}]*/uy
const numberPattern = /[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]*)?/y
const plainPattern = /[^"\\\n\0{\uFEFF\uD800-\uDFFF]*/y
const wordPattern = /[A-Za-z_][A-Za-z0-9_]*/y

/** Tokens of `source`, ended by `eof`, and its comments. Never throws; linear in the length of the text. */
export function lex(source: string, file: string): { tokens: Token[]; comments: Comment[] } {
  return new Lexer(source, file).run()
}

class Lexer {
  readonly source: string
  readonly file: string
  readonly tokens: Token[] = []
  readonly comments: Comment[] = []
  /** For each template that is open: how many braces are open in its expression, and which kind it is. */
  readonly templates: { braces: number; raw: boolean }[] = []
  at = 0
  row = 1
  /** Offset that has column 1, shifted by one for every surrogate pair so that columns count code points. */
  lineStart = 0
  gap = false
  newline = false

  constructor(source: string, file: string) {
    this.source = source
    this.file = file
  }

  run(): { tokens: Token[]; comments: Comment[] } {
    const { source } = this
    // A byte-order mark is allowed at the very beginning, and only there.
    if (source.charCodeAt(0) === 0xfeff) this.at = 1
    while (this.at < source.length) {
      const char = source.charCodeAt(this.at)
      if (char === 0x20 || char === 0x09 || char === 0x0d) {
        this.at++
        this.gap = true
      } else if (char === 0x0a) {
        this.at++
        this.gap = true
        this.newline = true
        this.newLine()
      } else if (char === 0x23) this.comment()
      else this.token(char)
    }
    this.push('eof', '', this.at, this.row, this.column(this.at))
    return { tokens: this.tokens, comments: this.comments }
  }

  newLine(): void {
    this.row++
    this.lineStart = this.at
  }

  column(offset: number): number {
    return offset - this.lineStart + 1
  }

  push(kind: Token['kind'], text: string, start: number, row: number, col: number): void {
    this.tokens.push({ kind, text, start, end: this.at, row, col, gap: this.gap, newline: this.newline })
    this.gap = false
    this.newline = false
  }

  comment(): void {
    const start = this.at
    let end = this.source.indexOf('\n', start)
    if (end === -1) end = this.source.length
    const span: Span = { file: this.file, row: this.row, col: this.column(start), start, end }
    const text = this.source.slice(start + 1, end)
    this.comments.push({ text: text.replace(/\r+$/, ''), at: span })
    this.at = end
    this.gap = true
    const illegal = illegalInside.exec(text)?.[0].codePointAt(0)
    if (illegal !== undefined) this.push('illegal', illegalPoint(illegal) ?? '', start, span.row, span.col)
  }

  token(char: number): void {
    const { source } = this
    const start = this.at
    const row = this.row
    const col = this.column(start)
    if (isLetter(char)) {
      namePattern.lastIndex = start
      const name = namePattern.exec(source)?.[0] ?? ''
      this.at += name.length
      this.lineStart += pairsIn(name)
      this.push('name', name, start, row, col)
      return
    }
    if (char >= 0x30 && char <= 0x39) {
      this.number(start, row, col)
      return
    }
    const text = source.charAt(start)
    if (simple.has(text)) {
      this.at++
      this.push(text as Punctuation, text, start, row, col)
    } else if (text === '"') this.string(start, row, col)
    else if (text === '`') this.rawString(start, row, col)
    else if (text === '{' || text === '}') this.brace(text, start, row, col)
    else if (text === '$') this.dollar(start, row, col)
    else this.operator(text, start, row, col)
  }

  operator(text: string, start: number, row: number, col: number): void {
    const two = text + this.source.charAt(start + 1)
    if (two === ':=' || two === '==' || two === '!=' || two === '<=' || two === '>=') {
      this.at += 2
      this.push(two, two, start, row, col)
    } else if (text === ':' || text === '=' || text === '<' || text === '>') {
      this.at++
      this.push(text, text, start, row, col)
    } else if (text === '!') {
      this.at++
      this.push('illegal', 'illegal ! character', start, row, col)
    } else {
      const point = this.source.codePointAt(start) ?? 0
      this.at += point > 0xffff ? 2 : 1
      if (point > 0xffff) this.lineStart++
      this.push('illegal', illegalPoint(point) ?? '', start, row, col)
    }
  }

  number(start: number, row: number, col: number): void {
    numberPattern.lastIndex = start
    const match = numberPattern.exec(this.source)
    const text = match?.[0] ?? ''
    this.at += text.length
    let illegal: string | undefined
    if (match?.[1] === '.') illegal = 'expected fraction'
    else if (match?.[2] !== undefined && !/[0-9]$/.test(match[2])) illegal = 'expected exponent'
    if (isLetter(this.source.charCodeAt(this.at))) {
      wordPattern.lastIndex = this.at
      this.at += wordPattern.exec(this.source)?.[0].length ?? 0
      illegal ??= 'illegal number format'
    }
    this.push(illegal === undefined ? 'number' : 'illegal', illegal ?? text, start, row, col)
  }

  brace(text: '{' | '}', start: number, row: number, col: number): void {
    const template = this.templates.at(-1)
    this.at++
    if (template !== undefined && text === '}' && template.braces === 0) {
      this.push(text, text, start, row, col)
      this.templates.pop()
      this.templatePart(template.raw)
      return
    }
    if (template !== undefined) template.braces += text === '{' ? 1 : -1
    this.push(text, text, start, row, col)
  }

  dollar(start: number, row: number, col: number): void {
    const quote = this.source.charAt(start + 1)
    this.at++
    if (quote !== '"' && quote !== '`') {
      this.push('illegal', 'illegal $ character', start, row, col)
      return
    }
    this.at++
    this.templatePart(quote === '`', start, row, col)
  }

  string(start: number, row: number, col: number): void {
    this.at++
    const scanned = this.scan('"', false)
    this.push(scanned.illegal === undefined ? 'string' : 'illegal', scanned.illegal ?? scanned.text, start, row, col)
  }

  rawString(start: number, row: number, col: number): void {
    this.at++
    const scanned = this.scanRaw(false)
    this.push(scanned.illegal === undefined ? 'string' : 'illegal', scanned.illegal ?? scanned.text, start, row, col)
  }

  templatePart(raw: boolean, start = this.at, row = this.row, col = this.column(this.at)): void {
    const scanned = raw ? this.scanRaw(true) : this.scan('"', true)
    if (scanned.illegal !== undefined) {
      this.push('illegal', scanned.illegal, start, row, col)
      return
    }
    const { gap, newline } = this
    this.tokens.push({
      kind: 'template',
      text: scanned.text,
      start,
      end: this.at,
      row,
      col,
      gap,
      newline,
      raw,
      last: !scanned.opened,
    })
    this.gap = false
    this.newline = false
    if (scanned.opened) this.templates.push({ braces: 0, raw })
  }

  /** Scans to the closing quote, or in a template to `{`; `at` ends after it. Decodes the escapes of JSON, and `\{`. */
  scan(quote: '"', template: boolean): { text: string; illegal?: string; opened?: boolean } {
    const { source } = this
    let text = ''
    let illegal: string | undefined
    for (;;) {
      plainPattern.lastIndex = this.at
      const plain = plainPattern.exec(source)?.[0] ?? ''
      text += plain
      this.at += plain.length
      const char = source.charAt(this.at)
      if (char === '' || char === '\n') return { text, illegal: illegal ?? 'non-terminated string' }
      if (char === quote || (template && char === '{')) {
        this.at++
        return illegal === undefined ? { text, opened: char === '{' } : { text, illegal }
      }
      if (char === '\\') {
        const decoded = this.escape(template)
        text += decoded.text
        illegal ??= decoded.illegal
      } else {
        const point = source.codePointAt(this.at) ?? 0
        text += String.fromCodePoint(point)
        illegal ??= illegalPoint(point)
        this.at += point > 0xffff ? 2 : 1
        if (point > 0xffff) this.lineStart++
      }
    }
  }

  escape(template: boolean): { text: string; illegal?: string } {
    const { source } = this
    const char = source.charAt(this.at + 1)
    const plain = Object.hasOwn(escapes, char) ? escapes[char] : undefined
    if (plain !== undefined || (template && char === '{')) {
      this.at += 2
      return { text: plain ?? char }
    }
    if (char !== 'u') {
      this.at++
      return { text: '', illegal: 'illegal escape sequence' }
    }
    const digits = source.slice(this.at + 2, this.at + 6)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      this.at += 2
      return { text: '', illegal: 'illegal string literal' }
    }
    this.at += 6
    const unit = Number.parseInt(digits, 16)
    if (unit < 0xd800 || unit > 0xdfff) return { text: String.fromCharCode(unit) }
    const next = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(source.slice(this.at, this.at + 6))?.[1]
    // As Go's encoding/json does: half a surrogate pair alone becomes U+FFFD.
    if (unit > 0xdbff || next === undefined) return { text: '\ufffd' }
    this.at += 6
    return { text: String.fromCharCode(unit, Number.parseInt(next, 16)) }
  }

  scanRaw(template: boolean): { text: string; illegal?: string; opened?: boolean } {
    const { source } = this
    const start = this.at
    let text = ''
    let from = start
    let illegal: string | undefined
    for (;;) {
      const char = source.charCodeAt(this.at)
      if (Number.isNaN(char)) return { text, illegal: 'non-terminated string' }
      if (char === 0x60 || (template && char === 0x7b)) {
        text += source.slice(from, this.at)
        this.at++
        return illegal === undefined ? { text, opened: char === 0x7b } : { text, illegal }
      }
      if (template && char === 0x5c && source.charCodeAt(this.at + 1) === 0x7b) {
        text += source.slice(from, this.at)
        from = this.at + 1
        this.at += 2
        continue
      }
      const point = source.codePointAt(this.at) ?? 0
      illegal ??= illegalPoint(point)
      this.at += point > 0xffff ? 2 : 1
      if (point > 0xffff) this.lineStart++
      if (char === 0x0a) this.newLine()
    }
  }
}

function isLetter(char: number): boolean {
  return (char >= 0x61 && char <= 0x7a) || (char >= 0x41 && char <= 0x5a) || char === 0x5f
}

function pairsIn(text: string): number {
  let pairs = 0
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0xd800 && text.charCodeAt(i) < 0xdc00) pairs++
  return pairs
}

/** The code points that `illegalPoint` names. */
const illegalInside = /[\0\ufeff]|\p{Surrogate}/u

function illegalPoint(point: number): string | undefined {
  if (point === 0) return 'illegal null character'
  if (point === 0xfeff) return 'illegal byte-order mark'
  if (point >= 0xd800 && point <= 0xdfff) return 'illegal utf-8 character'
  return undefined
}
