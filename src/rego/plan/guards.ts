/**
 * The guards of a rule: conditions that must hold for it to give anything and that only compare one place of the input, or of a function's
 * arguments, with constants. The rule index is built from them.
 */
import type { Expr, Ref, Rule, Term } from '../program.ts'
import type { Value } from '../value.ts'
import { RegoSet } from '../value.ts'
import { constantOf } from './constant.ts'
import type { Probe } from './ir.ts'

/** The rule can only hold when the probe's value is one of these. */
export interface Guard {
  readonly probe: Probe
  readonly values: readonly Value[]
}

/** The guards of a rule. A rule with `else` has none: the index says which rules are tried, and a chain is tried as one. */
export function guardsOf(rule: Rule, replaced: ReadonlySet<string>): Guard[] {
  const [clause, ...others] = rule.clauses
  if (others.length > 0) return []
  const places = new Map<number, Probe>()
  const guards: Guard[] = []
  rule.args.forEach((arg, argument) => {
    const probe: Probe = { root: 'argument', argument, path: [] }
    const value = constantOf(arg)
    if (value !== undefined) guards.push({ probe, values: [value] })
    else if (arg.kind === 'local' && !places.has(arg.local)) places.set(arg.local, probe)
  })
  for (const expr of clause.body) {
    if (expr.with.length > 0) continue
    const guard = guardOf(expr, places, replaced)
    if (guard !== undefined) guards.push(guard)
  }
  return guards
}

function guardOf(expr: Expr, places: Map<number, Probe>, replaced: ReadonlySet<string>): Guard | undefined {
  if (expr.kind === 'unify') {
    const guard = equality(expr.left, expr.right, places)
    if (guard === undefined) rememberPlace(expr.left, expr.right, places)
    return guard
  }
  if (expr.kind !== 'test' || expr.term.kind !== 'call' || expr.term.callee.kind !== 'builtin') return undefined
  const { callee, args } = expr.term
  const [left, right] = args
  if (left === undefined || right === undefined || replaced.has(callee.name)) return undefined
  if (callee.name === 'equal') return equality(left, right, places)
  if (callee.name === 'internal.member_2') return membership(left, right, places)
  return undefined
}

function equality(left: Term, right: Term, places: ReadonlyMap<number, Probe>): Guard | undefined {
  return sided(left, right, places) ?? sided(right, left, places)
}

function sided(place: Term, value: Term, places: ReadonlyMap<number, Probe>): Guard | undefined {
  const known = constantOf(value)
  const probe = known === undefined ? undefined : probeOf(place, places)
  return probe === undefined || known === undefined ? undefined : { probe, values: [known] }
}

function membership(place: Term, collection: Term, places: ReadonlyMap<number, Probe>): Guard | undefined {
  const known = constantOf(collection)
  const probe = probeOf(place, places)
  if (probe === undefined || known === undefined) return undefined
  if (Array.isArray(known)) return { probe, values: known }
  return known instanceof RegoSet ? { probe, values: known.sorted() } : undefined
}

/** `x := input.a.b` makes `x` another name of that place. */
function rememberPlace(left: Term, right: Term, places: Map<number, Probe>): void {
  for (const [name, place] of [
    [left, right],
    [right, left],
  ] as const) {
    if (name.kind !== 'local' || places.has(name.local)) continue
    const probe = probeOf(place, places)
    if (probe !== undefined) places.set(name.local, probe)
  }
}

function probeOf(term: Term, places: ReadonlyMap<number, Probe>): Probe | undefined {
  if (term.kind === 'local') return places.get(term.local)
  if (term.kind !== 'ref') return undefined
  const path = literalPath(term)
  if (path === undefined) return undefined
  if (term.root.kind === 'input') return { root: 'input', path }
  const base = term.root.kind === 'local' ? places.get(term.root.local) : undefined
  return base === undefined ? undefined : { ...base, path: [...base.path, ...path] }
}

function literalPath(ref: Ref): (string | number)[] | undefined {
  const path: (string | number)[] = []
  for (const part of ref.path) {
    const key = constantOf(part)
    if (typeof key !== 'string' && typeof key !== 'number') return undefined
    path.push(key)
  }
  return path
}
