/**
 * Set algebra: `&`, `|`, `union`, `intersection`, and the older `set_diff`.
 */
import { RegoSet, type Value } from '../value.ts'
import { difference } from './arithmetic.ts'
import type { Builtin } from './builtin.ts'
import { setOperand } from './operands.ts'

function intersect(x: RegoSet, y: RegoSet): RegoSet {
  const [small, large] = x.size <= y.size ? [x, y] : [y, x]
  const result = new RegoSet()
  for (const member of small.unsorted()) if (large.has(member)) result.add(member)
  return result
}

function unite(sets: readonly RegoSet[]): RegoSet {
  const result = new RegoSet()
  for (const set of sets) for (const member of set.unsorted()) result.add(member)
  return result
}

function membersAsSets(value: Value): RegoSet[] {
  return setOperand(value, 1)
    .sorted()
    .map((member) => setOperand(member, 1))
}

export const sets: Record<string, Builtin> = {
  and: { run: (_, x, y) => intersect(setOperand(x, 1), setOperand(y, 2)) },
  or: { run: (_, x, y) => unite([setOperand(x, 1), setOperand(y, 2)]) },
  set_diff: { run: (_, x, y) => difference(setOperand(x, 1), setOperand(y, 2)) },
  union: { run: (_, xs) => unite(membersAsSets(xs)) },
  intersection: {
    run: (_, xs) => {
      const [first, ...rest] = membersAsSets(xs)
      return rest.reduce(intersect, first ?? new RegoSet())
    },
  },
}
