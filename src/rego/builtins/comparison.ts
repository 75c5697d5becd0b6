/**
 * `== != < <= > >=`: equality and the total order of values. The compiler inlines them where it knows the types; these serve everything else, such as
 * `with` naming one as a replacement.
 */
import { compare, equal } from '../value.ts'
import type { Builtin } from './builtin.ts'

export const comparison: Record<string, Builtin> = {
  equal: { run: (_, x, y) => equal(x, y) },
  neq: { run: (_, x, y) => !equal(x, y) },
  lt: { run: (_, x, y) => compare(x, y) < 0 },
  lte: { run: (_, x, y) => compare(x, y) <= 0 },
  gt: { run: (_, x, y) => compare(x, y) > 0 },
  gte: { run: (_, x, y) => compare(x, y) >= 0 },
}
