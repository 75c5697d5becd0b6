/** Carries a message that was allowed to where it was aimed at: one server, all of them, or none where the house answers by itself. */
import {
  type Allow,
  asBuffer,
  type Call,
  type Clock,
  Fault,
  isSettableHeader,
  type McpServer,
  type McpSessions,
  type McpTarget,
  property,
  type UpstreamReply,
} from '../../model/index.ts'
import { idText, mcpHeaders, rpcResultText } from '../../wire/index.ts'
import type { Lookup } from '../egress.ts'
import { planObligations } from '../obligations.ts'
import { type AimMcp, answersNothing, makeAim } from './aim.ts'
import { Ears, type McpPlan } from './ears.ts'
import { list } from './list.ts'
import { listen } from './listen.ts'
import { maskedDocument } from './mask-result.ts'
import { discover, eachServer, openSession } from './open.ts'
import { relay } from './relay.ts'
import { bareReply, jsonReply } from './replies.ts'
import { type McpMemory, Servers } from './servers.ts'
import { sessionStream } from './session-stream.ts'
import { Way } from './way.ts'

export interface McpForwarding {
  readonly aim: AimMcp
  readonly forward: (call: Call, target: McpTarget, allow: Allow) => Promise<UpstreamReply>
  close(): Promise<void>
}

export interface McpPorts {
  readonly clock: Clock
  readonly lookup: Lookup
  readonly memory: McpMemory
  readonly sessions: McpSessions
}

/** Fields by which a server would read another message than policy saw. */
const framing: ReadonlySet<string> = new Set(['accept', 'content-type', mcpHeaders.lastEvent])

export function makeMcpForwarding({ clock, lookup, memory, sessions }: McpPorts): McpForwarding {
  const servers = new Servers({ clock, lookup, memory })
  const way = new Way({ clock, servers, memory })

  return {
    aim: makeAim(servers, memory),
    forward: async (call, target, allow) => {
      const plan = planOf(allow, target)
      const { message, servers: aimed } = target.mcp
      const { method, session } = message
      if (message.kind === 'stream') return sessionStream(way, call, target, plan)
      if (message.kind === 'end') {
        if (session !== undefined) sessions.end(session)
        return bareReply(200, { plan, from: doneByAll })
      }
      if (method.lists !== undefined) return masked(await list(way, method.lists, target, plan, allow.sees), plan)
      if (method.name === 'initialize') return masked(await openSession(way, sessions, call, target, plan), plan)
      if (method.name === 'server/discover') return masked(await discover(way, target, plan), plan)
      if (method.name === 'ping') return jsonReply(200, Buffer.from(rpcResultText(message.idText ?? '0', {})), { plan })
      if (method.name === 'notifications/cancelled') return cancel(call, target, plan)
      if (method.name === 'notifications/progress') return progress(call, target, plan)
      const [only] = aimed
      if (aimed.length === 1 && only !== undefined) {
        if (message.kind === 'answer') return answer(only, call, target, plan)
        return relay(way, way.servers.peerOf(only), call, target, plan)
      }
      return method.name === 'subscriptions/listen' ? listen(way, call, target, plan) : toAll(call, target, plan)
    },
    close: () => servers.close(),
  }

  /** What concerns every server: each gets it, and one answer is enough. */
  async function toAll(call: Call, target: McpTarget, plan: McpPlan): Promise<UpstreamReply> {
    const replies = await eachServer(target.mcp.servers, (server) =>
      relay(way, way.servers.peerOf(server), call, target, plan),
    )
    const [first] = replies
    if (first === undefined) return bareReply(202, { plan })
    return first
  }

  /** A request has one answer: the second of two that come at once is to nothing. Faults with `rpc_params_invalid`. */
  async function answer(server: McpServer, call: Call, target: McpTarget, plan: McpPlan): Promise<UpstreamReply> {
    const { idText: id = '', session } = target.mcp.message
    const asked = session?.asked.get(id)
    if (session === undefined || asked === undefined) throw answersNothing(target.mcp.message)
    session.asked.delete(id)
    try {
      return await relay(way, way.servers.peerOf(server), call, target, plan)
    } catch (cause) {
      // The server has not got it, or nobody knows: the agent may say it again.
      session.asked.set(id, asked)
      throw cause
    }
  }

  /** What the agent has done so far of what one server asked: nobody else's business. Of what is over there is nothing to tell. */
  async function progress(call: Call, target: McpTarget, plan: McpPlan): Promise<UpstreamReply> {
    const { session, params } = target.mcp.message
    const asked = session?.asked.get(idText(params.progressToken) ?? '')
    const server = target.mcp.servers.find(({ upstream }) => upstream.id === asked?.server.upstream.id)
    if (server === undefined || asked?.progressText === undefined) return bareReply(202, { plan })
    const edits = [{ path: ['params', 'progressToken'], text: asked.progressText }]
    return relay(way, way.servers.peerOf(server), call, target, plan, edits)
  }

  /** The id is the agent's; the server knows the request by another one. A request that is over needs no cancellation. */
  async function cancel(call: Call, target: McpTarget, plan: McpPlan): Promise<UpstreamReply> {
    const { message, servers: aimed } = target.mcp
    const { session, params } = message
    const wanted = idText(property(params, 'requestId'))
    if (session === undefined || wanted === undefined) return bareReply(202, { plan })
    for (const server of aimed) {
      const peer = way.servers.peerOf(server)
      const link = await peer.linkOf(session)
      const hop = [...link.outstanding.values()].find((one) => one.message.idText === wanted)
      if (hop === undefined) continue
      return relay(way, peer, call, target, plan, [{ path: ['params', 'requestId'], text: hop.ownIdText }])
    }
    return bareReply(202, { plan })
  }
}

/** What the gateway says for its servers is masked like the body of a reply over HTTP. */
function masked(reply: UpstreamReply, { mask }: McpPlan): UpstreamReply {
  if (mask === undefined || reply.body.kind !== 'bytes') return reply
  return { ...reply, body: { kind: 'bytes', bytes: maskedDocument(asBuffer(reply.body.bytes), mask) } }
}

const doneByAll = { headersMs: 0, tries: 1, status: 200 }

/** Faults with `obligation_unknown`. */
function planOf(allow: Allow, target: McpTarget): McpPlan {
  const plan = planObligations(allow.obligations, target.upstream)
  for (const name of plan.upstream.keys())
    if (framing.has(name) || name.startsWith('mcp-') || !isSettableHeader(name, undefined))
      throw new Fault('obligation_unknown', `policy may not set the header \`${name}\` of a message`)
  return { ...plan, ears: new Ears(allow) }
}
