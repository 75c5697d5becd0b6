/**
 * Who owns a name: the scopes of one rule or query, from its arguments inwards. A name belongs to the innermost scope
 * that has declared it before; undeclared ones belong to the outermost scope that uses them directly.
 */

import type { Body, Expr, Span, Term } from '../ast.ts'
import type { Local } from '../program.ts'

/** How a local came to be, which decides what redeclaring it is called and whether not using it is an error. */
export type Origin = 'argument' | 'assigned' | 'declared' | 'free' | 'generated'

export interface LocalEntry extends Local {
  readonly origin: Origin
  uses: number
}

/** The locals of one rule or query. */
export class Locals {
  readonly entries: LocalEntry[] = []

  add(name: string, origin: Origin, at: Span): number {
    this.entries.push({ name, origin, at, generated: origin === 'generated', uses: 0 })
    return this.entries.length - 1
  }
}

export class Scope {
  readonly parent: Scope | undefined
  readonly declared = new Map<string, number>()
  /** Names that some expression of this scope declares, now or later. */
  readonly declares: ReadonlySet<string>
  private readonly names: ReadonlySet<string>
  private readonly free = new Map<string, number>()
  /** Names that were used here before anything declared them. */
  private readonly seen = new Set<string>()

  constructor(parent: Scope | undefined, names: Names) {
    this.parent = parent
    this.declares = names.declared
    this.names = names.used
  }

  /** The local that a declaration seen so far gives the name. */
  find(name: string): number | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const local = scope.declared.get(name)
      if (local !== undefined) return local
    }
    return undefined
  }

  /** Some scope around declares the name, so that it means neither a rule nor an import. */
  shadows(name: string): boolean {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent)
      if (scope.declares.has(name) || scope.declared.has(name)) return true
    return false
  }

  /** The local of a name that nothing has declared. */
  implicit(name: string, locals: Locals, at: Span): number {
    this.seen.add(name)
    let owner: Scope = this
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent)
      if (scope.names.has(name) && !scope.declares.has(name)) owner = scope
    const known = owner.free.get(name)
    if (known !== undefined) return known
    const local = locals.add(name, 'free', at)
    owner.free.set(name, local)
    return local
  }

  /** Declares the name here; on a redeclaration gives the reason instead. */
  declare(name: string, origin: Origin, locals: Locals, at: Span): { local: number } | { problem: string } {
    const known = this.declared.get(name)
    const before = known === undefined ? undefined : locals.entries[known]?.origin
    if (before === 'argument') return { problem: `arg ${name} redeclared` }
    if (before !== undefined) return { problem: `var ${name} ${before} above` }
    if (this.seen.has(name)) return { problem: `var ${name} referenced above` }
    const local = locals.add(name, origin, at)
    this.declared.set(name, local)
    return { local }
  }
}

/** What a body and terms beside it mention directly, that is, outside closures, and what the body declares. */
export interface Names {
  readonly used: ReadonlySet<string>
  readonly declared: ReadonlySet<string>
}

export function namesIn(body: Body, terms: readonly Term[]): Names {
  const collector = new NameCollector()
  for (const expr of body) collector.expr(expr)
  for (const term of terms) collector.term(term)
  return collector
}

class NameCollector implements Names {
  readonly used = new Set<string>()
  readonly declared = new Set<string>()

  expr(expr: Expr): void {
    for (const modifier of expr.with) {
      this.term(modifier.target)
      this.term(modifier.value)
    }
    switch (expr.kind) {
      case 'term':
        if (expr.term.kind === 'call' && isAssign(expr.term)) this.pattern(expr.term.args[0] as Term)
        this.term(expr.term)
        return
      case 'some':
        for (const each of expr.vars) this.declared.add(each.name)
        return
      case 'someIn':
        for (const each of expr.key === undefined ? [expr.value] : [expr.key, expr.value]) {
          for (const { name } of patternVars(each)) if (!isRootName(name)) this.declared.add(name)
          this.term(each)
        }
        this.term(expr.domain)
        return
      case 'every':
        this.term(expr.domain)
        return
      case 'not':
        if (!expr.operand.explicit) this.body(expr.operand.body)
        return
      case 'and':
      case 'or':
        // One expression without braces has no scope of its own: whatever it uses must come from here.
        if (!expr.left.explicit) this.body(expr.left.body)
        if (!expr.right.explicit) this.body(expr.right.body)
        return
    }
  }

  private body(body: Body): void {
    for (const expr of body) this.expr(expr)
  }

  term(term: Term): void {
    switch (term.kind) {
      case 'var':
        if (!term.wildcard) this.used.add(term.name)
        return
      case 'ref':
        this.term(term.head)
        for (const part of term.path) this.term(part)
        return
      case 'call':
        for (const arg of term.args) this.term(arg)
        return
      case 'array':
      case 'set':
        for (const item of term.items) this.term(item)
        return
      case 'object':
        for (const [key, value] of term.entries) {
          this.term(key)
          this.term(value)
        }
        return
      case 'template':
        for (const part of term.parts) if (typeof part !== 'string') this.expr(part)
    }
  }

  /** Names that a pattern on the left of `:=` or before `in` declares. */
  private pattern(term: Term): void {
    for (const { name } of patternVars(term)) this.declared.add(name)
  }
}

export function isAssign(call: {
  readonly infix?: string
  readonly operator: Term
  readonly args: readonly Term[]
}): boolean {
  if (call.args.length !== 2) return false
  return call.operator.kind === 'var' && call.operator.name === 'assign'
}

/** The documents that no pattern of `some .. in` declares anew: there they are compared with. */
export function isRootName(name: string): boolean {
  return name === 'input' || name === 'data'
}

/** Variables that a pattern can bind: itself, elements of arrays, values of objects. Not wildcards. */
export function patternVars(term: Term): { readonly name: string; readonly at: Span }[] {
  switch (term.kind) {
    case 'var':
      return term.wildcard ? [] : [term]
    case 'array':
      return term.items.flatMap(patternVars)
    case 'object':
      return term.entries.flatMap(([, value]) => patternVars(value))
    default:
      return []
  }
}
