/**
 * What `http.send` is asked for: the request object checked, with every parameter either read here or refused. Nothing that a policy
 * says about a request is left out without a word.
 */
import { numberText } from '../number.ts'
import {
  canonicalText,
  entriesOf,
  getField,
  isNumber,
  isPlainObject,
  type PlainObject,
  RegoSet,
  setField,
  typeName,
  type Value,
} from '../value.ts'
import { BuiltinError, type HttpRequest, operandError } from './builtin.ts'
import { DurationError, parseDuration } from './go/duration.ts'
import { quote } from './go/quote.ts'
import { parseUrl, UrlError } from './go/url.ts'
import { marshal } from './json.ts'
import { limitError, objectOperand } from './operands.ts'
import { termText } from './term-text.ts'

/** Milliseconds that a request may take when it does not say. */
const timeoutDefaultMs = 5000

/** Times that a request which fails is sent again: with the waits between them more than a decision should ever take. OPA has no limit. */
const retriesMax = 20

const textParameters = [
  'method',
  'url',
  'raw_body',
  'tls_ca_cert',
  'tls_ca_cert_file',
  'tls_ca_cert_env_variable',
  'tls_client_cert',
  'tls_client_cert_file',
  'tls_client_cert_env_variable',
  'tls_client_key',
  'tls_client_key_file',
  'tls_client_key_env_variable',
  'tls_server_name',
]

const otherParameters = [
  'body',
  'enable_redirect',
  'force_json_decode',
  'force_yaml_decode',
  'headers',
  'tls_use_system_certs',
  'tls_insecure_skip_verify',
  'timeout',
  'cache',
  'force_cache',
  'force_cache_duration_seconds',
  'raise_error',
  'caching_mode',
  'max_retry_attempts',
  'cache_ignored_headers',
]

const parameters = new Set([...textParameters, ...otherParameters])

/** How replies are kept beyond one evaluation. */
export interface Caching {
  /** Equal keys are answered with one reply. */
  readonly key: string
  /** Seconds that a reply is kept whatever its headers say; undefined: as they say. */
  readonly forcedSeconds: number | undefined
  /** The decoded reply is kept, and not decoded for each call: more memory, less work. */
  readonly decoded: boolean
}

/** A request object that was read. */
export interface Asked {
  readonly request: HttpRequest
  /** Undefined: replies are kept for the evaluation only. */
  readonly caching: Caching | undefined
  readonly retries: number
  readonly decode: { readonly json: boolean; readonly yaml: boolean }
}

/** The request object of an operand: known parameters only, and at least `method` and `url`. */
export function requestOperand(value: Value, position: number): PlainObject {
  const request = objectOperand(value, position)
  const keys = entriesOf(request).map(([key]) => key)
  const unknown = keys.filter((key) => typeof key !== 'string' || !parameters.has(key))
  if (unknown.length > 0)
    throw operandError(position, `invalid request parameters(s): ${termText(RegoSet.from(unknown))}`)
  const missing = ['method', 'url'].filter((key) => !keys.includes(key))
  if (missing.length > 0)
    throw operandError(position, `missing required request parameters(s): ${termText(RegoSet.from(missing))}`)
  return request as PlainObject
}

/** Reads a request object. Throws `BuiltinError` with OPA's words for what cannot be. */
export function readRequest(request: PlainObject): Asked {
  for (const name of textParameters) {
    const value = getField(request, name)
    if (value !== undefined && typeof value !== 'string') throw new BuiltinError(`${quote(name)} must be a string`)
  }
  const text = (name: string) => ((getField(request, name) ?? '') as string).replace(/^"+|"+$/g, '')
  const raw = getField(request, 'raw_body')
  const json = getField(request, 'body')
  const body = raw !== undefined ? text('raw_body') : json === undefined ? undefined : marshal(json)
  const caching = cachingOf(request)
  const parts = {
    method: methodOf(text('method')),
    url: checkedUrl(text('url')),
    headers: headersOf(getField(request, 'headers')),
    timeoutMs: timeoutMs(getField(request, 'timeout')),
    followRedirects: flag(request, 'enable_redirect'),
    tls: tlsOf(request),
  }
  return {
    request: body === undefined ? parts : { ...parts, body },
    caching,
    retries: retriesOf(getField(request, 'max_retry_attempts')),
    decode: {
      json: getField(request, 'force_json_decode') === true,
      yaml: getField(request, 'force_yaml_decode') === true,
    },
  }
}

function methodOf(text: string): string {
  const method = text === '' ? 'GET' : text.toUpperCase()
  if (!isToken(method)) throw new BuiltinError(`net/http: invalid method ${quote(method)}`)
  return method
}

/** RFC 9110 section 5.6.2. */
function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
}

function checkedUrl(text: string): string {
  try {
    parseUrl(text)
    return text
  } catch (cause) {
    if (cause instanceof UrlError) throw new BuiltinError(cause.message, { cause })
    throw cause
  }
}

/** What Go's `strconv.ParseBool` takes: `1` and `0` are booleans, too. */
function flag(request: PlainObject, name: string): boolean {
  const value = getField(request, name)
  if (value === undefined || typeof value === 'boolean') return value === true
  const written = termText(value)
  if (written === '1' || written === '0') return written === '1'
  throw new BuiltinError(`strconv.ParseBool: parsing ${quote(written)}: invalid syntax`)
}

function booleanField(request: PlainObject, name: string): boolean {
  const value = getField(request, name)
  if (value !== undefined && typeof value !== 'boolean')
    throw new BuiltinError(`invalid value for ${quote(name)} field`)
  return value === true
}

function timeoutMs(value: Value | undefined): number {
  if (value === undefined) return timeoutDefaultMs
  const whole = /^[+-]?\d{1,18}$/
  if (isNumber(value)) {
    if (whole.test(numberText(value))) return Number(numberText(value)) / 1e6
    throw new BuiltinError(`invalid timeout number value ${numberText(value)}, must be int64`)
  }
  if (typeof value !== 'string')
    throw operandError(1, `'timeout' must be one of {string, number} but got ${typeName(value)}`)
  if (whole.test(value)) return Number(value) / 1e6
  try {
    return Number(parseDuration(value)) / 1e6
  } catch (error) {
    if (error instanceof DurationError)
      throw new BuiltinError(`invalid timeout value ${quote(value)}: ${error.message}`, { cause: error })
    throw error
  }
}

function headersOf(value: Value | undefined): Record<string, string> {
  const headers: PlainObject = {}
  if (value !== undefined && !isPlainObject(value)) throw new BuiltinError('invalid type for headers key')
  for (const [name, header] of value === undefined ? [] : entriesOf(value)) {
    if (typeof header !== 'string') throw new BuiltinError(`invalid type for headers value ${quote(termText(header))}`)
    if (typeof name !== 'string' || !isToken(name))
      throw new BuiltinError(`net/http: invalid header field name ${quote(String(name))}`)
    // RFC 9110 section 5.5: a field value has no control characters, a line break would be a further field.
    if (/[\0\r\n]/.test(header)) throw new BuiltinError(`net/http: invalid header field value for ${quote(name)}`)
    setField(headers, name.toLowerCase(), header)
  }
  if (!Object.hasOwn(headers, 'user-agent')) headers['user-agent'] = 'Gatehouse'
  return headers as Record<string, string>
}

/** The `tls_*` parameters that change anything. */
function tlsOf(request: PlainObject): PlainObject {
  const tls: PlainObject = {}
  for (const [name, value] of entriesOf(request)) {
    if (typeof name !== 'string' || !name.startsWith('tls_')) continue
    const isFlag = name === 'tls_use_system_certs' || name === 'tls_insecure_skip_verify'
    if (!isFlag) setField(tls, name, value)
    else if (flag(request, name)) setField(tls, name, true)
  }
  return tls
}

function retriesOf(value: Value | undefined): number {
  if (value === undefined) return 0
  if (!isNumber(value) || !/^\d+$/.test(numberText(value)))
    throw new BuiltinError(`invalid value ${termText(value)} for field "max_retry_attempts"`)
  const retries = Number(numberText(value))
  if (retries > retriesMax) throw limitError(`max_retry_attempts ${retries}`, `${retriesMax} attempts`)
  return retries
}

function cachingOf(request: PlainObject): Caching | undefined {
  const byHeaders = booleanField(request, 'cache')
  const forced = booleanField(request, 'force_cache')
  const key = cacheKey(request)
  if (!byHeaders && !forced) return undefined
  return { key, forcedSeconds: forced ? forcedSeconds(request) : undefined, decoded: isDecoded(request) }
}

function isDecoded(request: PlainObject): boolean {
  const mode = getField(request, 'caching_mode') ?? 'serialized'
  if (mode === 'serialized' || mode === 'deserialized') return mode === 'deserialized'
  throw new BuiltinError(`invalid value specified for "caching_mode" field: ${termText(mode)}`)
}

function forcedSeconds(request: PlainObject): number {
  const value = getField(request, 'force_cache_duration_seconds')
  if (value === undefined)
    throw new BuiltinError("'force_cache' set but 'force_cache_duration_seconds' parameter is missing")
  const written = termText(value)
  if (isNumber(value) && /^-?\d{1,15}$/.test(written)) return Number(written)
  throw new BuiltinError(`strconv.ParseInt: parsing ${quote(written)}: invalid syntax`)
}

/** The request without the headers that make no difference, such as ids of traces. */
function cacheKey(request: PlainObject): string {
  const ignored = getField(request, 'cache_ignored_headers')
  const headers = getField(request, 'headers')
  if (ignored === undefined || !isPlainObject(headers)) return canonicalText(request)
  if (!Array.isArray(ignored) || ignored.some((name) => typeof name !== 'string'))
    throw new BuiltinError('cache_ignored_headers must be an array of strings')
  const kept = entriesOf(headers).filter(([name]) => !ignored.includes(name))
  const others = entriesOf(request).filter(([name]) => name !== 'cache_ignored_headers' && name !== 'headers')
  const key: PlainObject = {}
  for (const [name, value] of others) setField(key, name as string, value)
  const rest: PlainObject = {}
  for (const [name, value] of kept) setField(rest, name as string, value)
  setField(key, 'headers', rest)
  return canonicalText(key)
}
