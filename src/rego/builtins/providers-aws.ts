/**
 * `providers.aws.sign_req`: adds the headers of AWS Signature Version 4 to a request.
 */
import { createHash, createHmac } from 'node:crypto'
import {
  compareStrings,
  entriesOf,
  getField,
  isNumber,
  isObject,
  lookup,
  type PlainObject,
  RegoSet,
  setField,
  typeName,
  type Value,
} from '../value.ts'
import { type Builtin, operandError, operandTypeError } from './builtin.ts'
import { withUrlErrors } from './encoding.ts'
import { dateFromSeconds, splitNanos } from './go/calendar.ts'
import { formatTime } from './go/time-layout.ts'
import { escapedPath, parseUrl } from './go/url.ts'
import { requestOperand } from './http-request.ts'
import { toBigInt } from './integers.ts'
import { marshal } from './json.ts'
import { objectOperand } from './operands.ts'
import { termText } from './term-text.ts'

const required = ['aws_service', 'aws_access_key', 'aws_secret_access_key', 'aws_region']

/** Headers that others add or change on the way. */
const unsigned = new Set(['authorization', 'user-agent', 'x-amzn-trace-id'])

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()

function configOperand(value: Value): PlainObject {
  const config = objectOperand(value, 1)
  const missing = required.filter((key) => lookup(config, key) === undefined)
  if (missing.length > 0)
    throw operandError(2, `missing required AWS config parameters(s): ${termText(RegoSet.from(missing))}`)
  const wrong = required.filter((key) => typeof lookup(config, key) !== 'string')
  if (wrong.length > 0)
    throw operandError(2, `invalid values for required AWS config parameters(s): ${termText(RegoSet.from(wrong))}`)
  return config as PlainObject
}

function timeOperand(value: Value): bigint {
  if (!isNumber(value)) throw operandTypeError(1, typeName(value), ['number'])
  const time = toBigInt(value)
  // Nothing was signed before 1970.
  if (time === undefined || time < 0n || BigInt.asIntN(64, time) !== time)
    throw operandError(3, 'could not convert time_ns value into a unix timestamp')
  return time
}

function headersOf(request: PlainObject): Record<string, string> {
  const headers = getField(request, 'headers') ?? {}
  if (!isObject(headers)) throw operandTypeError(0, typeName(headers), ['object'])
  const texts: PlainObject = {}
  const text = (value: Value) => (typeof value === 'string' ? value : '')
  for (const [name, value] of entriesOf(headers)) setField(texts, text(name), text(value))
  return texts as Record<string, string>
}

function bodyOf(request: PlainObject): string {
  const raw = getField(request, 'raw_body')
  if (raw !== undefined) return typeof raw === 'string' ? raw : ''
  const body = getField(request, 'body')
  return body === undefined ? '' : marshal(body)
}

function sign(operand: Value, configValue: Value, time: Value): Value {
  if (!isObject(operand)) throw operandTypeError(1, typeName(operand), ['object'])
  const config = configOperand(configValue)
  const ns = timeOperand(time)
  const request = requestOperand(operand, 1)
  const headers = headersOf(request)
  const wrong = ['method', 'url'].filter((key) => typeof request[key] !== 'string')
  if (wrong.length > 0)
    throw operandError(1, `invalid values for required request parameters(s): ${termText(RegoSet.from(wrong))}`)
  const payloadUnsigned = getField(config, 'disable_payload_signing') ?? false
  if (typeof payloadUnsigned !== 'boolean')
    throw operandError(2, "invalid value for 'disable_payload_signing' in AWS config")
  const payload = payloadUnsigned ? 'UNSIGNED-PAYLOAD' : sha256(bodyOf(request))
  const signed: PlainObject = { ...headers, ...signatureHeaders(request, config, ns, headers, payload) }
  return { ...request, headers: signed }
}

function signatureHeaders(
  request: PlainObject,
  config: PlainObject,
  ns: bigint,
  headers: Record<string, string>,
  payload: string,
): PlainObject {
  const url = withUrlErrors(() => parseUrl(request.url as string))
  const { seconds, nanosecond } = splitNanos(ns)
  const date = dateFromSeconds(seconds, nanosecond, 0)
  const stamp = formatTime(date, seconds, { seconds: 0, name: 'UTC' }, '20060102T150405Z')
  const day = stamp.slice(0, 8)
  const text = (key: string) => (typeof config[key] === 'string' ? (config[key] as string) : '')
  const service = text('aws_service')
  const added: Record<string, string> = { host: url.host, 'x-amz-date': stamp }
  if (service === 's3' || service === 'glacier') added['x-amz-content-sha256'] = payload
  if (text('aws_session_token') !== '') added['x-amz-security-token'] = text('aws_session_token')
  const canonical = new Map(Object.entries(added))
  for (const [name, value] of Object.entries(headers))
    if (!unsigned.has(name.toLowerCase())) canonical.set(name.toLowerCase(), value)
  const names = [...canonical.keys()].sort(compareStrings)
  const lines = names.map((name) => `${name}:${canonical.get(name)}\n`).join('')
  const list = names.join(';')
  const asked = [request.method, escapedPath(url), url.rawQuery, lines, list, payload].join('\n')
  const scope = `${day}/${text('aws_region')}/${service}/aws4_request`
  const key = hmac(
    hmac(hmac(hmac(`AWS4${text('aws_secret_access_key')}`, day), text('aws_region')), service),
    'aws4_request',
  )
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(asked)}`).toString('hex')
  const credential = `${text('aws_access_key')}/${scope}`
  return {
    Authorization: `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${list},Signature=${signature}`,
    ...added,
  }
}

export const providersAws: Record<string, Builtin> = {
  'providers.aws.sign_req': { run: (_, request, config, time) => sign(request, config, time) },
}
