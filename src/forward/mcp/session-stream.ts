/**
 * The stream of a legacy session (GET): what its servers say beside their answers, all of them on one stream to the agent, each taken
 * up again where it broke off. A server without such a stream is not missed.
 */
import {
  type ByteSource,
  type Call,
  isJsonObject,
  type Json,
  limits,
  type McpTarget,
  property,
  type UpstreamReply,
} from '../../model/index.ts'
import { printJson, sseText } from '../../wire/index.ts'
import type { McpPlan } from './ears.ts'
import { translateEvent } from './event.ts'
import type { ServerReply } from './exchange.ts'
import { MergedStreams } from './merged-streams.ts'
import { changes } from './open-streams.ts'
import { type Link, type Peer, refusedStatus } from './peer.ts'
import { RelayStream } from './relay-stream.ts'
import { ReopenedStream } from './reopened-stream.ts'
import { bareReply, streamReply } from './replies.ts'
import { serverHeaders } from './server-headers.ts'
import type { Way } from './way.ts'

interface Opened {
  readonly peer: Peer
  readonly link: Link
  readonly reply: ServerReply
}

/** The last event of a server that had an id. */
interface Heard {
  readonly link: Link
  readonly id: string
}

/** Gives 405 where no server has a stream, as a server without one does. */
export async function sessionStream(way: Way, call: Call, target: McpTarget, plan: McpPlan): Promise<UpstreamReply> {
  const { servers, message } = target.mcp
  const { session, lastEventId } = message
  if (session === undefined) throw new Error('a stream without a session')
  const open = async (peer: Peer, after?: Heard): Promise<Opened> => {
    const link = await peer.linkOf(session)
    const headers = serverHeaders({
      upstream: peer.server.upstream,
      revision: link.revision,
      session: link.sessionId,
      // Of another session its server knows no event.
      lastEventId:
        after === undefined ? way.ownEventId(target, peer, lastEventId) : after.link === link ? after.id : undefined,
      call,
      plan,
      accept: 'text/event-stream',
      hasBody: false,
    })
    return {
      peer,
      link,
      reply: await peer.send(
        { method: 'GET', headers, bytesMax: limits.mcpMessageBytesMax, lasting: true },
        call.departure,
      ),
    }
  }
  const heard = new Map<Peer, Heard>()
  const relayed = ({ peer, link, reply }: Opened): ByteSource | undefined => {
    if (reply.body.kind !== 'events') return undefined
    return new RelayStream({
      source: reply.body.source,
      clock: way.clock,
      translate(event) {
        if (event.id !== undefined) heard.set(peer, { link, id: event.id })
        return translateEvent({ way, peer, link, hop: undefined, target, plan }, event)
      },
      endedEarly: () => undefined,
      alive: () => session.touch(),
    })
  }
  const again = async (peer: Peer): Promise<ByteSource | undefined> => {
    // Under another configuration the agent opens a stream to other servers.
    if (way.servers.closed) stream?.close()
    if (way.servers.closed) return undefined
    const opening = await open(peer, heard.get(peer))
    const source = relayed(opening)
    const { status } = opening.reply
    if (source !== undefined || status === 405) return source
    // 2025-11-25 "Session Management": its side is gone, and opened anew for the next try.
    if (status === 404) peer.lose(session)
    throw refusedStatus(peer.id, status)
  }
  const peers = servers.map((server) => way.servers.peerOf(server))
  const all = await Promise.allSettled(peers.map((peer) => open(peer)))
  const opened = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const isThere = opened.some(({ reply }) => reply.body.kind === 'events')
  const sources = peers.flatMap((peer, at): ByteSource[] => {
    const one = all[at]
    const opening = one?.status === 'fulfilled' ? one.value : undefined
    const source = opening && relayed(opening)
    // The only server's stream is the agent's own: it ends with it, and the agent takes it up again.
    if (peers.length === 1 || !isThere || opening?.reply.status === 405) return source === undefined ? [] : [source]
    return [new ReopenedStream({ clock: way.clock, first: source, open: () => again(peer), back: () => missed(peer) })]
  })
  /** What a server told while its stream was broken is not known. */
  function missed(peer: Peer): void {
    way.changed(peer, message)
    for (const [method, kind] of changes) if (plan.ears.concerns(peer.server, kind)) tell(method)
  }
  function tell(method: string): void {
    const kind = changes.get(method)
    const wanted = kind !== undefined && opened.some(({ link }) => isObjectIn(link.opened.capabilities, `${kind}s`))
    if (wanted) stream?.say(sseText({ data: `{"jsonrpc":"2.0","method":${printJson(method)}}` }))
  }
  let stream: MergedStreams | undefined
  const [first] = opened
  if (sources.length > 0) {
    const forget = way.memory.streams.add(
      { ears: plan.ears, servers, untilMs: target.mcp.untilMs, tell, fail: (fault) => made.fail(fault) },
      way.clock,
    )
    let forgetEnd = (): void => {}
    const made = new MergedStreams(sources, () => {
      forget()
      forgetEnd()
    })
    stream = made
    // A session that ended has no stream: the agent must not wait on it for ever. One that goes on has any number, one after the other.
    forgetEnd = session.onEnd(() => made.close())
    return streamReply(made, { plan, from: first?.reply }, true)
  }
  for (const one of all) if (one.status === 'rejected') throw one.reason
  const refused = opened.find(({ reply }) => reply.status !== 405)
  if (refused !== undefined) throw refusedStatus(refused.peer.id, refused.reply.status)
  return bareReply(405, { plan, from: first?.reply, headers: ['Allow', 'POST, DELETE'] })
}

function isObjectIn(value: Json | undefined, key: string): boolean {
  return isJsonObject(property(value, key))
}
