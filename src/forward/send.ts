/**
 * Sends the requests that a policy's author asks for at a prompt (`http.send`): to any address, as `opa` does, with the TLS material that the
 * request names. It is not the way to upstreams: no credential of ours is on it, and the gateway never hands it to a policy.
 */
import { readFileSync } from 'node:fs'
import { Agent, request as dispatch } from 'undici'

export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs: number
  readonly followRedirects: boolean
  /** `tls_ca_cert`, `tls_client_cert_file` and so on, as `http.send` names them. */
  readonly tls: Readonly<Record<string, unknown>>
}

export interface SentReply {
  readonly status: number
  readonly statusText: string
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: Uint8Array
}

export interface SendPorts {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Hosts that may be reached, by name; absent: all. Capabilities call it `allow_net`. */
  readonly hosts?: readonly string[]
}

/** Bytes of a reply: it becomes a value of the policy, which is held in memory several times. */
const replyBytesMax = 64 * 1024 * 1024
/** Redirects followed for one request, as Go's client has it. */
const redirectsMax = 10

const redirects = new Set([301, 302, 303, 307, 308])

/** Rejects with an `Error` that says what happened. */
export function makeSend(ports: SendPorts): (request: SentRequest) => Promise<SentReply> {
  return async (request) => {
    const agent = new Agent({ connect: tlsOptions(request.tls, ports.environment), allowH2: false, pipelining: 1 })
    try {
      return await exchange(request, agent, ports, AbortSignal.timeout(Math.ceil(request.timeoutMs)))
    } finally {
      await agent.destroy()
    }
  }
}

async function exchange(asked: SentRequest, agent: Agent, ports: SendPorts, signal: AbortSignal): Promise<SentReply> {
  let { method, url, body } = asked
  for (let hops = 0; ; hops++) {
    const target = checkedUrl(url, ports)
    const reply = await dispatch(target, {
      method: method as 'GET',
      headers: { ...asked.headers },
      body: body ?? null,
      dispatcher: agent,
      signal,
    })
    const location = reply.headers.location
    if (!asked.followRedirects || !redirects.has(reply.statusCode) || typeof location !== 'string')
      return replied(reply.statusCode, reply.statusText ?? '', reply.headers, await bounded(reply.body))
    await reply.body.dump()
    if (hops === redirectsMax) throw new Error(`stopped after ${redirectsMax} redirects`)
    url = new URL(location, target).href
    // RFC 9110 section 15.4: 307 and 308 keep the method, the others become a GET in practice.
    if (reply.statusCode < 307 && method !== 'HEAD') {
      method = 'GET'
      body = undefined
    }
  }
}

function checkedUrl(text: string, { hosts }: SendPorts): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new Error(`\`${text}\` is not an http or https URL`)
  if (hosts !== undefined && !hosts.includes(url.hostname.replace(/^\[|\]$/g, '')))
    throw new Error(`unallowed host: ${url.hostname}`)
  return url
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > replyBytesMax) throw new Error(`the reply has more than ${replyBytesMax} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function replied(
  status: number,
  statusText: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
): SentReply {
  const lists = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value : [value]] as const],
  )
  return { status, statusText, headers: Object.fromEntries(lists), body }
}

/** TLS as the request asks for it; `_file` names a file, `_env_variable` a variable of the environment, the bare name has the text itself. */
function tlsOptions(
  tls: SentRequest['tls'],
  environment: SendPorts['environment'],
): NonNullable<Agent.Options['connect']> {
  const material = (name: string): string | undefined => {
    const text = textOf(tls[name])
    if (text !== undefined) return text
    const file = textOf(tls[`${name}_file`])
    if (file !== undefined) return readFileSync(file, 'utf8')
    const variable = textOf(tls[`${name}_env_variable`])
    return variable === undefined ? undefined : environment[variable]
  }
  const given = {
    ca: material('tls_ca_cert'),
    cert: material('tls_client_cert'),
    key: material('tls_client_key'),
    servername: textOf(tls.tls_server_name),
  }
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return { ...named, rejectUnauthorized: tls.tls_insecure_skip_verify !== true }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
