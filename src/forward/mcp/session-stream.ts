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
import { bareReply, streamReply } from './replies.ts'
import { serverHeaders } from './server-headers.ts'
import type { Way } from './way.ts'

interface Opened {
  readonly peer: Peer
  readonly link: Link
  readonly reply: ServerReply
}

/** Gives 405 where no server has a stream, as a server without one does. */
export async function sessionStream(way: Way, call: Call, target: McpTarget, plan: McpPlan): Promise<UpstreamReply> {
  const { servers, message } = target.mcp
  const { session, lastEventId } = message
  if (session === undefined) throw new Error('a stream without a session')
  const open = async (peer: Peer): Promise<Opened> => {
    const link = await peer.linkOf(session)
    const headers = serverHeaders({
      upstream: peer.server.upstream,
      revision: link.revision,
      session: link.sessionId,
      lastEventId: way.ownEventId(target, peer, lastEventId),
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
  const peers = servers.map((server) => way.servers.peerOf(server))
  const all = await Promise.allSettled(peers.map(open))
  const opened = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const sources = opened.flatMap(({ peer, link, reply }): ByteSource[] => {
    if (reply.body.kind !== 'events') return []
    return [
      new RelayStream({
        source: reply.body.source,
        clock: way.clock,
        translate: (event) => translateEvent({ way, peer, link, hop: undefined, target, plan }, event),
        endedEarly: () => undefined,
        alive: () => session.touch(),
      }),
    ]
  })
  const [first] = opened
  if (sources.length > 0) {
    const forget = way.memory.streams.add({
      ears: plan.ears,
      servers,
      tell(method) {
        const kind = changes.get(method)
        const wanted = kind !== undefined && opened.some(({ link }) => isObjectIn(link.opened.capabilities, `${kind}s`))
        if (wanted) stream.say(sseText({ data: `{"jsonrpc":"2.0","method":${printJson(method)}}` }))
      },
      fail: (fault) => stream.fail(fault),
    })
    let forgetEnd = (): void => {}
    const stream = new MergedStreams(sources, () => {
      forget()
      forgetEnd()
    })
    // A session that ended has no stream: the agent must not wait on it for ever. One that goes on has any number, one after the other.
    forgetEnd = session.onEnd(() => stream.close())
    return streamReply(stream, { plan, from: first?.reply }, true)
  }
  for (const one of all) if (one.status === 'rejected') throw one.reason
  const refused = opened.find(({ reply }) => reply.status !== 405)
  if (refused !== undefined) throw refusedStatus(refused.peer.id, refused.reply.status)
  return bareReply(405, { plan, from: first?.reply, headers: ['Allow', 'POST, DELETE'] })
}

function isObjectIn(value: Json | undefined, key: string): boolean {
  return isJsonObject(property(value, key))
}
