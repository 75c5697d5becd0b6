/**
 * `io.jwt.*`: JSON Web Tokens (RFC 7519) with the signatures of RFC 7515 and 7518: reading, checking, signing.
 */
import {
  constants,
  createHmac,
  type KeyObject,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
} from 'node:crypto'
import { compareNumbers, type NumberValue, numberText } from '../number.ts'
import { entriesOf, getField, isNumber, isPlainObject, type PlainObject, type Value } from '../value.ts'
import { type Builtin, type BuiltinContext, BuiltinError } from './builtin.ts'
import { decodeBase64Url } from './encoding.ts'
import { quote } from './go/quote.ts'
import { marshal, unmarshal } from './json.ts'
import { algorithms, keyOfJwk, messageOf, type VerificationKey, verificationKeys, webKeys } from './keys.ts'
import { objectOperand, stringOperand } from './operands.ts'

/** Tokens inside tokens that are followed. */
const nestingMax = 16

interface Token {
  /** The three parts as they stand in the text. */
  readonly header: string
  readonly payload: string
  readonly signature: string
}

function split(value: Value): Token {
  const text = stringOperand(value, 1)
  if (!text.includes('.')) throw new BuiltinError('encoded JWT had no period separators')
  const parts = text.split('.')
  if (parts.length !== 3) throw new BuiltinError(`encoded JWT must have 3 sections, found ${parts.length}`)
  const [header = '', payload = '', signature = ''] = parts
  return { header, payload, signature }
}

function decodePart(part: string, name: string): Buffer {
  try {
    return decodeBase64Url(part)
  } catch (error) {
    if (!(error instanceof BuiltinError)) throw error
    throw new BuiltinError(`JWT ${name} had invalid encoding: ${error.message}`, { cause: error })
  }
}

function jsonObject(text: string): PlainObject {
  let value: Value
  try {
    value = unmarshal(text)
  } catch (error) {
    if (!(error instanceof BuiltinError) || error.halts) throw error
    throw new BuiltinError(`invalid JSON: ${error.message}`, { cause: error })
  }
  if (!isPlainObject(value)) throw new BuiltinError('decoded JSON type was not an Object')
  return value
}

function headerOf(token: Token): PlainObject {
  const text = decodePart(token.header, 'header').toString('utf8')
  let header: PlainObject
  try {
    header = jsonObject(text)
  } catch (error) {
    if (!(error instanceof BuiltinError) || error.halts) throw error
    throw new BuiltinError(`bad JWT header: ${error.message}`, { cause: error })
  }
  if (Object.hasOwn(header, 'enc')) throw new BuiltinError('JWT is a JWE object, which is not supported')
  return header
}

function decode(value: Value, depth = 0): Value {
  const token = split(value)
  const header = headerOf(token)
  const payload = decodePart(token.payload, 'payload').toString('utf8')
  if (getField(header, 'cty') === 'JWT') {
    if (depth >= nestingMax) throw new BuiltinError(`tokens are nested more than ${nestingMax} deep`)
    return decode(payload.replace(/^["']+|["']+$/g, ''), depth + 1)
  }
  const claims = jsonObject(payload)
  return [header, claims, decodePart(token.signature, 'signature').toString('hex')]
}

/** The header fields that have a meaning here. */
interface Header {
  readonly algorithm: string
  readonly keyId: string
  readonly contentType: string
  /** Extensions that must be understood, and are not. */
  readonly unknownCritical: boolean
}

const understood = new Set(['alg', 'kid', 'typ', 'cty', 'crit'])

function readHeader(fields: PlainObject): Header {
  for (const name of ['alg', 'kid', 'typ', 'cty']) {
    if (typeof (getField(fields, name) ?? '') !== 'string' || getField(fields, name) === null) {
      throw new BuiltinError(`${name}: must be a string`)
    }
  }
  const critical = getField(fields, 'crit')
  if (critical !== undefined && !Array.isArray(critical)) throw new BuiltinError('crit: must be a list')
  if (critical?.every((name) => typeof name !== 'string')) throw new BuiltinError('crit: must be a nonempty list')
  const unknown = Object.keys(fields).filter((name) => !understood.has(name))
  const text = (name: string) => (getField(fields, name) ?? '') as string
  return {
    algorithm: text('alg'),
    keyId: text('kid'),
    contentType: text('cty'),
    unknownCritical: unknown.some((name) => critical?.includes(name) === true),
  }
}

type Check = (key: KeyObject, data: Buffer, signature: Buffer) => boolean

/** A check of one kind of signature; a key of another kind never fits. */
function rsa(hash: string, padding: number): Check {
  const saltLength = constants.RSA_PSS_SALTLEN_AUTO
  return (key, data, signature) =>
    key.asymmetricKeyType === 'rsa' && verifyBytes(hash, data, { key, padding, saltLength }, signature)
}

function ecdsa(hash: string): Check {
  return (key, data, signature) =>
    key.asymmetricKeyType === 'ec' && verifyBytes(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

function hmac(hash: string): Check {
  return (key, data, signature) => {
    if (key.type !== 'secret') return false
    const mac = createHmac(hash, key).update(data).digest()
    return mac.length === signature.length && timingSafeEqual(mac, signature)
  }
}

const eddsa: Check = (key, data, signature) =>
  key.asymmetricKeyType === 'ed25519' && verifyBytes(null, data, key, signature)

const pkcs1 = constants.RSA_PKCS1_PADDING
const pss = constants.RSA_PKCS1_PSS_PADDING

const checks: Readonly<Record<string, Check>> = {
  RS256: rsa('sha256', pkcs1),
  RS384: rsa('sha384', pkcs1),
  RS512: rsa('sha512', pkcs1),
  PS256: rsa('sha256', pss),
  PS384: rsa('sha384', pss),
  PS512: rsa('sha512', pss),
  ES256: ecdsa('sha256'),
  ES384: ecdsa('sha384'),
  ES512: ecdsa('sha512'),
  HS256: hmac('sha256'),
  HS384: hmac('sha384'),
  HS512: hmac('sha512'),
  EdDSA: eddsa,
}

/** A signature that the library cannot even read is one that does not fit. */
function fits(check: Check | undefined, key: KeyObject, data: Buffer, signature: Buffer): boolean {
  if (check === undefined) return false
  try {
    return check(key, data, signature)
  } catch {
    return false
  }
}

/** Tries the key that the token names, or else each key whose algorithm is the token's or not stated. */
function signedByAny(
  keys: readonly VerificationKey[],
  header: Header,
  check: Check | undefined,
  data: Buffer,
  signature: Buffer,
): boolean {
  const named = header.keyId === '' ? undefined : keys.find((key) => key.id === header.keyId)
  if (named !== undefined) return fits(check, named.key, data, signature)
  return keys.some(
    ({ algorithm, key }) => (algorithm === '' || algorithm === header.algorithm) && fits(check, key, data, signature),
  )
}

function signedBytes(token: Token): Buffer {
  return Buffer.from(`${token.header}.${token.payload}`)
}

function verifyAsymmetric(algorithm: string): Builtin {
  return {
    run: (_, jwt, certificate) => {
      const token = split(jwt)
      const keys = verificationKeys(stringOperand(certificate, 2))
      const signature = decodeBase64Url(token.signature)
      return signedByAny(keys, readHeader(headerOf(token)), checks[algorithm], signedBytes(token), signature)
    },
  }
}

function verifySymmetric(hash: string): Builtin {
  return {
    run: (_, jwt, secret) => {
      stringOperand(jwt, 1)
      const key = stringOperand(secret, 2)
      const token = split(jwt)
      const mac = createHmac(hash, key).update(signedBytes(token)).digest()
      const signature = decodeBase64Url(token.signature)
      return mac.length === signature.length && timingSafeEqual(mac, signature)
    },
  }
}

/** What `io.jwt.decode_verify` is asked to hold a token against. */
interface Constraints {
  keys?: readonly VerificationKey[]
  secret?: string
  algorithm?: string
  issuer?: string
  audience?: string
  /** Nanoseconds since 1970. */
  time: NumberValue
}

function readConstraints(value: Value, nowNs: bigint): Constraints {
  const constraints: Constraints = { time: Number(nowNs) }
  const text = (name: string, given: Value): string => {
    if (typeof given !== 'string') throw new BuiltinError(`${name} constraint: must be a string`)
    return given
  }
  for (const [name, given] of entriesOf(objectOperand(value, 2))) {
    if (name === 'cert') constraints.keys = verificationKeys(text('cert', given))
    else if (name === 'secret') constraints.secret = text('secret', given)
    else if (name === 'alg') constraints.algorithm = text('alg', given)
    else if (name === 'iss') constraints.issuer = text('iss', given)
    else if (name === 'aud') constraints.audience = text('aud', given)
    else if (name === 'time') constraints.time = timeConstraint(given)
    else
      throw new BuiltinError(
        `unknown token validation constraint: ${typeof name === 'string' ? name : 'a key that is no string'}`,
      )
  }
  const given = (constraints.keys === undefined ? 0 : 1) + (constraints.secret ? 1 : 0)
  if (given > 1) throw new BuiltinError('duplicate key constraints')
  if (given < 1) throw new BuiltinError('no key constraint')
  return constraints
}

function timeConstraint(value: Value): number {
  if (!isNumber(value)) throw new BuiltinError('token time constraint: must be a number')
  const time = Number(numberText(value))
  if (!Number.isFinite(time)) throw new BuiltinError('token time constraint: unvalid float64')
  if (time < 0) throw new BuiltinError('token time constraint: must not be negative')
  return time
}

const unverified: () => Value = () => [false, {}, {}]

function decodeVerify(context: BuiltinContext, jwt: Value, wanted: Value): Value {
  const constraints = readConstraints(wanted, context.nowNs)
  let inner = jwt
  for (let depth = 0; depth <= nestingMax; depth++) {
    const token = split(inner)
    const fields = headerOf(token)
    const header = readHeader(fields)
    if (header.algorithm === '' || header.unknownCritical) return unverified()
    if (constraints.algorithm && constraints.algorithm !== header.algorithm) return unverified()
    if (!signatureHolds(constraints, header, token)) return unverified()
    const payload = decodePart(token.payload, 'payload').toString('utf8')
    if (header.contentType.toUpperCase() !== 'JWT') {
      const claims = jsonObject(payload)
      return claimsHold(constraints, claims) ? [true, fields, claims] : unverified()
    }
    inner = payload
  }
  throw new BuiltinError(`tokens are nested more than ${nestingMax} deep`)
}

function signatureHolds(constraints: Constraints, header: Header, token: Token): boolean {
  const signature = decodeBase64Url(token.signature)
  const data = signedBytes(token)
  const check = Object.hasOwn(checks, header.algorithm) ? checks[header.algorithm] : undefined
  if (constraints.keys !== undefined) return signedByAny(constraints.keys, header, check, data, signature)
  const secret = keyOfJwk({ kty: 'oct', k: Buffer.from(constraints.secret ?? '').toString('base64url') }, false)
  return fits(check, secret, data, signature)
}

/** The registered claims of RFC 7519 section 4.1. */
function claimsHold(constraints: Constraints, claims: PlainObject): boolean {
  if (constraints.issuer && getField(claims, 'iss') !== constraints.issuer) return false
  const audience = getField(claims, 'aud')
  if (audience === undefined ? constraints.audience : !isAudience(audience, constraints.audience ?? '')) return false
  const seconds = Number(constraints.time) / 1e9
  const expires = getField(claims, 'exp')
  if (expires !== undefined) {
    if (!isNumber(expires)) throw new BuiltinError('exp value must be a number')
    if (compareNumbers(seconds, expires) >= 0) return false
  }
  const notBefore = getField(claims, 'nbf')
  if (notBefore !== undefined) {
    if (!isNumber(notBefore)) throw new BuiltinError('nbf value must be a number')
    if (compareNumbers(seconds, notBefore) < 0) return false
  }
  return true
}

function isAudience(audience: Value, wanted: string): boolean {
  return audience === wanted || (Array.isArray(audience) && audience.includes(wanted))
}

function signatureOf(algorithm: string, jwk: PlainObject, data: Buffer): Buffer {
  const hash = `sha${algorithm.slice(2)}`
  const key = keyOfJwk(jwk, true)
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      if (key.type !== 'secret') throw new Error('the key is not symmetric')
      return createHmac(hash, key).update(data).digest()
    case 'RS':
      return signBytes(hash, data, { key, padding: pkcs1 })
    case 'PS':
      return signBytes(hash, data, { key, padding: pss, saltLength: constants.RSA_PSS_SALTLEN_DIGEST })
    case 'ES':
      return signBytes(hash, data, { key, dsaEncoding: 'ieee-p1363' })
    default:
      return signBytes(null, data, key)
  }
}

/** The header's `alg`, found as OPA's library finds it: a header that is no object has none. */
function algorithmOf(headers: string): { algorithm: string; type: Value | undefined } {
  const missing = (reason: string) => new BuiltinError(`missing or invalid 'alg' header: ${reason}`)
  if (headers === '') throw missing('cannot parse JSON: cannot parse empty string')
  let fields: Value
  try {
    fields = unmarshal(headers)
  } catch (error) {
    if (!(error instanceof BuiltinError)) throw error
    if (!/^\s*[{["]/.test(headers)) throw missing('jwsbb: header "alg" not found')
    throw missing(`cannot parse JSON: ${error.message}`)
  }
  const algorithm = isPlainObject(fields) ? getField(fields, 'alg') : undefined
  if (algorithm === undefined) throw missing('jwsbb: header "alg" not found')
  if (typeof algorithm !== 'string') throw missing(`jwsbb: header "alg" is no string`)
  return { algorithm, type: isPlainObject(fields) ? getField(fields, 'typ') : undefined }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function encodeSign(headers: string, payload: string, keys: string): string {
  const [jwk] = webKeys(keys)
  if (jwk === undefined) throw new BuiltinError('no keys found in JWK set')
  const { algorithm, type } = algorithmOf(headers)
  if (!algorithms.has(algorithm)) throw new BuiltinError(`unknown JWS algorithm: ${algorithm}`)
  if ((typeof type !== 'string' || type === 'JWT') && !isJson(payload))
    throw new BuiltinError('type is JWT but payload is not JSON')
  const signed = `${Buffer.from(headers).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  try {
    return `${signed}.${signatureOf(algorithm, jwk, Buffer.from(signed)).toString('base64url')}`
  } catch (cause) {
    if (cause instanceof BuiltinError) throw cause
    throw new BuiltinError(`cannot sign with ${quote(algorithm)}: ${messageOf(cause)}`, { cause })
  }
}

function encodeSignRaw(headers: Value, payload: Value, key: Value): string {
  const keyText = stringOperand(key, 3)
  return encodeSign(stringOperand(headers, 1), stringOperand(payload, 2), keyText)
}

export const tokens: Record<string, Builtin> = {
  'io.jwt.decode': { run: (_, jwt) => decode(jwt) },
  'io.jwt.decode_verify': { nondeterministic: true, run: (context, jwt, wanted) => decodeVerify(context, jwt, wanted) },
  'io.jwt.encode_sign': {
    nondeterministic: true,
    run: (_, headers, payload, key) => encodeSign(marshal(headers), marshal(payload), marshal(key)),
  },
  'io.jwt.encode_sign_raw': {
    nondeterministic: true,
    run: (_, headers, payload, key) => encodeSignRaw(headers, payload, key),
  },
  'io.jwt.verify_rs256': verifyAsymmetric('RS256'),
  'io.jwt.verify_rs384': verifyAsymmetric('RS384'),
  'io.jwt.verify_rs512': verifyAsymmetric('RS512'),
  'io.jwt.verify_ps256': verifyAsymmetric('PS256'),
  'io.jwt.verify_ps384': verifyAsymmetric('PS384'),
  'io.jwt.verify_ps512': verifyAsymmetric('PS512'),
  'io.jwt.verify_es256': verifyAsymmetric('ES256'),
  'io.jwt.verify_es384': verifyAsymmetric('ES384'),
  'io.jwt.verify_es512': verifyAsymmetric('ES512'),
  'io.jwt.verify_eddsa': verifyAsymmetric('EdDSA'),
  'io.jwt.verify_hs256': verifySymmetric('sha256'),
  'io.jwt.verify_hs384': verifySymmetric('sha384'),
  'io.jwt.verify_hs512': verifySymmetric('sha512'),
}
