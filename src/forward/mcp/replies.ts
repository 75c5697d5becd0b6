/** Replies to agents over MCP, in the shape that every forwarded call has: JSON in one piece, a stream of events, or a status alone. */
import type { ByteSource, UpstreamReply } from '../../model/index.ts'
import type { McpPlan } from './ears.ts'
import type { ServerReply } from './exchange.ts'

const jsonHeaders = ['Content-Type', 'application/json', 'Cache-Control', 'no-store'] as const
/** nginx would keep events back without the last one (2026-07-28 "Receiving Messages"). */
const streamHeaders = [
  'Content-Type',
  'text/event-stream',
  'Cache-Control',
  'no-store',
  'X-Accel-Buffering',
  'no',
] as const
const bareHeaders = ['Cache-Control', 'no-store'] as const

interface Made {
  readonly plan: McpPlan
  /** The server's reply that it comes from; absent where the house answers by itself. */
  readonly from?: Pick<ServerReply, 'headersMs' | 'tries' | 'status'> | undefined
  readonly headers?: readonly string[]
}

export function jsonReply(status: number, bytes: Buffer, made: Made): UpstreamReply {
  return { status, headers: headersOf(jsonHeaders, made), body: { kind: 'bytes', bytes }, ...timesOf(made) }
}

export function streamReply(source: ByteSource, made: Made, lasting = false): UpstreamReply {
  const body = { kind: 'stream', source } as const
  return { status: 200, headers: headersOf(streamHeaders, made), body, ...timesOf(made), ...(lasting && { lasting }) }
}

export function bareReply(status: number, made: Made): UpstreamReply {
  return {
    status,
    headers: headersOf(bareHeaders, made),
    body: { kind: 'bytes', bytes: Buffer.alloc(0) },
    ...timesOf(made),
  }
}

function headersOf(own: readonly string[], { plan, headers = [] }: Made): string[] {
  const set = [...plan.reply].flat()
  return [...own, ...headers, ...set]
}

function timesOf({ plan, from }: Made): Pick<UpstreamReply, 'upstream' | 'obligationsDone' | 'reached' | 'said'> {
  const done = { obligationsDone: plan.types, said: () => plan.ears.said() }
  if (from === undefined) return { upstream: { headersMs: 0, tries: 0, status: 200 }, ...done, reached: false }
  return { upstream: { headersMs: from.headersMs, tries: from.tries, status: from.status }, ...done }
}
