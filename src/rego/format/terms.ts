/** Terms as text. A term whose comments cannot all be kept in place is written as its author wrote it. */

import type { Body, Call, Comprehension, Module, ObjectTerm, Term } from '../ast.ts'
import { declarations } from '../builtins/declarations.ts'
import { compareTerms } from '../parse/compare-terms.ts'
import { keywordsOfV1 } from '../parse/cursor.ts'
import { termName } from '../parse/terms.ts'
import type { Item } from './lists.ts'
import { type Brackets, braces, type Place, parentheses, square } from './places.ts'
import { CommentClash } from './sheet.ts'
import { Templates } from './templates.ts'
import { manyWildcards } from './wildcards.ts'
import { distinct, infixOf, infixOfTerm, isName, isUnion, mustWrap, operatorName, quoted } from './words.ts'

export abstract class Terms extends Templates {
  /** A term that has to be wrapped in parentheses when it is written. */
  protected wrapped: Term | undefined
  /** Whether a comment in the last row of a term that is kept as it was follows it at once. */
  protected commentFollows = false
  private readonly keywords: ReadonlySet<string>
  private readonly named: ReadonlySet<string>

  constructor(module: Module) {
    super(module)
    const future = module.imports.flatMap(({ path }) =>
      path[0] === 'future' && path[2] !== undefined ? [path[2]] : [],
    )
    this.keywords = new Set([...keywordsOfV1, ...future])
    this.named = manyWildcards(module)
  }

  protected abstract block(brackets: Brackets, body: Body, from: Place, whole: Place): void

  /** The term; after a clash of its comments as the author wrote it, and then throws `CommentClash`. */
  protected term(term: Term, parens = false): void {
    const mark = this.sheet.mark()
    try {
      this.bare(term, parens)
    } catch (cause) {
      if (!(cause instanceof CommentClash)) throw cause
      this.sheet.rewind(mark)
      const place = this.places.term(term)
      const row = this.sheet.trailing?.at.row ?? 0
      if (row >= place.row && row <= this.places.endRow(place)) this.sheet.trailing = undefined
      this.asWritten(place, mark)
      throw cause
    }
  }

  /** The author's text, with the comments in it. */
  protected asWritten(place: Place, mark = this.sheet.mark()): void {
    this.sheet.write(this.places.text(place))
    const last = this.sheet.skipThrough(mark, this.places.endRow(place), this.commentFollows)
    if (last !== undefined) this.sheet.write(` ${this.module.source.slice(last.at.start, last.at.end)}`)
  }

  /** The term; `parens` asks for parentheses where it is an infix call. */
  protected bare(term: Term, parens: boolean): void {
    const isWrapped = this.wrapped === term
    if (isWrapped) this.wrapped = undefined
    this.losing(() => {
      this.sheet.reach(this.places.term(term).row)
      this.sheet.needLine()
      this.value(term, parens || isWrapped)
      this.sheet.needLine()
    })
  }

  private value(term: Term, parens: boolean): void {
    switch (term.kind) {
      case 'null':
        this.sheet.write('null')
        return
      case 'boolean':
        this.sheet.write(String(term.value))
        return
      case 'number':
        this.sheet.write(term.text)
        return
      case 'string':
        this.sheet.write(this.literal(term))
        return
      case 'var':
        this.sheet.write(this.variable(term))
        return
      case 'ref':
        this.ref([term.head, ...term.path])
        return
      case 'call':
        this.call(term, parens)
        return
      case 'array':
        this.bracketed(square, term, this.itemsOf(term.items))
        return
      case 'set':
        this.set(term)
        return
      case 'object':
        this.object(term)
        return
      case 'comprehension':
        this.comprehension(term)
        return
      case 'template':
        this.template(term)
        return
    }
  }

  protected variable(term: Extract<Term, { kind: 'var' }>): string {
    if (!term.wildcard) return term.name
    return this.named.has(term.name) ? `_${term.name.slice(1)}` : '_'
  }

  /** A string as it was written; where its place ends with something else, as OPA prints it. */
  private literal(term: Extract<Term, { kind: 'string' }>): string {
    const { source } = this.module
    const place = this.places.term(term)
    const own = source[term.at.start]
    const ends = source[place.end - 1]
    const isWritten =
      (own === '"' || own === '`') && (this.places.startsWith(place, '`') || ends === '"' || ends === '`')
    return isWritten ? source.slice(term.at.start, term.at.end) : quoted(term.value)
  }

  protected ref([head, ...path]: readonly Term[]): void {
    if (head === undefined) return
    const isCall = head.kind === 'call' && (infixOfTerm(head) !== undefined || this.isInParentheses(head))
    this.bare(head, isCall)
    for (const part of path) {
      if (part.kind === 'string')
        this.sheet.write(this.step(part.value, this.places.startsWith(this.places.term(part), '"')))
      else if (part.kind === 'var' && part.name !== 'input' && part.name !== 'data')
        this.sheet.write(`[${this.variable(part)}]`)
      else {
        this.sheet.write('[')
        // The bracket must not become a part of the comment that ends the text.
        if (this.yielding(() => this.term(part))) this.sheet.write('\n')
        this.sheet.write(']')
      }
    }
  }

  /** `.name` or `["name"]`; a keyword keeps the form that it had. */
  protected step(text: string, wasQuoted: boolean): string {
    return isName(text) && !(this.keywords.has(text) && wasQuoted) ? `.${text}` : `[${quoted(text)}]`
  }

  protected isInParentheses(term: Term): boolean {
    return this.places.startsWith(this.places.term(term), '(')
  }

  protected itemsOf(terms: readonly Term[], inBrackets = true): Item[] {
    return terms.map((term) => ({
      place: this.places.term(term),
      node: term,
      write: () => {
        const wraps = isUnion(term) && (inBrackets || this.isInParentheses(term))
        this.between(wraps ? '(' : '', wraps ? ')' : '', () => this.term(term))
      },
    }))
  }

  /** Writes `open`, the inside, and `close` even where comments clash inside. */
  protected between(open: string, close: string, write: () => void): void {
    this.sheet.write(open)
    try {
      write()
    } finally {
      this.sheet.write(close)
    }
  }

  private bracketed(brackets: Brackets, term: Term, items: readonly Item[]): void {
    const place = this.places.term(term)
    this.between(brackets.open, brackets.close, () => this.list(items, place, this.places.closingRow(place, brackets)))
  }

  private set(term: Extract<Term, { kind: 'set' }>): void {
    if (term.items.length > 0) {
      const items = distinct(term.items)
      this.bracketed(braces, term, this.itemsOf(this.places.isPinned() ? items.sort(compareTerms) : items))
      return
    }
    this.sheet.write('set()')
    this.sheet.reach(this.places.closingRow(this.places.term(term), parentheses))
  }

  private object(term: ObjectTerm): void {
    const written = term.written ?? term.entries
    const entries = this.places.isPinned() ? [...written].sort(([a], [b]) => compareTerms(a, b)) : written
    const items = entries.map(([key, value]) => ({
      place: this.places.term(key),
      write: () => {
        this.key(key)
        const wraps = isUnion(value)
        this.between(wraps ? '(' : '', wraps ? ')' : '', () => this.term(value))
      },
    }))
    this.bracketed(braces, term, items)
  }

  private key(key: Term): void {
    const wraps = isUnion(key)
    if (wraps) this.sheet.write('(')
    this.term(key)
    this.sheet.write(wraps ? '): ' : ': ')
  }

  private comprehension(term: Comprehension): void {
    const { of, key, value, body } = term
    const brackets = of === 'array' ? square : braces
    const whole = this.places.term(term)
    this.between(brackets.open, brackets.close, () => {
      if (key !== undefined) {
        // The value stays in the line of its key.
        this.places.move(value, { ...this.places.term(value), row: whole.row })
        this.key(key)
      }
      const from = this.places.term(value)
      if (from.row > whole.row) {
        this.sheet.endLine()
        this.sheet.startLine()
      }
      this.bare(value, infixOfTerm(value) !== undefined)
      this.sheet.write(' |')
      this.block(brackets, body, from, whole)
    })
  }

  /** A call inside a term. */
  private call(call: Call, parens: boolean): void {
    const name = operatorName(call.operator)
    const infix = infixOf(name)
    this.checkCalled(name, call)
    if (infix === undefined) {
      this.plainCall(call)
      return
    }
    if (infix === 'in') {
      this.membership(call.args, call, true)
      return
    }
    const [left, right] = call.args
    if (left === undefined || right === undefined || call.args.length !== 2) {
      this.refuseArity(call)
      return
    }
    if (parens) this.sheet.write('(')
    this.operand(left, () => this.bare(left, true), mustWrap(left, infix, 'left'))
    this.sheet.write(` ${infix} `)
    this.operand(right, () => this.bare(right, true), mustWrap(right, infix, 'right'))
    if (parens) this.sheet.write(')')
  }

  protected plainCall(call: Call): void {
    const { operator, args } = call
    this.ref(operator.kind === 'var' ? [operator] : [operator.head, ...operator.path])
    const place = this.places.of(operator)
    this.between('(', ')', () =>
      this.losing(() => this.list(this.itemsOf(args, false), place, this.places.closingRow(place, parentheses))),
    )
  }

  /** `value in domain`, `key, value in domain`; the latter in parentheses where `parens` asks for them. */
  protected membership(operands: readonly Term[], call: Call | undefined, parens: boolean): void {
    const domain = operands.at(-1)
    const names = operands.slice(0, -1)
    const arity = call === undefined || operatorName(call.operator).endsWith('3') ? 3 : 2
    if (domain === undefined || (call !== undefined && operands.length !== arity)) {
      if (call !== undefined) this.refuseArity(call)
      return
    }
    const wraps = parens && names.length === 2
    this.losing(() =>
      this.between(wraps ? '(' : '', wraps ? ')' : '', () => {
        for (const [i, name] of names.entries()) {
          if (i > 0) this.sheet.write(', ')
          this.operand(name, () => this.bare(name, true), mustWrap(name, 'in', names.length === 2 ? 'right' : 'left'))
        }
        this.sheet.write(' in ')
        this.operand(domain, () => this.bare(domain, true), mustWrap(domain, 'in', 'right'))
      }),
    )
  }

  /** An operand, in parentheses where it needs them and does not bring them. */
  protected operand(term: Term, write: () => void, wraps: boolean): void {
    const brings = infixOfTerm(term) !== 'in'
    if (!wraps || brings) write()
    else this.between('(', ')', write)
  }

  protected checkCalled(name: string, call: Call): void {
    if (!Object.hasOwn(declarations, name) || declarations[name]?.deprecated !== true) return
    this.refuse('rego_type_error', call.at, `deprecated built-in function calls in expression: ${name}`)
  }

  protected refuseArity({ operator, args }: Call): void {
    const name = operatorName(operator)
    const have = `have: (${args.map(termName).join(',')})`
    const params = Object.hasOwn(declarations, name) ? (declarations[name]?.args.length ?? 0) : 0
    this.refuse('rego_type_error', operator.at, `${name}: arity mismatch`, [have, `want: ${params} operands`])
  }
}
