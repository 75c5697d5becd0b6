/** Numbers of JSON text (RFC 8259 section 6), kept as written: what a double would change becomes a bigint or a raw number. */
import { limits, type RawNumber, rawNumber } from '../model/index.ts'

/**
 * A plain number when `text` and `String(Number(text))` are the same decimal; a bigint for a longer integer; else a raw number.
 * `text` must match the grammar of JSON numbers.
 */
export function numberOf(text: string): number | bigint | RawNumber {
  if (isPlainNumber(text)) return Number(text)
  return /^-?[0-9]+$/.test(text) ? BigInt(text) : rawNumber(text)
}

/** Whether a double holds the decimal `text` as it is written, and it is no integer beyond 2^53-1. */
export function isPlainNumber(text: string): boolean {
  const number = Number(text)
  if (!Number.isFinite(number)) return false
  if (!Number.isSafeInteger(number) && /^-?[0-9]+$/.test(text)) return false
  const printed = String(number)
  if (printed === text) return true
  const written = decimalOf(text)
  const kept = decimalOf(printed)
  return written.digits === kept.digits && (written.digits === '' || written.exponent === kept.exponent)
}

/**
 * Whether `text` has at most `limits.jsonNumberDigitsMax` digits, also when its exponent is written out: arithmetic on `1e999999999`
 * would not end.
 */
export function hasBoundedDigits(text: string): boolean {
  if (text.length > limits.jsonNumberDigitsMax) return false
  const mark = text.search(/[eE]/)
  return mark === -1 || mark + Math.abs(Number(text.slice(mark + 1))) <= limits.jsonNumberDigitsMax
}

/** A decimal as digits without leading and trailing zeros, times ten to the exponent; the sign stays with the digits. */
function decimalOf(text: string): { readonly digits: string; readonly exponent: number } {
  const mark = text.search(/[eE]/)
  const mantissa = mark === -1 ? text : text.slice(0, mark)
  const sign = mantissa.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = mantissa.slice(sign.length).split('.')
  const all = `${whole}${fraction}`.replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  const exponent = (mark === -1 ? 0 : Number(text.slice(mark + 1))) - fraction.length + (all.length - digits.length)
  return digits === '' ? { digits, exponent: 0 } : { digits: `${sign}${digits}`, exponent }
}
