/** A client of MCP as a command uses it, whichever era it speaks, and what both eras share: results, or what came instead of them. */
import { isJsonObject, type Json, type JsonObject, type McpEra } from '../../model/index.ts'
import { CommandError, exitStatus } from '../io.ts'
import type { Endpoint } from './endpoint.ts'
import type { Answer, Reply } from './exchange.ts'
import { errorOf, statusError } from './refused.ts'

export interface Client {
  readonly era: McpEra
  readonly revision: string
  /** What the server calls itself; nothing vouches for it. */
  readonly serverInfo: JsonObject | undefined
  /** The result. Rejects with a `CommandError` for whatever is none. */
  request(method: string, params: JsonObject, how?: RequestWishes): Promise<Extract<Answer, { kind: 'result' }>>
  /** Ends the session where there is one. Never rejects: that it could not be ended harms nobody. */
  close(signal: AbortSignal): Promise<void>
}

export interface RequestWishes {
  /** What `Mcp-Name` repeats. */
  readonly name?: string
  /** Further fields, such as `Mcp-Param-*`. */
  readonly headers?: { readonly [name: string]: string }
  /** Told what the server tells while it works. */
  readonly hear?: (method: string, params: JsonObject) => void
  /** Instead of the client's own. */
  readonly signal?: AbortSignal
}

export interface ClientPorts {
  readonly signal: AbortSignal
  /** Of this program, which the server may log. */
  readonly version: string
  pause(ms: number, signal: AbortSignal): Promise<void>
}

/** Header fields of every message that is sent. */
export const messageFields = {
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
} as const

/** Throws a `CommandError` for a reply without a result; `method` is what was asked. */
export function resultOf(reply: Reply, endpoint: Endpoint, method: string): Extract<Answer, { kind: 'result' }> {
  if (reply.answer?.kind === 'result') return reply.answer
  throw noResult(reply, endpoint, method)
}

/** Why a reply has no result. */
export function noResult(reply: Reply, endpoint: Endpoint, method: string): CommandError {
  if (reply.answer?.kind === 'error') return errorOf(reply.answer.error, reply, method)
  if (reply.cut !== undefined)
    return new CommandError(
      `the stream of \`${method}\` ended without an answer; whether anything was done is not known`,
      exitStatus.unreachable,
    )
  return statusError(reply, endpoint.url, method)
}

export function clientInfo({ version }: ClientPorts): JsonObject {
  return { name: 'gatehouse', version }
}

export function objectIn(value: Json | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined
}
