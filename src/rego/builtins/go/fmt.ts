/**
 * Go's `fmt.Sprintf` for the kinds of operands that Rego values become: 64-bit integers, big integers, doubles and strings, and in templates decoded JSON.
 * Wrong verbs, missing and extra operands leave Go's marks in the text (`%!d(string=x)`), never an error.
 */
import { codePointCount, hasPairs } from '../code-points.ts'
import { formatFloat } from './float-text.ts'
import { canBackquote, isPrintable, quote, quoteRune } from './quote.ts'

/** A whole JS number or a bigint within 64 bits is an `int64`, a larger bigint a `*big.Int`, any other number a `float64`. */
export type Operand =
  | number
  | bigint
  | string
  | boolean
  | null
  | JsonNumber
  | readonly Operand[]
  | ReadonlyMap<string, Operand>

/** Go's `json.Number`: a number that has stayed the text that it was written as. */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** The state of one directive between its `%` and its verb. */
interface Directive {
  sharp: boolean
  zero: boolean
  plus: boolean
  minus: boolean
  space: boolean
  /** `%#v` and `%+v`: the flags mean Go syntax there, except to big integers. */
  sharpV: boolean
  plusV: boolean
  width: number | undefined
  precision: number | undefined
}

function noFlags(): Directive {
  return {
    sharp: false,
    zero: false,
    plus: false,
    minus: false,
    space: false,
    sharpV: false,
    plusV: false,
    width: undefined,
    precision: undefined,
  }
}

/** The largest width, precision or operand index that Go takes. */
const sizeMax = 1_000_000

/** The text of `format` with its directives replaced by the operands. */
export function sprintf(format: string, operands: readonly Operand[]): string {
  return new Printer(format, operands).print()
}

function isInt64(operand: Operand): operand is number | bigint {
  if (typeof operand === 'number') return Number.isSafeInteger(operand)
  return typeof operand === 'bigint' && BigInt.asIntN(64, operand) === operand
}

function goType(operand: Operand): string {
  if (typeof operand === 'string') return 'string'
  if (operand === null) return '<nil>'
  if (typeof operand === 'boolean') return 'bool'
  if (operand instanceof JsonNumber) return 'json.Number'
  if (operand instanceof Map) return 'map[string]interface {}'
  if (typeof operand === 'object') return '[]interface {}'
  if (isInt64(operand)) return 'int64'
  return typeof operand === 'bigint' ? '*big.Int' : 'float64'
}

class Printer {
  readonly #format: string
  readonly #operands: readonly Operand[]
  #at = 0
  #next = 0
  #reordered = false
  #indexIsGood = true

  constructor(format: string, operands: readonly Operand[]) {
    this.#format = format
    this.#operands = operands
  }

  print(): string {
    const format = this.#format
    let text = ''
    while (this.#at < format.length) {
      const percent = format.indexOf('%', this.#at)
      if (percent < 0) {
        text += format.slice(this.#at)
        break
      }
      text += format.slice(this.#at, percent)
      this.#at = percent + 1
      text += this.#directive()
    }
    return text + this.#extra()
  }

  #directive(): string {
    this.#indexIsGood = true
    const directive = this.#flags()
    let text = ''
    let afterIndex = this.#index()
    if (this.#format[this.#at] === '*') {
      this.#at += 1
      const width = this.#sizeOperand()
      if (width === undefined) text += '%!(BADWIDTH)'
      else if (width < 0) {
        directive.minus = true
        directive.zero = false
      }
      directive.width = width === undefined ? undefined : Math.abs(width)
      afterIndex = false
    } else {
      directive.width = this.#number()
      if (afterIndex && directive.width !== undefined) this.#indexIsGood = false
    }
    if (this.#format[this.#at] === '.' && this.#at + 1 < this.#format.length) {
      this.#at += 1
      if (afterIndex) this.#indexIsGood = false
      afterIndex = this.#index()
      if (this.#format[this.#at] === '*') {
        this.#at += 1
        const precision = this.#sizeOperand()
        directive.precision = precision === undefined || precision < 0 ? undefined : precision
        if (directive.precision === undefined) text += '%!(BADPREC)'
        afterIndex = false
      } else {
        directive.precision = this.#number() ?? 0
      }
    }
    if (!afterIndex) this.#index()
    const code = this.#format.codePointAt(this.#at)
    if (code === undefined) return `${text}%!(NOVERB)`
    const verb = String.fromCodePoint(code)
    this.#at += verb.length
    return text + this.#apply(verb, directive)
  }

  #apply(verb: string, directive: Directive): string {
    if (verb === '%') return '%'
    if (!this.#indexIsGood) return `%!${verb}(BADINDEX)`
    const operand = this.#operands[this.#next]
    if (operand === undefined) return `%!${verb}(MISSING)`
    this.#next += 1
    if (verb === 'v' || verb === 'w') {
      directive.sharpV = directive.sharp
      directive.plusV = directive.plus
      directive.sharp = false
      directive.plus = false
    }
    return printOperand(operand, verb, directive)
  }

  #flags(): Directive {
    const directive = noFlags()
    for (; this.#at < this.#format.length; this.#at++) {
      const flag = this.#format[this.#at]
      if (flag === '#') directive.sharp = true
      else if (flag === '0') directive.zero = true
      else if (flag === '+') directive.plus = true
      else if (flag === '-') directive.minus = true
      else if (flag === ' ') directive.space = true
      else break
    }
    return directive
  }

  /** Reads digits; past the largest size Go gives up on the rest of the format. */
  #number(): number | undefined {
    let value: number | undefined
    for (;;) {
      const digit = this.#format.charCodeAt(this.#at) - 48
      if (!(digit >= 0 && digit <= 9)) return value
      if (value !== undefined && value > sizeMax) {
        this.#at = this.#format.length
        return undefined
      }
      value = (value ?? 0) * 10 + digit
      this.#at += 1
    }
  }

  #sizeOperand(): number | undefined {
    const operand = this.#operands[this.#next]
    if (operand === undefined) return undefined
    this.#next += 1
    const size = isInt64(operand) ? Number(operand) : Number.NaN
    return Math.abs(size) <= sizeMax ? size : undefined
  }

  /** Reads `[n]`; false when there is none, or when it is not a number. */
  #index(): boolean {
    if (this.#format[this.#at] !== '[') return false
    this.#reordered = true
    const close = this.#format.indexOf(']', this.#at + 1)
    if (close < 0) {
      this.#at += 1
      this.#indexIsGood = false
      return false
    }
    const digits = this.#format.slice(this.#at + 1, close)
    this.#at = close + 1
    const index = /^\d{1,7}$/.test(digits) ? Number(digits) - 1 : undefined
    if (index !== undefined && index >= 0 && index < this.#operands.length) {
      this.#next = index
      return true
    }
    this.#indexIsGood = false
    return index !== undefined
  }

  #extra(): string {
    if (this.#reordered || this.#next >= this.#operands.length) return ''
    const rest = this.#operands
      .slice(this.#next)
      .map((operand) => (operand === null ? '<nil>' : `${goType(operand)}=${printOperand(operand, 'v', noFlags())}`))
    return `%!(EXTRA ${rest.join(', ')})`
  }
}

function printOperand(operand: Operand, verb: string, directive: Directive): string {
  if (verb === 'T') return pad(truncate(goType(operand), directive), directive)
  if (typeof operand === 'string') return printString(operand, operand, verb, directive)
  if (operand instanceof JsonNumber) return printString(operand, operand.text, verb, directive)
  if (operand === null) return verb === 'v' ? pad('<nil>', directive) : `%!${verb}(<nil>)`
  if (typeof operand === 'boolean')
    return verb === 'v' || verb === 't' ? pad(String(operand), directive) : badVerb(operand, verb, directive)
  if (operand instanceof Map) {
    const entries = [...operand].map(([key, item]) =>
      [key, item].map((each) => printOperand(each, verb, directive)).join(':'),
    )
    return `map[${entries.join(' ')}]`
  }
  if (typeof operand === 'object')
    return `[${(operand as readonly Operand[]).map((item) => printOperand(item, verb, directive)).join(' ')}]`
  if (isInt64(operand)) return printInteger(BigInt(operand), verb, directive)
  if (typeof operand === 'bigint') return printBigInteger(operand, verb, directive)
  return printFloat(operand, verb, directive)
}

function badVerb(operand: Operand, verb: string, directive: Directive): string {
  return `%!${verb}(${goType(operand)}=${printOperand(operand, 'v', directive)})`
}

/** Fills up to the width, with zeros only on the left. */
function pad(text: string, directive: Directive, zero: boolean = directive.zero): string {
  const missing = (directive.width ?? 0) - codePointCount(text)
  if (missing <= 0) return text
  if (directive.minus) return text + ' '.repeat(missing)
  return (zero ? '0' : ' ').repeat(missing) + text
}

function truncate(text: string, { precision }: Directive): string {
  if (precision === undefined || text.length <= precision) return text
  return hasPairs(text) ? [...text].slice(0, precision).join('') : text.slice(0, precision)
}

function printString(operand: Operand, text: string, verb: string, directive: Directive): string {
  switch (verb) {
    case 'v':
      return directive.sharpV ? quoted(text, directive) : pad(truncate(text, directive), directive)
    case 's':
      return pad(truncate(text, directive), directive)
    case 'q':
      return quoted(text, directive)
    case 'x':
    case 'X':
      return hexBytes(Buffer.from(text), verb === 'X', directive)
    default:
      return badVerb(operand, verb, directive)
  }
}

function quoted(text: string, directive: Directive): string {
  const kept = truncate(text, directive)
  if (directive.sharp && canBackquote(kept)) return pad(`\`${kept}\``, directive)
  return pad(quote(kept, directive.plus), directive)
}

function hexBytes(bytes: Buffer, upper: boolean, directive: Directive): string {
  const kept = bytes.subarray(0, directive.precision ?? bytes.length)
  if (kept.length === 0) return pad('', directive)
  const digits = upper ? kept.toString('hex').toUpperCase() : kept.toString('hex')
  const prefix = directive.sharp ? (upper ? '0X' : '0x') : ''
  const text = directive.space ? (digits.match(/../g) ?? []).map((pair) => prefix + pair).join(' ') : prefix + digits
  return pad(text, directive)
}

const bases: Record<string, number> = { v: 10, d: 10, s: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }

function printInteger(value: bigint, verb: string, directive: Directive): string {
  const operand = value
  if (verb === 'c') return pad(rune(value), directive)
  if (verb === 'q') return pad(quoteRune(rune(value), directive.plus), directive)
  if (verb === 'U') return unicode(value, directive)
  const base = bases[verb]
  if (base === undefined || verb === 's') return badVerb(operand, verb, directive)
  const negative = value < 0n
  const sign = negative ? '-' : directive.plus ? '+' : directive.space ? ' ' : ''
  if (directive.precision === 0 && value === 0n) return ' '.repeat(directive.width ?? 0)
  let count = directive.precision ?? 0
  if (directive.precision === undefined && directive.zero && !directive.minus && directive.width !== undefined) {
    count = directive.width - sign.length
  }
  let digits = (negative ? -value : value).toString(base).padStart(count, '0')
  if (verb === 'X') digits = digits.toUpperCase()
  return pad(
    sign + integerPrefix(verb, digits, directive.sharp || (directive.sharpV && base !== 10)) + digits,
    directive,
    false,
  )
}

function integerPrefix(verb: string, digits: string, sharp: boolean): string {
  if (!sharp) return verb === 'O' ? '0o' : ''
  if (verb === 'b') return '0b'
  if (verb === 'o') return digits.startsWith('0') ? '' : '0'
  if (verb === 'O') return digits.startsWith('0') ? '0o' : '0o0'
  if (verb === 'x') return '0x'
  return verb === 'X' ? '0X' : ''
}

function rune(value: bigint): string {
  const valid = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn)
  return valid ? String.fromCodePoint(Number(value)) : '\ufffd'
}

function unicode(value: bigint, directive: Directive): string {
  const digits = BigInt.asUintN(64, value).toString(16).toUpperCase()
  const shown =
    directive.sharp && value >= 0n && value <= 0x10ffffn && isPrintable(rune(value)) ? ` '${rune(value)}'` : ''
  return pad(`U+${digits.padStart(Math.max(4, directive.precision ?? 4), '0')}${shown}`, directive, false)
}

function printBigInteger(value: bigint, verb: string, directive: Directive): string {
  const base = bases[verb]
  if (base === undefined) return `%!${verb}(big.Int=${value})`
  const negative = value < 0n
  const sign = negative ? '-' : directive.plus || directive.plusV ? '+' : directive.space ? ' ' : ''
  let digits = (negative ? -value : value).toString(base)
  if (verb === 'X') digits = digits.toUpperCase()
  const prefix =
    verb === 'O'
      ? '0o'
      : directive.sharp
        ? (({ b: '0b', o: '0', x: '0x', X: '0X' } as Record<string, string>)[verb] ?? '')
        : ''
  if (directive.precision !== undefined) digits = digits.padStart(directive.precision, '0')
  const missing = (directive.width ?? 0) - sign.length - prefix.length - digits.length
  if (missing <= 0) return sign + prefix + digits
  if (directive.minus) return sign + prefix + digits + ' '.repeat(missing)
  if (directive.zero && directive.precision === undefined) return sign + prefix + '0'.repeat(missing) + digits
  return ' '.repeat(missing) + sign + prefix + digits
}

function printFloat(value: number, verb: string, directive: Directive): string {
  if (!'vbgGxXfFeE'.includes(verb)) return badVerb(value, verb, directive)
  const notation = verb === 'v' ? 'g' : verb === 'F' ? 'f' : verb
  const precision = directive.precision ?? ('fFeE'.includes(verb) ? 6 : -1)
  let text = formatFloat(value, notation, precision)
  if (!text.startsWith('-')) text = `+${text}`
  if (directive.sharp && verb !== 'b') text = keepPoint(text, verb, precision)
  const shown = text.startsWith('-') || directive.plus ? text : directive.space ? ` ${text.slice(1)}` : text.slice(1)
  const signed = !/^\d/.test(shown)
  if (signed && directive.zero && !directive.minus && directive.width !== undefined && directive.width > shown.length) {
    return shown[0] + '0'.repeat(directive.width - shown.length) + shown.slice(1)
  }
  return pad(shown, directive)
}

/** The `#` flag: always a decimal point, and for `%g` no trailing zeros removed. */
function keepPoint(text: string, verb: string, precision: number): string {
  let digits = 'vgGxX'.includes(verb) && verb !== 'X' ? (precision === -1 ? 6 : precision) : 0
  const tailAt = text.search(verb === 'x' || verb === 'X' ? /[pP]/ : /[eE]/)
  const tail = tailAt < 0 ? '' : text.slice(tailAt)
  let number = tailAt < 0 ? text : text.slice(0, tailAt)
  let significant = false
  for (const digit of number.slice(1)) {
    if (digit === '.') continue
    if (digit !== '0') significant = true
    if (significant) digits -= 1
  }
  if (!number.includes('.')) {
    if (number.length === 2 && number[1] === '0') digits -= 1
    number += '.'
  }
  return number + '0'.repeat(Math.max(0, digits)) + tail
}
