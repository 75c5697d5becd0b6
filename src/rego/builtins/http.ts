/**
 * `http.send`: what is asked for is checked here, the sending is the caller's port, which guards where a policy may reach. Equal requests of one evaluation are
 * sent once; nothing is kept beyond it.
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
import {
  type Builtin,
  type BuiltinContext,
  BuiltinError,
  type HttpReply,
  type HttpRequest,
  operandError,
} from './builtin.ts'
import { DurationError, parseDuration } from './go/duration.ts'
import { quote } from './go/quote.ts'
import { marshal, unmarshal } from './json.ts'
import { objectOperand } from './operands.ts'
import { termText } from './term-text.ts'
import { unmarshalYaml } from './yaml.ts'

/** Milliseconds that a request may take when it does not say. */
const timeoutDefaultMs = 5000

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

function flag(request: PlainObject, name: string): boolean {
  const value = getField(request, name)
  if (value === undefined || typeof value === 'boolean') return value === true
  throw new BuiltinError(`strconv.ParseBool: parsing ${quote(termText(value))}: invalid syntax`)
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
    if (typeof header !== 'string') throw new BuiltinError(`invalid type for headers value ${termText(header)}`)
    setField(headers, String(name).toLowerCase(), header)
  }
  if (!Object.hasOwn(headers, 'user-agent')) headers['user-agent'] = 'Gatehouse'
  return headers as Record<string, string>
}

function readRequest(request: PlainObject): HttpRequest {
  for (const name of textParameters) {
    const value = getField(request, name)
    if (value !== undefined && typeof value !== 'string') throw new BuiltinError(`${quote(name)} must be a string`)
  }
  const text = (name: string) => ((getField(request, name) ?? '') as string).replace(/^"+|"+$/g, '')
  const raw = getField(request, 'raw_body')
  const json = getField(request, 'body')
  const body = raw !== undefined ? text('raw_body') : json === undefined ? undefined : marshal(json)
  const tls: PlainObject = {}
  for (const [name, value] of entriesOf(request))
    if ((name as string).startsWith('tls_')) setField(tls, name as string, value)
  for (const name of ['tls_use_system_certs', 'tls_insecure_skip_verify']) flag(request, name)
  return {
    method: text('method').toUpperCase(),
    url: text('url'),
    headers: headersOf(getField(request, 'headers')),
    ...(body === undefined ? {} : { body }),
    timeoutMs: timeoutMs(getField(request, 'timeout')),
    followRedirects: flag(request, 'enable_redirect'),
    tls,
  }
}

/** A body that cannot be read is null, as for any other type of content. */
function decodedBody(request: PlainObject, type: string, raw: string): Value {
  try {
    if (flag(request, 'force_json_decode') || /application\/(?:[\w.+-]+\+)?json/.test(type)) return unmarshal(raw)
    if (flag(request, 'force_yaml_decode') || /application\/(?:x-)?yaml/.test(type)) return unmarshalYaml(raw)
  } catch (error) {
    if (!(error instanceof BuiltinError) || error.halts) throw error
  }
  return null
}

function replyValue(request: PlainObject, reply: HttpReply): PlainObject {
  const raw = Buffer.from(reply.body).toString('utf8')
  const headers: PlainObject = {}
  for (const [name, values] of Object.entries(reply.headers)) setField(headers, name.toLowerCase(), [...values])
  const type = reply.headers['content-type']?.[0] ?? ''
  return {
    status: `${reply.status} ${reply.statusText}`.trim(),
    status_code: reply.status,
    body: decodedBody(request, type, raw),
    raw_body: raw,
    headers,
  }
}

/** What came of sending: kept so that a failure is the same for every equal request. */
const failed = 'http.send: failed'

function send(context: BuiltinContext, operand: Value): Value {
  const object = objectOperand(operand, 1)
  const raise = getField(object as PlainObject, 'raise_error')
  if (raise !== undefined && typeof raise !== 'boolean') throw new BuiltinError('invalid value for raise_error field')
  try {
    return exchange(context, requestOperand(operand, 1))
  } catch (error) {
    if (raise !== false || !(error instanceof BuiltinError) || error.halts) throw error
    const network = error instanceof NetworkError
    const code = network ? 'eval_http_send_network_error' : 'eval_http_send_internal_error'
    return {
      status_code: 0,
      error: { code, message: network ? error.message : `${error.code}: http.send: ${error.message}` },
    }
  }
}

class NetworkError extends BuiltinError {}

function exchange(context: BuiltinContext, request: PlainObject): Value {
  const asked = readRequest(request)
  const { fetch } = context.ports
  if (fetch === undefined)
    throw new BuiltinError('there is no network: this evaluation was given no way to send requests')
  const reply = context.wait(`http.send:${canonicalText(request)}`, async () => {
    try {
      return replyValue(request, await fetch(asked))
    } catch (cause) {
      return { [failed]: cause instanceof Error ? cause.message : String(cause) }
    }
  })
  const problem = isPlainObject(reply) ? getField(reply, failed) : undefined
  if (typeof problem === 'string') throw new NetworkError(`${asked.method} ${quote(asked.url)}: ${problem}`)
  return reply
}

export const http: Record<string, Builtin> = {
  'http.send': { nondeterministic: true, run: (context, request) => send(context, request) },
}
