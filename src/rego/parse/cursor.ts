/**
 * A place in the tokens of one text: what the grammar's levels share. It knows the keywords that are active, makes
 * spans and errors, and bounds how deep the grammar may nest.
 */

import type { Comment, Span } from '../ast.ts'
import { lex, sourceCharsMax, type Token } from './lex.ts'

/** What the parser may be told. */
export interface ParseOptions {
  /** Names after `future.keywords.`; default `not`, `and`, `or` and those of v1. From the capabilities. */
  readonly futureKeywords?: readonly string[]
  /** Capabilities' features; default all that Rego v1 of OPA 1.20 has. */
  readonly features?: readonly string[]
}

/** Raised inside the parser only; `module.ts` makes a `RegoErrors` of it. */
export class SyntaxFault {
  readonly message: string
  readonly at: Span
  readonly details: readonly string[]

  constructor(message: string, at: Span, details: readonly string[] = []) {
    this.message = message
    this.at = at
    this.details = details
  }
}

/** Raised for a module whose grammar is right, with everything that is wrong with its statements, never empty. */
export class StatementFaults {
  readonly faults: readonly SyntaxFault[]

  constructor(faults: readonly SyntaxFault[]) {
    this.faults = faults
  }
}

/**
 * How deep terms and bodies may nest. OPA allows 100,000; every later pass here recurses over the tree too, and a
 * thousand levels of all of them must fit the default stack of Node with room for the caller's own frames.
 */
export const nestingMax = 500

const baseKeywords = ['package', 'import', 'as', 'default', 'else', 'not', 'some', 'with', 'null', 'true', 'false']
const v1Keywords = ['in', 'every', 'contains', 'if']

/** The keywords of Rego v1 without imports. */
export const keywordsOfV1: ReadonlySet<string> = new Set([...baseKeywords, ...v1Keywords])

const tokenNames: Readonly<Record<string, string>> = {
  '+': 'plus',
  '-': 'minus',
  '*': 'mul',
  '/': 'div',
  '%': 'rem',
  '&': 'and',
  '|': 'or',
  '=': 'eq',
  '==': 'equal',
  ':=': 'assign',
  '!=': 'neq',
  '>': 'gt',
  '<': 'lt',
  '>=': 'gte',
  '<=': 'lte',
  name: 'identifier',
}

export class Cursor {
  readonly source: string
  readonly file: string
  readonly tokens: readonly Token[]
  readonly comments: readonly Comment[]
  readonly features: ReadonlySet<string> | undefined
  readonly futureKeywords: ReadonlySet<string>
  readonly keywords: Set<string> = new Set(keywordsOfV1)
  /** Statements that are no rules, and rules as an older Rego has them: all of them are told, where nothing else is wrong. */
  readonly refused: SyntaxFault[] = []
  index = 0
  token: Token
  wildcards = 0
  private depth = 0
  /** Height of the highest tree that was finished at this level: infix chains grow trees without recursing. */
  private height = 0
  private readonly memory = new Map<number, Memory>()

  constructor(source: string, file: string, options: ParseOptions = {}) {
    this.source = source
    this.file = file
    this.features = options.features === undefined ? undefined : new Set(options.features)
    this.futureKeywords = new Set([...v1Keywords, ...(options.futureKeywords ?? ['not', 'and', 'or'])])
    if (source.length > sourceCharsMax) {
      const at = { file, row: 1, col: 1, start: 0, end: 0 }
      throw new SyntaxFault(`source is ${source.length} characters long, the limit is ${sourceCharsMax}`, at)
    }
    if (this.features?.has('rego_v1') === false) {
      const at = { file, row: 1, col: 1, start: 0, end: 0 }
      throw new SyntaxFault('illegal capabilities: rego_v1 feature required for parsing v1 Rego', at)
    }
    const { tokens, comments } = lex(source, file)
    this.tokens = tokens
    this.comments = comments
    this.token = tokens[0] as Token
  }

  has(feature: string): boolean {
    return this.features?.has(feature) ?? true
  }

  next(): void {
    if (this.index < this.tokens.length - 1) this.index++
    this.token = this.tokens[this.index] as Token
  }

  back(index: number): void {
    this.index = index
    this.token = this.tokens[index] as Token
  }

  peek(): Token {
    return this.tokens[Math.min(this.index + 1, this.tokens.length - 1)] as Token
  }

  is(kind: Token['kind']): boolean {
    return this.token.kind === kind
  }

  /** The token is this keyword, active, and not the head of a ref such as `if.x`. */
  isKeyword(word: string): boolean {
    return this.token.kind === 'name' && this.token.text === word && this.keywords.has(word) && !this.isRefAhead()
  }

  /** The token is a name that can start a term: not a keyword, or `contains`, which is one only in rule heads. */
  isName(): boolean {
    const { kind, text } = this.token
    return kind === 'name' && (!this.keywords.has(text) || text === 'contains')
  }

  /** A keyword that `.` or `[` follows at once is the head of a ref. */
  isRefAhead(): boolean {
    if (this.token.kind !== 'name' || !this.has('keywords_in_refs')) return false
    const { kind, gap } = this.peek()
    return !gap && (kind === '.' || kind === '[')
  }

  /** The span from the start of `from` to the end of the last token that was taken. */
  since(from: { row: number; col: number; start: number }): Span {
    const last = this.tokens[this.index - 1]
    const end = Math.max(last?.end ?? 0, from.start)
    return { file: this.file, row: from.row, col: from.col, start: from.start, end }
  }

  here(): Span {
    const { row, col, start, end } = this.token
    return { file: this.file, row, col, start, end }
  }

  /** The place right after the last token that was taken; the end of a line is the beginning of the next one, as in OPA. */
  afterPrevious(): Span {
    const { row, col, start, end } = this.tokens[this.index - 1] ?? this.token
    if (/\r?\n/y.test(this.source.slice(end, end + 2)))
      return { file: this.file, row: row + 1, col: 1, start: end + 1, end: end + 1 }
    return { file: this.file, row, col: col + end - start, start: end, end }
  }

  text(at: Span): string {
    return this.source.slice(at.start, at.end)
  }

  fail(message: string, at: Span = this.here(), details: readonly string[] = []): never {
    throw new SyntaxFault(message, at, details)
  }

  /** Notes what is no rule, or none of this version, and goes on. */
  refuse(message: string, at: Span): void {
    this.refused.push(new SyntaxFault(message, at))
  }

  /** Fails on the token that stands here. */
  unexpected(note = ''): never {
    const { kind, text } = this.token
    if (kind === 'illegal') this.fail(text === '' ? 'illegal token' : text)
    const keyword = kind === 'name' && this.keywords.has(text)
    const name = keyword ? text : kind === 'template' ? 'template-string-part' : (tokenNames[kind] ?? kind)
    this.fail(`unexpected ${name} ${keyword ? 'keyword' : 'token'}${note === '' ? '' : `: ${note}`}`)
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    const outer = this.height
    this.height = 0
    if (++this.depth > nestingMax) this.fail('max parsing recursion depth exceeded')
    try {
      const result = parse()
      this.height = Math.max(outer, this.height + 1)
      return result
    } finally {
      this.depth--
    }
  }

  /** Runs `parse`, which calls `grow` whenever it puts what it has so far below a new node. */
  chain<T>(parse: () => T): T {
    const outer = this.height
    this.height = 0
    const result = parse()
    this.height = Math.max(outer, this.height)
    return result
  }

  grow(): void {
    if (++this.height > nestingMax) this.fail('max parsing recursion depth exceeded')
  }

  /** Runs `parse`; where it fails, stands where it stood before and gives the fault. */
  attempt<T>(parse: () => T): { readonly value: T } | { readonly fault: SyntaxFault } {
    const { index, wildcards, depth, height } = this
    try {
      return { value: parse() }
    } catch (cause) {
      if (!(cause instanceof SyntaxFault)) throw cause
      this.back(index)
      this.wildcards = wildcards
      this.depth = depth
      this.height = height
      return { fault: cause }
    }
  }

  /**
   * Runs `parse` at most once for each token that it starts at, and repeats its outcome: without it, texts that are
   * read in two ways at every level of nesting would take exponential time.
   */
  once<T>(kind: 'term' | 'body', parse: () => T): T {
    const key = this.index * 2 + (kind === 'term' ? 0 : 1)
    const known = this.memory.get(key)
    if (known instanceof SyntaxFault) throw known
    if (known !== undefined) {
      this.back(known.index)
      this.wildcards = known.wildcards
      this.height = Math.max(this.height, known.height)
      return known.value as T
    }
    const outer = this.height
    this.height = 0
    try {
      const value = parse()
      this.memory.set(key, { value, index: this.index, wildcards: this.wildcards, height: this.height })
      this.height = Math.max(outer, this.height)
      return value
    } catch (cause) {
      if (cause instanceof SyntaxFault) this.memory.set(key, cause)
      throw cause
    }
  }
}

type Memory =
  | { readonly value: unknown; readonly index: number; readonly wildcards: number; readonly height: number }
  | SyntaxFault
