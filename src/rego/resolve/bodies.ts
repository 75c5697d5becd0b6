/**
 * Expressions from the surface tree to the program, in the order in which they are written; `order.ts` orders them.
 */

import type * as ast from '../ast.ts'
import type { Callee, Expr, Term, With } from '../program.ts'
import { isAssign, isRootName, namesIn, patternVars, Scope } from './scope.ts'
import { closest } from './suggest.ts'
import { formatPath, isScalar, needsEvaluation, type Target, TermResolver } from './terms.ts'

/** A local that a `some` of the current scope declared, to be reported where nothing uses it. */
interface Declaration {
  readonly scope: Scope
  readonly local: number
  readonly name: string
  readonly at: ast.Span
  readonly what: 'declared' | 'assigned'
}

export abstract class BodyResolver extends TermResolver {
  private readonly declarations: Declaration[] = []
  /** Inside an operand without braces nothing may be assigned; this is what to say. */
  private implicit: string | undefined

  protected closure(body: ast.Body): Expr[] {
    const outer = this.implicit
    this.implicit = undefined
    const result = this.expressions(body)
    this.implicit = outer
    return result
  }

  protected expressions(body: ast.Body): Expr[] {
    const result: Expr[] = []
    for (const expr of body) this.expression(expr, result)
    return result
  }

  protected expression(expr: ast.Expr, body: Expr[]): void {
    switch (expr.kind) {
      case 'some':
        for (const each of expr.vars) this.declareName(each.name, each.at, expr.at, 'declared')
        return
      case 'someIn':
        this.someIn(expr, body)
        return
      case 'every':
        this.every(expr, body)
        return
      case 'not':
        this.not(expr, body)
        return
      case 'and':
      case 'or': {
        const withs = this.modifiers(expr.with, { body, with: [] })
        const left = this.operand(expr.left, `cannot assign vars inside implicit ${expr.kind} operand`)
        const right = this.operand(expr.right, `cannot assign vars inside implicit ${expr.kind} operand`)
        body.push({ kind: expr.kind, left, right, with: withs, at: expr.at })
        return
      }
      case 'term':
        this.statement(expr, body)
    }
  }

  private statement(expr: ast.TermExpr, body: Expr[]): void {
    const { term, at } = expr
    if (term.kind === 'call' && isPrint(term)) {
      if (this.settings.builtins.has('print')) this.print(expr, term, body)
      else this.callee(term)
      return
    }
    if (term.kind === 'call' && isAssign(term)) {
      this.assignment(expr, term, body)
      return
    }
    const withs = this.modifiers(expr.with, { body, with: [] })
    const target: Target = { body, with: withs }
    if (term.kind === 'call' && isUnify(term)) {
      const [left, right] = term.args as [ast.Term, ast.Term]
      body.push({
        kind: 'unify',
        left: this.direct(left, target),
        right: this.direct(right, target),
        from: 'unify',
        with: withs,
        at,
      })
      return
    }
    if (term.kind !== 'call') {
      body.push({ kind: 'test', term: this.direct(term, target), with: withs, at })
      return
    }
    this.callStatement(term, target, at)
  }

  /** `f(x)` tests its value; `f(x, y)` with one argument too many unifies its value with the last. */
  private callStatement(term: ast.Call, target: Target, at: ast.Span): void {
    if (term.args.length <= 1 && this.isRuleCall(term)) {
      this.ruleStatement(term, target, at)
      return
    }
    const callee = this.callee(term, true)
    const constant =
      callee?.kind === 'builtin' && term.args.length <= 1 ? this.metadata(callee.name, term.at) : undefined
    const args = term.args.map((arg) => this.term(arg, target))
    if (callee === undefined) return
    const call = this.withArity({ kind: 'call', callee, args, at: term.at }, term, true)
    const output = args.length > this.arityOf(call.callee) ? args.at(-1) : undefined
    const value: Term = constant ?? { ...call, args: output === undefined ? args : args.slice(0, -1) }
    if (output === undefined) target.body.push({ kind: 'test', term: value, with: target.with, at })
    else target.body.push({ kind: 'unify', left: output, right: value, from: 'output', with: target.with, at })
  }

  /** `p()` tests the rule's value, `p(x)` unifies it with `x`. */
  private ruleStatement(call: ast.Call, target: Target, at: ast.Span): void {
    const [output] = call.args
    const value = this.calledRule(call, target)
    if (output === undefined) target.body.push({ kind: 'test', term: value, with: target.with, at })
    else {
      const left = this.direct(output, target)
      target.body.push({ kind: 'unify', left, right: value, from: 'output', with: target.with, at })
    }
  }

  private arityOf(callee: Callee): number {
    if (callee.kind === 'function') return this.root.arity(callee.path) ?? Number.POSITIVE_INFINITY
    const declared = this.settings.builtins.get(callee.name)
    return declared === undefined || declared.variadic !== undefined ? Number.POSITIVE_INFINITY : declared.args.length
  }

  private print(expr: ast.TermExpr, call: ast.Call, body: Expr[]): void {
    if (!this.settings.print) {
      // Erased, but its names still count as used and are still checked.
      this.mention(call, expr.with)
      return
    }
    const withs = this.modifiers(expr.with, { body, with: [] })
    body.push({ kind: 'print', args: call.args.map((arg) => this.hole(arg, [])), with: withs, at: expr.at })
  }

  private mention(call: ast.Call, modifiers: readonly ast.With[]): void {
    const errors = this.errors.length
    const target: Target = { body: [], with: [] }
    for (const arg of call.args) this.direct(arg, target)
    this.modifiers(modifiers, target)
    this.errors.length = errors
  }

  private assignment(expr: ast.TermExpr, call: ast.Call, body: Expr[]): void {
    if (this.implicit !== undefined) {
      this.error('rego_compile_error', expr.at, this.implicit)
      return
    }
    const [left, right] = call.args as [ast.Term, ast.Term]
    const withs = this.modifiers(expr.with, { body, with: [] })
    const target: Target = { body, with: withs }
    const value = this.direct(right, target)
    const pattern = this.assignee(left, expr.at)
    if (pattern !== undefined)
      body.push({ kind: 'unify', left: pattern, right: value, from: 'declare', with: withs, at: expr.at })
  }

  /** The left side of `:=`: new variables in arrays and in values of objects; anything else cannot be assigned to. */
  private assignee(term: ast.Term, at: ast.Span): Term | undefined {
    switch (term.kind) {
      case 'var': {
        if (term.wildcard) return { kind: 'local', local: this.fresh(term.at, '_'), at: term.at }
        if (term.name === 'input' || term.name === 'data') {
          this.error('rego_compile_error', at, `variables must not shadow ${term.name} (use a different variable name)`)
          return undefined
        }
        const local = this.declareName(term.name, term.at, term.at, 'assigned', at)
        return local === undefined ? undefined : { kind: 'local', local, at: term.at }
      }
      case 'array': {
        const items = term.items.map((item) => this.assignee(item, at))
        return items.includes(undefined) ? undefined : { kind: 'array', items: items as Term[], at: term.at }
      }
      case 'object': {
        const entries = term.entries.map(
          ([key, value]) => [this.direct(key, { body: [], with: [] }), this.assignee(value, at)] as const,
        )
        if (entries.some(([, value]) => value === undefined)) return undefined
        return { kind: 'object', entries: entries as [Term, Term][], at: term.at }
      }
      default:
        this.error('rego_compile_error', term.at, `cannot assign to ${assignedKind(term)}`)
        return undefined
    }
  }

  private declareName(
    name: string,
    at: ast.Span,
    place: ast.Span,
    what: 'declared' | 'assigned',
    unusedAt: ast.Span = place,
  ): number | undefined {
    if (name.startsWith('$')) return undefined
    const outcome = this.scope.declare(name, what, this.locals, at)
    if ('problem' in outcome) {
      this.error('rego_compile_error', place, outcome.problem)
      return undefined
    }
    this.declarations.push({ scope: this.scope, local: outcome.local, name, at: unusedAt, what })
    return outcome.local
  }

  /** Reports what the scope that ends here has declared and nothing has used. */
  protected checkUnused(): void {
    const unused: Declaration[] = []
    for (let last = this.declarations.at(-1); last?.scope === this.scope; last = this.declarations.at(-1)) {
      this.declarations.pop()
      const isUnused = this.locals.entries[last.local]?.uses === 0
      if (isUnused && (last.what === 'declared' || this.settings.strict)) unused.push(last)
    }
    if (this.errors.length > 0) return
    for (const { what, name, at } of unused.reverse())
      this.error('rego_compile_error', at, `${what} var ${name} unused`)
  }

  /** `some k, v in xs` is `v = xs[k]` with new variables, but for those that `xs` itself mentions. */
  private someIn(expr: ast.SomeInExpr, body: Expr[]): void {
    const withs = this.modifiers(expr.with, { body, with: [] })
    const target: Target = { body, with: withs }
    const outside = namesIn([], [expr.domain]).used
    const patterns = expr.key === undefined ? [expr.value] : [expr.key, expr.value]
    const declared = new Map(patterns.flatMap(patternVars).map(({ name, at }) => [name, at]))
    for (const [name, at] of declared) {
      if (outside.has(name) || isRootName(name)) continue
      const local = this.declareName(name, at, expr.at, 'declared')
      const entry = local === undefined ? undefined : this.locals.entries[local]
      if (entry !== undefined) entry.uses++
    }
    const domain = this.term(expr.domain, target)
    const key: Term =
      expr.key === undefined ? { kind: 'local', local: this.fresh(expr.at), at: expr.at } : this.term(expr.key, target)
    const value = this.term(expr.value, target)
    body.push({ kind: 'unify', left: value, right: element(domain, key), from: 'some', with: withs, at: expr.at })
  }

  private every(expr: ast.EveryExpr, body: Expr[]): void {
    const withs = this.modifiers(expr.with, { body, with: [] })
    const target: Target = { body, with: withs }
    const resolved = this.direct(expr.domain, target)
    const domain = isScalar(resolved) ? resolved : this.lift(resolved, target)
    this.inScope(new Scope(this.scope, namesIn(expr.body, [])), () => {
      const key = expr.key === undefined ? undefined : this.everyLocal(expr.key, expr)
      const value = this.everyLocal(expr.value, expr)
      const inner = this.closure(expr.body)
      this.checkUnused()
      const rest = { value, domain, body: inner, with: withs, at: expr.at }
      body.push(key === undefined ? { kind: 'every', ...rest } : { kind: 'every', key, ...rest })
    })
  }

  private everyLocal(term: ast.Var, { at, body }: ast.EveryExpr): number {
    if (term.wildcard) return this.fresh(term.at)
    return this.declareName(term.name, term.at, at, 'declared', body[0]?.at) ?? this.fresh(term.at)
  }

  private not(expr: ast.NotExpr, body: Expr[]): void {
    const message = 'cannot assign vars inside negated expression'
    const withs = this.modifiers(expr.with, { body, with: [] })
    if (expr.scoped || expr.operand.explicit) {
      const inner = this.operand(expr.operand, message)
      body.push({ kind: 'not', scoped: true, body: inner, with: withs, at: expr.at })
      return
    }
    // Without `future.keywords.not` the calls inside run before the negation, as part of the body around it.
    const inner = this.operand(expr.operand, message)
    const negated = inner.pop()
    for (const each of inner) body.push({ ...each, with: [...withs, ...each.with] })
    if (negated === undefined) return
    const not: Expr = {
      kind: 'not',
      scoped: false,
      body: this.marks.implicit([negated]),
      with: withs,
      at: expr.at,
    }
    this.marks.unscoped.add(not)
    body.push(not)
  }

  /** An operand in braces is a scope; one without may not assign. */
  private operand(operand: ast.Operand, message: string): Expr[] {
    if (operand.explicit)
      return this.inScope(new Scope(this.scope, namesIn(operand.body, [])), () => {
        const body = this.closure(operand.body)
        this.checkUnused()
        return body
      })
    const outer = this.implicit
    this.implicit = message
    const body = this.expressions(operand.body)
    this.implicit = outer
    return this.marks.implicit(body)
  }

  protected modifiers(modifiers: readonly ast.With[], target: Target): With[] {
    return modifiers.flatMap((modifier) => {
      const resolved = this.modifier(modifier, target)
      return resolved === undefined ? [] : [resolved]
    })
  }

  private modifier(modifier: ast.With, target: Target): With | undefined {
    const { at } = modifier
    const place = this.withTarget(modifier.target)
    if (place === undefined) return undefined
    const isFunction = place.kind === 'builtin' || place.kind === 'function'
    const mock = isFunction ? this.mock(modifier.value) : undefined
    if (mock !== undefined) return { target: place, value: { kind: 'callee', callee: mock }, at }
    const value = this.direct(modifier.value, target)
    return { target: place, value: needsEvaluation(value) ? this.lift(value, target) : value, at }
  }

  /** The function that stands as a value in `with f as g`. */
  private mock(value: ast.Term): Callee | undefined {
    const named = staticName(value)
    if (named === undefined) return undefined
    const found = this.functionNamed(named.name, named.rest)
    return found === 'shadowed' ? undefined : found
  }

  private withTarget(term: ast.Term): With['target'] | undefined {
    const named = staticName(term)
    const unknown = `with keyword target must reference existing input, data, or a function`
    if (named === undefined) {
      this.error('rego_type_error', term.at, unknown)
      return undefined
    }
    const { name, rest } = named
    // A local may be called `input`, but it cannot be replaced.
    const meaning = name === 'input' ? ({ kind: 'path', path: ['input'] } as const) : this.meaning(name)
    const [root, ...path] = meaning.kind === 'path' ? [...meaning.path, ...rest] : []
    if (root === 'input') return { kind: 'input', path }
    if (root === 'data') return this.dataTarget(path, term.at)
    const full = [name, ...rest].join('.')
    if (meaning.kind !== 'local' && this.settings.builtins.has(full)) return this.builtinTarget(full, term.at)
    this.error('rego_type_error', term.at, unknown, this.targetHint(name, rest))
    return undefined
  }

  private targetHint(name: string, rest: readonly string[]): readonly string[] {
    const root = closest(name, ['input', 'data'])
    const path = root === undefined ? undefined : formatPath([root, ...rest])
    return path === undefined
      ? this.functionHint([name, ...rest], [name, ...rest], false)
      : [`did you mean \`${path}\`?`]
  }

  private dataTarget(path: readonly string[], at: ast.Span): With['target'] | undefined {
    for (let length = 1; length < path.length; length++)
      if ((this.root.find(path.slice(0, length))?.declared.length ?? 0) > 0) {
        this.error('rego_compile_error', at, 'with keyword cannot partially replace virtual document(s)')
        return undefined
      }
    return this.root.arity(path) === undefined ? { kind: 'data', path } : { kind: 'function', path }
  }

  private builtinTarget(name: string, at: ast.Span): With['target'] | undefined {
    const declared = this.settings.builtins.get(name)
    const problem = ['eq', 'rego.metadata.chain', 'rego.metadata.rule'].includes(name)
      ? `replacement of "${name}" invalid`
      : name.startsWith('internal.')
        ? `replacement of internal function "${name}" invalid`
        : declared?.relation
          ? 'target must not be a relation'
          : declared?.result === undefined
            ? 'target must not be a void function'
            : undefined
    if (problem === undefined) return { kind: 'builtin', name }
    this.error('rego_compile_error', at, `with keyword replacing built-in function: ${problem}`)
    return undefined
  }
}

function isPrint(call: ast.Call): boolean {
  return call.operator.kind === 'var' && call.operator.name === 'print'
}

function isUnify(call: ast.Call): boolean {
  return call.args.length === 2 && call.operator.kind === 'var' && call.operator.name === 'eq'
}

/** The element of `domain` at `key`. */
function element(domain: Term, key: Term): Term {
  const { at } = domain
  if (domain.kind === 'ref') return { ...domain, path: [...domain.path, key] }
  if (domain.kind === 'local') return { kind: 'ref', root: { kind: 'local', local: domain.local }, path: [key], at }
  return { kind: 'ref', root: { kind: 'term', term: domain }, path: [key], at }
}

/** A name with a path of strings. */
function staticName(term: ast.Term): { readonly name: string; readonly rest: readonly string[] } | undefined {
  if (term.kind === 'var') return term.wildcard ? undefined : { name: term.name, rest: [] }
  if (term.kind !== 'ref' || term.head.kind !== 'var') return undefined
  const rest = term.path.map((part) => (part.kind === 'string' ? part.value : undefined))
  return rest.includes(undefined) ? undefined : { name: term.head.name, rest: rest as string[] }
}

function assignedKind(term: ast.Term): string {
  return term.kind === 'comprehension' ? `${term.of}comprehension` : term.kind
}
