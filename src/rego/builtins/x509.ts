/**
 * `crypto.x509.*` and `crypto.parse_private_keys`: certificates, requests and private keys as values, and whether a chain of certificates holds.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { entriesOf, isNumber, type PlainObject, RegoSet, type Value } from '../value.ts'
import { type Builtin, type BuiltinContext, BuiltinError } from './builtin.ts'
import { type Certificate, parseCertificate, parseCertificateRequest } from './certificate.ts'
import { decodeBase64 } from './encoding.ts'
import { DerError, readAll } from './go/der.ts'
import { type PemBlock, readAllPem, readPem } from './go/pem.ts'
import { fromBigInt, toBigInt } from './integers.ts'
import { messageOf } from './keys.ts'
import { allowsNames } from './name-constraints.ts'
import { objectOperand, stringOperand } from './operands.ts'

const begin = '-----BEGIN'

/** PEM as it is, or base64 around PEM or DER. */
function pemOrDer(text: string): Buffer {
  return text.startsWith(begin) ? Buffer.from(text) : decodeBase64(text, 'base64')
}

function certificatesOf(text: string): readonly Certificate[] {
  const data = pemOrDer(text)
  const der =
    data.subarray(0, begin.length).toString('latin1') === begin ? Buffer.concat(certificateBlocks(data)) : data
  try {
    return readAll(der).map(parseCertificate)
  } catch (cause) {
    if (cause instanceof DerError) throw new BuiltinError('x509: malformed certificate', { cause })
    throw cause
  }
}

function certificateBlocks(data: Buffer): Buffer[] {
  return readAllPem(data).map(({ type, bytes }) => {
    if (type !== 'CERTIFICATE') throw new BuiltinError(`PEM block type is '${type}', expected CERTIFICATE`)
    return bytes
  })
}

function parseCertificates(text: string): Value {
  return certificatesOf(text).map(({ value }) => value)
}

/** What a chain is held against. */
interface Verification {
  readonly dnsName: string
  readonly time: bigint
  readonly usages: readonly number[]
}

/** Go's numbers of the usages by OPA's names. */
const usages = [
  'KeyUsageAny',
  'KeyUsageServerAuth',
  'KeyUsageClientAuth',
  'KeyUsageCodeSigning',
  'KeyUsageEmailProtection',
  'KeyUsageIPSECEndSystem',
  'KeyUsageIPSECTunnel',
  'KeyUsageIPSECUser',
  'KeyUsageTimeStamping',
  'KeyUsageOCSPSigning',
  'KeyUsageMicrosoftServerGatedCrypto',
  'KeyUsageNetscapeServerGatedCrypto',
  'KeyUsageMicrosoftCommercialCodeSigning',
  'KeyUsageMicrosoftKernelCodeSigning',
]

function readOptions(options: Value, nowNs: bigint): Verification {
  let verification: Verification = { dnsName: '', time: nowNs, usages: [] }
  for (const [key, value] of entriesOf(objectOperand(options, 2))) {
    if (typeof key !== 'string') continue
    if (key === 'DNSName') {
      if (typeof value !== 'string') throw new BuiltinError("'DNSName' should be a string")
      verification = { ...verification, dnsName: value.replace(/^"+|"+$/g, '') }
    } else if (key === 'CurrentTime') {
      if (!isNumber(value)) throw new BuiltinError("'CurrentTime' should be a number")
      const time = toBigInt(value)
      if (time === undefined || BigInt.asIntN(64, time) !== time)
        throw new BuiltinError("'CurrentTime' should be a valid int64 number")
      verification = { ...verification, time }
    } else if (key === 'MaxConstraintComparisons') {
      // Go 1.26, which OPA 1.20.2 is built with, takes this number and makes no use of it.
      if (!isNumber(value)) throw new BuiltinError("'MaxConstraintComparisons' should be a number")
      if (toBigInt(value) === undefined) throw new BuiltinError("'MaxConstraintComparisons' should be a valid number")
    } else if (key === 'KeyUsages') {
      verification = { ...verification, usages: usagesOf(value) }
    } else {
      throw new BuiltinError('invalid key option')
    }
  }
  return verification
}

function usagesOf(value: Value): number[] {
  if (!Array.isArray(value) && !(value instanceof RegoSet))
    throw new BuiltinError("'KeyUsages' should be an Array or Set")
  const names = [...value].filter((name) => typeof name === 'string').map((name) => name.replace(/^"+|"+$/g, ''))
  const unknown = names.filter((name) => !usages.includes(name))
  if (unknown.length > 0) throw new BuiltinError(`invalid entries for 'KeyUsages' found: [${unknown.join(' ')}]`)
  return names.map((name) => usages.indexOf(name))
}

/** Certificates that one chain may have: building it tries every issuer at every step. */
const chainMax = 10

/** The chain from the last certificate up to the first, the root, by way of any between; undefined when none holds (RFC 5280 section 6). */
function chainOf(certificates: readonly Certificate[], verification: Verification): readonly Certificate[] | undefined {
  const root = certificates[0]
  const leaf = certificates.at(-1)
  if (root === undefined || leaf === undefined || certificates.length < 2) return undefined
  const usable = (certificate: Certificate) =>
    certificate.notBefore <= verification.time && verification.time <= certificate.notAfter
  const unhandled = (certificate: Certificate) => certificate.value.UnhandledCriticalExtensions !== null
  if (!usable(leaf) || !usable(root) || certificates.some(unhandled)) return undefined
  if (
    verification.dnsName !== '' &&
    new X509Certificate(leaf.raw).checkHost(verification.dnsName, { subject: 'never' }) === undefined
  )
    return undefined
  const between = certificates.slice(1, -1)
  const extend = (chain: readonly Certificate[]): readonly Certificate[] | undefined => {
    const last = new X509Certificate((chain.at(-1) as Certificate).raw)
    const signs = (issuer: Certificate) => mayIssue(issuer, chain) && isIssuer(last, new X509Certificate(issuer.raw))
    if (root.raw.equals((chain.at(-1) as Certificate).raw)) return chain
    if (signs(root)) return [...chain, root]
    if (chain.length >= chainMax) return undefined
    for (const issuer of between) {
      if (chain.includes(issuer) || !usable(issuer) || !signs(issuer)) continue
      const whole = extend([...chain, issuer])
      if (whole !== undefined) return whole
    }
    return undefined
  }
  const chain = extend([leaf])
  return chain !== undefined && usagesHold(chain, verification.usages) ? chain : undefined
}

/** Whether a certificate may stand above those of a chain, of which the first is the leaf. */
function mayIssue(
  { version, isAuthority, maxPathLength, constraints }: Certificate,
  below: readonly Certificate[],
): boolean {
  if (version === 3 && !isAuthority) return false
  if (maxPathLength >= 0 && below.length - 1 > maxPathLength) return false
  return constraints === undefined || below.every(({ names }) => allowsNames(constraints, names))
}

function isIssuer(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

/** One of the wanted usages, server authentication if none is named, is allowed by every certificate that limits its usages. */
function usagesHold(chain: readonly Certificate[], wanted: readonly number[]): boolean {
  const asked = wanted.length === 0 ? [1] : wanted
  if (asked.includes(0)) return true
  return asked.some((usage) =>
    chain.every(({ extendedUsages, value }) => {
      const unlimited = extendedUsages.length === 0 && value.UnknownExtKeyUsage === null
      return unlimited || extendedUsages.includes(0) || extendedUsages.includes(usage)
    }),
  )
}

function verify(text: string, verification: Verification, shown: (certificate: Certificate) => Value): Value {
  try {
    const chain = chainOf(certificatesOf(text), verification)
    return chain === undefined ? [false, []] : [true, chain.map(shown)]
  } catch (error) {
    if (error instanceof BuiltinError && !error.halts) return [false, []]
    throw error
  }
}

/** OPA adds the URIs as strings except where options were given. */
function withoutUriStrings({ value: { URIStrings: _, ...rest } }: Certificate): Value {
  return rest
}

function verifyWithOptions(context: BuiltinContext, certs: Value, options: Value): Value {
  const text = stringOperand(certs, 1)
  objectOperand(options, 2)
  try {
    certificatesOf(text)
  } catch (error) {
    if (error instanceof BuiltinError) return [false, []]
    throw error
  }
  return verify(text, readOptions(options, context.nowNs), withoutUriStrings)
}

function parseRequest(text: string): Value {
  const data = text.startsWith('-----BEGIN CERTIFICATE REQUEST-----') ? Buffer.from(text) : decodeBase64(text, 'base64')
  const block = readPem(data)
  if (block !== undefined && block.type !== 'CERTIFICATE REQUEST')
    throw new BuiltinError('invalid PEM-encoded certificate signing request')
  return parseCertificateRequest(block?.bytes ?? data)
}

const privateKeyTypes: Readonly<Record<string, 'pkcs1' | 'pkcs8' | 'sec1'>> = {
  'RSA PRIVATE KEY': 'pkcs1',
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
}

function privateKey({ type, bytes }: PemBlock): KeyObject | undefined {
  const form = privateKeyTypes[type]
  if (form === undefined) return undefined
  try {
    return createPrivateKey({ key: bytes, format: 'der', type: form })
  } catch (cause) {
    throw new BuiltinError(`x509: failed to parse private key: ${messageOf(cause)}`, { cause })
  }
}

/** The private keys of a PEM text, which may be in base64 as a whole. */
function privateKeysOf(text: string): readonly KeyObject[] {
  let data: Buffer = Buffer.from(text)
  if (!text.includes('-----')) {
    try {
      data = decodeBase64(text, 'base64')
    } catch (error) {
      if (!(error instanceof BuiltinError)) throw error
    }
  }
  return readAllPem(data)
    .map(privateKey)
    .filter((key) => key !== undefined)
}

function number(text: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(text ?? '', 'base64url').toString('hex') || '0'}`)
}

/** The key as Go's structures of private keys have it. */
function privateKeyValue(key: KeyObject): Value {
  const jwk = key.export({ format: 'jwk' })
  if (jwk.kty === 'OKP')
    return Buffer.concat([Buffer.from(jwk.d ?? '', 'base64url'), Buffer.from(jwk.x ?? '', 'base64url')]).toString(
      'base64',
    )
  if (jwk.kty === 'EC')
    return { Curve: {}, X: fromBigInt(number(jwk.x)), Y: fromBigInt(number(jwk.y)), D: fromBigInt(number(jwk.d)) }
  return {
    N: fromBigInt(number(jwk.n)),
    E: fromBigInt(number(jwk.e)),
    D: fromBigInt(number(jwk.d)),
    Primes: [fromBigInt(number(jwk.p)), fromBigInt(number(jwk.q))],
    Precomputed: {
      Dp: fromBigInt(number(jwk.dp)),
      Dq: fromBigInt(number(jwk.dq)),
      Qinv: fromBigInt(number(jwk.qi)),
      CRTValues: [],
    },
  }
}

function parsePrivateKeys(text: string): Value {
  return text === '' ? null : privateKeysOf(text).map(privateKeyValue)
}

/** The first private key as a JWK. */
function privateKeyAsJwk(text: string): Value {
  if (text === '') throw new BuiltinError('input PEM data was empty')
  const [key] = privateKeysOf(text.startsWith(begin) ? text : decodeBase64(text, 'base64').toString('utf8'))
  return key === undefined ? null : (key.export({ format: 'jwk' }) as PlainObject)
}

function keyBytes(text: string): Buffer {
  return text.startsWith('-----BEGIN ') ? Buffer.from(text) : decodeBase64(text, 'base64')
}

function parseKeyPair(certificate: string, key: string): Value {
  const certificateData = keyBytes(certificate)
  const keyData = keyBytes(key)
  const isPem = (data: Buffer) => data.subarray(0, begin.length).toString('latin1') === begin
  const blocks = isPem(certificateData) ? certificateBlocks(certificateData) : [certificateData]
  const [leafDer] = blocks
  if (leafDer === undefined) throw new BuiltinError('tls: failed to find any PEM data in certificate input')
  const pair = isPem(keyData)
    ? readAllPem(keyData)
        .map(privateKey)
        .find((found) => found !== undefined)
    : privateKey({ type: 'PRIVATE KEY', bytes: keyData, rest: keyData })
  if (pair === undefined) throw new BuiltinError('tls: failed to find any PEM data in key input')
  if (!new X509Certificate(leafDer).checkPrivateKey(pair))
    throw new BuiltinError('tls: private key does not match public key')
  const [leaf] = certificatesOf(leafDer.toString('base64'))
  return {
    Certificate: blocks.map((block) => block.toString('base64')),
    PrivateKey: privateKeyValue(pair),
    SupportedSignatureAlgorithms: null,
    OCSPStaple: null,
    SignedCertificateTimestamps: null,
    Leaf: leaf === undefined ? null : withoutUriStrings(leaf),
  }
}

/** Errors of the crypto library that its checks did not foresee are errors of the builtin. */
function guarded(run: () => Value): Value {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof BuiltinError || !(cause instanceof Error) || !('code' in cause)) throw cause
    throw new BuiltinError(`x509: ${cause.message}`, { cause })
  }
}

export const x509: Record<string, Builtin> = {
  'crypto.x509.parse_certificates': { run: (_, certs) => guarded(() => parseCertificates(stringOperand(certs, 1))) },
  'crypto.x509.parse_and_verify_certificates': {
    run: (context, certs) => {
      const text = stringOperand(certs, 1)
      return guarded(() => verify(text, { dnsName: '', time: context.nowNs, usages: [] }, ({ value }) => value))
    },
  },
  'crypto.x509.parse_and_verify_certificates_with_options': {
    run: (context, certs, options) => guarded(() => verifyWithOptions(context, certs, options)),
  },
  'crypto.x509.parse_certificate_request': { run: (_, csr) => guarded(() => parseRequest(stringOperand(csr, 1))) },
  'crypto.x509.parse_keypair': {
    run: (_, cert, pem) => guarded(() => parseKeyPair(stringOperand(cert, 1), stringOperand(pem, 1))),
  },
  'crypto.x509.parse_rsa_private_key': { run: (_, pem) => guarded(() => privateKeyAsJwk(stringOperand(pem, 1))) },
  'crypto.parse_private_keys': { run: (_, keys) => guarded(() => parsePrivateKeys(stringOperand(keys, 1))) },
}
