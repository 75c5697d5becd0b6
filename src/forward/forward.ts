/** Sends a call that was allowed to its upstream, as the decision's obligations say, and gives the reply. */
import type { Allow, Call, Clock, HouseTarget, McpSessions, Target, Upstream, UpstreamReply } from '../model/index.ts'
import { type Lookup, systemLookup } from './egress.ts'
import type { AimMcp } from './mcp/aim.ts'
import { makeMcpForwarding } from './mcp/forward-mcp.ts'
import type { McpMemory } from './mcp/servers.ts'
import { planObligations } from './obligations.ts'
import { UpstreamPool } from './pools.ts'
import { UpstreamCall } from './upstream-call.ts'

/**
 * Faults: `obligation_unknown`, `body_too_large`, `body_slow`, `agent_gone`, `call_timeout`, `draining`, `upstream_*`,
 * `reply_too_large`, `reply_not_maskable`.
 */
export type Forward = (call: Call, target: Target, allow: Allow) => Promise<UpstreamReply>

export interface ForwardOptions {
  /** Every upstream that a target may name. */
  readonly upstreams: readonly Upstream[]
  /** How agents reach the gateway, for `Location`; absent: from the call's own scheme and host. */
  readonly publicUrl?: string
}

export interface ForwardPorts {
  readonly clock: Clock
  /** Default: the system's resolver. */
  readonly lookup?: Lookup
  /** What MCP keeps beyond a reload; absent where no route speaks it. */
  readonly mcp?: { readonly memory: McpMemory; readonly sessions: McpSessions }
}

export interface Forwarding {
  readonly forward: Forward
  /** Finds where a message of MCP goes; present where the room was made with MCP. */
  readonly aim?: AimMcp
  /** Waits for running calls, then closes the connections: called when a reload has taken the room out of use. */
  close(): Promise<void>
}

/** Metadata is for every client, those in browsers too (RFC 9728 section 3). */
const documentHeaders = [
  'Content-Type',
  'application/json',
  'Cache-Control',
  'no-store',
  'Access-Control-Allow-Origin',
  '*',
]

function houseReply({ document }: HouseTarget): UpstreamReply {
  return {
    status: 200,
    headers: documentHeaders,
    body: { kind: 'bytes', bytes: Buffer.from(document) },
    upstream: { headersMs: 0, tries: 0, status: 200 },
    reached: false,
    obligationsDone: [],
  }
}

export function makeForward(options: ForwardOptions, ports: ForwardPorts): Forwarding {
  const lookup = ports.lookup ?? systemLookup
  const mcp = ports.mcp && makeMcpForwarding({ clock: ports.clock, lookup, ...ports.mcp })
  const pools = new Map(
    options.upstreams.map((upstream) => [upstream.id, new UpstreamPool(upstream, lookup, ports.clock)]),
  )
  const publicUrl = options.publicUrl?.replace(/\/+$/, '')
  return {
    ...(mcp && { aim: mcp.aim }),
    forward: (call, target, allow) => {
      if (target.mcp !== undefined) {
        if (mcp === undefined) throw new Error('the room was made without MCP')
        return mcp.forward(call, target, allow)
      }
      if (target.document !== undefined) return Promise.resolve(houseReply(target))
      const pool = pools.get(target.upstream.id)
      if (pool === undefined) throw new Error(`the upstream \`${target.upstream.id}\` has no pool`)
      const plan = planObligations(allow.obligations, target.upstream)
      return new Promise((resolve, reject) => {
        new UpstreamCall({ call, target, plan, pool, clock: ports.clock, publicUrl, resolve, reject }).start()
      })
    },
    async close() {
      await Promise.all([...[...pools.values()].map((pool) => pool.close()), mcp?.close()])
    },
  }
}
