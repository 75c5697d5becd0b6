/** What either side says to a program, in a form that can be compared: rows of bindings, or codes and places of errors. */
import { hasEscapedKey, readTokens } from '../../../src/rego/builtins/json-tokens.ts'
import { type Json, toJson } from '../../../src/rego/index.ts'

export interface Fault {
  readonly code: string
  readonly message: string
  readonly file: string
  readonly row: number
  readonly col: number
}

export type Answer =
  | { readonly kind: 'rows'; readonly rows: readonly Json[] }
  | { readonly kind: 'errors'; readonly errors: readonly Fault[] }

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown
const { rawJSON } = JSON as unknown as { rawJSON(text: string): Json }

/** JSON with every number exact: as the compiler takes documents. */
export function exactJson(text: string): Json {
  // V8's reader may take an escaped key for another.
  if (hasEscapedKey(text)) return toJson(readTokens(text))
  return parseWithSource(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined || String(value) === source) return value
    if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source)
    return decimalKey(String(value)) === decimalKey(source) ? value : rawJSON(source)
  }) as Json
}

/** A text that two numbers share when they are the same decimal. */
export function decimalKey(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  if (digits === '') return whole === '' ? text : '0'
  const bare = digits.replace(/0+$/, '')
  return `${sign}${bare}e${Number(exponent) - fraction.length + digits.length - bare.length}`
}

/** A text that two documents share when they are equal. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    if (Object.getPrototypeOf(value) === null && 'rawJSON' in value) return decimalKey(String(value.rawJSON))
    const fields = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    return `{${fields.sort().join(',')}}`
  }
  if (typeof value === 'number' || typeof value === 'bigint') return decimalKey(String(value))
  return JSON.stringify(value)
}

/**
 * What must be the same on both sides: the rows in any order; of compile errors each code with its row; of an evaluation error its code.
 * A cause that OPA reports several times on one row counts once.
 */
export function essence(answer: Answer): string {
  if (answer.kind === 'rows') return `rows ${answer.rows.map(canonical).sort().join(' ')}`
  const texts = answer.errors.map(({ code, file, row }) => (code.startsWith('eval_') ? code : `${code} ${file}:${row}`))
  return `errors ${[...new Set(texts)].sort().join(' ')}`
}

/** An answer for people, short enough for a test's output. */
export function describeAnswer(answer: Answer): string {
  if (answer.kind === 'errors')
    return answer.errors
      .map(({ code, file, row, col, message }) => `${file}:${row}:${col}: ${code}: ${message}`)
      .join('\n')
  return answer.rows.length === 0 ? 'undefined' : answer.rows.map(canonical).join('\n').slice(0, 4000)
}
