/**
 * A compact JWS (RFC 7515 section 7.1) as its parts, read strictly before anything of it is believed. Nothing here proves
 * anything: the signature is checked later, on the same text.
 */
import { Fault, isJsonObject, type Json, type JsonObject, limits, property } from '../model/index.ts'
import { quoted } from './quoted.ts'

/** Strict JSON: UTF-8, no duplicate keys, bounded depth; throws on anything else. */
export type ParseJson = (bytes: Uint8Array) => Json

export interface Token {
  /** The whole token as it came. */
  readonly text: string
  readonly algorithm: string
  /** Lower case, without `application/` (RFC 7515 section 4.1.9); absent when the header has none. */
  readonly type: string | undefined
  readonly keyId: string | undefined
  readonly claims: JsonObject
}

/** Three non-empty parts in base64url without padding; one pass, so that no later step sees other characters. */
const compact = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/

/**
 * The parts of a token. `jku`, `jwk`, `x5u` and `x5c` are never read: keys come from the issuer's settings alone. Faults:
 * `token_malformed`; `token_algorithm` when the header names none.
 */
export function readToken(text: string, parseJson: ParseJson): Token {
  if (text.length > limits.tokenBytesMax)
    throw malformed(`the token has \`${text.length}\` characters, more than ${limits.tokenBytesMax}`)
  const parts = compact.exec(text)
  if (parts === null) throw malformed(shapeOf(text))
  const header = readPart(parts[1] as string, 'header', parseJson)
  const claims = readPart(parts[2] as string, 'claims', parseJson)
  // RFC 7515 section 4.1.11: an extension that is not understood refuses the token, and none is understood here.
  if (property(header, 'crit') !== undefined) throw malformed('the header has `crit`, and no extension is known here')
  const algorithm = property(header, 'alg')
  if (typeof algorithm !== 'string') throw new Fault('token_algorithm', 'the header names no algorithm in `alg`')
  // RFC 7515 section 5.2: an empty signature belongs to `none` alone, which the issuer's list refuses by its name.
  const signature = parts[3] as string
  if (algorithm !== 'none') decodePart(signature, 'signature')
  return {
    text,
    algorithm,
    type: mediaType(optionalText(header, 'typ')),
    keyId: optionalText(header, 'kid'),
    claims,
  }
}

function readPart(part: string, name: string, parseJson: ParseJson): JsonObject {
  const bytes = decodePart(part, name)
  let value: Json
  try {
    value = parseJson(bytes)
  } catch (cause) {
    throw malformed(`the ${name} is not strict JSON`, cause)
  }
  if (!isJsonObject(value)) throw malformed(`the ${name} is not a JSON object`)
  return value
}

function decodePart(part: string, name: string): Uint8Array {
  const bytes = Buffer.from(part, 'base64url')
  // Left-over bits that are not zero, or one character too many, would let one token have many texts.
  if (part === '' || bytes.toString('base64url') !== part) throw malformed(`the ${name} is not canonical base64url`)
  return bytes
}

function optionalText(header: JsonObject, name: string): string | undefined {
  const value = property(header, name)
  if (value === undefined || typeof value === 'string') return value
  throw malformed(`\`${name}\` of the header is not text`)
}

function mediaType(type: string | undefined): string | undefined {
  const lower = type?.toLowerCase()
  return lower?.startsWith('application/') ? lower.slice('application/'.length) : lower
}

function shapeOf(text: string): string {
  const parts = text.split('.', 8).length
  if (parts === 5) return 'the token has 5 parts: encrypted tokens (JWE) are not read here'
  if (parts !== 3) return `the token has \`${parts}\` parts, not the 3 of a signed one`
  return 'the token has characters or empty parts that base64url does not have'
}

function malformed(detail: string, cause?: unknown): Fault {
  return new Fault('token_malformed', detail, { cause })
}

/** The token of an `Authorization` header (RFC 6750 section 2.1). Faults: `token_malformed`, `token_bound` for DPoP. */
export function bearerToken(authorization: string): string {
  const space = authorization.indexOf(' ')
  const scheme = space < 0 ? authorization : authorization.slice(0, space)
  const lower = scheme.toLowerCase()
  // RFC 9449 section 7.1: a token of this scheme is worth nothing without its proof.
  if (lower === 'dpop') throw new Fault('token_bound', 'the scheme is `DPoP`, whose proofs are not checked here')
  if (lower !== 'bearer') throw malformed(`the scheme of Authorization is ${quoted(scheme)}, not Bearer`)
  const token = authorization.slice(scheme.length).trim()
  if (token === '') throw malformed('Authorization has no token after `Bearer`')
  return token
}
