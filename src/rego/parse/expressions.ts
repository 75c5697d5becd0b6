/**
 * The grammar of bodies: expressions one after another, `some`, `every`, `not`, `and`, `or` and `with`.
 */

import type {
  Body,
  EveryExpr,
  Expr,
  LogicalExpr,
  Operand,
  SomeExpr,
  SomeInExpr,
  Span,
  Term,
  TermExpr,
  Var,
  With,
} from '../ast.ts'
import { declarations } from '../builtins/declarations.ts'
import type { Token } from './lex.ts'
import { Terms, termName } from './terms.ts'

export abstract class Expressions extends Terms {
  /** The module imports `future.keywords.not`. */
  protected scopedNot = false

  /** Expressions up to `end`, which is left as the token. */
  protected body(end: ']' | '}'): Body {
    return this.once('body', () => this.nested(() => this.expressions(end)))
  }

  private expressions(end: ']' | '}'): Body {
    if (this.is(end)) this.fail('found empty body')
    const body: Expr[] = []
    for (;;) {
      body.push(this.literal())
      if (this.is(';')) {
        this.next()
        continue
      }
      if (this.is(end)) return body
      if (!this.token.newline) this.unexpected(`expected \\n or ; or ${end}`)
    }
  }

  /** `{ body }`; the token is `{`, and afterwards what follows `}`. */
  protected block(): Body {
    this.next()
    const body = this.body('}')
    this.next()
    return body
  }

  /** One expression with all that belongs to it. */
  protected literal(): Expr {
    return this.nested(() => this.chain(() => this.withs(this.logical())))
  }

  private logicalActive(): boolean {
    return this.keywords.has('and') || this.keywords.has('or')
  }

  private isLogical(): boolean {
    return this.isKeyword('and') || this.isKeyword('or')
  }

  /** An expression and the `and`/`or` chain that it begins; a `with` after it is still to be read. */
  private logical(): Expr {
    const start = this.token
    const declares = this.isKeyword('some') || this.isKeyword('every')
    const first = this.firstOperand()
    if (declares || !this.isLogical()) {
      const [only] = first.body
      if (only === undefined || first.explicit) return this.unexpected()
      return only
    }
    const [only] = first.body
    if (!first.explicit && only !== undefined) this.checkFirst(only, start)
    return this.orChain(first)
  }

  /** Where a chain may begin with braces or parentheses, these are read as an operand only if they are one. */
  private firstOperand(): Operand {
    if (this.logicalActive() && this.is('{')) {
      const open = this.token
      const read = this.attempt(() => {
        const body = this.block()
        if (!this.isLogical()) this.unexpected()
        return body
      })
      if ('value' in read) {
        const at = this.since(open)
        this.refuseUnion(read.value, at, '')
        return { explicit: true, body: read.value, at }
      }
    }
    if (this.logicalActive() && this.is('(')) {
      const group = this.group(false, '')
      if (group !== undefined) return group
    }
    const expr = this.single()
    return { explicit: false, body: [expr], at: expr.at }
  }

  private checkFirst(expr: Expr, start: Token): void {
    const [modifier] = expr.with
    const { text } = this.token
    if (modifier !== undefined && this.source[start.start] !== '(') this.refuseWith(modifier.at, text)
    if (this.source[expr.at.start] !== '{' || expr.kind !== 'term') return
    if (expr.term.kind === 'object' && expr.term.entries.length === 0) this.fail('found empty body', expr.at)
    this.refuseBrace(expr.at, text)
  }

  private refuseWith(at: Span, word: string): never {
    const hint = `wrap the operand in \`(...)\` or \`{...}\`, or move \`with\` after the \`${word}\` expression to apply it to the whole`
    return this.fail(`\`with\` modifier is not allowed on operand of \`${word}\` (hint: ${hint})`, at)
  }

  private refuseBrace(at: Span, word: string): never {
    const hint = `wrap the operand to keep the value: \`(${this.text(at)}) ${word} ...\``
    return this.fail(`operand of \`${word}\` cannot begin with \`{\` unless the braces hold a body (hint: ${hint})`, at)
  }

  /** `{ a | b }` as a body could be meant as a comprehension. */
  private refuseUnion(body: Body, at: Span, prefix: string): void {
    const [first] = body
    if (first?.kind !== 'term' || first.term.kind !== 'call' || first.term.infix !== '|') return
    if (this.source[first.at.start] === '(') return
    const text = this.text(at)
    const hint = `write \`${prefix}(${text})\` for the comprehension, or put the union in parentheses`
    this.fail(
      `ambiguous \`{ ... | ... }\` operand: read as a body holding a set-union expression, not as a comprehension (hint: ${hint})`,
      at,
    )
  }

  /** `or` chains of `and` chains, from the left; `first` is read and the token is `and` or `or`. */
  private orChain(first: Operand): Expr {
    let left = this.isKeyword('and') ? this.andChain(first) : first
    while (this.isKeyword('or')) {
      this.next()
      const right = this.operand('or')
      left = this.combine('or', left, this.isKeyword('and') ? this.andChain(right) : right)
    }
    return left.body[0] as Expr
  }

  private andChain(first: Operand): Operand {
    let left = first
    while (this.isKeyword('and')) {
      this.next()
      left = this.combine('and', left, this.operand('and'))
    }
    return left
  }

  private combine(kind: 'and' | 'or', left: Operand, right: Operand): Operand {
    this.grow()
    for (const operand of [left, right]) this.refuseVoid(operand, kind)
    const at = this.since(left.at)
    const expr: LogicalExpr = { kind, left, right, with: [], at }
    return { explicit: false, body: [expr], at }
  }

  /** An operand of nothing but calls without a value, such as `print`, could never fail. */
  private refuseVoid(operand: Operand, word: string): void {
    let found: { name: string; at: Span } | undefined
    for (const expr of operand.body) {
      if (expr.kind !== 'term' || expr.term.kind !== 'call') return
      const name = this.text(expr.term.operator.at)
      if (!Object.hasOwn(declarations, name) || declarations[name]?.result !== undefined) return
      found ??= { name, at: expr.at }
    }
    if (found === undefined) return
    const hint = `\`${found.name}\` has no value and always succeeds; move it out, or add an expression that can fail`
    this.fail(`operand of \`${word}\` cannot consist only of calls to \`${found.name}\` (hint: ${hint})`, found.at)
  }

  /** An operand after `and`, `or`, or (with `word` empty) the first one of a group. */
  private operand(word: 'and' | 'or' | ''): Operand {
    if (this.is('{')) return this.braced(word)
    const start = this.token
    const negated = this.isKeyword('not')
    if (negated) this.next()
    if (negated && this.scopedNot && this.is('{')) return this.wrap(this.negatedBody(start))
    if (this.is('(') && this.logicalActive() && (!negated || this.scopedNot)) {
      const group = this.group(true, negated ? 'not ' : '')
      if (group !== undefined) return negated ? this.wrap(this.negate(group, start)) : group
    }
    const expr = this.plain()
    return this.wrap(negated ? this.negate(this.wrap(expr), start) : expr)
  }

  private wrap(expr: Expr): Operand {
    return { explicit: false, body: [expr], at: expr.at }
  }

  private negate(operand: Operand, start: Token): Expr {
    const at = this.since(start)
    // What stands without braces is one with its negation: errors in it point at the `not`.
    const body = operand.explicit ? operand.body : operand.body.map((expr) => ({ ...expr, at }))
    return { kind: 'not', scoped: this.scopedNot, operand: { ...operand, body }, with: [], at }
  }

  private braced(word: 'and' | 'or' | ''): Operand {
    const open = this.token
    const empty = this.peek().kind === '}'
    const read = this.attempt(() => this.block())
    if ('value' in read) {
      const at = this.since(open)
      this.refuseUnion(read.value, at, '')
      return { explicit: true, body: read.value, at }
    }
    if (word !== '' && !empty) {
      const value = this.attempt(() => this.term(true))
      if ('value' in value) this.refuseBrace(this.since(open), word)
    }
    throw read.fault
  }

  /** `not { body }`; the token is `{`. */
  private negatedBody(start: Token): Expr {
    const open = this.token
    const empty = this.peek().kind === '}'
    const read = this.attempt(() => this.block())
    if ('fault' in read) {
      const value = empty ? read : this.attempt(() => this.term(true))
      if ('fault' in value) throw read.fault
      const text = this.text(this.since(open))
      const hint = `write \`not (${text})\` to negate the value, or \`not {${text}}\` for a body holding it`
      const what = termName(value.value)
      return this.fail(
        `\`{...}\` in an operand position must contain expression(s), got: ${what} (hint: ${hint})`,
        this.since(open),
      )
    }
    const at = this.since(open)
    this.refuseUnion(read.value, at, 'not ')
    return this.negate({ explicit: true, body: read.value, at }, start)
  }

  /**
   * Parentheses around `and`, `or` or `not`; undefined, and nothing read, where they hold a term. `operandPlace` says
   * that they stand after `and`, `or` or `not`, where they could not be anything else.
   */
  private group(operandPlace: boolean, prefix: string): Operand | undefined {
    const { index } = this
    const open = this.token
    return this.nested(() => {
      this.next()
      if (this.is(')') && operandPlace) this.fail('empty parenthesized group')
      const read = this.attempt(() => this.operand(''))
      if ('fault' in read) {
        this.back(index)
        return undefined
      }
      return this.groupRest(read.value, { index, open, operandPlace, prefix })
    })
  }

  private groupRest(
    first: Operand,
    group: { readonly index: number; readonly open: Token; readonly operandPlace: boolean; readonly prefix: string },
  ): Operand | undefined {
    const close = (body: Body): Operand => {
      if (!this.is(')')) this.fail('expected ) to close parenthesized group')
      this.next()
      return { explicit: false, body, at: this.since(group.open) }
    }
    if (this.isLogical()) return close([this.withs(this.orChain(first))])
    const [only] = first.body
    if (only === undefined) return undefined
    if (this.isKeyword('with') && !first.explicit) {
      const at = this.here()
      const expr = this.withs(only)
      if (this.isLogical()) this.refuseWith(at, this.token.text)
      const closed = close([expr])
      if (group.operandPlace || this.isLogical()) return closed
    } else if (first.explicit) {
      const { end } = first.at
      this.back(group.index)
      this.next()
      const value = this.attempt(() => this.simple())
      if ('fault' in value) {
        const body = this.source.slice(first.at.start, end)
        const hint = `drop the parens to keep the body: \`${group.prefix}${body}\``
        this.fail(`\`(...)\` in an operand position cannot contain a body (hint: ${hint})`)
      }
    } else if (only.kind === 'and' || only.kind === 'or' || only.kind === 'not') return close(first.body)
    this.back(group.index)
    return undefined
  }

  /** `some`, `every`, `not` or a plain expression, without the chain that it may begin. */
  private single(): Expr {
    if (this.isKeyword('not')) return this.negation()
    if (this.isKeyword('some')) return this.some()
    if (this.isKeyword('every')) return this.every()
    return this.withs(this.plain())
  }

  private negation(): Expr {
    const start = this.token
    this.next()
    if (this.scopedNot && this.is('{')) return this.negatedBody(start)
    if (this.scopedNot && this.is('(')) {
      const group = this.group(true, 'not ')
      if (group !== undefined) return this.negate(group, start)
    }
    const { text } = this.token
    if (text === 'some' || text === 'every') this.unexpected(`illegal negation of '${text}'`)
    // Here, and only here, OPA lets no keyword be the head of a ref.
    if (this.isRefAhead() && !this.isName()) this.unexpected()
    return this.withs(this.negate(this.wrap(this.plain()), start))
  }

  /** A term, `left = right` or `left := right`. */
  private plain(): TermExpr {
    const start = this.token
    const keyword = this.token.kind === 'name' && this.keywords.has(this.token.text) && this.isRefAhead()
    const left = keyword ? this.termFromKeyword() : this.term(true)
    const { kind } = this.token
    if (kind !== '=' && kind !== ':=') return { kind: 'term', term: left, with: [], at: this.since(start) }
    const operator: Var = { kind: 'var', name: kind === '=' ? 'eq' : 'assign', wildcard: false, at: this.here() }
    this.next()
    const right = this.term(true)
    const at = this.since(start)
    return { kind: 'term', term: { kind: 'call', operator, args: [left, right], infix: kind, at }, with: [], at }
  }

  private some(): SomeExpr | SomeInExpr {
    const start = this.token
    const { index } = this
    this.next()
    const read = this.attempt(() => this.term(true))
    if ('value' in read && read.value.kind === 'call') {
      const { operator, args, infix } = read.value
      if (infix !== 'in' || operator.kind !== 'var') this.unexpected('expected `x in xs` or `x, y in xs` expression')
      const [first, second, third] = args as [Term, Term, Term?]
      const at = this.since(start)
      if (third === undefined) return { kind: 'someIn', value: first, domain: second, with: this.modifiers(), at }
      return { kind: 'someIn', key: first, value: second, domain: third, with: this.modifiers(), at }
    }
    this.back(index)
    const vars: Var[] = []
    do {
      this.next()
      if (!this.isName()) this.unexpected('expected var')
      vars.push(this.variable())
    } while (this.is(','))
    return { kind: 'some', vars, with: [], at: this.since(start) }
  }

  private every(): EveryExpr {
    const start = this.token
    this.next()
    const term = this.term(true)
    if (term.kind !== 'call' || term.infix !== 'in')
      return this.unexpected('expected `x[, y] in xs { ... }` expression')
    const args = term.args as [Term, Term, Term?]
    const [key, value, domain] = args[2] === undefined ? [undefined, args[0], args[1]] : [args[0], args[1], args[2]]
    if (key !== undefined && (key.kind !== 'var' || isDocument(key)))
      return this.unexpected('expected key to be a variable')
    if (value.kind !== 'var' || isDocument(value)) return this.unexpected('expected value to be a variable')
    if (!this.is('{')) this.unexpected('missing body')
    const body = this.block()
    const rest = { value, domain, body, at: this.since(start), with: this.modifiers() }
    return key === undefined ? { kind: 'every', ...rest } : { kind: 'every', key, ...rest }
  }

  /** The expression with the `with` modifiers that follow. */
  private withs(expr: Expr): Expr {
    if (!this.isKeyword('with')) return expr
    return { ...expr, with: [...expr.with, ...this.modifiers()], at: this.since(expr.at) }
  }

  private modifiers(): With[] {
    const result: With[] = []
    while (this.isKeyword('with')) {
      const start = this.token
      this.next()
      if (!this.isName()) this.unexpected('expected ident')
      const target = this.simple()
      if (target.kind !== 'var' && target.kind !== 'ref') this.unexpected('expected with target path')
      // `as[1]` is no ref: nothing but the keyword can stand here.
      if (!this.is('name') || this.token.text !== 'as') this.unexpected('expected as keyword')
      this.next()
      result.push({ target, value: this.term(true), at: this.since(start) })
    }
    return result
  }
}

/** `input` and `data` are refs, even where they stand alone. */
function isDocument(term: Var): boolean {
  return term.name === 'input' || term.name === 'data'
}
