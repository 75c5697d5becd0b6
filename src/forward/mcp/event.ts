/**
 * An event of a server's stream as the agent gets it: an answer, a word on the way, a question to the agent. What the policy does not let
 * the server say, what is about nothing of this agent's, and what nobody here can read is held back; each is counted.
 */
import { Fault, limits, type McpTarget } from '../../model/index.ts'
import {
  carriesMessage,
  idText,
  type RpcMessage,
  rpcErrorText,
  type SseEvent,
  serverNotifications,
  serverRequests,
} from '../../wire/index.ts'
import { askAgent, hasRoom, withdrawn } from './asked.ts'
import type { McpPlan } from './ears.ts'
import { withheld } from './mask-result.ts'
import { changes } from './open-streams.ts'
import type { Link, Peer } from './peer.ts'
import type { Relayed } from './relay-stream.ts'
import { type Hop, readServerMessage, translateNotification, translateResponse } from './translate.ts'
import type { Way } from './way.ts'

type Response = Extract<RpcMessage, { kind: 'response' }>
type Notification = Extract<RpcMessage, { kind: 'notification' }>
type Request = Extract<RpcMessage, { kind: 'request' }>

/** Where an event came. */
export interface EventPlace {
  readonly way: Way
  readonly peer: Peer
  /** Of a legacy session. */
  readonly link: Link | undefined
  /** The request that the stream belongs to; absent for the stream of a session, which may carry the answer to any request of it. */
  readonly hop: Hop | undefined
  readonly target: McpTarget
  /** Of the call whose reply the stream is. */
  readonly plan: McpPlan
}

const acknowledged = 'notifications/subscriptions/acknowledged'
const updated = 'notifications/resources/updated'
const cancelled = 'notifications/cancelled'

/** Code of an error that says that policy refuses something: outside of what JSON-RPC keeps for itself. */
const refusedCode = 403

/** Undefined for an event that the agent does not get. Faults: `upstream_rpc`, `reply_not_maskable`. */
export function translateEvent(place: EventPlace, event: SseEvent): Relayed | undefined {
  const { way, peer, target } = place
  const legacy = target.mcp.message.era === 'legacy'
  const passed = (data: string, isLast: boolean): Relayed => ({
    event: {
      data,
      ...(event.type !== undefined && { type: event.type }),
      // 2026-07-28: streams are not resumable, so an id would promise what nobody keeps.
      ...(legacy && event.id !== undefined && { id: way.eventId(target, peer, event.id) }),
      ...(legacy && event.retry !== undefined && { retry: retryMs(event.retry) }),
    },
    isLast,
  })
  if (!carriesMessage(event)) return undefined
  if (event.data === '') return legacy && event.id !== undefined ? passed('', false) : undefined
  const bytes = Buffer.from(event.data)
  const { message } = readServerMessage(bytes)
  if (message.kind === 'response') return answerOf(place, bytes, message, passed)
  const said = message.kind === 'request' ? asked(place, bytes, message) : told(place, bytes, message)
  place.plan.ears.note(peer.server, message.method, said !== undefined)
  return said === undefined ? undefined : passed(said, false)
}

/** What was masked has nothing left in it to bring back. */
export function sealedAnswer(
  way: Way,
  peer: Peer,
  target: McpTarget,
  hop: Hop,
  bytes: Buffer,
  message: Response,
): Buffer {
  const translated = translateResponse(bytes, message, hop)
  return hop.mask === undefined ? way.sealResult(translated, message, peer, target) : translated
}

function answerOf(
  place: EventPlace,
  bytes: Buffer,
  message: Response,
  passed: (data: string, isLast: boolean) => Relayed,
): Relayed | undefined {
  const { way, peer, link, hop, target, plan } = place
  const asked = message.idText === undefined ? hop : hopOf(place, message.idText)
  if (asked === undefined) {
    if (hop === undefined) return undefined
    throw new Fault('upstream_rpc', `the server \`${peer.id}\` answered what was not asked`)
  }
  link?.outstanding.delete(asked.ownIdText)
  const translated = sealedAnswer(way, peer, target, asked, bytes, message)
  if (asked === hop) plan.ears.answered(message.outcome)
  else plan.ears.note(peer.server, asked.message.method.name, true)
  return passed(translated.toString('utf8'), asked === hop)
}

function told(place: EventPlace, bytes: Buffer, message: Notification): string | undefined {
  const { way, peer, target, plan } = place
  const { method, params } = message
  const kind = changes.get(method)
  if (kind !== undefined) way.changed(peer, target.mcp.message)
  if (!serverNotifications.has(method) || !plan.ears.hears(peer.server, method)) return undefined
  if (kind !== undefined && !plan.ears.concerns(peer.server, kind)) return undefined
  if (method === updated && !(typeof params.uri === 'string' && plan.ears.knows(peer.server, params.uri)))
    return undefined
  if (method === cancelled) return cancellation(place, bytes, message)
  // Of an acknowledgement the agent knows every word: it asked for it.
  const masks = method !== acknowledged && masksHere(place)
  const translated = translateNotification(bytes, message, (id) => hopOf(place, id), masks)
  return translated && way.sealNotification(translated, message, peer, target).toString('utf8')
}

/** A server takes back what it asked, or ends what it was asked for: by the id that the agent knows. */
function cancellation(place: EventPlace, bytes: Buffer, { params }: Notification): string | undefined {
  const { way, peer, target } = place
  const own = idText(params.requestId)
  if (own === undefined) return undefined
  const given = withdrawn(target.mcp.message.session, peer, own) ?? hopOf(place, own)?.message.idText
  if (given === undefined) return undefined
  // Words of a server may say what is to be masked.
  if (masksHere(place)) return `{"jsonrpc":"2.0","method":"${cancelled}","params":{"requestId":${given}}}`
  return way.withRequestId(bytes, given)
}

/** A server's request in the agent's words. Undefined for one that the policy refuses: the server is told so. */
function asked(place: EventPlace, bytes: Buffer, message: Request): string | undefined {
  const { way, peer, link, target, plan } = place
  const { session, era } = target.mcp.message
  const amiss = (what: string): Fault => {
    plan.ears.note(peer.server, message.method, false)
    return new Fault('upstream_rpc', `the server \`${peer.id}\` ${what}`)
  }
  const method = message.method.slice(0, 80)
  if (masksHere(place)) {
    plan.ears.note(peer.server, message.method, false)
    throw withheld(`the server \`${peer.id}\` asks the agent something during a call whose reply is masked`)
  }
  if (era !== 'legacy' || session === undefined || link === undefined)
    throw amiss(`sent the request \`${method}\`, which this era does not have`)
  if (!serverRequests.has(message.method)) throw amiss(`sent the request \`${method}\`, which agents do not take`)
  if (!hasRoom(session, peer, way.clock))
    throw amiss(`has asked the agent ${limits.mcpAskedMax} things without an answer`)
  if (!plan.ears.hears(peer.server, message.method)) {
    const text = rpcErrorText(message.idText, refusedCode, `the policy does not let servers ask for \`${method}\``)
    // A server that cannot be reached waits for its answer as long as it likes: the agent's call has its own end, and the outcome counts what was withheld.
    peer.post(link, text).catch(() => undefined)
    return undefined
  }
  return askAgent(session, peer, message, bytes, way.clock).toString('utf8')
}

function retryMs(asked: number): number {
  return Math.min(Math.max(asked, limits.mcpRetryMsMin), limits.mcpRetryMsMax)
}

function hopOf({ hop, link }: EventPlace, id: string): Hop | undefined {
  return hop?.ownIdText === id ? hop : link?.outstanding.get(id)
}

/** On the stream of a session anything may be about a call that runs. */
function masksHere({ hop, link, plan }: EventPlace): boolean {
  if (plan.mask !== undefined) return true
  if (hop === undefined) for (const one of link?.outstanding.values() ?? []) if (one.mask !== undefined) return true
  return false
}
