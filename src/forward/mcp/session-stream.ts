/**
 * The stream of a legacy session (GET): what its servers say beside their answers, all of them on one stream to the agent, each taken
 * up again where it broke off. A server without such a stream is not missed.
 */
import {
  type ByteSink,
  type ByteSource,
  type Call,
  type Fault,
  isJsonObject,
  type Json,
  limits,
  type McpTarget,
  property,
  type UpstreamReply,
} from '../../model/index.ts'
import { printJson, sseText } from '../../wire/index.ts'
import type { Plan } from '../obligations.ts'
import type { ServerReply } from './exchange.ts'
import { promised } from './open-streams.ts'
import { type Link, type Peer, refusedStatus } from './peer.ts'
import { translateEvent } from './relay.ts'
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
export async function sessionStream(way: Way, call: Call, target: McpTarget, plan: Plan): Promise<UpstreamReply> {
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
        translate: (event) => translateEvent(way, peer, link, undefined, target, event),
        endedEarly: () => undefined,
        alive: () => session.touch(),
      }),
    ]
  })
  const [first] = opened
  if (sources.length > 0) {
    const forget = way.memory.streams.add((method) => {
      const kind = promised[method]
      const wanted = kind !== undefined && opened.some(({ link }) => isObjectIn(link.opened.capabilities, kind))
      if (wanted) stream.say(sseText({ data: `{"jsonrpc":"2.0","method":${printJson(method)}}` }))
    })
    const stream = new MergedStreams(sources, forget)
    // A session that ended has no stream: the agent must not wait on it for ever.
    session.onEnd(() => stream.close())
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

/** Several streams as one. It ends when the last of them has ended; one that breaks leaves the others. */
class MergedStreams implements ByteSource {
  readonly lengthBytes = null
  readonly #sources: readonly ByteSource[]
  readonly #over: () => void
  #open: number
  #sink: ByteSink | undefined = undefined

  /** `over` is called when it has ended, however that came; perhaps more than once. */
  constructor(sources: readonly ByteSource[], over: () => void) {
    this.#over = over
    this.#sources = sources
    this.#open = sources.length
  }

  start(sink: ByteSink): void {
    this.#sink = sink
    for (const source of this.#sources)
      source.start({
        chunk: (bytes) => this.#sink?.chunk(bytes),
        end: () => this.#ended(undefined),
        fail: (fault) => this.#ended(fault),
      })
  }

  /** Text of the house's own, between the events of the servers. */
  say(text: string): void {
    this.#sink?.chunk(Buffer.from(text))
  }

  pause(): void {
    for (const source of this.#sources) source.pause()
  }

  resume(): void {
    for (const source of this.#sources) source.resume()
  }

  cancel(cause: Error): void {
    this.#sink = undefined
    this.#over()
    for (const source of this.#sources) source.cancel(cause)
  }

  close(): void {
    const sink = this.#sink
    this.cancel(new Error('the session has ended'))
    sink?.end()
  }

  #ended(fault: Fault | undefined): void {
    this.#open--
    if (this.#open > 0) return
    this.#over()
    const sink = this.#sink
    this.#sink = undefined
    if (fault === undefined) sink?.end()
    else sink?.fail(fault)
  }
}
