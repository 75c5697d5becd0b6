/**
 * Whole numbers of any size as bigints, and back. Bounded, because a policy can square a number again and again.
 */
import { integer, type NumberValue, toDecimal } from '../number.ts'
import { BuiltinError } from './builtin.ts'

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
  return value === 0n ? 0 : (value < 0n ? -value : value).toString(16).length * 4 - leadingZeros(value)
}

function leadingZeros(value: bigint): number {
  const top = Number.parseInt((value < 0n ? -value : value).toString(16).slice(0, 1), 16)
  return Math.clz32(top) - 28
}
