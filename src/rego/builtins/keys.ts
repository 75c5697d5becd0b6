/**
 * Keys that signatures are made and checked with: PEM certificates and public keys, JSON Web Keys and sets of them (RFC 7517).
 */
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import { isPlainObject, type PlainObject, toJson, type Value } from '../value.ts'
import { BuiltinError } from './builtin.ts'
import { readPem } from './go/pem.ts'
import { unmarshal } from './json.ts'
import { memo } from './memo.ts'

/** A key to check signatures with; what is not stated is empty. */
export interface VerificationKey {
  readonly algorithm: string
  readonly id: string
  readonly key: KeyObject
}

/** The algorithms of RFC 7518 and RFC 8037 that tokens may be signed with. */
export const algorithms = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'HS256',
  'HS384',
  'HS512',
  'EdDSA',
])

/** The keys of a PEM certificate or public key, or of a JWK or JWK set. Throws `BuiltinError`. */
export const verificationKeys: (text: string) => readonly VerificationKey[] = memo((text) => {
  const pem = readPem(Buffer.from(text))
  if (pem === undefined) return jsonKeys(text)
  if (pem.rest.length > 0) throw new BuiltinError('extra data after a PEM certificate block')
  if (pem.type !== 'CERTIFICATE' && pem.type !== 'PUBLIC KEY')
    throw new BuiltinError('failed to extract a Key from the PEM certificate')
  return [{ algorithm: '', id: '', key: publicKey(pem.type, pem.bytes) }]
})

function publicKey(type: string, der: Buffer): KeyObject {
  try {
    if (type === 'CERTIFICATE') return new X509Certificate(der).publicKey
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch (cause) {
    const what = type === 'CERTIFICATE' ? 'certificate' : 'public key'
    throw new BuiltinError(`failed to parse a PEM ${what}: ${messageOf(cause)}`, { cause })
  }
}

function jsonKeys(text: string): readonly VerificationKey[] {
  try {
    return webKeys(text)
      .filter((key) => typeof key.alg !== 'string' || key.alg === '' || algorithms.has(key.alg))
      .map((key) => ({ algorithm: textOf(key.alg), id: textOf(key.kid), key: keyOfJwk(key, false) }))
  } catch (cause) {
    throw new BuiltinError(`failed to parse a JWK key (set): ${messageOf(cause)}`, { cause })
  }
}

/** The keys of a JWK or a JWK set as objects, in order. */
export function webKeys(text: string): readonly PlainObject[] {
  const parsed = unmarshal(text)
  if (!isPlainObject(parsed)) throw new BuiltinError('the key is no JSON object')
  if (!Array.isArray(parsed.keys)) return [parsed]
  for (const key of parsed.keys) if (!isPlainObject(key)) throw new BuiltinError('a key of the set is no JSON object')
  return parsed.keys as PlainObject[]
}

function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** The key that a JWK is. A symmetric one is its bytes; of a private one the public half is taken unless `sign` asks for it whole. */
export function keyOfJwk(key: PlainObject, sign: boolean): KeyObject {
  if (key.kty === 'oct') {
    if (typeof key.k !== 'string') throw new BuiltinError('the symmetric key has no `k`')
    return createSecretKey(Buffer.from(key.k, 'base64url'))
  }
  const jwk = toJson(key) as JsonWebKey
  if (!sign) return createPublicKey({ key: jwk, format: 'jwk' })
  return createPrivateKey({ key: jwk, format: 'jwk' })
}

/** What an error of the crypto library says. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
