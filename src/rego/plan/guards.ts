/**
 * The guards of a rule: conditions that must hold for it to give anything and that only compare one place of the input, or of a function's
 * arguments, with constants. The rule index is built from them.
 */
import type { Expr, Ref, Rule, Term } from '../program.ts'
import type { Value } from '../value.ts'
import { RegoSet } from '../value.ts'
import { constantOf } from './constant.ts'
import type { Probe } from './ir.ts'

/**
 * A condition on the probe's value without which the rule does not hold: that it equals one of the values, that it begins with one of them, or
 * that one of its elements equals one of them.
 */
export interface Guard {
  readonly probe: Probe
  readonly how: 'equal' | 'prefix' | 'element'
  /** Says the probe and the kind of condition: guards of one name share a node of the index. */
  readonly name: string
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
    guards.push(...equalities(probe, arg))
    if (arg.kind === 'local' && !places.has(arg.local)) places.set(arg.local, probe)
  })
  for (const expr of clause.body) {
    if (expr.with.length > 0) continue
    guards.push(...guardsIn(expr, places, replaced))
  }
  return guards
}

function guardsIn(expr: Expr, places: Map<number, Probe>, replaced: ReadonlySet<string>): Guard[] {
  if (expr.kind === 'unify') {
    const guards = equality(expr.left, expr.right, places)
    if (guards.length === 0) rememberPlace(expr.left, expr.right, places)
    return guards
  }
  if (expr.kind !== 'test' || expr.term.kind !== 'call' || expr.term.callee.kind !== 'builtin') return []
  const { callee, args } = expr.term
  const [left, right] = args
  if (left === undefined || right === undefined || replaced.has(callee.name)) return []
  switch (callee.name) {
    case 'equal':
      return equality(left, right, places)
    case 'internal.member_2':
      return membership(left, right, places)
    case 'startswith':
      return prefix(left, constantOf(right), places)
    case 'glob.match': {
      const [, , text] = args
      return text === undefined ? [] : prefix(text, literalBeginning(constantOf(left)), places)
    }
    default:
      return []
  }
}

function equality(left: Term, right: Term, places: ReadonlyMap<number, Probe>): Guard[] {
  for (const [place, value] of [
    [left, right],
    [right, left],
  ] as const) {
    const probe = probeOf(place, places)
    if (probe !== undefined) return equalities(probe, value)
  }
  return []
}

function guard(probe: Probe, how: Guard['how'], values: readonly Value[]): Guard {
  const root = probe.root === 'input' ? 'input' : `argument ${probe.argument}`
  return { probe, how, name: `${how} ${root} ${JSON.stringify(probe.path)}`, values }
}

/** What a place must hold to equal a term: a constant itself, an array pattern the constants in their positions. */
function equalities(probe: Probe, term: Term): Guard[] {
  const value = constantOf(term)
  if (value !== undefined) return [guard(probe, 'equal', [value])]
  if (term.kind !== 'array') return []
  return term.items.flatMap((item, i) => equalities({ ...probe, path: [...probe.path, i] }, item))
}

function membership(member: Term, collection: Term, places: ReadonlyMap<number, Probe>): Guard[] {
  const known = constantOf(collection)
  const probe = probeOf(member, places)
  if (probe !== undefined && known !== undefined) {
    if (Array.isArray(known)) return [guard(probe, 'equal', known)]
    return known instanceof RegoSet ? [guard(probe, 'equal', known.sorted())] : []
  }
  const value = constantOf(member)
  const place = probeOf(collection, places)
  return value === undefined || place === undefined ? [] : [guard(place, 'element', [value])]
}

function prefix(text: Term, start: Value | undefined, places: ReadonlyMap<number, Probe>): Guard[] {
  const probe = probeOf(text, places)
  return probe === undefined || typeof start !== 'string' ? [] : [guard(probe, 'prefix', [start])]
}

/** What every text that a glob matches begins with; undefined where that is nothing. */
function literalBeginning(pattern: Value | undefined): string | undefined {
  if (typeof pattern !== 'string') return undefined
  const end = pattern.search(/[*?[\]{},\\!]/)
  const beginning = end === -1 ? pattern : pattern.slice(0, end)
  return beginning === '' ? undefined : beginning
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
