/**
 * Exact decimal numbers. A Rego number is the decimal that was written, of any size: most are JS numbers, whole numbers beyond 2^53-1 are
 * bigints, and what neither holds exactly is a `Decimal`. This file converts between the three, compares them and prints them; arithmetic
 * lives with the builtins.
 */

/** What `JSON.rawJSON(text)` makes: input may carry a number of any precision this way, and output gives it back this way. */
export interface RawNumber {
  readonly rawJSON: string
}

/** Every form a number takes. A JS number stands for the decimal that `String` prints for it, so `0.1` is one tenth exactly. */
export type NumberValue = number | bigint | Decimal | RawNumber

interface RawJson {
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
}

const rawJson = JSON as unknown as RawJson

/** Whole numbers up to this many digits are kept as bigint; longer ones (`1e100000`) stay coefficient and exponent, so that text cannot buy memory. */
const integerDigitsMax = 4096

/** The least whole number with more digits than any double prints. */
const digitsOfDouble = 10n ** 17n

/** An exact decimal: `coefficient` times ten to the `exponent`; the coefficient is never a multiple of ten, so equal numbers have equal fields. */
export class Decimal {
  readonly coefficient: bigint
  readonly exponent: number

  constructor(coefficient: bigint, exponent: number) {
    this.coefficient = coefficient
    this.exponent = exponent
  }
}

/** Whether an object read from input is a `JSON.rawJSON` number. */
export function isRawNumber(value: unknown): value is RawNumber {
  // Raw numbers have no prototype; asking for that is many times cheaper than asking whether an object is one of them.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== null) return false
  return rawJson.isRawJSON(value)
}

const decimalText = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

/** The number that a text in JSON's or Rego's notation writes, or undefined when the text is not a number. */
export function parseNumber(text: string): NumberValue | undefined {
  const quick = Number(text)
  if (Number.isSafeInteger(quick) && String(quick) === text) return quick
  const exact = parseDecimal(text)
  if (exact === undefined) return undefined
  // A large whole number written with an exponent is printed so again, as OPA does; digits written out stay digits.
  if (exact.exponent > 0 && /[eE]/.test(text) && !Number.isSafeInteger(quick)) return exact
  return narrow(exact)
}

function parseDecimal(text: string): Decimal | undefined {
  const parts = decimalText.exec(text)
  if (parts === null) return undefined
  const whole = parts[2] ?? ''
  const fraction = parts[3] ?? ''
  if (whole.length + fraction.length === 0) return undefined
  const exponent = Number(parts[4] ?? '0')
  if (!Number.isSafeInteger(exponent)) return undefined
  const magnitude = BigInt(whole + fraction)
  return decimal(parts[1] === '-' ? -magnitude : magnitude, exponent - fraction.length)
}

/** The exact decimal `coefficient * 10^exponent`, with trailing zeros moved into the exponent. */
export function decimal(coefficient: bigint, exponent: number): Decimal {
  if (coefficient === 0n) return new Decimal(0n, 0)
  let digits = coefficient
  let power = exponent
  while (digits % 10n === 0n) {
    digits /= 10n
    power += 1
  }
  return new Decimal(digits, power)
}

/** The exact decimal that any form of number stands for. */
export function toDecimal(value: NumberValue): Decimal {
  if (value instanceof Decimal) return value
  if (typeof value === 'bigint') return decimal(value, 0)
  const text = typeof value === 'number' ? String(value) : value.rawJSON
  const exact = parseDecimal(text)
  if (exact === undefined) throw new RangeError(`\`${text}\` is not a decimal number`)
  return exact
}

/** The plainest form that holds a decimal exactly: a JS number, else a bigint for a whole number, else the decimal itself. */
export function narrow(value: Decimal): NumberValue {
  const { coefficient, exponent } = value
  if (exponent >= 0) {
    if (exponent + digitCount(coefficient) > integerDigitsMax) return value
    return integer(coefficient * 10n ** BigInt(exponent))
  }
  // What a double prints has 17 digits at most.
  if (coefficient >= digitsOfDouble || coefficient <= -digitsOfDouble) return value
  const near = Number(`${coefficient}e${exponent}`)
  if (!Number.isFinite(near) || near === 0) return value
  return sameDecimal(toDecimal(near), value) ? near : value
}

/** A whole number in its plainest form: a JS number up to 2^53-1 in size, a bigint beyond. */
export function integer(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value
}

function sameDecimal(a: Decimal, b: Decimal): boolean {
  return a.exponent === b.exponent && a.coefficient === b.coefficient
}

function digitCount(coefficient: bigint): number {
  return String(coefficient < 0n ? -coefficient : coefficient).length
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`; exact for every form. */
export function compareNumbers(a: NumberValue, b: NumberValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0
  return compareDecimals(toDecimal(a), toDecimal(b))
}

function compareDecimals(a: Decimal, b: Decimal): number {
  const signA = a.coefficient < 0n ? -1 : a.coefficient > 0n ? 1 : 0
  const signB = b.coefficient < 0n ? -1 : b.coefficient > 0n ? 1 : 0
  if (signA !== signB) return signA - signB
  if (signA === 0) return 0
  // The number of digits before the point decides first: aligning 1e100000000 with 1 would need a hundred million digits.
  const topA = digitCount(a.coefficient) + a.exponent
  const topB = digitCount(b.coefficient) + b.exponent
  if (topA !== topB) return topA < topB ? -signA : signA
  const low = Math.min(a.exponent, b.exponent)
  const alignedA = a.coefficient * 10n ** BigInt(a.exponent - low)
  const alignedB = b.coefficient * 10n ** BigInt(b.exponent - low)
  return alignedA < alignedB ? -1 : alignedA > alignedB ? 1 : 0
}

/** The number as JSON text: the shortest text of the decimal. */
export function numberText(value: NumberValue): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'bigint') return String(value)
  if (!(value instanceof Decimal)) return value.rawJSON
  const { coefficient, exponent } = value
  const sign = coefficient < 0n ? '-' : ''
  const digits = String(coefficient < 0n ? -coefficient : coefficient)
  const top = digits.length + exponent
  if (exponent < 0 && top > -6 && top <= 21) {
    if (top > 0) return `${sign}${digits.slice(0, top)}.${digits.slice(top)}`
    return `${sign}0.${'0'.repeat(-top)}${digits}`
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  return `${sign}${digits[0]}${fraction}e${top - 1}`
}

/** A text that two numbers share exactly when they are equal, whatever their forms. */
export function numberKey(value: NumberValue): string {
  if (typeof value === 'number' && (Number.isSafeInteger(value) || !Number.isInteger(value)))
    return value === 0 ? '0' : String(value)
  if (typeof value === 'bigint') return String(value)
  const plain = narrow(toDecimal(value))
  if (plain instanceof Decimal) return `${plain.coefficient}e${plain.exponent}`
  return typeof plain === 'object' ? plain.rawJSON : String(plain)
}

/** The number as `JSON.stringify` can print it without loss: a JS number, a bigint, or `JSON.rawJSON`. */
export function numberToJson(value: NumberValue): number | bigint | RawNumber {
  if (!(value instanceof Decimal)) return value
  const plain = narrow(value)
  return plain instanceof Decimal ? rawJson.rawJSON(numberText(value)) : plain
}
