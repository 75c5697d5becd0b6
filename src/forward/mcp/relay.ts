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
  type Json,
  limits,
  type McpMessage,
  type McpTarget,
  property,
  type UpstreamReply,
} from '../../model/index.ts'
import { type JsonEdit, mediaTypeOf, metaKeys, printJson, traceparentOf } from '../../wire/index.ts'
import { otherEra } from './aim.ts'
import type { McpPlan } from './ears.ts'
import { sealedAnswer, translateEvent } from './event.ts'
import type { ServerReply } from './exchange.ts'
import { type Begun, begin } from './first-message.ts'
import { changes as listChanges, type OpenStream } from './open-streams.ts'
import { type Link, type Peer, refusedStatus } from './peer.ts'
import { RelayStream } from './relay-stream.ts'
import { bareReply, jsonReply, streamReply } from './replies.ts'
import { acceptBoth, serverHeaders } from './server-headers.ts'
import {
  type Asked,
  type Hop,
  readServerMessage,
  saysUnknown,
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
  plan: McpPlan,
  edits: readonly JsonEdit[] = changes(peer, target, plan),
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
const lostSession = Symbol('the server has lost the session') as unknown as UpstreamReply

async function relayOnce(
  way: Way,
  peer: Peer,
  link: Link | undefined,
  call: Call,
  target: McpTarget,
  plan: McpPlan,
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
  const hop: Hop = {
    message: askedOf(message),
    mask: plan.mask,
    ownIdText,
    ...(progressText !== undefined && { progressText }),
  }
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
      plan.ears.answered(first.outcome)
      return jsonReply(faults.resource_unknown.status, translateResponse(noBytes, first, hop), from)
    }
    const stream = new RelayStream({
      source,
      clock: way.clock,
      translate: (event) => translateEvent({ way, peer, link, hop, target, plan }, event),
      endedEarly: () => (message.era === 'legacy' || lasting ? undefined : endedEarly(peer)),
      alive: () => message.session?.touch(),
      over: () => forget(),
    })
    const open: OpenStream = {
      ears: plan.ears,
      servers: mcp.servers,
      untilMs: mcp.untilMs,
      tell: (method) => tellListener(stream, message, method),
      fail(fault) {
        source.cancel(fault)
        stream.fail(fault)
      },
    }
    const forget = lasting ? way.memory.streams.add(open, way.clock) : nothing
    return streamReply(stream, from, lasting)
  }
  link?.outstanding.delete(ownIdText)
  return answered(peer, reply, hop, way, target, plan)
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
  const kind = listChanges.get(method)
  if (kind === undefined || id === undefined || property(params.notifications, `${kind}sListChanged`) !== true) return
  const meta = `{${printJson(metaKeys.subscription)}:${id}}`
  stream.say({ data: `{"jsonrpc":"2.0","method":${printJson(method)},"params":{"_meta":${meta}}}` })
}

function nothing(): void {}

/** What the server is told by another name than the agent uses, or in another envelope. */
function changes(peer: Peer, { mcp }: McpTarget, { ears }: McpPlan): readonly JsonEdit[] {
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
  const uris = property(message.params.notifications, 'resourceSubscriptions')
  if (message.method.name === 'subscriptions/listen' && Array.isArray(uris)) {
    // What the server acknowledged of a hidden resource would tell that it is there.
    const known = uris.filter((uri: Json) => typeof uri === 'string' && ears.knows(peer.server, uri))
    if (known.length < uris.length)
      edits.push({ path: ['params', 'notifications', 'resourceSubscriptions'], text: printJson(known) })
  }
  if (opened?.requestState !== undefined)
    edits.push({ path: ['params', 'requestState'], text: printJson(opened.requestState) })
  return edits
}

function headersFor(peer: Peer, link: Link | undefined, call: Call, { mcp }: McpTarget, plan: McpPlan): string[] {
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

function answeredNotification(
  peer: Peer,
  reply: ServerReply,
  made: { plan: McpPlan; from: ServerReply },
): UpstreamReply {
  discard(reply)
  if (reply.status >= 200 && reply.status < 300) return bareReply(202, made)
  throw refusedStatus(peer.id, reply.status)
}

function answered(peer: Peer, reply: ServerReply, hop: Hop, way: Way, target: McpTarget, plan: McpPlan): UpstreamReply {
  const { status, headers } = reply
  const type = headers['content-type']
  const isJson = mediaTypeOf(typeof type === 'string' ? type : undefined) === 'application/json'
  const isReply = (status >= 200 && status < 300) || status >= 400
  if (reply.body.kind === 'events' || !isJson || !isReply || status === 401 || status === 403 || status === 407)
    throw refusedStatus(peer.id, status)
  const { bytes } = reply.body
  const { message } = readServerMessage(bytes)
  if (message.kind !== 'response')
    throw new Fault('upstream_rpc', `the server \`${peer.id}\` answered with a ${message.kind}`)
  if (isOfOtherEra(status, hop.message, message)) {
    peer.forgetEra()
    throw otherEra(peer.server, target.mcp.message.revision)
  }
  plan.ears.answered(message.outcome)
  const translated = sealedAnswer(way, peer, target, hop, bytes, message)
  const told = saysUnknown(hop.message, message) ? faults.resource_unknown.status : statusFor(status, hop.message)
  return jsonReply(told, translated, { plan, from: reply })
}

/** A 404 of the legacy era would tell the agent that its session with the gateway is gone. */
function statusFor(status: number, { era }: Asked): number {
  return status < 300 || (status === 404 && era === 'legacy') ? 200 : status
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
