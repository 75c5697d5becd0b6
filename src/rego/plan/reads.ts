/**
 * The places of the input that a plan can read. A temporary that literal keys have led to from the input stands for that place; any use of it
 * but a further literal key reads everything below.
 */
import type { Block, Operand, Plan, Procedure, Statement, Temp } from './ir.ts'

/** Places, each with everything below it, shortest first; none is below another. `[[]]` is the whole input, `[]` nothing of it. */
export function readsOf(plan: Plan): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>()
  const procedures = [
    plan.query,
    ...(plan.value === undefined ? [] : [plan.value]),
    ...plan.groups.flatMap(({ variants }) =>
      [...variants.values()].flatMap((each) => [...each.procedures, ...each.fallbacks]),
    ),
  ]
  for (const procedure of procedures)
    for (const path of readsOfProcedure(procedure)) found.set(JSON.stringify(path), path)
  return withoutCovered([...found.values()])
}

function readsOfProcedure({ clauses }: Procedure): (readonly string[])[] {
  const places = new Map<Temp, readonly string[]>()
  const passedThrough = new Set<Temp>()
  const used = new Set<Temp>()
  const visit = (block: Block): void => {
    for (const statement of block) {
      const narrowed = narrowing(statement, places)
      if (narrowed === undefined) for (const temp of tempsRead(statement)) used.add(temp)
      else {
        if (narrowed.from !== undefined) passedThrough.add(narrowed.from)
        places.set(narrowed.target, narrowed.path)
      }
      for (const inner of innerBlocks(statement)) visit(inner)
    }
  }
  for (const clause of clauses) visit(clause)
  // A place that nothing goes on from is read for whether it is there.
  return [...places].filter(([temp]) => used.has(temp) || !passedThrough.has(temp)).map(([, path]) => path)
}

/** A statement that only goes to a place of the input, or deeper into one. */
function narrowing(
  statement: Statement,
  places: ReadonlyMap<Temp, readonly string[]>,
): { readonly target: Temp; readonly path: readonly string[]; readonly from?: Temp } | undefined {
  if (statement.op === 'input') return { target: statement.target, path: [] }
  if (statement.op !== 'get' || statement.source.kind !== 'temp') return undefined
  const place = places.get(statement.source.id)
  const { key } = statement
  if (place === undefined || key.kind !== 'constant' || typeof key.value !== 'string') return undefined
  return { target: statement.target, path: [...place, key.value], from: statement.source.id }
}

function innerBlocks(statement: Statement): Block[] {
  if (statement.op === 'and' || statement.op === 'or') return [statement.left, statement.right]
  return 'body' in statement ? [statement.body] : []
}

/** The temporaries that a statement itself reads, inner blocks left out. */
function tempsRead(statement: Statement): Temp[] {
  const found: Temp[] = []
  const operand = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) value.forEach(operand)
    else if (isTemp(value)) found.push(value.id)
    else if ('value' in value && !('kind' in value && value.kind === 'constant')) operand(value.value)
  }
  const logical = statement.op === 'and' || statement.op === 'or'
  for (const [field, value] of Object.entries(statement)) {
    const block = field === 'body' || (logical && (field === 'left' || field === 'right'))
    if (!block && field !== 'at') operand(value)
  }
  return found
}

function isTemp(value: unknown): value is Extract<Operand, { kind: 'temp' }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'temp'
}

function withoutCovered(paths: readonly (readonly string[])[]): (readonly string[])[] {
  const sorted = [...paths].sort((a, b) => a.length - b.length)
  const kept: (readonly string[])[] = []
  for (const path of sorted) {
    if (!kept.some((other) => other.every((key, i) => path[i] === key))) kept.push(path)
  }
  return kept
}
