/**
 * Certificates for tests, made here (RFC 5280, DER by ITU-T X.690) so that no tool but Node is needed: P-256 keys, signed with
 * ECDSA and SHA-256, valid from 2020 to 2049 unless told otherwise.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

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

/** A certificate that signs itself: server and authority in one. */
export function selfSigned(options: CertificateOptions): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(set(sequence(commonNameId, der(0x0c, Buffer.from(options.commonName ?? 'test')))))
  const names = options.names.map((one) =>
    /^[0-9.]+$/.test(one) ? der(0x87, Uint8Array.from(one.split('.').map(Number))) : der(0x82, Buffer.from(one)),
  )
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    sequence(time('200101000000Z'), time(options.notAfter ?? '491231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        sequence(basicConstraintsId, der(0x01, Buffer.from([255])), der(0x04, sequence(der(0x01, Buffer.from([255]))))),
        sequence(alternativeNamesId, der(0x04, sequence(...names))),
      ),
    ),
  )
  const whole = sequence(body, ecdsaWithSha256, bits(signature(body, privateKey)))
  const base64 = whole.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function signature(body: Uint8Array, key: KeyObject): Buffer {
  return sign('sha256', body, key)
}
