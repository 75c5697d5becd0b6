/** A tool: an operation as a model sees it. Its digest changes exactly when something that a model sees changes. */
import { createHash } from 'node:crypto'
import { canonicalText, type JsonObject } from '../model/index.ts'

export interface Tool {
  /** Id of the route's upstream. */
  readonly server: string
  /** The `operationId`. */
  readonly name: string
  readonly title?: string
  readonly description?: string
  /** JSON Schema (2020-12) of the flat arguments. */
  readonly inputSchema: JsonObject
  /** MCP's hints: what the method promises (RFC 9110 section 9.2). */
  readonly annotations: JsonObject
  /** `sha256:` and 64 hex digits over all of the above but `server`. */
  readonly digest: string
}

export function makeTool(server: string, seen: Omit<Tool, 'server' | 'digest'>): Tool {
  const digest = createHash('sha256')
    .update(canonicalText(seen as unknown as JsonObject))
    .digest('hex')
  return Object.freeze({ server, ...seen, digest: `sha256:${digest}` })
}

/** RFC 9110 section 9.2.1 and 9.2.2, in the words of MCP's tool annotations. */
export function annotationsOf(method: string): JsonObject {
  const readOnly = method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
  if (readOnly) return { readOnlyHint: true }
  return {
    readOnlyHint: false,
    destructiveHint: method === 'DELETE',
    idempotentHint: method === 'PUT' || method === 'DELETE',
  }
}
