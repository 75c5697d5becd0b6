/** The client of 2025-11-25 and older: it opens a session, speaks within it and ends it. It offers the server nothing. */
import { type JsonObject, legacyRevisions, modernRevisions, visible } from '../../model/index.ts'
import { mcpHeaders, printJson, type RpcMessage } from '../../wire/index.ts'
import { CommandError, exitStatus } from '../io.ts'
import {
  type Client,
  type ClientPorts,
  clientInfo,
  messageFields,
  objectIn,
  type RequestWishes,
  resultOf,
} from './client.ts'
import type { Endpoint } from './endpoint.ts'
import { exchange, type Listening, type Reply } from './exchange.ts'
import { statusError } from './refused.ts'

/** Milliseconds before a stream that was cut off is taken up again, unless the server says how long. */
const resumeMs = 1_000
const resumeMsMax = 30_000
/** Visible ASCII (2025-11-25 "Session Management"). */
const sessionForm = /^[\x21-\x7e]{1,1024}$/

/** Gives the reply where it opens no session. Rejects with a `CommandError` for a revision that is not known here. */
export async function openSession(endpoint: Endpoint, ports: ClientPorts): Promise<Client | Reply> {
  const [newest] = legacyRevisions
  const params = { protocolVersion: newest, capabilities: {}, clientInfo: clientInfo(ports) }
  const reply = await exchange(
    endpoint,
    { method: 'POST', headers: messageFields, body: rpcText(0, 'initialize', params), idText: '0' },
    { signal: ports.signal, hear: () => undefined },
  )
  if (reply.answer?.kind !== 'result') return reply
  const { result } = reply.answer
  const revision = result.protocolVersion
  if (typeof revision !== 'string' || !(legacyRevisions as readonly string[]).includes(revision))
    throw new CommandError(
      `\`${endpoint.url.href}\` speaks the revision \`${visible(String(revision).slice(0, 40))}\` of MCP; known here are ${[...modernRevisions, ...legacyRevisions].join(', ')}`,
      exitStatus.finding,
    )
  const session = reply.headers.get(mcpHeaders.session) ?? undefined
  if (session !== undefined && !sessionForm.test(session))
    throw new CommandError('the endpoint gave a session id that no header can carry', exitStatus.finding)
  const client = new LegacyClient(endpoint, ports, revision, session, objectIn(result.serverInfo))
  await client.notify('notifications/initialized', {}, ports.signal)
  return client
}

class LegacyClient implements Client {
  readonly era = 'legacy'
  readonly revision: string
  readonly serverInfo: JsonObject | undefined
  readonly #endpoint: Endpoint
  readonly #ports: ClientPorts
  readonly #session: string | undefined
  #lastId = 0
  /** A request whose answer has not come. */
  #open: number | undefined = undefined

  constructor(
    endpoint: Endpoint,
    ports: ClientPorts,
    revision: string,
    session: string | undefined,
    serverInfo: JsonObject | undefined,
  ) {
    this.#endpoint = endpoint
    this.#ports = ports
    this.revision = revision
    this.#session = session
    this.serverInfo = serverInfo
  }

  async request(method: string, params: JsonObject, { hear }: RequestWishes = {}) {
    const id = ++this.#lastId
    const meta = hear === undefined ? {} : { _meta: { progressToken: id, ...objectIn(params._meta) } }
    const body = rpcText(id, method, { ...params, ...meta })
    const { signal, pause } = this.#ports
    const listening: Listening = { signal, hear: (message) => this.#hear(message, hear) }
    this.#open = id
    const idText = String(id)
    let reply = await exchange(this.#endpoint, { method: 'POST', headers: this.#headers(), body, idText }, listening)
    // 2025-11-25 "Resumability": a server may end the stream before the answer and go on with it when it is asked again.
    while (reply.cut?.lastEventId !== undefined) {
      const { lastEventId, retryMs } = reply.cut
      await pause(Math.min(retryMs ?? resumeMs, resumeMsMax), signal)
      if (signal.aborted) throw signal.reason
      const headers = { ...this.#headers(), [mcpHeaders.lastEvent]: lastEventId }
      reply = await exchange(this.#endpoint, { method: 'GET', headers, idText }, listening)
    }
    this.#open = undefined
    return resultOf(reply, this.#endpoint, method)
  }

  async notify(method: string, params: JsonObject, signal: AbortSignal): Promise<void> {
    const text = printJson({ jsonrpc: '2.0', method, ...(Object.keys(params).length > 0 && { params }) })
    await this.#post(text, signal)
  }

  async close(signal: AbortSignal): Promise<void> {
    try {
      // Hanging up is no cancellation in this era (2025-11-25 "Sending Messages to the Server").
      if (this.#open !== undefined) await this.notify('notifications/cancelled', { requestId: this.#open }, signal)
      if (this.#session === undefined) return
      await exchange(this.#endpoint, { method: 'DELETE', headers: this.#headers() }, { signal, hear: () => undefined })
    } catch {
      // The command is over, whatever the server makes of it.
    }
  }

  #headers(): { readonly [name: string]: string } {
    const session = this.#session !== undefined && { [mcpHeaders.session]: this.#session }
    return { ...messageFields, [mcpHeaders.revision]: this.revision, ...session }
  }

  async #post(body: string, signal: AbortSignal): Promise<void> {
    const reply = await exchange(
      this.#endpoint,
      { method: 'POST', headers: this.#headers(), body },
      { signal, hear: () => undefined },
    )
    if (reply.status >= 300) throw statusError(reply, this.#endpoint.url, 'a notification')
  }

  /** A server asks only for what it was offered, and it was offered nothing; it may always ask whether somebody is there. */
  #hear(message: Exclude<RpcMessage, { kind: 'response' }>, hear: RequestWishes['hear']): void {
    if (message.kind === 'notification') {
      hear?.(message.method, message.params)
      return
    }
    const answer =
      message.method === 'ping'
        ? '"result":{}'
        : `"error":${printJson({ code: -32601, message: 'this client can answer nothing' })}`
    hear?.(message.method, message.params)
    // What becomes of it shows in the answer to the call.
    this.#post(`{"jsonrpc":"2.0","id":${message.idText},${answer}}`, this.#ports.signal).catch(() => undefined)
  }
}

function rpcText(id: number, method: string, params: JsonObject): string {
  return printJson({ jsonrpc: '2.0', id, method, params })
}
