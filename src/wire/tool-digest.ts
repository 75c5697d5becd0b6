/**
 * The digest of a tool's definition: over everything that a model sees of it, so that a definition that changed has another one,
 * wherever it is made: in the path of a call, and by those who keep what they once looked at.
 */
import { createHash } from 'node:crypto'
import { canonicalText, type JsonObject } from '../model/index.ts'

/** `sha256:` and 64 hexadecimal digits, over the canonical text of all members but `_meta`. The name in it is the server's own. */
export function toolDigest(definition: JsonObject): string {
  const { _meta: _left, ...seen } = definition
  return `sha256:${createHash('sha256').update(canonicalText(seen)).digest('hex')}`
}
