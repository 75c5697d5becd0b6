/**
 * Whole numbers of any size as bigints, and back. Bounded, because a policy can square a number again and again.
 */
import { integer, type NumberValue, toDecimal } from '../number.ts'
import { BuiltinError } from './builtin.ts'
import { exponentOf, isPowerOfTwo } from './go/short-decimal.ts'

/** Digits of the largest whole number that arithmetic works on: multiplying two of them takes about a millisecond. */
export const integerDigitsMax = 40_000

const integerBitsMax = Math.ceil(integerDigitsMax * Math.log2(10))

/** The whole number that a number is exactly, or undefined when it has a fraction. */
export function toBigInt(value: NumberValue): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  const { coefficient, exponent } = toDecimal(value)
  if (exponent < 0) return undefined
  if (exponent > integerDigitsMax) throw tooLarge()
  return coefficient * 10n ** BigInt(exponent)
}

/** The result of arithmetic on whole numbers as a Rego number. */
export function fromBigInt(value: bigint): NumberValue {
  if (value >= -9007199254740991n && value <= 9007199254740991n) return Number(value)
  if (BigInt.asIntN(integerBitsMax, value) !== value) throw tooLarge()
  return integer(value)
}

function tooLarge(): BuiltinError {
  return new BuiltinError(`the number has more than ${integerDigitsMax} digits, which is the limit for arithmetic`, {
    halts: true,
  })
}

/** How many bits the absolute value has. */
export function bitLength(value: bigint): number {
  const size = value < 0n ? -value : value
  const near = Number(size)
  if (near === 0) return 0
  if (near === Number.POSITIVE_INFINITY) return hexadecimalBits(size)
  // Only at a power of two can the nearest double have one bit more than the number itself.
  const bits = exponentOf(near)
  return isPowerOfTwo(near) && near > size ? bits : bits + 1
}

function hexadecimalBits(size: bigint): number {
  const text = size.toString(16)
  return text.length * 4 - (Math.clz32(Number.parseInt(text.slice(0, 1), 16)) - 28)
}
