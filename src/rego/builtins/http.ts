/**
 * `http.send`: the sending is the caller's port, which guards where a policy may reach. Equal requests of one evaluation are sent once;
 * beyond it replies are kept where the request asks for that.
 */
import { canonicalText, getField, isPlainObject, type PlainObject, setField, type Value } from '../value.ts'
import {
  type Builtin,
  type BuiltinContext,
  BuiltinError,
  type BuiltinPorts,
  type HttpReply,
  type HttpRequest,
} from './builtin.ts'
import { quote } from './go/quote.ts'
import { expiryOf, type KeptReply, refreshed, replyCache, validatorsOf } from './http-cache.ts'
import { type Asked, type Caching, readRequest, requestOperand } from './http-request.ts'
import { unmarshal } from './json.ts'
import { objectOperand } from './operands.ts'
import { unmarshalYaml } from './yaml.ts'

/** A body that cannot be read is null, as for any other type of content. */
function decodedBody(decode: Asked['decode'], type: string, raw: string): Value {
  try {
    if (decode.json || /application\/(?:[\w.+-]+\+)?json/.test(type)) return unmarshal(raw)
    if (decode.yaml || /application\/(?:x-)?yaml/.test(type)) return unmarshalYaml(raw)
  } catch (error) {
    if (!(error instanceof BuiltinError) || error.halts) throw error
  }
  return null
}

function replyValue(decode: Asked['decode'], reply: HttpReply): PlainObject {
  const raw = Buffer.from(reply.body).toString('utf8')
  const headers: PlainObject = {}
  for (const [name, values] of Object.entries(reply.headers)) setField(headers, name.toLowerCase(), [...values])
  const type = reply.headers['content-type']?.[0] ?? ''
  return {
    status: `${reply.status} ${reply.statusText}`.trim(),
    status_code: reply.status,
    body: decodedBody(decode, type, raw),
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
    return answer(context, requestOperand(operand, 1))
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

/** The reply that is kept, or the one that is waited for. */
function answer(context: BuiltinContext, request: PlainObject): Value {
  const asked = readRequest(request)
  const { fetch } = context.ports
  if (fetch === undefined)
    throw new BuiltinError('there is no network: this evaluation was given no way to send requests')
  checkTls(asked.request, context.ports)
  if (asked.retries > 0 && context.ports.pause === undefined)
    throw new BuiltinError('`max_retry_attempts` is not possible here: this evaluation was given no way to wait')
  const { caching } = asked
  const kept = caching === undefined ? undefined : replyCache(context).get(caching.key)
  if (kept !== undefined && context.nowNs < kept.expiresNs) return kept.value ?? replyValue(asked.decode, kept.reply)
  const reply = context.wait(`http.send:${canonicalText(request)}`, async () => {
    try {
      const repeated = (each: HttpRequest) => withRetries(context, asked.retries, () => fetch(each))
      if (caching === undefined) return replyValue(asked.decode, await repeated(asked.request))
      return await exchange(context, { ...asked, caching }, kept, repeated)
    } catch (cause) {
      return { [failed]: cause instanceof Error ? cause.message : String(cause) }
    }
  })
  const problem = isPlainObject(reply) ? getField(reply, failed) : undefined
  if (typeof problem === 'string')
    throw new NetworkError(`${goMethod(asked.request)} ${quote(asked.request.url)}: ${problem}`)
  return reply
}

/** `Get`, as Go's errors write a method. */
function goMethod({ method }: HttpRequest): string {
  return method.charAt(0) + method.slice(1).toLowerCase()
}

/** A parameter that the port does not carry out would change whom the policy trusts: it is refused, never left out. */
function checkTls({ tls }: HttpRequest, { tlsParameters = [] }: BuiltinPorts): void {
  const refused = Object.keys(tls).filter((name) => !tlsParameters.includes(name))
  if (refused.length > 0)
    throw new BuiltinError(`\`${refused.join('`, `')}\` is not possible here: requests are sent without it`)
}

type Send = (request: HttpRequest) => Promise<HttpReply>

/** Asks for a reply that may be kept: whether the old one is still good where there is one, else for a new one. */
async function exchange(
  context: BuiltinContext,
  { request, caching, decode }: Asked & { readonly caching: Caching },
  old: KeptReply | undefined,
  send: Send,
): Promise<Value> {
  const replies = replyCache(context)
  const keep = (entry: KeptReply): Value => {
    const value = entry.value ?? replyValue(decode, entry.reply)
    replies.set(caching.key, caching.decoded ? { ...entry, value } : entry)
    return value
  }
  const validators = old === undefined ? undefined : validatorsOf(old.reply)
  if (old !== undefined) replies.delete(caching.key)
  let reply: HttpReply | undefined
  if (old !== undefined && validators !== undefined) {
    reply = await send({ ...request, headers: { ...request.headers, ...validators } })
    if (reply.status === 304) {
      const again = refreshed(old.reply, reply, caching, context.nowNs)
      return again === undefined ? replyValue(decode, old.reply) : keep(again)
    }
    if (reply.status !== 200) reply = undefined
  }
  reply ??= await send(request)
  const expiresNs = expiryOf(reply, caching, context.nowNs)
  return expiresNs === undefined ? replyValue(decode, reply) : keep({ reply, expiresNs })
}

/** Milliseconds before the second attempt, before the attempts after it at most, and by how much each wait is longer than the last. */
const retryMs = { first: 100, longest: 60_000, factor: 1.6 }

/** Sends again where no reply came; a reply of any status is one. */
async function withRetries(
  context: BuiltinContext,
  retries: number,
  send: () => Promise<HttpReply>,
): Promise<HttpReply> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send()
    } catch (cause) {
      if (attempt >= retries) throw cause
      await context.ports.pause?.(
        attempt === 0 ? 0 : Math.min(retryMs.longest, retryMs.first * retryMs.factor ** attempt),
      )
    }
  }
}

export const http: Record<string, Builtin> = {
  'http.send': { nondeterministic: true, run: (context, request) => send(context, request) },
}
