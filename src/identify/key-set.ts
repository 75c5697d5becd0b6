/**
 * The keys of a JWK set (RFC 7517 section 5) that can verify access tokens, and no others: public, asymmetric, strong
 * enough, meant for signatures.
 */
import type { JWK } from 'jose'
import { isJsonObject, type Json, type JsonObject, limits, property, signatureAlgorithms } from '../model/index.ts'
import type { ParseJson } from './token.ts'

export interface VerificationKey {
  readonly keyId: string | undefined
  /** Algorithms that this key may be used with; one only, where its `alg` says so. */
  readonly algorithms: readonly string[]
  /** Public members only, frozen: jose keeps the imported form of a frozen key. */
  readonly jwk: JWK
}

/** Bits of an RSA modulus (RFC 7518 section 3.3). */
const rsaBitsMin = 2048

const curves: { readonly [curve: string]: readonly string[] } = {
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['EdDSA', 'Ed25519'],
}
/** What of a key is public and needed; everything else, private parts above all, is left behind. */
const members: { readonly [type: string]: readonly string[] } = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
}

/**
 * Keys that are of no use here are left out: an issuer may publish others beside them. An empty list is a set that revokes
 * everything. Throws an `Error` when the bytes are no JWK set or hold more than `limits.keysPerSetMax` keys.
 */
export function readKeySet(bytes: Uint8Array, parseJson: ParseJson): readonly VerificationKey[] {
  const keys = property(parseJson(bytes), 'keys')
  if (!Array.isArray(keys)) throw new Error('it is not a JWK set: there is no list `keys`')
  if (keys.length > limits.keysPerSetMax)
    throw new Error(`it has \`${keys.length}\` keys, more than ${limits.keysPerSetMax}`)
  return keys.map(verificationKey).filter((key) => key !== undefined)
}

function verificationKey(key: Json): VerificationKey | undefined {
  if (!isJsonObject(key)) return undefined
  const use = property(key, 'use')
  const operations = property(key, 'key_ops')
  if (use !== undefined && use !== 'sig') return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined
  const algorithms = algorithmsOf(key)
  const keyId = property(key, 'kid')
  if (algorithms.length === 0 || (keyId !== undefined && typeof keyId !== 'string')) return undefined
  const type = key.kty as string
  const parts = ['kty', ...(members[type] ?? [])].map((name) => [name, property(key, name)] as const)
  if (!parts.every(([, value]) => typeof value === 'string')) return undefined
  return { keyId, algorithms, jwk: Object.freeze(Object.fromEntries(parts)) as JWK }
}

function algorithmsOf(key: JsonObject): readonly string[] {
  const stated = property(key, 'alg')
  const fitting = fittingAlgorithms(key)
  // RFC 8725 section 3.1: a key is for one algorithm, where its issuer says which.
  return stated === undefined ? fitting : fitting.filter((algorithm) => algorithm === stated)
}

function fittingAlgorithms(key: JsonObject): readonly string[] {
  const curve = property(key, 'crv')
  switch (property(key, 'kty')) {
    case 'RSA':
      return modulusBits(property(key, 'n')) >= rsaBitsMin
        ? signatureAlgorithms.filter((name) => /^[RP]S/.test(name))
        : []
    case 'EC':
      return typeof curve === 'string' && curve.startsWith('P-') ? (curves[curve] ?? []) : []
    case 'OKP':
      return curve === 'Ed25519' ? (curves[curve] ?? []) : []
    default:
      return []
  }
}

function modulusBits(n: Json | undefined): number {
  if (typeof n !== 'string') return 0
  const bytes = Buffer.from(n, 'base64url')
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : (bytes.length - first) * 8 - (Math.clz32(bytes[first] as number) - 24)
}
