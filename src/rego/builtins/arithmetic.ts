/**
 * `+ - * / %` and rounding. Whole numbers are exact at any size; fractions are computed as Go's big floats of 64 bits. JS integers and short
 * decimals whose result is one too never leave JS arithmetic.
 */
import { compareNumbers, type NumberValue } from '../number.ts'
import { isNumber, RegoSet, typeName, type Value } from '../value.ts'
import { type Builtin, BuiltinError, operandTypeError } from './builtin.ts'
import {
  add,
  type BigFloat,
  fromBigFloat,
  multiply,
  negate,
  precisionDefault,
  quotient,
  round as roundBits,
  toBigFloat,
  truncate,
} from './go/big-float.ts'
import { addShort, divideShort, multiplyShort, roundShort } from './go/short-decimal.ts'
import { bitLength, fromBigInt, toBigInt } from './integers.ts'
import { numberOperand } from './operands.ts'

/** One operation in its forms: on whole JS numbers, on short decimals, on bigints, on floats. */
interface Operation {
  readonly small: (x: number, y: number) => number
  /** Undefined where the result is not proven to be a short decimal. */
  readonly short: (x: number, y: number) => number | undefined
  readonly whole: (x: bigint, y: bigint) => bigint
  readonly float: (x: BigFloat, y: BigFloat) => BigFloat
}

const addition: Operation = {
  small: (x, y) => x + y,
  short: addShort,
  whole: (x, y) => x + y,
  float: (x, y) => add(x, y),
}
const subtraction: Operation = {
  small: (x, y) => x - y,
  short: (x, y) => addShort(x, -y),
  whole: (x, y) => x - y,
  float: (x, y) => add(x, negate(y)),
}
const multiplication: Operation = {
  small: (x, y) => x * y,
  short: multiplyShort,
  whole: (x, y) => x * y,
  float: (x, y) => multiply(x, y),
}

function apply(operation: Operation, x: NumberValue, y: NumberValue): NumberValue {
  if (typeof x === 'number' && typeof y === 'number') {
    if (Number.isSafeInteger(x) && Number.isSafeInteger(y)) {
      const small = operation.small(x, y)
      if (Number.isSafeInteger(small)) return small + 0
    } else {
      const short = operation.short(x, y)
      if (short !== undefined) return short
    }
  }
  const wholeX = toBigInt(x)
  const wholeY = wholeX === undefined ? undefined : toBigInt(y)
  if (wholeX !== undefined && wholeY !== undefined) return fromBigInt(operation.whole(wholeX, wholeY))
  return fromBigFloat(operation.float(toBigFloat(x), toBigFloat(y)))
}

function minus(x: Value, y: Value): Value {
  if (isNumber(x)) {
    if (isNumber(y)) return apply(subtraction, x, y)
    throw operandTypeError(2, typeName(y), ['number'])
  }
  if (x instanceof RegoSet) {
    if (y instanceof RegoSet) return difference(x, y)
    throw operandTypeError(2, typeName(y), [isNumber(y) ? 'set' : 'number'])
  }
  throw operandTypeError(1, typeName(x), ['number', 'set'])
}

/** The members of `x` that are not in `y`. */
export function difference(x: RegoSet, y: RegoSet): RegoSet {
  const result = new RegoSet()
  for (const member of x.unsorted()) if (!y.has(member)) result.add(member)
  return result
}

function divide(x: Value, y: Value): NumberValue {
  const dividend = numberOperand(x, 1)
  const divisor = numberOperand(y, 2)
  if (compareNumbers(divisor, 0) === 0) throw new BuiltinError('divide by zero')
  if (Number.isSafeInteger(dividend) && Number.isSafeInteger(divisor)) {
    const small = (dividend as number) / (divisor as number)
    if (Number.isSafeInteger(small) && small * (divisor as number) === dividend) return small + 0
    const short = divideShort(dividend as number, divisor as number)
    if (short !== undefined) return short
  }
  return fromBigFloat(quotient(toBigFloat(dividend), toBigFloat(divisor)))
}

function remainder(x: Value, y: Value): NumberValue {
  const dividend = numberOperand(x, 1)
  const divisor = numberOperand(y, 2)
  if (Number.isSafeInteger(dividend) && Number.isSafeInteger(divisor) && divisor !== 0) {
    return ((dividend as number) % (divisor as number)) + 0
  }
  const wholeX = toBigInt(dividend)
  const wholeY = toBigInt(divisor)
  if (wholeX === undefined || wholeY === undefined) throw new BuiltinError('modulo on floating-point number')
  if (wholeY === 0n) throw new BuiltinError('modulo by zero')
  return fromBigInt(wholeX % wholeY)
}

/** A whole number as a float has its own number of bits, and at least 64. */
function wholeFloat(value: bigint): { float: BigFloat; precision: number } {
  return { float: { mantissa: value, exponent: 0 }, precision: Math.max(precisionDefault, bitLength(value)) }
}

const half: BigFloat = { mantissa: 1n, exponent: -1 }

function fromWhole(value: bigint): NumberValue {
  const { float, precision } = wholeFloat(value)
  return fromBigFloat(float, precision)
}

/** Whether a JS number has a fraction: as the decimal that it stands for it lies between the same whole numbers as the double itself. */
function hasFraction(x: Value): x is number {
  return typeof x === 'number' && !Number.isInteger(x)
}

function absolute(x: Value): NumberValue {
  if (Number.isSafeInteger(x) || hasFraction(x)) return Math.abs(x as number)
  const float = toBigFloat(numberOperand(x, 1))
  return fromBigFloat(float.mantissa < 0n ? negate(float) : float)
}

function rounded(x: Value): NumberValue {
  if (Number.isSafeInteger(x)) return x as number
  const short = hasFraction(x) ? roundShort(x) : undefined
  if (short !== undefined) return short
  const float = toBigFloat(numberOperand(x, 1))
  return fromWhole(truncate(add(float, float.mantissa < 0n ? negate(half) : half)))
}

/** OPA's `ceil` and `floor` step by one from the number cut towards zero unless the cut number has the sign they look for; 0 counts as positive. */
function stepped(x: Value, keep: (whole: bigint | number) => boolean, step: 1 | -1): NumberValue {
  if (Number.isSafeInteger(x)) return x as number
  if (hasFraction(x)) {
    const cut = Math.trunc(x) + 0
    return keep(cut) ? cut : cut + step
  }
  const float = toBigFloat(numberOperand(x, 1))
  const whole = truncate(float)
  const exact = float.exponent >= 0 || whole << BigInt(-float.exponent) === float.mantissa
  if (keep(whole) || exact) return fromWhole(whole)
  const { precision } = wholeFloat(whole)
  return fromBigFloat(roundBits(whole + BigInt(step), 0, precision), precision)
}

export const arithmetic: Record<string, Builtin> = {
  plus: { run: (_, x, y) => apply(addition, numberOperand(x, 1), numberOperand(y, 2)) },
  minus: { run: (_, x, y) => minus(x, y) },
  mul: { run: (_, x, y) => apply(multiplication, numberOperand(x, 1), numberOperand(y, 2)) },
  div: { run: (_, x, y) => divide(x, y) },
  rem: { run: (_, x, y) => remainder(x, y) },
  abs: { run: (_, x) => absolute(x) },
  round: { run: (_, x) => rounded(x) },
  ceil: { run: (_, x) => stepped(x, (whole) => whole < 0, 1) },
  floor: { run: (_, x) => stepped(x, (whole) => whole >= 0, -1) },
}

/** The sum of numbers, exact when all are whole. */
export function sum(numbers: readonly NumberValue[]): NumberValue {
  return fold(numbers, 0, addition, precisionDefault)
}

/** The product of numbers, exact when all are whole, else in the 53 bits that OPA starts with. */
export function product(numbers: readonly NumberValue[]): NumberValue {
  return fold(numbers, 1, { ...multiplication, float: (x, y) => multiply(x, y, 53) }, 53)
}

function fold(numbers: readonly NumberValue[], first: number, operation: Operation, precision: number): NumberValue {
  let small = first
  let at = 0
  for (; at < numbers.length; at++) {
    const item = numbers[at] as NumberValue
    const next = typeof item === 'number' && Number.isSafeInteger(item) ? operation.small(small, item) : Number.NaN
    if (!Number.isSafeInteger(next)) break
    small = next
  }
  if (at === numbers.length) return small + 0
  let whole: bigint | undefined = BigInt(small)
  for (const item of numbers.slice(at)) {
    const next = toBigInt(item)
    whole = next === undefined ? undefined : operation.whole(whole, next)
    if (whole === undefined) break
    if (bitLength(whole) > 200_000) fromBigInt(whole)
  }
  if (whole !== undefined) return fromBigInt(whole)
  const short = precision === precisionDefault ? foldShort(numbers, first, operation) : undefined
  if (short !== undefined) return short
  let float = roundBits(BigInt(first), 0, precision)
  for (const item of numbers) float = operation.float(float, toBigFloat(item))
  return fromBigFloat(float, precision)
}

/** As long as every step is a short decimal: printing a float and reading it back changes nothing, so steps may be taken one by one. */
function foldShort(numbers: readonly NumberValue[], first: number, operation: Operation): number | undefined {
  let short: number | undefined = first
  for (const item of numbers) {
    short = typeof item === 'number' ? operation.short(short, item) : undefined
    if (short === undefined) return undefined
  }
  return short
}
