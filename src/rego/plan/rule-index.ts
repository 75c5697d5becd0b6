/**
 * The rule index: finds, from a few places of the input, the rules of a group that can hold, so that a thousand rules for a thousand tools
 * cost what one of them costs.
 */
import type { Rule } from '../program.ts'
import { keyOf, type Value } from '../value.ts'
import { type Guard, guardsOf } from './guards.ts'
import type { RuleIndex } from './ir.ts'

/** Fewer rules than this are tried one after the other: two or three comparisons are cheaper than one look-up in a map. */
const rulesMinForSpeed = 4

/** Entries in all leaves of one index. Rules without a guard stand in every branch; beyond this the group goes without further branching. */
const entriesMax = 1_000_000

interface Guarded {
  readonly rule: number
  readonly guards: readonly Guard[]
}

/** The index of a group's rules, or undefined when trying them in turn is as good. `rulesMin`: fewer rules are not indexed. */
export function buildRuleIndex(
  rules: readonly Rule[],
  replaced: ReadonlySet<string>,
  rulesMin = rulesMinForSpeed,
): RuleIndex | undefined {
  if (rules.length < rulesMin) return undefined
  const index = build(
    rules.map((rule, i) => ({ rule: i, guards: guardsOf(rule, replaced) })),
    { left: entriesMax, rulesMin },
  )
  return index.kind === 'leaf' ? undefined : index
}

interface Budget {
  left: number
  readonly rulesMin: number
}

function build(rules: readonly Guarded[], budget: Budget): RuleIndex {
  const leaf: RuleIndex = { kind: 'leaf', rules: rules.map(({ rule }) => rule) }
  if (rules.length < budget.rulesMin) return leaf
  const best = commonestGuard(rules, Math.min(budget.rulesMin, 2))
  if (best === undefined) return leaf
  const { name } = best
  const open: Guarded[] = []
  const branches = new Map<unknown, { value: Value; rules: Guarded[] }>()
  for (const guarded of rules) {
    const guard = guarded.guards.find((candidate) => candidate.name === name)
    if (guard === undefined) open.push(guarded)
    for (const value of guard?.values ?? []) {
      const key = keyOf(value)
      const branch = branches.get(key) ?? { value, rules: [] }
      branches.set(key, branch)
      if (branch.rules.at(-1)?.rule !== guarded.rule) branch.rules.push(without(guarded, name))
    }
  }
  const found = [...branches.values()]
  const { probe, how } = best
  const entries = rules.length + (how === 'equal' ? found.length * open.length : 0)
  if (entries > budget.left) return leaf
  budget.left -= entries
  const otherwise = build(open, budget)
  if (how === 'equal') {
    const next = found.map(({ value, rules: own }) => ({ value, next: build(merge(own, open), budget) }))
    return { kind: how, probe, branches: next, otherwise }
  }
  const lists = found.map(({ value, rules: own }) => ({ value, rules: own.map(({ rule }) => rule) }))
  return { kind: how, probe, branches: lists, otherwise }
}

function without(guarded: Guarded, name: string): Guarded {
  return { rule: guarded.rule, guards: guarded.guards.filter((guard) => guard.name !== name) }
}

function merge(a: readonly Guarded[], b: readonly Guarded[]): Guarded[] {
  return [...a, ...b].sort((x, y) => x.rule - y.rule)
}

/** A guard of the kind and place that most rules have; undefined when fewer than `sharedMin` share one. */
function commonestGuard(rules: readonly Guarded[], sharedMin: number): Guard | undefined {
  const counts = new Map<string, { guard: Guard; count: number }>()
  for (const { guards } of rules) {
    for (const [name, guard] of new Map(guards.map((each) => [each.name, each]))) {
      const entry = counts.get(name) ?? { guard, count: 0 }
      entry.count++
      counts.set(name, entry)
    }
  }
  let best: { guard: Guard; count: number } | undefined
  for (const entry of counts.values()) if (entry.count >= sharedMin && entry.count > (best?.count ?? 0)) best = entry
  return best?.guard
}
