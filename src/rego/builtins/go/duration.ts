/**
 * Go's durations (`1h30m`, `-1.5s`) in nanoseconds, with OPA's days, weeks and years of 24, 168 and 8760 hours.
 */
import { quote } from './quote.ts'

/** A text that is no duration, or one of more than 64 bits. */
export class DurationError extends Error {}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const hoursPer: Readonly<Record<string, number>> = { d: 24, w: 168, y: 8760 }

const limit = 1n << 63n

/** Throws `DurationError` with Go's words. */
export function parseDuration(text: string): bigint {
  const invalid = () => new DurationError(`time: invalid duration ${quote(text)}`)
  const negative = text[0] === '-'
  let rest = /^[+-]/.test(text) ? text.slice(1) : text
  if (rest === '0') return 0n
  if (rest === '') throw invalid()
  let total = 0n
  while (rest !== '') {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest)
    const whole = number?.[1] ?? ''
    const fraction = number?.[2] ?? ''
    if (!/^[.\d]/.test(rest) || whole.length + fraction.length === 0) throw invalid()
    const size = BigInt(whole === '' ? '0' : whole)
    if (size > limit) throw invalid()
    rest = rest.slice(number?.[0].length ?? 0)
    const name = /^[^.\d]*/.exec(rest)?.[0] ?? ''
    if (name === '') throw new DurationError(`time: missing unit in duration ${quote(text)}`)
    rest = rest.slice(name.length)
    const unit = Object.hasOwn(units, name) ? (units[name] as bigint) : undefined
    if (unit === undefined) throw new DurationError(`time: unknown unit ${quote(name)} in duration ${quote(text)}`)
    total += size * unit + fractionOf(fraction, unit)
    if (total > limit) throw invalid()
  }
  if (negative) return -total
  if (total === limit) throw invalid()
  return total
}

/** The digits after the point times the unit, in doubles as Go computes it: digits that no longer fit 63 bits are dropped. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n
  let scale = 1
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit)
    if (value > (limit - 1n) / 10n || next > limit) break
    value = next
    scale *= 10
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(unit) / scale)))
}

/** As `parseDuration`, and `d`, `w` and `y` besides. */
export function parseExtendedDuration(text: string): bigint {
  if (text === '') throw new DurationError('time: invalid duration ""')
  if (!/[dwy]/.test(text)) return parseDuration(text)
  const invalid = () => new DurationError(`time: invalid duration ${quote(text)}`)
  if (!/^[+-]?(?:[\d.]+(?:ms|us|\u00b5s|ns|[a-z]))+$/.test(text)) throw invalid()
  const inHours = text.replace(/([\d.]+)([dwy])/g, (_, digits: string, unit: string) => {
    if (!/^(?:\d+\.?\d*|\.\d+)$/.test(digits)) throw invalid()
    return `${plainDecimal(Number(digits) * (hoursPer[unit] ?? 0))}h`
  })
  try {
    return parseDuration(inHours)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    throw new DurationError(`${error.message.slice(0, error.message.lastIndexOf(' '))} ${quote(text)}`)
  }
}

/** A double without an exponent. */
function plainDecimal(value: number): string {
  const text = String(value)
  return text.includes('e') ? BigInt(Math.trunc(value)).toString() : text
}
