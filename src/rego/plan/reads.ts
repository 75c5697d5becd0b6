/**
 * The places of the input that a plan can read. A temporary that literal keys have led to from the input stands for that place; any use of it
 * but a further literal key reads everything below.
 */
import type { Block, Plan, Procedure, Statement, Temp } from './ir.ts'
import { innerBlocks, proceduresOf, tempsRead } from './walk.ts'

/** Places, each with everything below it, shortest first; none is below another. `[[]]` is the whole input, `[]` nothing of it. */
export function readsOf(plan: Plan): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>()
  for (const procedure of proceduresOf(plan))
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

function withoutCovered(paths: readonly (readonly string[])[]): (readonly string[])[] {
  const sorted = [...paths].sort((a, b) => a.length - b.length)
  const kept: (readonly string[])[] = []
  for (const path of sorted) {
    if (!kept.some((other) => other.every((key, i) => path[i] === key))) kept.push(path)
  }
  return kept
}
