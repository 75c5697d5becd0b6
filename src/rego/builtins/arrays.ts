/**
 * `array.*`.
 */
import type { Value } from '../value.ts'
import type { Builtin } from './builtin.ts'
import { arrayOperand, intOperand } from './operands.ts'

function slice(array: Value, start: Value, stop: Value): Value[] {
  const list = arrayOperand(array, 1)
  const from = intOperand(start, 2)
  const to = Math.min(Math.max(intOperand(stop, 3), 0), list.length)
  return list.slice(Math.min(Math.max(from, 0), to), to)
}

export const arrays: Record<string, Builtin> = {
  'array.concat': { run: (_, x, y) => arrayOperand(x, 1).concat(arrayOperand(y, 2)) },
  'array.flatten': { run: (_, array) => arrayOperand(array, 1).flat(1) as Value[] },
  'array.reverse': { run: (_, array) => arrayOperand(array, 1).toReversed() },
  'array.slice': { run: (_, array, start, stop) => slice(array, start, stop) },
}
