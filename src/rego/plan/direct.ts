/**
 * The rules that a query asks by itself, as `data.gatehouse.deny` asks the rules of `deny`, and what they are called. What those ask in turn is
 * not among them: it is how they came to what they say.
 */
import type { Program, Rule } from '../program.ts'
import type { Block, Plan } from './ir.ts'

/** A rule as people refer to it. */
export interface RuleRef {
  /** Package and name as far as they are known: `gatehouse.deny`. */
  readonly name: string
  /** The name of its module, as it was given. */
  readonly file: string
  /** The row of the rule, or of its `else`: 1 and up. */
  readonly row: number
  /** `custom.id` of the rule's own annotation, where that is text. */
  readonly id?: string
}

/** The rules that a plan's query asks by itself. Each has a number by its procedure and clause; the number is its place in `rules`. */
export function directRules(
  plan: Plan,
  program: Program,
): { readonly rules: readonly RuleRef[]; numberOf(procedure: number, clause: number): number | undefined } {
  const asked = directGroups(plan)
  const rules: RuleRef[] = []
  const numbers = new Map<string, number>()
  const numberOfRule = new Map<string, number>()
  for (const group of plan.groups) {
    if (!asked.has(group.id)) continue
    for (const { procedures, fallbacks } of group.variants.values())
      for (const { id, rule } of [...procedures, ...fallbacks])
        for (const [clause, { at }] of (rule?.clauses ?? []).entries()) {
          if (rule === undefined) continue
          // Variants of a group plan the same rule again.
          const place = `${rule.module} ${at.start} ${clause}`
          const number = numberOfRule.get(place) ?? rules.push(ruleRef(program, rule, clause)) - 1
          numberOfRule.set(place, number)
          numbers.set(`${id} ${clause}`, number)
        }
  }
  return { rules, numberOf: (procedure, clause) => numbers.get(`${procedure} ${clause}`) }
}

export function ruleRef(program: Program, rule: Rule, clause: number): RuleRef {
  const own = rule.annotations.find(({ scope }) => scope === 'rule')
  const id = own?.custom?.id
  const name = rule.path.join('.')
  const file = program.files[rule.module]?.file ?? ''
  const { row } = rule.clauses[clause]?.at ?? rule.at
  return typeof id === 'string' && id !== '' ? { name, file, row, id } : { name, file, row }
}

function directGroups(plan: Plan): ReadonlySet<number> {
  const found = new Set<number>()
  const below = (path: readonly string[]): void => {
    const tree = plan.trees.find(
      (each) => each.path.length === path.length && path.every((key, i) => each.path[i] === key),
    )
    for (const { name, group } of tree?.children ?? []) {
      if (group === undefined) below([...path, name])
      else found.add(group)
    }
  }
  const visit = (block: Block): void => {
    for (const statement of block) {
      if (statement.op === 'document') found.add(statement.group)
      if (statement.op === 'tree') below(statement.path)
      if ('body' in statement) visit(statement.body)
      if (statement.op === 'and' || statement.op === 'or') {
        visit(statement.left)
        visit(statement.right)
      }
    }
  }
  for (const { clauses } of plan.value === undefined ? [plan.query] : [plan.query, plan.value]) clauses.forEach(visit)
  return found
}

/** A rule's name as text: `gatehouse.deny#orders.amount` with an id, else `gatehouse.deny`. */
export function ruleName({ name, id }: Pick<RuleRef, 'name' | 'id'>): string {
  return id === undefined ? name : `${name}#${id}`
}
