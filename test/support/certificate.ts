/**
 * Certificates for tests, made here (RFC 5280, DER by ITU-T X.690) so that no tool but Node is needed: P-256 keys, signed with
 * ECDSA and SHA-256, valid from 2020 to 2049 unless told otherwise.
 */
import { generateKeyPairSync, sign } from 'node:crypto'

export interface TestCertificate {
  readonly certificate: string
  readonly key: string
}

export interface CertificateOptions {
  /** DNS names and IPv4 addresses. */
  readonly names: readonly string[]
  readonly commonName?: string
  readonly notAfter?: string
}

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), content])
}
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts)
const identifier = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const bits = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content)
const time = (text: string): Buffer => der(0x17, Buffer.from(text))

const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'))
const commonNameId = identifier('550403')
const alternativeNamesId = identifier('551d11')
const basicConstraintsId = identifier('551d13')
const nameConstraintsId = identifier('551d1e')

/** A certificate that signs itself: server and authority in one. */
export function selfSigned(options: CertificateOptions): TestCertificate {
  const names = options.names.map(
    (one): AlternativeName => ({ kind: /^[0-9.]+$/.test(one) ? 'ip' : 'dns', value: one }),
  )
  return issue({
    subject: options.commonName ?? 'test',
    authority: true,
    names,
    ...(options.notAfter === undefined ? {} : { notAfter: options.notAfter }),
  })
}

/** A name besides the subject, or the base of a name constraint; an address of a constraint has a mask: `10.0.0.0/255.0.0.0`. */
export interface AlternativeName {
  readonly kind: 'dns' | 'email' | 'uri' | 'ip' | 'directory'
  readonly value: string
}

export interface IssueOptions {
  readonly subject: string
  /** Absent: the certificate signs itself. */
  readonly issuer?: { readonly subject: string; readonly key: string }
  readonly authority: boolean
  readonly names?: readonly AlternativeName[]
  /** The subtrees of a critical extension for name constraints. */
  readonly permitted?: readonly AlternativeName[]
  readonly excluded?: readonly AlternativeName[]
  readonly notAfter?: string
}

/** A certificate with a key of its own, signed by its issuer. */
export function issue(options: IssueOptions): TestCertificate & { readonly subject: string } {
  const { subject, issuer, authority, names = [], permitted = [], excluded = [] } = options
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const isTrue = der(0x01, Buffer.from([255]))
  const extensions = [
    sequence(basicConstraintsId, isTrue, der(0x04, authority ? sequence(isTrue) : sequence())),
    ...(names.length > 0 ? [sequence(alternativeNamesId, der(0x04, sequence(...names.map(generalName))))] : []),
    ...(permitted.length + excluded.length > 0
      ? [
          sequence(
            nameConstraintsId,
            isTrue,
            der(0x04, sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded))),
          ),
        ]
      : []),
  ]
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    commonName(issuer?.subject ?? subject),
    sequence(time('200101000000Z'), time(options.notAfter ?? '491231235959Z')),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const whole = sequence(body, ecdsaWithSha256, bits(sign('sha256', body, issuer?.key ?? key)))
  const base64 = whole.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return { subject, certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`, key }
}

function commonName(text: string): Buffer {
  return sequence(set(sequence(commonNameId, der(0x0c, Buffer.from(text)))))
}

function subtrees(tag: number, bases: readonly AlternativeName[]): Buffer[] {
  return bases.length === 0 ? [] : [der(tag, ...bases.map((base) => sequence(generalName(base))))]
}

const generalNameTags = { email: 0x81, dns: 0x82, uri: 0x86 } as const

function generalName({ kind, value }: AlternativeName): Buffer {
  if (kind === 'directory') return der(0xa4, commonName(value))
  if (kind !== 'ip') return der(generalNameTags[kind], Buffer.from(value))
  return der(0x87, ...value.split('/').map(addressBytes))
}

function addressBytes(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number))
  const [head = '', tail = ''] = text.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const groups = [...head, ...new Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  return Buffer.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]))
}
