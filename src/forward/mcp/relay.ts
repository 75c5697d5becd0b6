/**
 * One message of an agent to one server and what comes back: ids and tokens changed on the way out and restored on the way back, a
 * reply as JSON or as a stream of events, a lost session of the server opened again without the agent noticing.
 */
import {
  asBuffer,
  type ByteSource,
  type Call,
  Fault,
  faults,
  limits,
  type McpMessage,
  type McpSession,
  type McpTarget,
  property,
  type UpstreamReply,
} from '../../model/index.ts'
import {
  type JsonEdit,
  mediaTypeOf,
  metaKeys,
  printJson,
  type RpcMessage,
  type SseEvent,
  serverRequests,
  traceparentOf,
} from '../../wire/index.ts'
import type { Plan } from '../obligations.ts'
import { otherEra } from './aim.ts'
import type { ServerReply } from './exchange.ts'
import { type Begun, begin } from './first-message.ts'
import { withheld } from './mask-result.ts'
import { promised } from './open-streams.ts'
import { type Link, type Peer, refusedStatus } from './peer.ts'
import { type Relayed, RelayStream } from './relay-stream.ts'
import { bareReply, jsonReply, streamReply } from './replies.ts'
import { acceptBoth, serverHeaders } from './server-headers.ts'
import {
  type Asked,
  type Hop,
  readServerMessage,
  saysUnknown,
  translateNotification,
  translateRequest,
  translateResponse,
} from './translate.ts'
import type { Way } from './way.ts'

/** Sends the target's message to `peer` and gives the reply. Faults as `exchange`; `upstream_rpc`; `revision_unsupported`. */
export async function relay(
  way: Way,
  peer: Peer,
  call: Call,
  target: McpTarget,
  plan: Plan,
  edits: readonly JsonEdit[] = changes(peer, target),
): Promise<UpstreamReply> {
  const { message } = target.mcp
  const { session } = message
  if (session === undefined) return relayOnce(way, peer, undefined, call, target, plan, edits)
  const link = await peer.linkOf(session)
  const reply = await relayOnce(way, peer, link, call, target, plan, edits)
  if (reply !== lostSession) return reply
  // 2025-11-25 "Session Management": with 404 the server has done nothing but say that the session is gone.
  peer.lose(session)
  await way.refuseChanged(peer, target)
  const again = await relayOnce(way, peer, await peer.linkOf(session), call, target, plan, edits)
  if (again === lostSession) throw refusedStatus(peer.id, 404)
  return again
}

const noBytes = Buffer.alloc(0)
type Response = Extract<RpcMessage, { kind: 'response' }>

const lostSession = Symbol('the server has lost the session') as unknown as UpstreamReply

async function relayOnce(
  way: Way,
  peer: Peer,
  link: Link | undefined,
  call: Call,
  target: McpTarget,
  plan: Plan,
  edits: readonly JsonEdit[],
): Promise<UpstreamReply> {
  const { mcp } = target
  const { message } = mcp
  const ownIdText = peer.nextId()
  const { body, progressText } = translateRequest(asBuffer(message.body?.bytes ?? noBytes), message, {
    ownIdText,
    trace: traceparentOf(call.trace),
    edits,
  })
  const hop: Hop = { message: askedOf(message), plan, ownIdText, ...(progressText !== undefined && { progressText }) }
  const lasting = message.method.name === 'subscriptions/listen'
  if (message.kind === 'request') remember(link, hop)
  let reply: ServerReply
  try {
    reply = await peer.send(
      {
        method: 'POST',
        headers: headersFor(peer, link, call, target, plan),
        body,
        bytesMax: Math.min(peer.server.upstream.replyBytesMax, plan.replyBytesMax ?? Number.POSITIVE_INFINITY),
        lasting,
      },
      // In the modern era that is the cancellation; a server of the legacy era goes on, and keeps the answer where it can be fetched.
      call.departure,
    )
  } catch (cause) {
    link?.outstanding.delete(ownIdText)
    throw cause
  }
  if (reply.status === 404 && link?.sessionId !== undefined) {
    link.outstanding.delete(ownIdText)
    discard(reply)
    return lostSession
  }
  const from = { plan, from: reply }
  if (message.kind !== 'request') return answeredNotification(peer, reply, from)
  if (reply.body.kind === 'events') {
    const { first, source } = await begun(reply.body.source, message, call)
    if (first?.kind === 'response' && first.idText === ownIdText && saysUnknown(message, first)) {
      source.cancel(new Error('the answer has come'))
      link?.outstanding.delete(ownIdText)
      return jsonReply(faults.resource_unknown.status, translateResponse(noBytes, first, hop), from)
    }
    const stream = new RelayStream({
      source,
      clock: way.clock,
      translate: (event) => translateEvent(way, peer, link, hop, target, event),
      endedEarly: () => (message.era === 'legacy' || lasting ? undefined : endedEarly(peer)),
      alive: () => message.session?.touch(),
      over: () => forget(),
    })
    const forget = lasting ? way.memory.streams.add((method) => tellListener(stream, message, method)) : nothing
    return streamReply(stream, from, lasting)
  }
  link?.outstanding.delete(ownIdText)
  return answered(peer, reply, hop, way, target)
}

function askedOf({ era, method, idText, name }: McpMessage): Asked {
  return { era, method, ...(idText !== undefined && { idText }), ...(name !== undefined && { name }) }
}

/** Only where the first message may be the answer that is given in another form. */
function begun(source: ByteSource, { method }: McpMessage, { departure }: Call): Begun | Promise<Begun> {
  return method.names === 'resource' ? begin(source, departure) : { first: undefined, source }
}

/** 2026-07-28 "Subscriptions": only what was opted in to, and each message names the request that opened the stream. */
function tellListener(stream: RelayStream, { params, idText: id }: McpMessage, method: string): void {
  const kind = promised[method]
  if (kind === undefined || id === undefined || property(params.notifications, `${kind}ListChanged`) !== true) return
  const meta = `{${printJson(metaKeys.subscription)}:${id}}`
  stream.say({ data: `{"jsonrpc":"2.0","method":${printJson(method)},"params":{"_meta":${meta}}}` })
}

function nothing(): void {}

/** What the server is told by another name than the agent uses, or in another envelope. */
function changes(peer: Peer, { mcp }: McpTarget): readonly JsonEdit[] {
  const { message, name, opened, answers } = mcp
  const edits: JsonEdit[] = []
  if (answers !== undefined) edits.push({ path: ['id'], text: answers.idText })
  if (name !== undefined && name !== message.name) {
    const { names } = message.method
    if (names === 'completion') edits.push({ path: ['params', 'ref', 'name'], text: printJson(name) })
    else edits.push({ path: ['params', names === 'task' ? 'taskId' : 'name'], text: printJson(name) })
  }
  if (opened?.taskIds !== undefined) {
    const own = opened.taskIds.filter(([server]) => server === peer.id).map(([, id]) => id)
    edits.push({ path: ['params', 'notifications', 'taskIds'], text: printJson(own) })
  }
  if (opened?.requestState !== undefined)
    edits.push({ path: ['params', 'requestState'], text: printJson(opened.requestState) })
  return edits
}

function headersFor(peer: Peer, link: Link | undefined, call: Call, { mcp }: McpTarget, plan: Plan): string[] {
  const { message, name, facts } = mcp
  const modern = message.era === 'modern'
  const mirrorsName = modern && name !== undefined && message.method.names !== 'completion'
  return serverHeaders({
    upstream: peer.server.upstream,
    revision: link?.revision ?? message.revision,
    session: link?.sessionId,
    call,
    plan,
    ...(modern && { method: message.method.name }),
    ...(mirrorsName && { name }),
    facts,
    message,
    accept: acceptBoth,
    hasBody: true,
  })
}

/** Kept until the answer comes: in the legacy era it may come on another stream of the session. */
function remember(link: Link | undefined, hop: Hop): void {
  if (link === undefined) return
  const [oldest] = link.outstanding.keys()
  if (link.outstanding.size >= limits.mcpOutstandingMax && oldest !== undefined) link.outstanding.delete(oldest)
  link.outstanding.set(hop.ownIdText, hop)
}

function answeredNotification(peer: Peer, reply: ServerReply, made: { plan: Plan; from: ServerReply }): UpstreamReply {
  discard(reply)
  if (reply.status >= 200 && reply.status < 300) return bareReply(202, made)
  throw refusedStatus(peer.id, reply.status)
}

function answered(peer: Peer, reply: ServerReply, hop: Hop, way: Way, target: McpTarget): UpstreamReply {
  const { status, headers } = reply
  const type = headers['content-type']
  const isJson = mediaTypeOf(typeof type === 'string' ? type : undefined) === 'application/json'
  if (reply.body.kind === 'events' || !isJson || status === 401 || status === 403 || status === 407)
    throw refusedStatus(peer.id, status)
  const { bytes } = reply.body
  const { message } = readServerMessage(bytes)
  if (message.kind !== 'response')
    throw new Fault('upstream_rpc', `the server \`${peer.id}\` answered with a ${message.kind}`)
  if (isOfOtherEra(status, hop.message, message)) {
    peer.forgetEra()
    throw otherEra(peer.server, target.mcp.message.revision)
  }
  const translated = sealedAnswer(way, peer, target, hop, bytes, message)
  const told = saysUnknown(hop.message, message) ? faults.resource_unknown.status : status
  return jsonReply(told, translated, { plan: hop.plan, from: reply })
}

/** What was masked has nothing left in it to bring back. */
function sealedAnswer(way: Way, peer: Peer, target: McpTarget, hop: Hop, bytes: Buffer, message: Response): Buffer {
  const translated = translateResponse(bytes, message, hop)
  return hop.plan.mask === undefined ? way.sealResult(translated, message, peer, target) : translated
}

/** A server that spoke the modern era and does not any more answers as one that never knew it. */
function isOfOtherEra(status: number, { era }: Asked, message: { outcome: object }): boolean {
  if (era !== 'modern' || status !== 400 || !('error' in message.outcome)) return false
  const code = property(message.outcome.error as never, 'code')
  return code === -32_000
}

function endedEarly(peer: Peer): Fault {
  return new Fault('upstream_cut', `the server \`${peer.id}\` ended its stream without an answer`)
}

function discard(reply: ServerReply): void {
  if (reply.body.kind === 'events') reply.body.source.cancel(new Error('nothing of it is needed'))
}

/**
 * An event of a stream of this server. `hop` is the request that the stream belongs to; absent for the stream of a session, which may
 * carry the answer to any request of it.
 */
export function translateEvent(
  way: Way,
  peer: Peer,
  link: Link | undefined,
  hop: Hop | undefined,
  target: McpTarget,
  event: SseEvent,
): Relayed | undefined {
  const legacy = target.mcp.message.era === 'legacy'
  const passed = (data: string, isLast: boolean): Relayed => ({
    event: {
      data,
      ...(event.type !== undefined && { type: event.type }),
      // 2026-07-28: streams are not resumable, so an id would promise what nobody keeps.
      ...(legacy && event.id !== undefined && { id: way.eventId(target, peer, event.id) }),
      ...(legacy && event.retry !== undefined && { retry: event.retry }),
    },
    isLast,
  })
  if (event.data === '') return legacy && event.id !== undefined ? passed('', false) : undefined
  const bytes = Buffer.from(event.data)
  const { message } = readServerMessage(bytes)
  const hopOf = (id: string): Hop | undefined => (hop?.ownIdText === id ? hop : link?.outstanding.get(id))
  const masks = hop === undefined ? masksAny(link) : hop.plan.mask !== undefined
  if (message.kind === 'notification') {
    if (message.method.endsWith('/list_changed')) way.changed(peer, target.mcp.message)
    // Of an acknowledgement the agent knows every word: it asked for it.
    const masked = masks && message.method !== acknowledged
    const translated = translateNotification(bytes, message, hopOf, masked)
    if (translated === undefined) return undefined
    return passed(way.sealNotification(translated, message, peer, target).toString('utf8'), false)
  }
  if (message.kind === 'request') {
    const { session } = target.mcp.message
    if (masks) throw withheld(`the server \`${peer.id}\` asks the agent something during a call whose reply is masked`)
    if (!legacy || session === undefined)
      throw new Fault(
        'upstream_rpc',
        `the server \`${peer.id}\` sent the request \`${message.method}\`, which this era does not have`,
      )
    const data = askAgent(session, peer, message, bytes, way)
    return data === undefined ? undefined : passed(data, false)
  }
  const asked = message.idText === undefined ? hop : hopOf(message.idText)
  if (asked === undefined) {
    if (hop === undefined) return undefined
    throw new Fault('upstream_rpc', `the server \`${peer.id}\` answered what was not asked`)
  }
  link?.outstanding.delete(asked.ownIdText)
  const translated = sealedAnswer(way, peer, target, asked, bytes, message)
  return passed(translated.toString('utf8'), asked === hop)
}

const acknowledged = 'notifications/subscriptions/acknowledged'

/** On the stream of a session anything may be about a call that runs. */
function masksAny(link: Link | undefined): boolean {
  for (const { plan } of link?.outstanding.values() ?? []) if (plan.mask !== undefined) return true
  return false
}

/** A server's request in the agent's words. Undefined for one that the agent is not asked: the server gets no answer. */
function askAgent(
  session: McpSession,
  peer: Peer,
  message: { readonly method: string; readonly idText: string },
  bytes: Buffer,
  way: Way,
): string | undefined {
  if (!serverRequests.has(message.method))
    throw new Fault(
      'upstream_rpc',
      `the server \`${peer.id}\` sent the request \`${message.method.slice(0, 80)}\`, which agents do not take`,
    )
  if (session.asked.size >= limits.mcpAskedMax)
    throw new Fault(
      'upstream_rpc',
      `the server \`${peer.id}\` has asked the agent ${session.asked.size} things without an answer`,
    )
  const idText = printJson(`${peer.nextId()}`)
  session.asked.set(idText, { server: peer.server, idText: message.idText, method: message.method })
  return way.withId(bytes, idText).toString('utf8')
}
