/** Messages of an agent, byte by byte, sent to a world: both eras, every header by hand, so that each can be wrong. */
import { expect } from 'vitest'
import type { SentReply, World } from './world.ts'

export const both = 'application/json, text/event-stream'
export const modernRevision = '2026-07-28'

export interface SentMessage {
  readonly method: string
  readonly params?: object
  readonly id?: unknown
  readonly headers?: { readonly [name: string]: string | undefined }
  readonly token?: string | null
  readonly path?: string
}

const nameOf = (method: string, params: { name?: string; uri?: string; taskId?: string }): string | undefined =>
  method === 'resources/read' ? params.uri : method.startsWith('tasks/') ? params.taskId : params.name

/** A request of 2026-07-28 as it should be; `headers` replace or, with undefined, remove. */
export function modern(world: World, message: SentMessage): Promise<SentReply> {
  const { method, id = 1 } = message
  const given = (message.params ?? {}) as { name?: string; _meta?: object }
  const params = {
    ...given,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': modernRevision,
      'io.modelcontextprotocol/clientCapabilities': {},
      ...given._meta,
    },
  }
  const name = nameOf(method, given)
  const headers = {
    'mcp-protocol-version': modernRevision,
    'mcp-method': method,
    ...(name !== undefined && { 'mcp-name': name }),
    ...message.headers,
  }
  return post(world, { jsonrpc: '2.0', id, method, params }, headers, message)
}

/** A message within a legacy session. */
export function legacy(world: World, session: string, message: SentMessage): Promise<SentReply> {
  const { method, params, id = 1 } = message
  const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25', ...message.headers }
  const isNotification = method.startsWith('notifications/')
  return post(
    world,
    { jsonrpc: '2.0', ...(!isNotification && { id }), method, ...(params && { params }) },
    headers,
    message,
  )
}

/** Opens a session and gives its id. */
export async function openSession(world: World, message: Partial<SentMessage> = {}): Promise<string> {
  const reply = await initialize(world, message)
  const id = reply.headers['mcp-session-id']
  if (typeof id !== 'string') throw new Error(`no session: ${reply.status} ${reply.text}`)
  await legacy(world, id, { method: 'notifications/initialized', ...message })
  return id
}

export function initialize(world: World, message: Partial<SentMessage> = {}): Promise<SentReply> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'agent', version: '1' } }
  const body = { jsonrpc: '2.0', id: 'open', method: 'initialize', params: { ...params, ...message.params } }
  return post(world, body, message.headers ?? {}, message)
}

export function post(
  world: World,
  body: unknown,
  headers: { readonly [name: string]: string | undefined },
  { token, path = '/mcp' }: Pick<SentMessage, 'token' | 'path'> = {},
): Promise<SentReply> {
  const all = { accept: both, 'content-type': 'application/json', ...headers }
  const kept = Object.fromEntries(Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined))
  return world.send({
    method: 'POST',
    path,
    headers: kept,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(token !== undefined && { token }),
  })
}

export interface Listening {
  readonly status: number
  /** Everything that has come so far. */
  text(): string
  /** The messages that have come, as soon as there are as many; fails when there are more or it takes too long. */
  heard<T>(count: number): Promise<T[]>
  /** The agent goes away. */
  close(): void
}

/** The stream of a session (GET), open until it is closed. */
export async function listen(
  world: World,
  session: string,
  { token, headers = {} }: Pick<SentMessage, 'token' | 'headers'> = {},
): Promise<Listening> {
  const authorization = `Bearer ${token ?? (await world.token())}`
  const controller = new AbortController()
  const all = { accept: 'text/event-stream', 'mcp-session-id': session, authorization, ...headers }
  const kept = Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined)
  const response = await fetch(`http://127.0.0.1:${world.port}/mcp`, { headers: kept, signal: controller.signal })
  let text = ''
  const read = async (): Promise<void> => {
    for await (const piece of response.body ?? []) text += Buffer.from(piece).toString('utf8')
  }
  // However it ends, what came until then is what was heard.
  void read().catch(() => undefined)
  const messages = () => messagesIn(text)
  return {
    status: response.status,
    text: () => text,
    heard: async (count) => {
      await expect.poll(() => messages().length).toBe(count)
      return messages()
    },
    close: () => controller.abort(),
  }
}

/** The messages of a reply that came as events. */
// biome-ignore lint/suspicious/noExplicitAny: messages are read back as the JSON they are.
export function eventsOf(reply: SentReply): any[] {
  return messagesIn(reply.text)
}

// biome-ignore lint/suspicious/noExplicitAny: messages are read back as the JSON they are.
function messagesIn(text: string): any[] {
  return text
    .split('\n\n')
    .map((event) => event.split('\n').filter((line) => line.startsWith('data: ')))
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.slice(6)).join('\n'))
    .filter((data) => data !== '')
    .map((data) => JSON.parse(data))
}
