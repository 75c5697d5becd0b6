/**
 * The grammar of terms: scalars, variables, refs, calls, composites, comprehensions, templates and infix operators by
 * precedence. Bodies inside terms belong to the level above, `expressions.ts`.
 */

import type { Body, Call, Expr, Ref, Scalar, Span, Template, Term, Var } from '../ast.ts'
import { Cursor, type SyntaxFault } from './cursor.ts'
import type { Token } from './lex.ts'
import { withoutRepeatedKeys } from './repeated-keys.ts'

/** Infix operators: how tight they bind, and the builtin that they call. */
const infix: Readonly<Record<string, { readonly level: number; readonly name: string }>> = {
  '==': { level: 1, name: 'equal' },
  '!=': { level: 1, name: 'neq' },
  '<': { level: 1, name: 'lt' },
  '<=': { level: 1, name: 'lte' },
  '>': { level: 1, name: 'gt' },
  '>=': { level: 1, name: 'gte' },
  '|': { level: 2, name: 'or' },
  '&': { level: 3, name: 'and' },
  '+': { level: 4, name: 'plus' },
  '-': { level: 4, name: 'minus' },
  '*': { level: 5, name: 'mul' },
  '/': { level: 5, name: 'div' },
  '%': { level: 5, name: 'rem' },
}

/**
 * Largest decimal exponent of a number, either way: OPA refuses those whose binary exponent leaves 100,000, so that
 * printing one cannot be used to exhaust memory.
 */
const exponentMax = 30_102

export abstract class Terms extends Cursor {
  protected abstract body(end: ']' | '}'): Body
  protected abstract literal(): Expr

  /** A term with infix operators; `pair` allows `key, value in domain`. */
  term(pair: boolean): Term {
    return this.nested(() => this.chain(() => this.membership(this.operators(1), pair)))
  }

  /** A term at the start of an expression, where a keyword may be the head of a ref, as in `not.x` or `default[0]`. */
  protected termFromKeyword(): Term {
    return this.nested(() => this.chain(() => this.membership(this.operators(1, this.finish(this.variable())), true)))
  }

  /** Infix operators up from `level`, on a left side that is already read where there is one. */
  private operators(level: number, left?: Term): Term {
    let result = left ?? this.simple()
    const start = result.at
    for (;;) {
      const { kind } = this.token
      const operator = Object.hasOwn(infix, kind) ? infix[kind] : undefined
      if (operator === undefined || operator.level < level) return result
      const at = this.here()
      this.next()
      const right = this.operators(operator.level + 1)
      result = this.infixCall(operator.name, kind, at, [result, right], start)
    }
  }

  /** The token is an infix operator other than `in`. */
  protected isInfix(): boolean {
    return Object.hasOwn(infix, this.token.kind)
  }

  private infixCall(name: string, written: string, at: Span, args: readonly Term[], start: Span): Call {
    this.grow()
    return {
      kind: 'call',
      operator: { kind: 'var', name, wildcard: false, at },
      args,
      infix: written,
      at: this.since(start),
    }
  }

  private membership(left: Term, pair: boolean): Term {
    let result = left
    for (;;) {
      if (pair && this.is(',')) {
        const value = this.pairValue()
        if (value !== undefined) {
          const at = this.here()
          this.next()
          result = this.infixCall('internal.member_3', 'in', at, [result, value, this.operators(1)], left.at)
          continue
        }
      }
      if (!this.isKeyword('in')) return result
      const at = this.here()
      this.next()
      result = this.infixCall('internal.member_2', 'in', at, [result, this.operators(1)], left.at)
    }
  }

  /** After `key` stands `, value in`? Then the value, and the token is `in`; otherwise nothing was read. */
  private pairValue(): Term | undefined {
    const read = this.attempt(() => {
      this.next()
      const value = this.operators(1)
      if (!this.isKeyword('in')) this.unexpected()
      return value
    })
    return 'value' in read ? read.value : undefined
  }

  /** A term without infix operators around it. */
  simple(): Term {
    const { kind } = this.token
    if (kind === '[' || kind === '{' || kind === '(')
      return this.once('term', () => this.nested(() => this.bracketed(kind)))
    return this.nested(() => this.unbracketed())
  }

  private bracketed(kind: '[' | '{' | '('): Term {
    if (kind === '[') return this.finish(this.array())
    if (kind === '{') return this.finish(this.braces())
    const open = this.token
    this.next()
    const inner = this.term(true)
    if (!this.is(')')) this.fail('non-terminated expression')
    this.next()
    // The place stays that of the term, the text has the parentheses.
    const { row, col } = inner.at
    return this.finish({ ...inner, at: { ...this.since(open), row, col } })
  }

  private unbracketed(): Term {
    const { kind, text } = this.token
    if (kind === 'number' || kind === '.') return this.finish(this.number(''))
    if (kind === 'string') {
      const at = this.here()
      this.next()
      return this.finish({ kind: 'string', value: text, at })
    }
    if (kind === 'template') return this.finish(this.template())
    if (kind === '-') return this.minus()
    if (kind !== 'name') this.unexpected()
    if (this.isName()) return this.finish(this.variable())
    const logicalCall = (text === 'and' || text === 'or') && this.peek().kind === '(' && !this.peek().gap
    if (logicalCall) return this.finish(this.variable())
    const at = this.here()
    if (text === 'null') {
      this.next()
      return this.finish({ kind: 'null', at })
    }
    if (text === 'true' || text === 'false') {
      this.next()
      return this.finish({ kind: 'boolean', value: text === 'true', at })
    }
    return this.unexpected()
  }

  private minus(): Term {
    const sign = this.token
    const at = this.here()
    this.next()
    if (!this.isName()) return this.finish(this.number('-', sign))
    const operand = this.finish(this.variable())
    const zero: Scalar = { kind: 'number', text: '0', at }
    return this.infixCall('minus', '-', at, [zero, operand], at)
  }

  private number(sign: '' | '-', start: Token = this.token): Scalar {
    const dot = this.is('.') ? '.' : ''
    if (dot !== '') this.next()
    const { kind, text } = this.token
    if (kind !== 'number') this.unexpected('expected number')
    if (dot === '' && /^0[0-9]/.test(text)) this.unexpected('expected number without leading zero')
    if (dot !== '' && text.includes('.')) this.unexpected('invalid float')
    if (isTooBig(dot + text)) this.fail('number too big')
    this.next()
    return { kind: 'number', text: sign + dot + text, at: this.since(start) }
  }

  variable(): Var {
    const at = this.here()
    const { text } = this.token
    this.next()
    return text === '_' ? this.wildcard(at) : { kind: 'var', name: text, wildcard: false, at }
  }

  wildcard(at: Span): Var {
    return { kind: 'var', name: `$${this.wildcards++}`, wildcard: true, at }
  }

  /** What follows a term at once, without white space, belongs to it: `.name`, `[term]`, `(arguments)`. */
  finish(head: Term): Term {
    return this.token.gap ? head : this.chain(() => this.path(head))
  }

  /** The path that begins at this token, if it is one. */
  path(head: Term): Term {
    let result = head
    for (;;) {
      const { kind } = this.token
      if (kind === '.' || kind === '[') result = this.ref(result)
      else if (kind === '(' && (result.kind === 'var' || result.kind === 'ref')) result = this.call(result)
      else return result
      if (this.token.gap) return result
    }
  }

  private ref(head: Term): Ref {
    const kinds = ['null', 'boolean', 'number', 'string', 'template']
    if (
      kinds.includes(head.kind) ||
      (head.kind === 'call' && head.infix !== undefined && this.text(head.at)[0] !== '(')
    )
      this.fail(`illegal ref (head cannot be ${termName(head)})`, head.at)
    const path: Term[] = []
    do {
      if (this.is('.')) {
        this.next()
        const { kind, text, gap } = this.token
        const allowed = !this.keywords.has(text) || text === 'contains' || this.has('keywords_in_refs')
        if (gap)
          this.fail('unexpected whitespace token: expected identifier', this.afterPrevious(), [
            'a name follows its `.` at once',
          ])
        if (kind !== 'name' || !allowed) this.unexpected('expected identifier')
        path.push({ kind: 'string', value: text, at: this.here() })
        this.next()
      } else {
        this.next()
        path.push(this.term(true))
        if (!this.is(']')) this.unexpected('expected [')
        this.next()
      }
    } while (!this.token.gap && (this.is('.') || this.is('[')))
    this.grow()
    if (head.kind === 'ref') return { ...head, path: [...head.path, ...path], at: this.since(head.at) }
    return { kind: 'ref', head, path, at: this.since(head.at) }
  }

  private call(operator: Var | Ref): Term {
    this.next()
    const args = this.list(')')
    this.next()
    this.grow()
    const at = this.since(operator.at)
    if (operator.kind === 'var' && operator.name === 'set' && args.length === 0) return { kind: 'set', items: [], at }
    return { kind: 'call', operator, args, at }
  }

  /** Terms up to `end`, which is left as the token; `first` is one that is already read. A trailing comma is allowed. */
  private list(end: ')' | ']' | '}', first?: Term): Term[] {
    const items: Term[] = first === undefined ? [] : [first]
    if (first !== undefined && this.is(',')) this.next()
    else if (first !== undefined) return this.is(end) ? items : this.unexpected(`expected "," or "${end}"`)
    while (!this.is(end)) {
      items.push(this.term(false))
      if (this.is(',')) this.next()
      else if (!this.is(end)) this.unexpected(`expected "," or "${end}"`)
    }
    return items
  }

  private array(): Term {
    const open = this.token
    this.next()
    if (this.is(']')) {
      this.next()
      return { kind: 'array', items: [], at: this.since(open) }
    }
    const comprehends = !this.skipComma()
    const head = this.simple()
    if (comprehends && this.is('|')) {
      const body = this.comprehensionBody(']')
      if (Array.isArray(body)) return { kind: 'comprehension', of: 'array', value: head, body, at: this.since(open) }
      this.fallBack(body)
    }
    const items = this.list(']', this.rest(head))
    this.next()
    return { kind: 'array', items, at: this.since(open) }
  }

  private braces(): Term {
    const open = this.token
    this.next()
    if (this.is('}')) {
      this.next()
      return { kind: 'object', entries: [], at: this.since(open) }
    }
    const comprehends = !this.skipComma()
    const head = this.simple()
    if (comprehends && this.is('|')) {
      const body = this.comprehensionBody('}')
      if (Array.isArray(body)) return { kind: 'comprehension', of: 'set', value: head, body, at: this.since(open) }
      this.fallBack(body)
    }
    const first = this.rest(head)
    if (this.is(':')) return this.object(open, first, comprehends)
    if (!this.is(',') && !this.is('}')) this.unexpected('non-terminated set')
    const items = this.list('}', first)
    this.next()
    return { kind: 'set', items, at: this.since(open) }
  }

  private object(open: Token, key: Term, comprehends: boolean): Term {
    this.next()
    const head = this.simple()
    if (comprehends && this.is('|')) {
      const body = this.comprehensionBody('}')
      if (Array.isArray(body))
        return { kind: 'comprehension', of: 'object', key, value: head, body, at: this.since(open) }
      this.fallBack(body)
    }
    const entries: (readonly [Term, Term])[] = [[key, this.rest(head)]]
    if (!this.is(',') && !this.is('}')) this.unexpected('non-terminated object')
    if (this.is(',')) this.next()
    while (!this.is('}')) {
      const next = this.term(false)
      if (!this.is(':')) this.unexpected('expected ":"')
      this.next()
      entries.push([next, this.term(false)])
      if (this.is(',')) this.next()
      else if (!this.is('}')) this.unexpected('expected "," or "}"')
    }
    this.next()
    const kept = withoutRepeatedKeys(entries)
    const at = this.since(open)
    return kept === entries ? { kind: 'object', entries, at } : { kind: 'object', entries: kept, written: entries, at }
  }

  /** A comma before the first element: OPA takes it, and then the brackets cannot be a comprehension. */
  private skipComma(): boolean {
    if (!this.is(',')) return false
    this.next()
    return true
  }

  /** The infix operators that follow the first term of a list. */
  private rest(head: Term): Term {
    return this.chain(() => this.membership(this.operators(1, head), false))
  }

  /** After `|`: the body and its closing bracket, or where it failed; then the token is `|` again. */
  private comprehensionBody(end: ']' | '}'): Body | { readonly fault: SyntaxFault; readonly comma: boolean } {
    let comma = false
    const read = this.attempt(() => {
      this.next()
      try {
        const body = this.body(end)
        this.next()
        return body
      } finally {
        comma = this.is(',')
      }
    })
    return 'value' in read ? read.value : { fault: read.fault, comma }
  }

  /** `[a | b, c]` is a union in a list: only a comma that ended the body says so, anything else is the body's fault. */
  private fallBack(failed: { readonly fault: SyntaxFault; readonly comma: boolean } | Body): void {
    if ('fault' in failed && !failed.comma) throw failed.fault
  }

  private template(): Template {
    const start = this.token
    if (!this.has('template_strings')) this.fail('template strings are not supported by current capabilities')
    const parts: (string | Expr)[] = []
    for (;;) {
      const { kind, text, last } = this.token
      if (kind !== 'template') this.unexpected('expected template-string part')
      if (text !== '') parts.push(text)
      this.next()
      if (last === true) return { kind: 'template', parts, raw: start.raw === true, at: this.since(start) }
      parts.push(this.templateExpression())
    }
  }

  private templateExpression(): Expr {
    if (this.is('}')) this.fail('invalid template-string expression')
    const expr = this.literal()
    const what = forbiddenInTemplate(expr)
    if (what !== undefined) this.fail(`unexpected ${what} in template-string expression`, expr.at)
    if (!this.is('}')) this.fail('expected } to end template string expression')
    this.next()
    return expr
  }
}

function forbiddenInTemplate(expr: Expr): string | undefined {
  if (expr.kind === 'not') return "negation ('not')"
  if (expr.kind === 'every') return "'every'"
  if (expr.kind === 'some' || expr.kind === 'someIn') return "'some'"
  if (expr.kind !== 'term') return `'${expr.kind}'`
  if (expr.term.kind !== 'call') return undefined
  if (expr.term.infix === '=') return "unification ('=')"
  return expr.term.infix === ':=' ? "assignment (':=')" : undefined
}

function isTooBig(text: string): boolean {
  const [, whole = '', fraction = '', exponent = '0'] = /^([0-9]*)\.?([0-9]*)(?:[eE](.*))?$/.exec(text) ?? []
  const digits = whole + fraction
  const leading = digits.search(/[1-9]/)
  if (leading === -1) return false
  const magnitude = whole.length - leading + Number(exponent)
  return Math.abs(magnitude) > exponentMax
}

/** What OPA calls the kind of a term in its messages. */
export function termName(term: Term): string {
  if (term.kind === 'comprehension') return `${term.of}comprehension`
  return term.kind === 'template' ? 'templatestring' : term.kind
}
