/**
 * What is said of a tool, a prompt or a resource that is not there. One function for all who say it: what is hidden, what the route does
 * not offer and what no server has are told in the same bytes.
 */
import { rpcErrorText } from './jsonrpc.ts'

export type UnknownKind = 'tool' | 'prompt' | 'resource'

export interface UnknownPlace {
  readonly idText?: string
  readonly era?: 'modern' | 'legacy'
  /** As the agent wrote it. */
  readonly name?: string
}

/** JSON-RPC 2.0 section 5.1. */
const invalidParams = -32_602
/** 2025-11-25 "Resources: Error Handling"; 2026-07-28 has -32602 for it, as for the others. */
const resourceNotFound = -32_002

export function unknownText(kind: UnknownKind, { idText, era, name = '' }: UnknownPlace): string {
  if (kind === 'tool') return rpcErrorText(idText, invalidParams, `Unknown tool: ${name}`)
  if (kind === 'prompt') return rpcErrorText(idText, invalidParams, `Unknown prompt: ${name}`)
  const code = era === 'legacy' ? resourceNotFound : invalidParams
  return rpcErrorText(idText, code, 'Resource not found', { uri: name })
}

/** Whether an error of a server says that a resource is not there: by the code of either era, whichever it speaks. */
export function saysResourceUnknown(code: unknown): boolean {
  return code === resourceNotFound || code === invalidParams
}
