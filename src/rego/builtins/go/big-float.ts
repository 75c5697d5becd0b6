/**
 * Binary floating point of 64 bits of mantissa (or as many as asked for), rounded to nearest even, as Go's `math/big.Float` works: what OPA computes
 * fractions with. `0.1 + 0.2` is 0.3 here, and one third has 19 digits. Values go in and come out as exact decimals.
 */
import { Decimal, decimal, type NumberValue, narrow, toDecimal } from '../../number.ts'
import { BuiltinError } from '../builtin.ts'
import { bitLength } from '../integers.ts'

/** `mantissa * 2^exponent`; the mantissa has at most as many bits as the precision it was rounded to. */
export interface BigFloat {
  readonly mantissa: bigint
  readonly exponent: number
}

/** Bits of mantissa that a number read from text has. */
export const precisionDefault = 64

/** The largest power of ten, either way, that is worked on: its exact form has about as many digits. */
const exponentMax = 10_000

/** The nearest float. */
export function toBigFloat(value: NumberValue, precision: number = precisionDefault): BigFloat {
  const { coefficient, exponent } = toDecimal(value)
  if (Math.abs(exponent) > exponentMax) {
    throw new BuiltinError(
      `a number with the exponent ${exponent} exceeds the limit of ${exponentMax} for arithmetic with fractions`,
      {
        halts: true,
      },
    )
  }
  if (exponent >= 0) return round(coefficient * powerOf(tens, exponent), 0, precision)
  return divide(coefficient, powerOf(tens, -exponent), 0, precision)
}

/** `mantissa * 2^exponent` rounded to `precision` bits. */
export function round(mantissa: bigint, exponent: number, precision: number): BigFloat {
  const excess = bitLength(mantissa) - precision
  if (excess <= 0) return { mantissa, exponent }
  const sign = mantissa < 0n ? -1n : 1n
  const size = mantissa * sign
  const shift = BigInt(excess)
  let kept = size >> shift
  const rest = size - (kept << shift)
  const half = 1n << (shift - 1n)
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n
  return { mantissa: kept * sign, exponent: exponent + excess }
}

/** `dividend / divisor * 2^exponent` rounded to `precision` bits; the divisor is not zero. */
function divide(dividend: bigint, divisor: bigint, exponent: number, precision: number): BigFloat {
  const shift = Math.max(0, precision + 2 + bitLength(divisor) - bitLength(dividend))
  const scaled = dividend << BigInt(shift)
  const quotient = scaled / divisor
  // A sticky bit below the rounding point stands for everything that the division left over.
  const sticky = scaled % divisor === 0n ? 0n : dividend < 0n !== divisor < 0n ? -1n : 1n
  return round(quotient * 2n + sticky, exponent - shift - 1, precision)
}

export function add(a: BigFloat, b: BigFloat, precision: number = precisionDefault): BigFloat {
  const low = Math.min(a.exponent, b.exponent)
  return round((a.mantissa << BigInt(a.exponent - low)) + (b.mantissa << BigInt(b.exponent - low)), low, precision)
}

export function negate(a: BigFloat): BigFloat {
  return { mantissa: -a.mantissa, exponent: a.exponent }
}

export function multiply(a: BigFloat, b: BigFloat, precision: number = precisionDefault): BigFloat {
  return round(a.mantissa * b.mantissa, a.exponent + b.exponent, precision)
}

/** `a / b`; `b` is not zero. */
export function quotient(a: BigFloat, b: BigFloat, precision: number = precisionDefault): BigFloat {
  return divide(a.mantissa, b.mantissa, a.exponent - b.exponent, precision)
}

/** The whole part, rounded towards zero. */
export function truncate(a: BigFloat): bigint {
  if (a.exponent >= 0) return a.mantissa << BigInt(a.exponent)
  return a.mantissa / (1n << BigInt(-a.exponent))
}

/** The number with the fewest digits that reads back as this float at `precision` bits. */
export function fromBigFloat(a: BigFloat, precision: number = precisionDefault): NumberValue {
  if (a.mantissa === 0n) return 0
  const negative = a.mantissa < 0n
  const shortest = shortestDecimal({ mantissa: negative ? -a.mantissa : a.mantissa, exponent: a.exponent }, precision)
  return narrow(negative ? new Decimal(-shortest.coefficient, shortest.exponent) : shortest)
}

/**
 * The shortest decimal strictly between the midpoints to the two neighbours of `a > 0`, or on them when its mantissa is even; the nearer one to `a`
 * where there are two of that length.
 */
function shortestDecimal(a: BigFloat, precision: number): Decimal {
  // In units of half the distance to a neighbour, and then in units of 10^scale.
  const shift = precision + 1 - bitLength(a.mantissa)
  const middle = a.mantissa << BigInt(shift)
  const inclusive = (middle & 2n) === 0n
  const exponent = a.exponent - shift
  const radius = exponent >= 0 ? 1n << BigInt(exponent) : powerOf(fives, -exponent)
  const value = middle * radius
  const low = inclusive ? value - radius : value - radius + 1n
  const high = inclusive ? value + radius : value + radius - 1n
  // A multiple of a power of ten below the radius is always near enough. Where one of the next power is, one of this power is too.
  let cut = Math.max(0, Math.floor(Math.abs(exponent) * Math.log10(exponent >= 0 ? 2 : 5)) - 1)
  let best = value
  for (;;) {
    const unit = powerOf(tens, cut)
    const rest = value % unit
    const down = value - rest
    const up = down + unit
    const upFits = up <= high
    if (down < low && !upFits) break
    const twice = 2n * rest
    const preferUp = twice > unit || (twice === unit && ((down / unit) & 1n) === 1n)
    best = upFits && (preferUp || down < low) ? up : down
    cut++
  }
  // What the last unit divides needs no search for zeros.
  const whole = Math.max(0, cut - 1)
  return decimal(best / powerOf(tens, whole), Math.min(exponent, 0) + whole)
}

const tens: bigint[] = [1n]
const fives: bigint[] = [1n]

/** Powers that are kept: those of numbers that occur. */
const powersMax = 128

/** A power of the base whose powers a list holds. */
function powerOf(list: bigint[], exponent: number): bigint {
  const base = list === tens ? 10n : 5n
  if (exponent >= powersMax) return base ** BigInt(exponent)
  while (list.length <= exponent) list.push((list.at(-1) as bigint) * base)
  return list[exponent] as bigint
}
