/**
 * `base64.*`, `base64url.*`, `hex.*`, `urlquery.*`. Texts are UTF-8 on the side of bytes; decoded bytes that are no UTF-8 come out with U+FFFD in their place.
 */
import { entriesOf, isObject, keyText, type PlainObject, RegoSet, setField, typeName, type Value } from '../value.ts'
import { type Builtin, BuiltinError, operandError, operandTypeError } from './builtin.ts'
import { encodeQuery, parseQuery, queryEscape, queryUnescape, UrlError } from './go/url.ts'
import { stringOperand } from './operands.ts'

const alphabets = { base64: /[^A-Za-z0-9+/]/, base64url: /[^A-Za-z0-9_-]/ }

/** Padded base64 as Go decodes it: line ends are skipped, padding must be exact. Throws `BuiltinError` with the place of the first wrong byte. */
export function decodeBase64(text: string, alphabet: 'base64' | 'base64url'): Buffer {
  const symbols = text.replace(/[\r\n]/g, '')
  const data = symbols.replace(/={0,2}$/, '')
  const wrong = data.search(alphabets[alphabet])
  const partial = data.length % 4
  const padding = symbols.length - data.length
  if (wrong >= 0 || partial === 1 || (partial === 0 ? padding !== 0 : padding !== 4 - partial)) {
    throw new BuiltinError(
      `illegal base64 data at input byte ${wrong >= 0 ? Buffer.byteLength(text.slice(0, wrong)) : data.length - partial + (padding > 0 ? partial : 0)}`,
    )
  }
  return Buffer.from(data, alphabet)
}

/** base64url with its padding or without. */
export function decodeBase64Url(text: string): Buffer {
  if (text.endsWith('=')) return decodeBase64(text, 'base64url')
  const missing = [0, -1, 2, 1][Buffer.byteLength(text) % 4] as number
  if (missing < 0) throw new BuiltinError(`illegal base64url string: ${text}`)
  return decodeBase64(text + '='.repeat(missing), 'base64url')
}

function isBase64(text: Value): boolean {
  if (typeof text !== 'string') return false
  try {
    decodeBase64(text, 'base64')
    return true
  } catch {
    return false
  }
}

function decodeHex(text: string): string {
  const wrong = text.search(/[^0-9a-fA-F]/)
  if (wrong >= 0 && wrong < text.length - ((text.length & 1) === 1 && wrong === text.length - 1 ? 1 : 0)) {
    const byte = Buffer.from(text.slice(wrong))[0] as number
    const code = byte.toString(16).toUpperCase().padStart(4, '0')
    throw new BuiltinError(`encoding/hex: invalid byte: U+${code} '${String.fromCharCode(byte)}'`)
  }
  if (text.length % 2 === 1) throw new BuiltinError('encoding/hex: odd length hex string')
  return Buffer.from(text, 'hex').toString('utf8')
}

/** Runs a function of `net/url`, whose complaints are errors of the builtin. */
export function withUrlErrors<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof UrlError) throw new BuiltinError(error.message, { cause: error })
    throw error
  }
}

function encodeQueryObject(object: Value): string {
  if (!isObject(object)) throw operandTypeError(1, typeName(object), ['object'])
  const values = new Map<string, readonly string[]>()
  for (const [key, value] of entriesOf(object)) {
    const list = typeof value === 'string' ? [value] : value instanceof RegoSet ? value.sorted() : value
    if (!Array.isArray(list) || list.some((item) => typeof item !== 'string')) {
      throw operandError(1, 'values must be string, array[string], or set[string]')
    }
    values.set(keyText(key), list as string[])
  }
  return encodeQuery(values)
}

function decodeQueryObject(query: string): PlainObject {
  const object: PlainObject = {}
  for (const [key, values] of withUrlErrors(() => parseQuery(query))) setField(object, key, values)
  return object
}

export const encoding: Record<string, Builtin> = {
  'base64.encode': { run: (_, x) => Buffer.from(stringOperand(x, 1)).toString('base64') },
  'base64.decode': { run: (_, x) => decodeBase64(stringOperand(x, 1), 'base64').toString('utf8') },
  'base64.is_valid': { run: (_, x) => isBase64(x) },
  'base64url.encode': {
    run: (_, x) => Buffer.from(stringOperand(x, 1)).toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
  },
  'base64url.encode_no_pad': { run: (_, x) => Buffer.from(stringOperand(x, 1)).toString('base64url') },
  'base64url.decode': { run: (_, x) => decodeBase64Url(stringOperand(x, 1)).toString('utf8') },
  'hex.encode': { run: (_, x) => Buffer.from(stringOperand(x, 1)).toString('hex') },
  'hex.decode': { run: (_, x) => decodeHex(stringOperand(x, 1)) },
  'urlquery.encode': { run: (_, x) => queryEscape(stringOperand(x, 1)) },
  'urlquery.decode': { run: (_, x) => withUrlErrors(() => queryUnescape(stringOperand(x, 1))) },
  'urlquery.encode_object': { run: (_, object) => encodeQueryObject(object) },
  'urlquery.decode_object': { run: (_, query) => decodeQueryObject(stringOperand(query, 1)) },
}
