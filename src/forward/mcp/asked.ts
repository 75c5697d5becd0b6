/**
 * What servers ask an agent in a legacy session (sampling, elicitation, roots, pings): towards the agent each request has an id and a
 * progress token of the gateway's own, so that no server can speak of another's request, nor of one that the agent made itself.
 */
import { type Clock, isJsonObject, type JsonObject, limits, type McpAsked, type McpSession } from '../../model/index.ts'
import { editJson, idText, type JsonEdit, printJson } from '../../wire/index.ts'
import type { Peer } from './peer.ts'

interface ServerRequestMessage {
  readonly method: string
  readonly idText: string
  readonly params: JsonObject
}

/** The request in the agent's words, remembered until it is answered, taken back, or old and in the way of another. */
export function askAgent(
  session: McpSession,
  peer: Peer,
  { method, idText: askedId, params }: ServerRequestMessage,
  bytes: Buffer,
  clock: Clock,
): Buffer {
  const own = printJson(peer.nextId())
  const { _meta: meta } = params
  const progressText = isJsonObject(meta) ? idText(meta.progressToken) : undefined
  session.asked.set(own, {
    server: peer.server,
    idText: askedId,
    method,
    atMs: clock.monotonicMs(),
    ...(progressText !== undefined && { progressText }),
  })
  const edits: JsonEdit[] = [{ path: ['id'], text: own }]
  if (isJsonObject(meta) && meta.progressToken !== undefined)
    edits.push({ path: ['params', '_meta', 'progressToken'], text: progressText === undefined ? undefined : own })
  return editJson(bytes, edits)
}

/** Whether the agent may be asked one thing more. Each server has room of its own: one that asks and asks does not silence the others. */
export function hasRoom({ asked }: McpSession, peer: Peer, clock: Clock): boolean {
  const own = [...asked].filter(([, one]) => isOf(one, peer))
  if (own.length < limits.mcpAskedMax) return true
  const oldestMs = clock.monotonicMs() - limits.mcpAskedMsMax
  const old = own.filter(([, { atMs }]) => atMs < oldestMs)
  for (const [key] of old) asked.delete(key)
  return old.length > 0
}

/** The id by which the agent knows what this server takes back; undefined where the server asked no such thing. */
export function withdrawn(session: McpSession | undefined, peer: Peer, askedId: string): string | undefined {
  const found = [...(session?.asked ?? [])].find(([, one]) => one.idText === askedId && isOf(one, peer))
  if (found === undefined) return undefined
  const [key] = found
  session?.asked.delete(key)
  return key
}

function isOf({ server }: McpAsked, { id }: Peer): boolean {
  return server.upstream.id === id
}
