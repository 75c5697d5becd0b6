/**
 * What of a module can be covered, as OPA counts it: the heads of rules, the expressions of bodies, and inside expressions those terms that OPA
 * evaluates on their own before the expression, which are references and calls that are arguments or parts of something larger.
 */
import type { Body, ElseDecl, Expr, Head, Module, RuleDecl, Span, Term } from '../ast.ts'

/** A rule, or one of its `else` branches. */
export interface CoverableClause {
  /** The place by which evaluation knows it. */
  readonly at: Span
  readonly head: Span
  /** Where there is no body, what stands for it. */
  readonly noBody: Span | undefined
}

export interface Coverable {
  readonly clauses: readonly CoverableClause[]
  readonly expressions: readonly Span[]
  /** `some .. in ..`: reached like other expressions, but not missed where it was not. */
  readonly some: readonly Span[]
  /** Texts of spans (`spanKey`) of terms that count by themselves; of names only those of documents do. */
  readonly terms: ReadonlySet<string>
  /** The same of arrays, sets and objects that a head makes. */
  readonly made: ReadonlySet<string>
  /** What counts for an expression, by its own span, where that is more: a short `else`. */
  readonly wider: ReadonlyMap<string, Span>
  /** By an expression's own span, terms that count when it begins. */
  readonly alongside: ReadonlyMap<string, Span>
}

export function spanKey({ start, end }: Span): string {
  return `${start} ${end}`
}

export function coverableOf(module: Module): Coverable {
  const found = new Finder(module.source)
  for (const rule of module.rules) found.rule(rule)
  return found
}

class Finder implements Coverable {
  readonly #source: string
  readonly clauses: CoverableClause[] = []
  readonly expressions: Span[] = []
  readonly some: Span[] = []
  readonly terms = new Set<string>()
  readonly made = new Set<string>()
  readonly wider = new Map<string, Span>()
  readonly alongside = new Map<string, Span>()

  constructor(source: string) {
    this.#source = source
  }

  rule(rule: RuleDecl): void {
    const { head, body } = rule
    if (rule.default) {
      const word = { ...rule.at, end: rule.at.start + 'default'.length }
      this.clauses.push({ at: rule.at, head: word, noBody: head.at })
      this.expressions.push(head.at)
      return
    }
    const noBody = body === undefined ? placeOfNoBody(head) : undefined
    // What a set's head must evaluate stands in place of a body that is not there.
    const isReplaced = head.contains && head.value !== undefined && mustBeEvaluated(head.value)
    this.clauses.push({ at: rule.at, head: head.at, noBody: isReplaced ? undefined : noBody })
    if (noBody !== undefined) this.expressions.push(noBody)
    if (head.ref.kind === 'ref') for (const part of head.ref.path) this.#made(part)
    if (head.value !== undefined) this.#made(head.value)
    for (const arg of head.args ?? []) this.#made(arg)
    this.#body(body ?? [])
    for (const each of rule.else) this.#else(each)
  }

  #else(clause: ElseDecl): void {
    const { at, value, body } = clause
    const head = { ...at, end: value?.at.end ?? at.start + 'else'.length }
    this.clauses.push({ at, head, noBody: body === undefined ? head : undefined })
    if (value !== undefined) this.#made(value)
    const [only] = body ?? []
    if (only !== undefined && !this.#source.slice(head.end, only.at.start).includes('{')) {
      const whole = { ...at, end: only.at.end }
      this.wider.set(spanKey(only.at), whole)
      this.expressions.push(whole)
      if (only.kind !== 'some') this.#inside(only)
    } else this.#body(body ?? [])
  }

  #body(body: Body): void {
    for (const expr of body) this.#expression(expr)
  }

  #expression(expr: Expr): void {
    if (expr.kind === 'some') return
    const last = expr.with.at(-1)?.at.end ?? 0
    const whole = last > expr.at.end ? { ...expr.at, end: last } : expr.at
    if (whole !== expr.at) this.wider.set(spanKey(expr.at), whole)
    if (expr.kind === 'someIn') this.some.push(whole)
    else this.expressions.push(whole)
    this.#inside(expr)
    for (const { value } of expr.with) this.#made(value)
  }

  #inside(expr: Exclude<Expr, { kind: 'some' }>): void {
    switch (expr.kind) {
      case 'term':
        this.#asked(expr.term)
        return
      case 'someIn':
        if (expr.key !== undefined) this.#whole(expr.key)
        this.#whole(expr.value)
        if (isMade(expr.domain)) this.alongside.set(spanKey(expr.at), expr.domain.at)
        this.#whole(expr.domain)
        return
      case 'every':
        this.terms.add(spanKey(expr.domain.at))
        this.#alone(expr.domain)
        this.#body(expr.body)
        return
      case 'not':
        this.#operand(expr.operand, expr.scoped)
        return
      case 'and':
      case 'or':
        for (const operand of [expr.left, expr.right]) this.#operand(operand, true)
    }
  }

  /** An operand without braces under a plain `not` is the expression itself. */
  #operand({ explicit, body }: { readonly explicit: boolean; readonly body: Body }, own: boolean): void {
    for (const each of body) {
      if (explicit || own) this.#expression(each)
      else if (each.kind !== 'some') this.#inside(each)
    }
  }

  /** The term of an expression. */
  #asked(term: Term): void {
    if (term.kind !== 'call') this.#whole(term)
    else if (isEquality(term)) for (const side of term.args) this.#whole(side)
    else for (const arg of term.args) this.#alone(arg)
  }

  /** A side of an equality: it counts with the expression, its parts by themselves. */
  #whole(term: Term): void {
    switch (term.kind) {
      case 'call':
      case 'template':
        this.#alone(term)
        return
      case 'ref':
        this.#alone(term.head, true)
        for (const part of term.path) this.#alone(part)
        return
      case 'comprehension':
        this.#comprehension(term)
        return
      default:
        this.#parts(term)
    }
  }

  /** A term that is evaluated before what it stands in. */
  #alone(term: Term, isHead = false): void {
    switch (term.kind) {
      case 'var':
        if (!isHead) this.terms.add(spanKey(term.at))
        return
      case 'ref':
        if (!isHead) this.terms.add(spanKey(term.at))
        this.#whole(term)
        return
      case 'call':
        this.terms.add(spanKey(term.at))
        for (const arg of term.args) this.#alone(arg)
        return
      case 'comprehension':
        this.terms.add(spanKey(term.at))
        this.#comprehension(term)
        return
      case 'template':
        this.terms.add(spanKey(term.at))
        this.#parts(term)
        return
      default:
        this.#parts(term)
    }
  }

  #parts(term: Term): void {
    if (term.kind === 'array' || term.kind === 'set') for (const item of term.items) this.#alone(item)
    else if (term.kind === 'object') for (const part of term.entries.flat()) this.#alone(part)
    else if (term.kind === 'template') {
      for (const part of term.parts) if (typeof part !== 'string' && part.kind === 'term') this.#alone(part.term)
    }
  }

  #comprehension(term: Extract<Term, { kind: 'comprehension' }>): void {
    if (term.key !== undefined) this.#made(term.key)
    this.#made(term.value)
    this.#body(term.body)
  }

  /** A value that a head gives: one that must be evaluated counts as a whole. */
  #made(term: Term): void {
    if (mustBeEvaluated(term)) (isMade(term) ? this.made : this.terms).add(spanKey(term.at))
    this.#whole(term)
  }
}

function isEquality({ operator, infix }: Extract<Term, { kind: 'call' }>): boolean {
  return infix !== undefined && operator.kind === 'var' && ['eq', 'assign', 'equal'].includes(operator.name)
}

function isMade({ kind }: Term): boolean {
  return kind === 'array' || kind === 'set' || kind === 'object'
}

function mustBeEvaluated(term: Term): boolean {
  switch (term.kind) {
    case 'var':
    case 'ref':
    case 'call':
    case 'comprehension':
    case 'template':
      return true
    case 'array':
    case 'set':
      return term.items.some(isEvaluatedInside)
    case 'object':
      return term.entries.flat().some(isEvaluatedInside)
    default:
      return false
  }
}

/** A call has become a name by then, and most names are of locals. */
function isEvaluatedInside(term: Term): boolean {
  return term.kind !== 'var' && term.kind !== 'call' && term.kind !== 'template' && mustBeEvaluated(term)
}

function placeOfNoBody({ ref, contains, value, at }: Head): Span {
  if (!contains && value !== undefined) return value.at
  return ref.kind === 'ref' ? ref.head.at : { ...at, end: ref.at.end }
}
