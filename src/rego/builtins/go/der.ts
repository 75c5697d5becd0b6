/**
 * ASN.1 in DER (X.690), as much of it as certificates need: nested elements with a tag and bytes.
 */
import { parseTime } from './time-layout.ts'

/** Bytes that are no DER, or not of the shape that was expected. */
export class DerError extends Error {}

export interface Element {
  /** The identifier octet: class, constructed bit and number; numbers above 30 do not occur here. */
  readonly tag: number
  readonly content: Buffer
  /** Tag, length and content. */
  readonly whole: Buffer
}

/** Tags of the types that certificates use. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  bmpString: 0x1e,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const

/** The first element and what follows it. */
export function readElement(data: Buffer): { element: Element; rest: Buffer } {
  const tag = data[0]
  const first = data[1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f)
    throw new DerError('asn1: structure error: truncated element')
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || lengthBytes > 4 || data.length < 2 + lengthBytes)
    throw new DerError('asn1: structure error: bad length')
  const length = lengthBytes === 0 ? first : data.readUIntBE(2, lengthBytes)
  const start = 2 + lengthBytes
  if (data.length < start + length) throw new DerError('asn1: syntax error: data truncated')
  return {
    element: { tag, content: data.subarray(start, start + length), whole: data.subarray(0, start + length) },
    rest: data.subarray(start + length),
  }
}

/** The elements inside a constructed one. */
export function readAll(data: Buffer): Element[] {
  const elements: Element[] = []
  for (let rest = data; rest.length > 0; ) {
    const next = readElement(rest)
    elements.push(next.element)
    rest = next.rest
  }
  return elements
}

/** The element itself when it has the tag. */
export function expectTag(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw new DerError('asn1: structure error: tags do not match')
  return element
}

export function children(element: Element | undefined, tag: number = tags.sequence): Element[] {
  return readAll(expectTag(element, tag).content)
}

export function integer(element: Element | undefined): bigint {
  const { content } = expectTag(element, tags.integer)
  if (content.length === 0) throw new DerError('asn1: structure error: empty integer')
  return BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString('hex')}`))
}

/** The numbers of an object identifier. */
export function objectId(element: Element | undefined): number[] {
  const { content } = expectTag(element, tags.objectId)
  const numbers: number[] = []
  let value = 0
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f)
    if ((byte & 0x80) !== 0) continue
    if (numbers.length === 0) {
      const top = Math.min(Math.floor(value / 40), 2)
      numbers.push(top, value - top * 40)
    } else numbers.push(value)
    value = 0
  }
  return numbers
}

/** The bytes of a bit string whose bits fill them. */
export function bitString(element: Element | undefined): { bytes: Buffer; unused: number } {
  const { content } = expectTag(element, tags.bitString)
  return { bytes: content.subarray(1), unused: content[0] ?? 0 }
}

/** The text of any of the string types. */
export function stringValue(element: Element): string {
  if (element.tag === tags.utf8String) return element.content.toString('utf8')
  if (element.tag === tags.bmpString) return Buffer.from(element.content).swap16().toString('utf16le')
  return element.content.toString('latin1')
}

/** Nanoseconds of a UTCTime (years 1950 to 2049) or GeneralizedTime. */
export function timeValue(element: Element | undefined): bigint {
  const text = element?.content.toString('latin1') ?? ''
  if (element?.tag !== tags.utcTime) return parseTime('20060102150405Z0700', text)
  const century = Number(text.slice(0, 2)) >= 50 ? '19' : '20'
  return parseTime(text.length > 11 ? '20060102150405Z0700' : '200601021504Z0700', century + text)
}
