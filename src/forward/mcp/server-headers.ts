/**
 * The header of a request to a tool server: made here from what the message says, never taken over from the agent's, but for
 * `Mcp-Param-*` fields that no definition names (2026-07-28, "Server Behavior for Custom Headers").
 */
import { type Call, type Json, type McpMessage, type McpToolFacts, property, type Upstream } from '../../model/index.ts'
import { headerValueOf, isFieldName, mcpHeaders, mirroredText, traceparentOf } from '../../wire/index.ts'
import { forwarded, via } from '../call-headers.ts'
import type { Plan } from '../obligations.ts'

export interface ServerHeaderOptions {
  readonly upstream: Upstream
  readonly revision: string
  /** Absent for requests of the house. */
  readonly call?: Call
  readonly plan?: Plan
  /** Of a modern request. */
  readonly method?: string
  readonly name?: string
  readonly facts?: McpToolFacts | undefined
  readonly message?: McpMessage
  /** The server's own id of the session. */
  readonly session?: string | undefined
  readonly lastEventId?: string | undefined
  readonly accept: string
  readonly hasBody: boolean
}

export const acceptBoth = 'application/json, text/event-stream'

/** Name, value, name, value ... */
export function serverHeaders(options: ServerHeaderOptions): string[] {
  const { upstream, revision, call, plan, method, name, session, lastEventId, accept, hasBody } = options
  const out = ['accept', accept, 'accept-encoding', 'identity', mcpHeaders.revision, revision]
  if (hasBody) out.push('content-type', 'application/json')
  if (method !== undefined) out.push(mcpHeaders.method, method)
  if (name !== undefined) out.push(mcpHeaders.name, headerValueOf(name))
  if (session !== undefined) out.push(mcpHeaders.session, session)
  if (lastEventId !== undefined) out.push(mcpHeaders.lastEvent, lastEventId)
  if (options.message?.era === 'modern') pushMirrored(out, options.message, options.facts)
  out.push('via', via)
  if (call !== undefined) {
    out.push('forwarded', forwarded(call), 'traceparent', traceparentOf(call.trace))
    if (call.trace.state !== undefined) out.push('tracestate', call.trace.state)
  }
  if (plan !== undefined) for (const [header, value] of plan.upstream) out.push(header, value)
  const { credential } = upstream
  if (credential !== undefined) out.push(credential.header, credential.value)
  return out
}

function pushMirrored(out: string[], { mirrored, params }: McpMessage, facts: McpToolFacts | undefined): void {
  const known = new Set<string>()
  for (const { header, path } of facts?.mirrors ?? []) {
    known.add(header)
    let value: Json | undefined = params.arguments
    for (const key of path) value = property(value, key)
    const text = mirroredText(value)
    if (text !== undefined) out.push(`${mcpHeaders.paramPrefix}${header}`, headerValueOf(text))
  }
  for (const [header, value] of mirrored)
    if (!known.has(header) && isFieldName(header)) out.push(`${mcpHeaders.paramPrefix}${header}`, value)
}
