/**
 * Doubles as text in every notation of Go's `strconv.FormatFloat`: exact digits, rounded half to even, or the fewest that read back.
 */

/** Decimal digits without leading zeros and the place of the point: the value is `0.DIGITS * 10^point`. */
interface Digits {
  readonly text: string
  readonly point: number
}

/** The mantissa and exponent of a double: `mantissa * 2^exponent`, positive. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  const bits = new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 }
}

function exactDigits(value: number): Digits {
  if (value === 0) return { text: '', point: 0 }
  const { mantissa, exponent } = parts(value)
  const whole = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent)
  const text = String(whole)
  return { text: text.replace(/0+$/, ''), point: text.length + Math.min(exponent, 0) }
}

function shortestDigits(value: number): Digits {
  if (value === 0) return { text: '', point: 0 }
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  return { text: digits.replace('.', '').replace(/0+$/, ''), point: Number(exponent) + 1 }
}

/** The first `count` digits, rounded half to even; `count` may be negative when all digits lie behind the last place asked for. */
function roundDigits({ text, point }: Digits, count: number): Digits {
  if (count >= text.length) return { text, point }
  if (count < 0) return { text: '', point: 0 }
  const next = text.charCodeAt(count) - 48
  const tie = next === 5 && count + 1 === text.length
  const odd = count > 0 && (text.charCodeAt(count - 1) & 1) === 1
  const up = tie ? odd : next >= 5
  const kept = text.slice(0, count)
  if (!up) {
    const trimmed = kept.replace(/0+$/, '')
    return { text: trimmed, point: trimmed === '' ? 0 : point }
  }
  const raised = kept.replace(/9+$/, '')
  if (raised === '') return { text: '1', point: point + 1 }
  return { text: raised.slice(0, -1) + String.fromCharCode(raised.charCodeAt(raised.length - 1) + 1), point }
}

function scientific({ text, point }: Digits, precision: number, letter: string): string {
  const padded = text.padEnd(precision + 1, '0')
  const fraction = precision > 0 ? `.${padded.slice(1, precision + 1)}` : ''
  const exponent = text === '' ? 0 : point - 1
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return `${padded[0] ?? '0'}${fraction}${letter}${exponent < 0 ? '-' : '+'}${size}`
}

function fixed({ text, point }: Digits, precision: number): string {
  const whole = point > 0 ? text.slice(0, point).padEnd(point, '0') : '0'
  if (precision <= 0) return whole
  const fraction = point > 0 ? text.slice(point) : '0'.repeat(-point) + text
  return `${whole}.${fraction.padEnd(precision, '0').slice(0, precision)}`
}

function general(value: number, precision: number, letter: string): string {
  const shortest = precision < 0
  const count = precision === 0 ? 1 : precision
  const digits = shortest ? shortestDigits(value) : roundDigits(exactDigits(value), count)
  let threshold = shortest ? 6 : count
  if (!shortest && threshold > digits.text.length && digits.text.length >= digits.point) threshold = digits.text.length
  const exponent = digits.point - 1
  if (exponent < -4 || exponent >= threshold) {
    return scientific(digits, Math.max(0, digits.text.length - 1), letter)
  }
  return fixed(digits, Math.max(digits.text.length - digits.point, 0))
}

function hexadecimal(value: number, precision: number): string {
  if (value === 0) return `0x0${precision > 0 ? `.${'0'.repeat(precision)}` : ''}p+00`
  const { mantissa, exponent } = parts(value)
  let bits = mantissa
  let power = exponent
  while (bits >> 52n === 0n) {
    bits <<= 1n
    power -= 1
  }
  power += 52
  if (precision >= 0 && precision < 13) {
    const shift = BigInt((13 - precision) * 4)
    const half = 1n << (shift - 1n)
    const rest = bits & ((1n << shift) - 1n)
    bits >>= shift
    if (rest > half || (rest === half && (bits & 1n) === 1n)) bits += 1n
    bits <<= shift
    if (bits >> 53n !== 0n) {
      bits >>= 1n
      power += 1
    }
  }
  const all = (bits & 0xfffffffffffffn).toString(16).padStart(13, '0')
  const fraction = precision < 0 ? all.replace(/0+$/, '') : all.padEnd(precision, '0').slice(0, precision)
  const size = String(Math.abs(power)).padStart(2, '0')
  return `0x1${fraction === '' ? '' : `.${fraction}`}p${power < 0 ? '-' : '+'}${size}`
}

/** A finite double in the notation of a Go verb (`b e E f g G x X`); `precision` -1 asks for as few digits as read back. */
export function formatFloat(value: number, verb: string, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  return sign + formatPositive(Math.abs(value), verb, precision)
}

function formatPositive(value: number, verb: string, precision: number): string {
  switch (verb) {
    case 'e':
    case 'E': {
      const digits = precision < 0 ? shortestDigits(value) : roundDigits(exactDigits(value), precision + 1)
      return scientific(digits, precision < 0 ? Math.max(0, digits.text.length - 1) : precision, verb)
    }
    case 'f': {
      const digits = precision < 0 ? shortestDigits(value) : exactDigits(value)
      if (precision < 0) return fixed(digits, Math.max(digits.text.length - digits.point, 0))
      return fixed(roundDigits(digits, digits.point + precision), precision)
    }
    case 'g':
      return general(value, precision, 'e')
    case 'G':
      return general(value, precision, 'E')
    case 'x':
      return hexadecimal(value, precision)
    case 'X':
      return hexadecimal(value, precision).toUpperCase()
    default: {
      const { mantissa, exponent } = parts(value)
      return `${mantissa}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
    }
  }
}
