/** Ways through a plan that passes over it share: its procedures, the blocks inside a statement, what a statement reads, and copies with other blocks. */
import type { Block, Operand, Plan, Procedure, Statement, Temp } from './ir.ts'

export function proceduresOf({ query, value, entries, groups }: Plan): readonly Procedure[] {
  const ofGroups = groups.flatMap(({ variants, existences }) => [
    ...[...variants.values()].flatMap(({ procedures, fallbacks }) => [...procedures, ...fallbacks]),
    ...existences.flatMap(({ procedures }) => procedures),
  ])
  return [query, ...(value === undefined ? [] : [value]), ...entries, ...ofGroups]
}

export function innerBlocks(statement: Statement): Block[] {
  if (statement.op === 'and' || statement.op === 'or') return [statement.left, statement.right]
  if (statement.op === 'indexed') return [statement.body, statement.filed, statement.keys]
  return 'body' in statement ? [statement.body] : []
}

/** The statement with each of its inner blocks changed. */
export function withBlocks(statement: Statement, change: (block: Block) => Block): Statement {
  if (statement.op === 'and' || statement.op === 'or')
    return { ...statement, left: change(statement.left), right: change(statement.right) }
  if (statement.op === 'indexed') {
    const { body, filed, keys } = statement
    return { ...statement, body: change(body), filed: change(filed), keys: change(keys) }
  }
  return 'body' in statement ? { ...statement, body: change(statement.body) } : statement
}

/** Every statement of a block and of the blocks inside it, in order. */
export function* statementsOf(block: Block): Generator<Statement> {
  for (const statement of block) {
    yield statement
    for (const inner of innerBlocks(statement)) yield* statementsOf(inner)
  }
}

/** The temporaries that a statement itself reads, inner blocks left out. A cursor's `source` is no value and does not count. */
export function tempsRead(statement: Statement): Temp[] {
  if (statement.op === 'print') return [...statement.args]
  const found: Temp[] = []
  const operand = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) value.forEach(operand)
    else if (isTemp(value)) found.push(value.id)
    else if ('value' in value && !('kind' in value && value.kind === 'constant')) operand(value.value)
  }
  const blocks: readonly unknown[] = innerBlocks(statement)
  for (const [field, value] of Object.entries(statement)) if (field !== 'at' && !blocks.includes(value)) operand(value)
  return found
}

/** The statements that read each temporary of a procedure. */
export type Uses = ReadonlyMap<Temp, readonly Statement[]>

export function usesOf({ clauses }: Procedure): Uses {
  const uses = new Map<Temp, Statement[]>()
  for (const clause of clauses)
    for (const statement of statementsOf(clause))
      for (const temp of new Set(tempsRead(statement))) {
        const known = uses.get(temp)
        if (known === undefined) uses.set(temp, [statement])
        else known.push(statement)
      }
  return uses
}

function isTemp(value: unknown): value is Extract<Operand, { kind: 'temp' }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'temp'
}
