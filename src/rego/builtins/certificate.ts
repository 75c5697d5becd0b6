/**
 * X.509 certificates and certificate requests (RFC 5280, RFC 2986) as values, in the shape that Go's `crypto/x509` structures have as JSON, which is what OPA gives.
 */
import { createPublicKey } from 'node:crypto'
import type { PlainObject, Value } from '../value.ts'
import { BuiltinError } from './builtin.ts'
import { addressOf, alternativeNames, nameConstraints } from './certificate-names.ts'
import { dateFromSeconds, splitNanos } from './go/calendar.ts'
import {
  bitString,
  children,
  DerError,
  type Element,
  expectTag,
  integer,
  objectId,
  readElement,
  stringValue,
  tags,
  timeValue,
} from './go/der.ts'
import { formatTime, namedLayouts, TimeError } from './go/time-layout.ts'
import { parseUrl, type Url, UrlError } from './go/url.ts'
import { fromBigInt } from './integers.ts'
import type { ConstrainedNames, NameConstraints, Subtrees } from './name-constraints.ts'

/** What checking a chain needs of a certificate besides its value. */
export interface Certificate {
  readonly value: PlainObject
  readonly raw: Buffer
  readonly notBefore: bigint
  readonly notAfter: bigint
  readonly isAuthority: boolean
  readonly extendedUsages: readonly number[]
  readonly version: number
  readonly maxPathLength: number
  /** The names that constraints of the authorities above it are held against. */
  readonly names: ConstrainedNames
  /** What an authority says about the names below it, where it says something. */
  readonly constraints: NameConstraints | undefined
}

const base64 = (bytes: Buffer): string => bytes.toString('base64')

/** A list, or null where Go has no list at all. */
const listOrNull = (list: readonly Value[]): Value => (list.length === 0 ? null : [...list])

/** The names of RFC 4519 that Go gives fields of their own, by the last number of their identifier 2.5.4.n. */
const nameFields: Readonly<Record<number, string>> = {
  6: 'Country',
  7: 'Locality',
  8: 'Province',
  9: 'StreetAddress',
  10: 'Organization',
  11: 'OrganizationalUnit',
  17: 'PostalCode',
}

function nameValue(element: Element | undefined): PlainObject {
  const lists: Record<string, Value[]> = {}
  const names: Value[] = []
  let commonName = ''
  let serialNumber = ''
  for (const set of children(element)) {
    for (const pair of children(set, tags.set)) {
      const [id, value] = children(pair)
      if (value === undefined) throw new DerError('x509: invalid RDNSequence')
      const type = objectId(id)
      const text = stringValue(value)
      names.push({ Type: type, Value: text })
      if (type.length !== 4 || type[0] !== 2 || type[1] !== 5 || type[2] !== 4) continue
      const number = type[3] as number
      if (number === 3) commonName = text
      else if (number === 5) serialNumber = text
      const field = nameFields[number]
      if (field !== undefined) lists[field] = [...(lists[field] ?? []), text]
    }
  }
  const fields = Object.values(nameFields).map((field): [string, Value] => [field, lists[field] ?? null])
  return {
    ...Object.fromEntries(fields),
    SerialNumber: serialNumber,
    CommonName: commonName,
    Names: listOrNull(names),
    ExtraNames: null,
  }
}

/** Go's numbers of signature algorithms by object identifier; those of PSS are told apart by their hash. */
const signatureAlgorithms: Readonly<Record<string, number>> = {
  '1.2.840.113549.1.1.2': 1,
  '1.2.840.113549.1.1.4': 2,
  '1.2.840.113549.1.1.5': 3,
  '1.2.840.113549.1.1.11': 4,
  '1.2.840.113549.1.1.12': 5,
  '1.2.840.113549.1.1.13': 6,
  '1.2.840.10040.4.3': 7,
  '2.16.840.1.101.3.4.3.2': 8,
  '1.2.840.10045.4.1': 9,
  '1.2.840.10045.4.3.2': 10,
  '1.2.840.10045.4.3.3': 11,
  '1.2.840.10045.4.3.4': 12,
  '1.3.101.112': 16,
}

const pssHashes: Readonly<Record<string, number>> = {
  '2.16.840.1.101.3.4.2.1': 13,
  '2.16.840.1.101.3.4.2.2': 14,
  '2.16.840.1.101.3.4.2.3': 15,
}

function signatureAlgorithm(element: Element | undefined): number {
  const [id, parameters] = children(element)
  const name = objectId(id).join('.')
  if (name !== '1.2.840.113549.1.1.10') return signatureAlgorithms[name] ?? 0
  const hash = parameters?.tag === tags.sequence ? children(parameters)[0] : undefined
  const inner = hash === undefined ? undefined : children(children(hash, 0xa0)[0])[0]
  return inner === undefined ? 0 : (pssHashes[objectId(inner).join('.')] ?? 0)
}

const keyAlgorithms: Readonly<Record<string, number>> = {
  '1.2.840.113549.1.1.1': 1,
  '1.2.840.10040.4.1': 2,
  '1.2.840.10045.2.1': 3,
  '1.3.101.112': 4,
}

/** A number that a JWK writes in base64url. */
function bigEndian(text: string | undefined): Value {
  return fromBigInt(BigInt(`0x${Buffer.from(text ?? '', 'base64url').toString('hex') || '0'}`))
}

/** The key as Go's structures of public keys have it. */
function publicKeyValue(spki: Element): { algorithm: number; key: Value } {
  const [algorithmId] = children(children(spki)[0])
  const algorithm = keyAlgorithms[objectId(algorithmId).join('.')] ?? 0
  if (algorithm === 0 || algorithm === 2) return { algorithm, key: null }
  const jwk = createPublicKey({ key: spki.whole, format: 'der', type: 'spki' }).export({ format: 'jwk' })
  if (algorithm === 1) return { algorithm, key: { N: bigEndian(jwk.n), E: bigEndian(jwk.e) } }
  if (algorithm === 3) return { algorithm, key: { Curve: {}, X: bigEndian(jwk.x), Y: bigEndian(jwk.y) } }
  return { algorithm, key: Buffer.from(jwk.x ?? '', 'base64url').toString('base64') }
}

interface Extension {
  readonly id: readonly number[]
  readonly critical: boolean
  readonly value: Buffer
}

function readExtensions(list: Element): Extension[] {
  return children(list).map((element) => {
    const parts = children(element)
    const critical = parts[1]?.tag === tags.boolean && parts[1].content[0] !== 0
    const value = expectTag(parts[parts.length - 1], tags.octetString).content
    return { id: objectId(parts[0]), critical, value }
  })
}

function extensionValues(extensions: readonly Extension[]): Value {
  return listOrNull(
    extensions.map(({ id, critical, value }) => ({ Id: [...id], Critical: critical, Value: base64(value) })),
  )
}

function urlValue(text: string, url: Url): PlainObject {
  return {
    Scheme: url.scheme,
    Opaque: url.opaque,
    User: null,
    Host: url.host,
    Path: url.path,
    Fragment: url.fragment,
    RawQuery: url.rawQuery,
    RawPath: url.rawPath,
    RawFragment: '',
    ForceQuery: text.endsWith('?'),
    OmitHost: false,
  }
}

/** Go's numbers of extended key usages by object identifier. */
const extendedUsages: Readonly<Record<string, number>> = {
  '2.5.29.37.0': 0,
  '1.3.6.1.5.5.7.3.1': 1,
  '1.3.6.1.5.5.7.3.2': 2,
  '1.3.6.1.5.5.7.3.3': 3,
  '1.3.6.1.5.5.7.3.4': 4,
  '1.3.6.1.5.5.7.3.5': 5,
  '1.3.6.1.5.5.7.3.6': 6,
  '1.3.6.1.5.5.7.3.7': 7,
  '1.3.6.1.5.5.7.3.8': 8,
  '1.3.6.1.5.5.7.3.9': 9,
  '1.3.6.1.4.1.311.10.3.3': 10,
  '2.16.840.1.113730.4.1': 11,
  '1.3.6.1.4.1.311.2.1.22': 12,
  '1.3.6.1.4.1.311.61.1.1': 13,
}

/** The bits of the key usage, the first bit being 1. */
function keyUsage(value: Buffer | undefined): number {
  if (value === undefined) return 0
  const { bytes } = bitString(readElement(value).element)
  let usage = 0
  for (let bit = 0; bit < 9; bit++) if ((((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1) usage |= 1 << bit
  return usage
}

interface BasicConstraints {
  readonly valid: boolean
  readonly authority: boolean
  readonly pathLength: number
}

function basicConstraints(value: Buffer | undefined): BasicConstraints {
  if (value === undefined) return { valid: false, authority: false, pathLength: 0 }
  const parts = children(readElement(value).element)
  const authority = parts[0]?.tag === tags.boolean && parts[0].content[0] !== 0
  const length = parts.find((part) => part.tag === tags.integer)
  return { valid: true, authority, pathLength: length === undefined ? -1 : Number(integer(length)) }
}

/** Access descriptions (RFC 5280 section 4.2.2.1) of one method that name a URL. */
function accessUrls(value: Buffer | undefined, method: string): string[] {
  if (value === undefined) return []
  return children(readElement(value).element).flatMap((element) => {
    const [id, place] = children(element)
    return objectId(id).join('.') === method && place?.tag === 0x86 ? [place.content.toString('latin1')] : []
  })
}

function distributionPoints(value: Buffer | undefined): string[] {
  if (value === undefined) return []
  return children(readElement(value).element).flatMap((point) => {
    const name = children(point)[0]
    const full = name?.tag === 0xa0 ? children(name, 0xa0)[0] : undefined
    if (full?.tag !== 0xa0) return []
    return children(full, 0xa0).flatMap(({ tag, content }) => (tag === 0x86 ? [content.toString('latin1')] : []))
  })
}

function subtreeValues(found: Subtrees | undefined, prefix: string): PlainObject {
  const ranges = (found?.ranges ?? []).map((range) => ({
    IP: addressOf(range.subarray(0, range.length / 2)),
    Mask: base64(range.subarray(range.length / 2)),
  }))
  return {
    [`${prefix}DNSDomains`]: listOrNull(found?.dns ?? []),
    [`${prefix}IPRanges`]: listOrNull(ranges),
    [`${prefix}EmailAddresses`]: listOrNull(found?.emails ?? []),
    [`${prefix}URIDomains`]: listOrNull(found?.urls ?? []),
  }
}

function rfc3339(ns: bigint): string {
  const { seconds, nanosecond } = splitNanos(ns)
  const offset = { seconds: 0, name: 'UTC' }
  return formatTime(dateFromSeconds(seconds, nanosecond, 0), seconds, offset, namedLayouts.RFC3339 as string)
}

/** Reads one certificate. Throws `BuiltinError` when it is none. */
export function parseCertificate(element: Element): Certificate {
  return reading('x509: malformed certificate', () => readCertificate(element))
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof DerError || cause instanceof TimeError || cause instanceof UrlError)
      throw new BuiltinError(what, { cause })
    if (cause instanceof Error && 'code' in cause) throw new BuiltinError(`${what}: ${cause.message}`, { cause })
    throw cause
  }
}

function readCertificate(element: Element): Certificate {
  const [tbs, algorithm, signature] = children(element)
  const parts = children(tbs)
  const version = parts[0]?.tag === 0xa0 ? Number(integer(children(parts.shift(), 0xa0)[0])) + 1 : 1
  const [serial, , issuer, validity, subject, spki, ...optional] = parts
  if (spki === undefined || issuer === undefined || subject === undefined || tbs === undefined)
    throw new DerError('x509: malformed certificate')
  const list = optional.find((part) => part.tag === 0xa3)
  const extensions = list === undefined ? [] : readExtensions(children(list, 0xa3)[0] as Element)
  const byId = new Map(extensions.map((extension) => [extension.id.join('.'), extension.value]))
  const [notBefore, notAfter] = children(validity).map(timeValue) as [bigint, bigint]
  const { algorithm: keyAlgorithm, key } = publicKeyValue(spki)
  const constraints = basicConstraints(byId.get('2.5.29.19'))
  const names = alternativeNames(byId.get('2.5.29.17'))
  const usages = (byId.has('2.5.29.37') ? children(readElement(byId.get('2.5.29.37') as Buffer).element) : []).map(
    objectId,
  )
  const known = usages.map((id) => extendedUsages[id.join('.')]).filter((usage) => usage !== undefined)
  const policies = byId.has('2.5.29.32')
    ? children(readElement(byId.get('2.5.29.32') as Buffer).element).map((policy) => objectId(children(policy)[0]))
    : []
  const keyId = byId.get('2.5.29.14')
  const authorityParts = byId.has('2.5.29.35') ? children(readElement(byId.get('2.5.29.35') as Buffer).element) : []
  const authorityKey = authorityParts.find((part) => part.tag === 0x80)
  const constrained = extensions.find(({ id }) => id.join('.') === '2.5.29.30')
  const limits = constrained === undefined ? undefined : nameConstraints(constrained.value)
  const hasNames = Object.values(names).some((each) => each.length > 0)
  const unread = new Set([...(hasNames ? [] : ['17']), ...(limits?.isWhole === false ? ['30'] : [])])
  const value: PlainObject = {
    Raw: base64(element.whole),
    RawTBSCertificate: base64(tbs.whole),
    RawSubjectPublicKeyInfo: base64(spki.whole),
    RawSubject: base64(subject.whole),
    RawIssuer: base64(issuer.whole),
    Signature: base64(bitString(signature).bytes),
    SignatureAlgorithm: signatureAlgorithm(algorithm),
    PublicKeyAlgorithm: keyAlgorithm,
    PublicKey: key,
    Version: version,
    SerialNumber: fromBigInt(integer(serial)),
    Issuer: nameValue(issuer),
    Subject: nameValue(subject),
    NotBefore: rfc3339(notBefore),
    NotAfter: rfc3339(notAfter),
    KeyUsage: keyUsage(byId.get('2.5.29.15')),
    Extensions: extensionValues(extensions),
    ExtraExtensions: null,
    UnhandledCriticalExtensions: listOrNull(unhandled(extensions, unread)),
    ExtKeyUsage: listOrNull(known),
    UnknownExtKeyUsage: listOrNull(usages.filter((id) => extendedUsages[id.join('.')] === undefined)),
    BasicConstraintsValid: constraints.valid,
    IsCA: constraints.authority,
    MaxPathLen: constraints.pathLength,
    MaxPathLenZero: constraints.valid && constraints.pathLength === 0,
    SubjectKeyId: keyId === undefined ? null : base64(readElement(keyId).element.content),
    AuthorityKeyId: authorityKey === undefined ? null : base64(authorityKey.content),
    OCSPServer: listOrNull(accessUrls(byId.get('1.3.6.1.5.5.7.1.1'), '1.3.6.1.5.5.7.48.1')),
    IssuingCertificateURL: listOrNull(accessUrls(byId.get('1.3.6.1.5.5.7.1.1'), '1.3.6.1.5.5.7.48.2')),
    DNSNames: listOrNull(names.dns),
    EmailAddresses: listOrNull(names.emails),
    IPAddresses: listOrNull(names.addresses.map(addressOf)),
    URIs: listOrNull(names.urls.map((url) => urlValue(url, parseUrl(url)))),
    PermittedDNSDomainsCritical: constrained?.critical ?? false,
    ...subtreeValues(limits?.permitted, 'Permitted'),
    ...subtreeValues(limits?.excluded, 'Excluded'),
    CRLDistributionPoints: listOrNull(distributionPoints(byId.get('2.5.29.31'))),
    PolicyIdentifiers: listOrNull(policies),
    Policies: listOrNull(policies.map((id) => id.join('.'))),
    InhibitAnyPolicy: 0,
    InhibitAnyPolicyZero: false,
    InhibitPolicyMapping: 0,
    InhibitPolicyMappingZero: false,
    RequireExplicitPolicy: 0,
    RequireExplicitPolicyZero: false,
    PolicyMappings: null,
    URIStrings: listOrNull(names.urls),
  }
  return {
    value,
    raw: element.whole,
    notBefore,
    notAfter,
    isAuthority: constraints.authority,
    extendedUsages: known,
    version,
    maxPathLength: constraints.valid ? constraints.pathLength : -1,
    names,
    constraints: limits,
  }
}

/** Extensions of the family 2.5.29 that Go understands, and the one for access to the authority. */
const handled = new Set(['14', '15', '17', '19', '30', '31', '32', '33', '35', '36', '37', '54'])

/** Critical extensions that are not understood, among them those of which no part could be read. */
function unhandled(extensions: readonly Extension[], unread: ReadonlySet<string>): Value[] {
  const isHandled = ([a, b, c, last, ...more]: readonly number[]) =>
    a === 2 && b === 5 && c === 29 && more.length === 0 && handled.has(String(last)) && !unread.has(String(last))
  return extensions.filter(({ id, critical }) => critical && !isHandled(id)).map(({ id }) => [...id])
}

/** An attribute whose values are lists of pairs, such as the extensions that are asked for; Go's older field for attributes leaves out others. */
function attributeValue(attribute: Element): PlainObject[] {
  const [id, values] = children(attribute)
  try {
    const lists = children(values, tags.set).map((list) => children(list).map((pair) => pairValue(children(pair))))
    return [{ Type: objectId(id), Value: lists }]
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}

function pairValue([id, value]: readonly Element[]): PlainObject {
  if (value === undefined) throw new DerError('asn1: structure error')
  return { Type: objectId(id), Value: anyValue(value) }
}

/** A value of any type as Go decodes and prints it. */
function anyValue(element: Element): Value {
  switch (element.tag) {
    case tags.boolean:
      return element.content[0] !== 0
    case tags.integer:
      return fromBigInt(integer(element))
    case tags.octetString:
      return base64(element.content)
    case tags.objectId:
      return objectId(element)
    default:
      return stringValue(element)
  }
}

/** Reads one certificate request. Throws `BuiltinError` when it is none. */
export function parseCertificateRequest(der: Buffer): PlainObject {
  return reading('asn1: structure error: tags do not match', () => {
    const [info, algorithm, signature] = children(readElement(der).element)
    const [version, subject, spki, attributes] = children(info)
    if (info === undefined || spki === undefined || subject === undefined) throw new DerError('asn1: structure error')
    const { algorithm: keyAlgorithm, key } = publicKeyValue(spki)
    const requested = (attributes?.tag === 0xa0 ? children(attributes, 0xa0) : []).flatMap((attribute) => {
      const [id, values] = children(attribute)
      return objectId(id).join('.') === '1.2.840.113549.1.9.14'
        ? readExtensions(children(values, tags.set)[0] as Element)
        : []
    })
    const names = alternativeNames(requested.find(({ id }) => id.join('.') === '2.5.29.17')?.value)
    return {
      Raw: base64(readElement(der).element.whole),
      RawTBSCertificateRequest: base64(info.whole),
      RawSubjectPublicKeyInfo: base64(spki.whole),
      RawSubject: base64(subject.whole),
      Version: Number(integer(version)),
      Signature: base64(bitString(signature).bytes),
      SignatureAlgorithm: signatureAlgorithm(algorithm),
      PublicKeyAlgorithm: keyAlgorithm,
      PublicKey: key,
      Subject: nameValue(subject),
      Attributes: listOrNull(attributes?.tag === 0xa0 ? children(attributes, 0xa0).flatMap(attributeValue) : []),
      Extensions: extensionValues(requested),
      ExtraExtensions: null,
      DNSNames: listOrNull(names.dns),
      EmailAddresses: listOrNull(names.emails),
      IPAddresses: listOrNull(names.addresses.map(addressOf)),
      URIs: listOrNull(names.urls.map((url) => urlValue(url, parseUrl(url)))),
    }
  })
}
