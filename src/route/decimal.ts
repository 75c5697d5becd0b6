/**
 * Numbers as the decimals that were written, compared exactly: a limit of 9007199254740992 must refuse 9007199254740993, and
 * 0.07 is a multiple of 0.01. Work is bounded by the digits written, never by the size of an exponent.
 */
import { isRawNumber, type Json } from '../model/index.ts'

/** `digits` times ten to the power of `exponent`; zero has exponent 0, and no other has a trailing zero in its digits. */
export interface Decimal {
  readonly digits: bigint
  readonly exponent: bigint
}

/** RFC 8259 section 6, with its parts. */
const numberText = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

export function isNumberText(text: string): boolean {
  return numberText.test(text)
}

/** The decimal of a JSON number in any of its forms; undefined for other values. */
export function decimalOf(value: Json | undefined): Decimal | undefined {
  if (typeof value === 'number') return parseDecimal(String(value))
  if (typeof value === 'bigint') return trimmed(value, 0n)
  return isRawNumber(value) ? parseDecimal(value.rawJSON) : undefined
}

/** Undefined when `text` is not a JSON number. */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = numberText.exec(text)
  if (parts === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  const digits = BigInt(whole + fraction)
  return trimmed(sign === '-' ? -digits : digits, BigInt(exponent) - BigInt(fraction.length))
}

export function isInteger({ exponent }: Decimal): boolean {
  return exponent >= 0n
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const signA = signOf(a.digits)
  const signB = signOf(b.digits)
  if (signA !== signB) return signA - signB
  if (signA === 0) return 0
  // The place of the first digit settles most comparisons; only equal places are brought to one exponent.
  const place = magnitude(a) - magnitude(b)
  if (place !== 0n) return place > 0n ? signA : -signA
  const shift = a.exponent - b.exponent
  const left = shift > 0n ? a.digits * 10n ** shift : a.digits
  const right = shift < 0n ? b.digits * 10n ** -shift : b.digits
  return left < right ? -1 : left > right ? 1 : 0
}

/** Whether `value` is a whole multiple of `step`; `step` is not zero. */
export function isMultiple(value: Decimal, step: Decimal): boolean {
  if (value.digits === 0n) return true
  const shift = value.exponent - step.exponent
  if (shift >= 0n) return (value.digits * powerModulo(10n, shift, step.digits)) % step.digits === 0n
  // The value's last digit is not zero, so it cannot hold more factors of ten than its digits hold of two and five.
  if (-shift > BigInt(digitCount(value.digits)) * 4n) return false
  return value.digits % (step.digits * 10n ** -shift) === 0n
}

function trimmed(digits: bigint, exponent: bigint): Decimal {
  if (digits === 0n) return { digits: 0n, exponent: 0n }
  const text = digits.toString()
  let end = text.length
  while (text.charCodeAt(end - 1) === 0x30) end--
  return end === text.length
    ? { digits, exponent }
    : { digits: BigInt(text.slice(0, end)), exponent: exponent + BigInt(text.length - end) }
}

function magnitude({ digits, exponent }: Decimal): bigint {
  return BigInt(digitCount(digits)) + exponent
}

function digitCount(digits: bigint): number {
  const length = digits.toString().length
  return digits < 0n ? length - 1 : length
}

function signOf(digits: bigint): number {
  return digits > 0n ? 1 : digits < 0n ? -1 : 0
}

function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const m = modulus < 0n ? -modulus : modulus
  let result = 1n % m
  let factor = base % m
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * factor) % m
    factor = (factor * factor) % m
  }
  return result
}
