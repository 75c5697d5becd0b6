/**
 * Safety: puts the expressions of each body in an order in which every variable is bound before it is needed, and finds
 * those for which there is none. Keeps the order that was written as far as it can.
 */

import type { Span } from '../ast.ts'
import type { Body, Expr, Term } from '../program.ts'
import type { Marks } from './context.ts'
import { outputsOf } from './outputs.ts'
import type { Locals } from './scope.ts'
import { addVars, type Closures, capturedVars, closuresOf, directVars, liftedLocal } from './vars.ts'

type Vars = ReadonlySet<number>

/** An expression that cannot be evaluated, the variables that it lacks, and what was bound where it stands. */
export interface Unsafe {
  readonly expr: Expr
  readonly missing: Set<number>
  readonly safe: Vars
}

/** A variable of a template or of `print` that nothing binds. */
export interface Undeclared {
  readonly name: string
  readonly at: Span
}

interface Item {
  readonly expr: Expr
  readonly closures: Closures
  readonly direct: Vars
  /** What its closures read of the variables around them: it must be bound before. */
  readonly captured: Vars
}

/** The items that mention a local. */
function usersOf(items: readonly Item[]): Map<number, Item[]> {
  const users = new Map<number, Item[]>()
  for (const item of items)
    for (const local of new Set([...item.direct, ...item.captured])) {
      const before = users.get(local)
      if (before === undefined) users.set(local, [item])
      else before.push(item)
    }
  return users
}

export class Orderer {
  readonly unsafe: Unsafe[] = []
  readonly undeclared: Undeclared[] = []
  private readonly marks: Marks
  private readonly locals: Locals

  constructor(marks: Marks, locals: Locals) {
    this.marks = marks
    this.locals = locals
  }

  /** Orders `body` and all bodies in it, in place; `bound` are the locals that are bound before it. */
  order(body: Expr[], bound: Vars): void {
    const items: readonly Item[] = body.map((expr) => {
      const closures = closuresOf(expr)
      return { expr, closures, direct: directVars(expr, this.marks), captured: capturedVars(closures) }
    })
    const own = new Set<number>()
    for (const { direct } of items) for (const local of direct) own.add(local)
    this.checkHoles(items, bound)
    const safe = new Set(bound)
    const ordered: Item[] = []
    const users = usersOf(items)
    const dirty = new Set(items)
    let waiting: readonly Item[] = items
    for (let before = -1; before !== ordered.length && waiting.length > 0; ) {
      before = ordered.length
      const later: Item[] = []
      for (const item of waiting) {
        // Nothing that it mentions was bound since it was last found to lack something.
        if (!dirty.delete(item) || this.missing(item, own, safe).size > 0) later.push(item)
        else {
          ordered.push(item)
          for (const local of item.direct) {
            if (safe.has(local)) continue
            safe.add(local)
            for (const user of users.get(local) ?? []) dirty.add(user)
          }
        }
      }
      waiting = later
    }
    for (const item of waiting) this.unsafe.push({ expr: item.expr, missing: this.missing(item, own, safe), safe })
    this.orderInside(ordered, bound)
    body.splice(0, body.length, ...ordered.map(({ expr }) => expr), ...waiting.map(({ expr }) => expr))
    this.liftNegated(body)
  }

  /** What an expression needs and neither has nor binds. */
  private missing(
    { expr, direct, captured }: { readonly expr: Expr; readonly direct: Vars; readonly captured: Vars },
    own: Vars,
    safe: Vars,
  ): Set<number> {
    const missing = new Set<number>()
    for (const local of direct) if (!safe.has(local)) missing.add(local)
    if (missing.size > 0) for (const local of outputsOf(expr, (each) => safe.has(each))) missing.delete(local)
    // A closure runs with the rest of its expression, so that what this binds comes too late for it.
    for (const local of captured) if (own.has(local) && !safe.has(local)) missing.add(local)
    return missing
  }

  private orderInside(
    ordered: readonly { readonly expr: Expr; readonly closures: Closures; readonly direct: Vars }[],
    bound: Vars,
  ): void {
    const known = new Set(bound)
    for (const { expr, closures, direct } of ordered) {
      for (const { body, own } of closures.bodies)
        this.order(body as Expr[], own.length === 0 ? known : new Set([...known, ...own]))
      for (const { body, own, heads } of closures.bodies)
        this.checkHeads(expr, body, heads, new Set([...known, ...own]))
      for (const local of direct) known.add(local)
    }
  }

  /** The head of a comprehension may only use what its body or something around it binds. */
  private checkHeads(expr: Expr, body: Body, heads: readonly Term[], known: Set<number>): void {
    if (heads.length === 0) return
    for (const each of body) for (const local of directVars(each, this.marks)) known.add(local)
    for (const head of heads) {
      const found = new Set<number>()
      addVars(head, found)
      const missing = new Set([...found].filter((local) => !known.has(local)))
      if (missing.size > 0) this.unsafe.push({ expr, missing, safe: known })
    }
  }

  /** The variables of templates and `print` must be bound by the body, which they cannot help with. */
  private checkHoles(items: readonly { readonly expr: Expr; readonly closures: Closures }[], bound: Vars): void {
    if (!items.some(({ closures }) => closures.holes.length > 0)) return
    const known = new Set(bound)
    const before: Vars[] = []
    for (const { expr } of items) {
      before.push(expr.kind === 'print' ? new Set(known) : known)
      for (const local of outputsOf(expr, (each) => known.has(each))) known.add(local)
      const lifted = liftedLocal(expr)
      if (lifted !== undefined) known.add(lifted)
    }
    for (const [i, { expr, closures }] of items.entries()) {
      const safe = expr.kind === 'print' ? before[i] : known
      for (const hole of closures.holes) this.checkHole(hole, safe ?? known)
    }
  }

  private checkHole(hole: { readonly body: Body; readonly value: Term; readonly at: Span }, safe: Vars): void {
    const needed = new Set<number>()
    addVars(hole.value, needed)
    for (const expr of hole.body) for (const local of directVars(expr, this.marks)) needed.add(local)
    for (const expr of hole.body) needed.delete(liftedLocal(expr) ?? -1)
    for (const local of needed) {
      const entry = this.locals.entries[local]
      if (entry !== undefined && !safe.has(local))
        this.undeclared.push({ name: entry.name === '' ? '_' : entry.name, at: hole.at })
    }
  }

  /** Without `future.keywords.not`, the refs that a negated call gets are evaluated before the negation. */
  private liftNegated(body: Expr[]): void {
    for (let i = 0; i < body.length; i++) {
      const expr = body[i]
      if (expr?.kind !== 'not' || !this.marks.unscoped.has(expr)) continue
      const [negated] = expr.body
      if (negated === undefined) continue
      const lifted: Expr[] = []
      const inner = this.liftRefs(negated, lifted, expr)
      if (lifted.length === 0) continue
      body.splice(i, 1, ...lifted, { ...expr, body: [inner] })
      i += lifted.length
    }
  }

  private liftRefs(negated: Expr, lifted: Expr[], not: Expr): Expr {
    const lift = (term: Term): Term => {
      const local = this.locals.add('', 'generated', term.at)
      const left: Term = { kind: 'local', local, at: term.at }
      lifted.push({ kind: 'unify', left, right: term, from: 'lifted', with: not.with, at: term.at })
      return left
    }
    const inside = (term: Term): Term => {
      if (term.kind === 'ref') return { ...term, path: term.path.map(value) }
      return term.kind === 'comprehension' ? term : value(term)
    }
    const value = (term: Term): Term => {
      switch (term.kind) {
        case 'ref':
          return term.path.length === 0 && term.root.kind !== 'term'
            ? lift(term)
            : lift({ ...term, path: term.path.map(value) })
        case 'comprehension':
          return lift(term)
        case 'array':
        case 'set':
          return { ...term, items: term.items.map(value) }
        case 'object':
          return { ...term, entries: term.entries.map(([key, each]) => [value(key), value(each)] as const) }
        default:
          return term
      }
    }
    if (negated.kind === 'unify') return { ...negated, left: inside(negated.left), right: inside(negated.right) }
    if (negated.kind !== 'test') return negated
    const { term } = negated
    if (term.kind !== 'call') return { ...negated, term: inside(term) }
    const compares = term.callee.kind === 'builtin' && term.callee.name === 'equal'
    return { ...negated, term: { ...term, args: term.args.map(compares ? inside : value) } }
  }
}

/**
 * The variables to report: those that no other unsafe expression would bind if it could run, because the rest only
 * follow from them. Where all follow from each other, those of the first expression. Variables without a name are
 * reported only where there are no others.
 */
export function rootCauses(unsafe: readonly Unsafe[], isNamed: (local: number) => boolean): Map<number, Span> {
  const all = new Map<number, Span>()
  for (const { expr, missing } of unsafe)
    for (const local of missing) {
      const before = all.get(local)
      if (before === undefined || expr.at.start < before.start) all.set(local, expr.at)
    }
  const named = [...all].filter(([local]) => isNamed(local))
  if (named.length === 0) return all
  const byLocal = new Map<number, Unsafe[]>()
  for (const each of unsafe)
    for (const local of each.missing) {
      const before = byLocal.get(local)
      if (before === undefined) byLocal.set(local, [each])
      else before.push(each)
    }
  const names = new Set(named.map(([local]) => local))
  const roots = named.filter(([local]) => {
    const binds = ({ expr, safe }: Unsafe): boolean =>
      outputsOf(expr, (each) => safe.has(each) || (each !== local && names.has(each))).has(local)
    return !(byLocal.get(local) ?? []).some(binds)
  })
  if (roots.length > 0) return new Map(roots)
  const first = Math.min(...named.map(([, { start }]) => start))
  return new Map(named.filter(([, { start }]) => start === first))
}
