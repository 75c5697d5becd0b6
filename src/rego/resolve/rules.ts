/**
 * One rule or query from the surface tree to the program: its arguments, clauses and head, then the safety of each.
 */

import type * as ast from '../ast.ts'
import { errorAt, type RegoError } from '../errors.ts'
import type { Body, Clause, Expr, Query, Rule, Shown, Term } from '../program.ts'
import { BodyResolver } from './bodies.ts'
import type { Place, ResolveSettings } from './context.ts'
import { isIteration } from './iteration.ts'
import { constantTerm } from './metadata.ts'
import { Orderer, rootCauses } from './order.ts'
import { type LocalEntry, namesIn, Scope } from './scope.ts'
import { isScalar, type Target } from './terms.ts'
import type { Declared, Node } from './tree.ts'
import { unsafeHint } from './unsafe-hint.ts'
import { addVars, directVars, liftedLocal } from './vars.ts'

/** What `rego.metadata.chain()` and `rego.metadata.rule()` are in a rule. */
export interface Metadata {
  readonly chain: ast.Plain
  readonly rule: ast.Plain
}

/** A clause whose body is not ordered yet. */
interface Draft {
  readonly body: Expr[]
  readonly value: Term
  readonly at: ast.Span
}

export class RuleResolver extends BodyResolver {
  /** Variables of heads that no body mentions: reported before what is wrong in bodies. */
  readonly headErrors: RegoError[] = []
  private readonly declared: Declared
  private readonly metadataOf: () => Metadata
  private readonly drafts: Draft[] = []
  private args: Term[] = []
  private dynamic: Term[] = []
  /** Arguments that must be evaluated: each clause begins with them. */
  private readonly argRefs: { readonly local: number; readonly term: ast.Term }[] = []

  constructor(settings: ResolveSettings, root: Node, place: Place, declared: Declared, metadataOf: () => Metadata) {
    super(settings, root, place, new Scope(undefined, { used: new Set(), declared: new Set() }))
    this.declared = declared
    this.metadataOf = metadataOf
  }

  /** Resolves names; the result is unordered until `finish`. */
  resolve(): void {
    const { rule } = this.declared
    const { head } = rule
    const args = new Map<string, number>()
    this.args = (head.args ?? []).map((arg) => this.argument(arg, args))
    const dynamic = this.declared.dynamic
    this.clause(args, { body: rule.body ?? [], value: head.value, heads: dynamic, at: rule.at, head: true })
    for (const each of rule.else)
      this.clause(args, { body: each.body ?? [], value: each.value, heads: [], at: each.at, head: false })
    if (this.settings.strict) this.unusedArguments(args)
  }

  private clause(
    args: ReadonlyMap<string, number>,
    parts: {
      readonly body: ast.Body
      readonly value: ast.Term | undefined
      readonly heads: readonly ast.Term[]
      readonly at: ast.Span
      readonly head: boolean
    },
  ): void {
    const heads = parts.value === undefined ? parts.heads : [...parts.heads, parts.value]
    this.scope = new Scope(undefined, namesIn(parts.body, heads))
    for (const [name, local] of args) this.scope.declared.set(name, local)
    const body = this.expressions(parts.body)
    const target = { body, with: [] }
    for (const { local, term } of this.argRefs) {
      const left: Term = { kind: 'local', local, at: term.at }
      body.push({ kind: 'unify', left, right: this.direct(term, target), from: 'lifted', with: [], at: term.at })
    }
    if (parts.head) this.dynamic = parts.heads.map((part) => this.dynamicPart(part, target))
    const value: Term =
      parts.value === undefined ? { kind: 'boolean', value: true, at: parts.at } : this.headTerm(parts.value, target)
    this.checkUnused()
    this.drafts.push({ body, value, at: parts.at })
  }

  private dynamicPart(part: ast.Term, target: Target): Term {
    const resolved = this.direct(part, target)
    return resolved.kind === 'local' || isScalar(resolved) ? resolved : this.lift(resolved, target)
  }

  /** A pattern for an argument. */
  private argument(term: ast.Term, args: Map<string, number>): Term {
    const { at } = term
    switch (term.kind) {
      case 'var': {
        if (term.wildcard) return { kind: 'local', local: this.fresh(at, '_'), at }
        if (term.name === 'input' || term.name === 'data') {
          this.error(
            'rego_compile_error',
            this.declared.rule.at,
            `args must not shadow ${term.name} (use a different variable name)`,
          )
          return { kind: 'null', at }
        }
        const known = args.get(term.name)
        const local = known ?? this.locals.add(term.name, 'argument', at)
        if (known !== undefined) this.seeAgain(known)
        args.set(term.name, local)
        return { kind: 'local', local, at }
      }
      case 'array':
        return { kind: 'array', items: term.items.map((item) => this.argument(item, args)), at }
      case 'object':
        return {
          kind: 'object',
          entries: term.entries.map(([key, value]) => [
            this.direct(key, { body: [], with: [] }),
            this.argument(value, args),
          ]),
          at,
        }
      case 'call':
        this.error('rego_compile_error', at, 'rule arguments cannot contain calls')
        return { kind: 'null', at }
      case 'ref':
      case 'set':
      case 'comprehension':
      case 'template': {
        const local = this.fresh(at)
        this.argRefs.push({ local, term })
        return { kind: 'local', local, at }
      }
      default:
        return term
    }
  }

  private seeAgain(local: number): void {
    const entry = this.locals.entries[local]
    if (entry !== undefined) entry.uses++
  }

  private unusedArguments(args: ReadonlyMap<string, number>): void {
    if (this.errors.length > 0) return
    for (const [name, local] of args)
      if (this.locals.entries[local]?.uses === 0)
        this.error(
          'rego_compile_error',
          this.declared.rule.head.at,
          `unused argument ${name}. (hint: use _ (wildcard variable) instead)`,
        )
  }

  protected metadata(name: string, at: ast.Span): Term | undefined {
    if (name === 'rego.metadata.chain') return constantTerm(this.metadataOf().chain, at)
    if (name === 'rego.metadata.rule') return constantTerm(this.metadataOf().rule, at)
    return undefined
  }

  /** Orders the bodies. Only for rules in which `resolve` found no error; adds to `errors` what is not safe. */
  finish(annotations: readonly ast.Annotations[], suffix: string): Rule {
    const bound = new Set<number>()
    for (const arg of this.args) addVars(arg, bound)
    const clauses = this.drafts.map((draft, i) => this.finishClause(draft, bound, suffix, i === 0 ? this.dynamic : []))
    const { rule, path, moduleIndex, module } = this.declared
    const kind = rule.head.args !== undefined ? 'function' : rule.head.contains ? 'contains' : 'complete'
    return {
      kind,
      path,
      dynamic: this.dynamic,
      args: this.args,
      default: rule.default,
      clauses: clauses as unknown as readonly [Clause, ...Clause[]],
      locals: this.locals.entries,
      annotations,
      module: moduleIndex,
      package: module.package,
      at: rule.at,
    }
  }

  private finishClause(draft: Draft, bound: ReadonlySet<number>, suffix: string, heads: readonly Term[]): Clause {
    const orderer = new Orderer(this.marks, this.locals)
    const { body } = draft
    this.headSafety(body, [...heads, draft.value], bound, suffix)
    orderer.order(body, bound)
    this.errors.push(...safetyErrors(orderer, this.locals.entries, this, suffix))
    return { body, value: settle(body, draft.value), at: draft.at }
  }

  /** What the head mentions must be mentioned by the body, too. */
  private headSafety(body: Body, heads: readonly Term[], bound: ReadonlySet<number>, suffix: string): void {
    const known = new Set(bound)
    for (const expr of body) for (const local of directVars(expr, this.marks)) known.add(local)
    for (const head of heads)
      for (const { local, at } of mentions(head)) {
        const entry = this.locals.entries[local]
        if (known.has(local) || entry === undefined || entry.name === '') continue
        known.add(local)
        const hints = unsafeHint({ name: entry.name, at }, this.locals.entries, this.place, this.root)
        const message = `var ${entry.name} is unsafe${suffix}`
        this.headErrors.push(errorAt('rego_unsafe_var_error', at, message, this.place.source, hints))
      }
  }
}

function mentions(term: Term): { readonly local: number; readonly at: ast.Span }[] {
  if (term.kind === 'local') return [term]
  if (term.kind === 'array' || term.kind === 'set') return term.items.flatMap(mentions)
  return term.kind === 'object' ? term.entries.flat().flatMap(mentions) : []
}

/** A head term that was lifted and is still the last thing that its body does goes back to the head. */
function settle(body: Expr[], value: Term): Term {
  const last = body.at(-1)
  if (last === undefined || last.kind !== 'unify' || value.kind !== 'local') return value
  if (liftedLocal(last) !== value.local || last.with.length > 0) return value
  body.pop()
  return last.right
}

/** The errors that ordering found, each cause once. */
function safetyErrors(
  orderer: Orderer,
  locals: readonly LocalEntry[],
  { place, root }: { readonly place: Place; readonly root: Node },
  suffix: string,
): RegoError[] {
  const { source } = place
  if (orderer.undeclared.length > 0)
    return orderer.undeclared.map(({ name, at }) =>
      errorAt(
        'rego_compile_error',
        at,
        `var ${name} is undeclared`,
        source,
        unsafeHint({ name, at }, locals, place, root),
      ),
    )
  const causes = [...rootCauses(orderer.unsafe, (local) => locals[local]?.name !== '')].sort(
    ([, a], [, b]) => a.start - b.start,
  )
  const named = causes.flatMap(([local, at]) => {
    const entry = locals[local]
    return entry === undefined || entry.name === '' ? [] : [{ name: entry.name, at }]
  })
  if (named.length > 0)
    return named.map(({ name, at }) => {
      const hint = futureKeywords.has(name)
        ? ` (hint: \`import future.keywords.${name}\` to import a future keyword)`
        : ''
      const message = `var ${name} is unsafe${suffix}${hint}`
      return errorAt(
        'rego_unsafe_var_error',
        at,
        message,
        source,
        hint === '' ? unsafeHint({ name, at }, locals, place, root) : [],
      )
    })
  const seen = new Set<number>()
  return causes.flatMap(([, at]) => {
    if (seen.has(at.start)) return []
    seen.add(at.start)
    return [errorAt('rego_unsafe_var_error', at, `expression is unsafe${suffix}`, source)]
  })
}

const futureKeywords = new Set(['not', 'and', 'or', 'contains'])

export class QueryResolver extends BodyResolver {
  constructor(settings: ResolveSettings, root: Node, place: Place) {
    super(settings, root, place, new Scope(undefined, { used: new Set(), declared: new Set() }))
  }

  /** The query, ordered; what is wrong with it is in `errors`. `capture` keeps the value of each expression. */
  resolve(source: string, body: ast.Body, capture = false): Query {
    this.scope = new Scope(undefined, namesIn(body, []))
    const captured = new Map<ast.Span, Shown>()
    const resolved = capture ? this.captured(source, body, captured) : this.expressions(body)
    if (this.errors.length === 0) {
      const orderer = new Orderer(this.marks, this.locals)
      orderer.order(resolved, new Set())
      this.errors.push(...safetyErrors(orderer, this.locals.entries, this, ''))
    }
    const shown = new Set<number>()
    for (const expr of resolved) for (const local of directVars(expr, this.marks)) shown.add(local)
    const vars = this.locals.entries.flatMap((entry, local) =>
      entry.generated || !shown.has(local) ? [] : [{ name: entry.name, local }],
    )
    const query = { body: resolved, locals: this.locals.entries, vars, source }
    if (capture) return withExpressions(query, captured)
    const [only] = resolved
    const single =
      resolved.length === 1 &&
      only?.kind === 'test' &&
      only.with.length === 0 &&
      directVars(only, this.marks).size === 0
    return single ? { ...query, term: only.term } : query
  }

  /**
   * The expressions with the value of each that has one in a local of its own, as OPA captures them: a false value fails only where there are
   * several expressions, or one that has several values.
   */
  private captured(source: string, body: ast.Body, shown: Map<ast.Span, Shown>): Expr[] {
    const mustHold = body.length > 1 || body.some((expr) => isIteration(expr, this.settings.builtins))
    const resolved: Expr[] = []
    const checks: Expr[] = []
    for (const expr of body) {
      this.expression(expr, resolved)
      // A declaration alone is no expression any more.
      if (expr.kind === 'some') continue
      const { at } = expr
      const facts = { text: source.slice(at.start, at.end), row: at.row, col: at.col }
      const last = resolved.at(-1)
      if (expr.kind !== 'term' || last?.kind !== 'test' || last.at !== at) {
        shown.set(at, facts)
        continue
      }
      const local = this.fresh(at)
      const left: Term = { kind: 'local', local, at }
      resolved[resolved.length - 1] = { kind: 'unify', left, right: last.term, from: 'lifted', with: last.with, at }
      shown.set(at, { ...facts, local })
      if (mustHold) checks.push({ kind: 'test', term: left, with: [], at: { ...at } })
    }
    return [...resolved, ...checks]
  }

  protected metadata(): Term | undefined {
    return undefined
  }
}

/** The ordered query with its expressions; values that were captured come after the variables. */
function withExpressions(query: Query, shown: Map<ast.Span, Shown>): Query {
  const expressions = query.body.flatMap((expr) => {
    const found = shown.get(expr.at)
    shown.delete(expr.at)
    return found === undefined ? [] : [found]
  })
  const captured = expressions.flatMap(({ local }) => (local === undefined ? [] : [{ name: '', local }]))
  return { ...query, vars: [...query.vars, ...captured], expressions }
}
