/**
 * `units.*`: amounts with a unit, such as `10Ki`, as numbers.
 */
import { type NumberValue, parseNumber } from '../number.ts'
import { type Builtin, BuiltinError } from './builtin.ts'
import { multiply, toBigFloat, truncate } from './go/big-float.ts'
import { fromBigInt } from './integers.ts'
import { lower } from './letter-case.ts'
import { limitError, stringOperand } from './operands.ts'

/** The largest exponent of an amount in scientific notation: the exact number has as many digits. */
const exponentMax = 10_000

const powers: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5, e: 6 }

/** What a unit multiplies by, or undefined when it is none: `k` is 1000, `ki` 1024. */
function factorOf(unit: string): bigint | undefined {
  if (unit === '') return 1n
  const power = powers[unit[0] as string]
  if (power === undefined) return undefined
  if (unit.length === 1) return 1000n ** BigInt(power)
  return unit === `${unit[0]}i` ? 1024n ** BigInt(power) : undefined
}

/** The number at the start and everything after it. An `e` is part of the number only when digits or a sign follow. */
function splitAmount(name: string, text: string): { number: string; unit: string } {
  if (text.includes(' ')) throw new BuiltinError(`${name}: spaces not allowed in resource strings`)
  const end = /^(?:[\d.+-]|[eE](?=[\d+-]))*/.exec(text)?.[0].length ?? 0
  const number = text.slice(0, end)
  const exponent = /[eE][+-]?(\d+)/.exec(number)?.[1] ?? ''
  if (exponent.length > 6) throw new BuiltinError(`${name}: exponent too large`)
  if (Number(exponent) > exponentMax) throw limitError(`the exponent ${exponent}`, `${exponentMax}`)
  if (number === '') throw new BuiltinError(`${name}: no ${name === 'units.parse' ? '' : 'byte '}amount provided`)
  return { number, unit: text.slice(end) }
}

/** Digits, and the power of ten of the last one. */
function parseAmount(text: string): { digits: bigint; exponent: number } | undefined {
  const parts = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:[eE]([+-]?\d+))?$/.exec(text)
  if (parts === null) return undefined
  const fraction = parts[3] ?? parts[4] ?? ''
  const size = BigInt((parts[2] ?? '') + fraction)
  return { digits: parts[1] === '-' ? -size : size, exponent: Number(parts[5] ?? '0') - fraction.length }
}

/** 0.001 as the double nearest to it, which is what OPA multiplies by. */
const milli = { numerator: 1152921504606847n, denominator: 1152921504606846976n }

function parseUnits(value: string): NumberValue {
  const { number, unit } = splitAmount('units.parse', value.replaceAll('"', ''))
  // Only the first letter tells `m` (milli) from `M` (mega).
  const kind = unit.slice(0, 1) + lower(unit.slice(1))
  const factor = kind === 'm' ? undefined : factorOf(lower(kind))
  if (factor === undefined && kind !== 'm') throw new BuiltinError(`units.parse: unit ${kind} not recognized`)
  const amount = parseAmount(number)
  if (amount === undefined) throw new BuiltinError('units.parse: could not parse amount to a number')
  const { digits, exponent } = amount
  const scale = 10n ** BigInt(Math.abs(exponent))
  const numerator = digits * (factor ?? milli.numerator) * (exponent > 0 ? scale : 1n)
  const denominator = (factor === undefined ? milli.denominator : 1n) * (exponent < 0 ? scale : 1n)
  if (numerator % denominator === 0n) return fromBigInt(numerator / denominator)
  return tenDecimals(numerator, denominator)
}

/** The fraction rounded to ten decimals, halves away from zero. */
function tenDecimals(numerator: bigint, denominator: bigint): NumberValue {
  const negative = numerator < 0n
  const scaled = (negative ? -numerator : numerator) * 10n ** 10n
  const rounded = (scaled * 2n + denominator) / (denominator * 2n)
  return parseNumber(`${negative ? '-' : ''}${rounded}e-10`) ?? 0
}

function parseBytes(value: string): NumberValue {
  const { number, unit } = splitAmount('units.parse_bytes', lower(value).replaceAll('"', ''))
  const factor = factorOf(unit.endsWith('b') && unit.length > 1 ? unit.slice(0, -1) : unit)
  if (factor === undefined) throw new BuiltinError(`units.parse_bytes: byte unit ${unit} not recognized`)
  const amount = parseAmount(number)
  const exact = amount === undefined ? undefined : parseNumber(`${amount.digits}e${amount.exponent}`)
  if (exact === undefined) throw new BuiltinError('units.parse_bytes: could not parse byte amount to a number')
  return fromBigInt(truncate(multiply(toBigFloat(exact), { mantissa: factor, exponent: 0 })))
}

export const units: Record<string, Builtin> = {
  'units.parse': { run: (_, x) => parseUnits(stringOperand(x, 1)) },
  'units.parse_bytes': { run: (_, x) => parseBytes(stringOperand(x, 1)) },
}
