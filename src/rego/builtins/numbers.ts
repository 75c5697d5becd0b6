/**
 * `numbers.*`, `bits.*`, `rand.intn`: ranges, two's complement arithmetic on whole numbers of any size, chance.
 */
import type { NumberValue } from '../number.ts'
import type { Value } from '../value.ts'
import { type Builtin, type BuiltinContext, BuiltinError, operandError } from './builtin.ts'
import { bitLength, fromBigInt, integerDigitsMax } from './integers.ts'
import { checkElements } from './limits.ts'
import { bigIntOperand, intOperand, limitError, stringOperand } from './operands.ts'

function range(context: BuiltinContext, first: Value, last: Value, step: bigint): NumberValue[] {
  const from = bigIntOperand(first, 1)
  const to = bigIntOperand(last, 2)
  const distance = from <= to ? to - from : from - to
  const count = distance / step + 1n
  checkElements(count)
  context.charge(Number(count))
  const signed = from <= to ? step : -step
  const end = from + signed * (count - 1n)
  const list = new Array<NumberValue>(Number(count))
  if (Number.isSafeInteger(Number(from)) && Number.isSafeInteger(Number(end))) {
    for (let i = 0; i < list.length; i++) list[i] = Number(from) + i * Number(signed)
  } else {
    for (let i = 0; i < list.length; i++) list[i] = fromBigInt(from + BigInt(i) * signed)
  }
  return list
}

function rangeStep(context: BuiltinContext, first: Value, last: Value, step: Value): NumberValue[] {
  bigIntOperand(first, 1)
  bigIntOperand(last, 2)
  const size = bigIntOperand(step, 3)
  if (size <= 0n) throw new BuiltinError('numbers.range_step: step must be a positive integer')
  return range(context, first, last, size)
}

function randomBelow(context: BuiltinContext, seed: Value, limit: Value): NumberValue {
  const name = stringOperand(seed, 1)
  const below = Math.abs(intOperand(limit, 2))
  if (below === 0) return 0
  const key = `rand.intn:${below}:${name}`
  const known = context.session.get(key)
  if (known !== undefined) return known as NumberValue
  const bytes = context.random(8)
  const random = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0) >> 1n
  const value = fromBigInt(random % BigInt(below))
  context.session.set(key, value)
  return value
}

function shift(value: Value, by: Value, left: boolean): NumberValue {
  const number = bigIntOperand(value, 1)
  const bits = bigIntOperand(by, 2)
  if (bits < 0n) throw operandError(2, 'must be an unsigned integer number but got a negative integer')
  if (!left) return fromBigInt(bits > BigInt(bitLength(number)) ? (number < 0n ? -1n : 0n) : number >> bits)
  if (bits > BigInt(integerDigitsMax) * 4n) throw limitError(`a shift by ${bits} bits`, `${integerDigitsMax * 4} bits`)
  return fromBigInt(number << bits)
}

export const numbers: Record<string, Builtin> = {
  'numbers.range': { run: (context, a, b) => range(context, a, b, 1n) },
  'numbers.range_step': { run: (context, a, b, step) => rangeStep(context, a, b, step) },
  'rand.intn': { nondeterministic: true, run: (context, seed, limit) => randomBelow(context, seed, limit) },
  'bits.and': { run: (_, x, y) => fromBigInt(bigIntOperand(x, 1) & bigIntOperand(y, 2)) },
  'bits.or': { run: (_, x, y) => fromBigInt(bigIntOperand(x, 1) | bigIntOperand(y, 2)) },
  'bits.xor': { run: (_, x, y) => fromBigInt(bigIntOperand(x, 1) ^ bigIntOperand(y, 2)) },
  'bits.negate': { run: (_, x) => fromBigInt(~bigIntOperand(x, 1)) },
  'bits.lsh': { run: (_, x, by) => shift(x, by, true) },
  'bits.rsh': { run: (_, x, by) => shift(x, by, false) },
}
