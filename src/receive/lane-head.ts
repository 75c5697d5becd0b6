/**
 * The header of a request, as far as the lane takes it: a strict subset of HTTP/1.1 (RFC 9112), checked byte by byte in one pass.
 * Everything else is `strange`, which is no verdict: node:http then reads the same bytes and says what they are.
 */
import { limits } from '../model/index.ts'

export interface LaneHead {
  readonly method: string
  readonly rawTarget: string
  /** Name, value, name, value ... as received, without the white space around a value. */
  readonly rawHeaders: readonly string[]
  /** From `Content-Length`; 0 when there is none. */
  readonly lengthBytes: number
  readonly saysClose: boolean
  /** Where the header ends in the bytes it was read from: the body begins here. */
  readonly end: number
}

/** `partial`: what is there may still become a header of the subset. `strange`: it cannot. */
export type HeadRead = LaneHead | 'partial' | 'strange'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const
const version = Buffer.from('HTTP/1.1\r\n')
/** Digits of a length: any of them is a safe integer. */
const lengthDigitsMax = 15
/** A longer text is copied out of the header: whoever keeps it (a token) must not keep 16 KiB with it. */
const ownCharsMin = 64

const space = 0x20
const tab = 0x09
const colon = 0x3a
const slash = 0x2f
const cr = 0x0d
const lf = 0x0a

/** What a byte may be part of. */
const inName = 1
const inTarget = 2
const inValue = 4
const isDigit = 8
const kinds = new Uint8Array(256)
const mark = (chars: string, kind: number): void => {
  for (const char of chars) kinds[char.charCodeAt(0)] = (kinds[char.charCodeAt(0)] as number) | kind
}
const digits = '0123456789'
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
// RFC 9110 section 5.6.2; RFC 3986 section 3.3 and 3.4; RFC 9110 section 5.5 without obs-text.
mark(`${digits}${letters}!#$%&'*+-.^_\`|~`, inName)
mark(`${digits}${letters}-._~%!$&'()*+,;=:@/?`, inTarget)
mark(digits, isDigit)
for (let byte = 0x20; byte < 0x7f; byte++) kinds[byte] = (kinds[byte] as number) | inValue
kinds[tab] = inValue

/**
 * Fields that change how a message is framed, or what is to become of its connection, and that node:http knows all about. By
 * length first, as most names are told apart by it.
 */
const left: ReadonlySet<string> = new Set(['transfer-encoding', 'upgrade', 'expect', 'proxy-connection', 'trailer'])
const leftLengths: ReadonlySet<number> = new Set([...left].map((name) => name.length))

/** Reads the header that begins at `start`; it must be shorter than `limits.headerBytesMax`. */
export function readHead(bytes: Buffer, start: number): HeadRead {
  const end = Math.min(bytes.length, start + limits.headerBytesMax - 1)
  // Not whole within the bound is strange: node:http counts in its own way, and says so when it is too large.
  const atEnd = end === bytes.length ? 'partial' : 'strange'
  let at = start
  while (at < end && bytes[at] !== space && at - start < 8) at++
  const method = methodOf(bytes, start, at)
  if (method === undefined) return at === end && isMethodStart(bytes, start, at) ? atEnd : 'strange'
  if (at === end) return atEnd
  const targetAt = at + 1
  if (targetAt === end) return atEnd
  if (bytes[targetAt] !== slash) return 'strange'
  for (at = targetAt; at < end && ((kinds[bytes[at] as number] as number) & inTarget) !== 0; ) at++
  if (at === end) return atEnd
  if (bytes[at] !== space) return 'strange'
  const targetEnd = at++
  for (let of = 0; of < version.length; of++, at++) {
    if (at === end) return atEnd
    if (bytes[at] !== version[of]) return 'strange'
  }
  const fieldsAt = at
  const places: number[] = []
  let lengthBytes = -1
  let connection = ''
  for (;;) {
    if (at === end) return atEnd
    const nameAt = at
    while (at < end && ((kinds[bytes[at] as number] as number) & inName) !== 0) at++
    if (at === end) return atEnd
    if (at === nameAt) {
      if (bytes[at++] !== cr) return 'strange'
      if (at === end) return atEnd
      if (bytes[at++] !== lf) return 'strange'
      break
    }
    if (bytes[at] !== colon || places.length === 4 * limits.headerFieldsMax) return 'strange'
    const nameEnd = at++
    while (at < end && (bytes[at] === space || bytes[at] === tab)) at++
    const valueAt = at
    const nameLength = nameEnd - nameAt
    const isLength = nameLength === 14 && is(bytes, nameAt, 'content-length')
    if (isLength && lengthBytes !== -1) return 'strange'
    const kind = isLength ? isDigit : inValue
    while (at < end && ((kinds[bytes[at] as number] as number) & kind) !== 0) at++
    if (leftLengths.has(nameLength) && left.has(lowerCased(bytes, nameAt, nameEnd))) return 'strange'
    if (at === end) return atEnd
    if (bytes[at] !== cr) return 'strange'
    let valueEnd = at++
    if (at === end) return atEnd
    if (bytes[at++] !== lf) return 'strange'
    while (valueEnd > valueAt && (bytes[valueEnd - 1] === space || bytes[valueEnd - 1] === tab)) valueEnd--
    if (isLength) {
      if (valueEnd === valueAt || valueEnd - valueAt > lengthDigitsMax) return 'strange'
      lengthBytes = numberOf(bytes, valueAt, valueEnd)
    } else if (nameLength === 10 && is(bytes, nameAt, 'connection')) {
      if (connection !== '') return 'strange'
      connection = lowerCased(bytes, valueAt, valueEnd)
      if (connection !== 'keep-alive' && connection !== 'close') return 'strange'
    }
    places.push(nameAt, nameEnd, valueAt, valueEnd)
  }
  return {
    method,
    rawTarget: textOf(bytes, targetAt, targetEnd),
    rawHeaders: fieldsOf(bytes, fieldsAt, at, places),
    lengthBytes: lengthBytes === -1 ? 0 : lengthBytes,
    saysClose: connection === 'close',
    end: at,
  }
}

function methodOf(bytes: Buffer, start: number, end: number): string | undefined {
  for (const method of methods) if (method.length === end - start && isExactly(bytes, start, method)) return method
  return undefined
}

/** Whether the bytes may become one of the methods. */
function isMethodStart(bytes: Buffer, start: number, end: number): boolean {
  const text = textOf(bytes, start, end)
  return methods.some((method) => method.startsWith(text))
}

function isExactly(bytes: Buffer, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text.charCodeAt(at)) return false
  return true
}

/** Whether the name that begins at `start` is `lower` in any case; `lower` has letters and `-` only. */
function is(bytes: Buffer, start: number, lower: string): boolean {
  for (let at = 0; at < lower.length; at++) {
    const byte = bytes[start + at] as number
    // In a name the bit makes letters lower case, and leaves `-` as it is: the byte that it would be made of is a control.
    if ((byte | 0x20) !== lower.charCodeAt(at)) return false
  }
  return true
}

function lowerCased(bytes: Buffer, start: number, end: number): string {
  return textOf(bytes, start, end).toLowerCase()
}

function numberOf(bytes: Buffer, start: number, end: number): number {
  let number = 0
  for (let at = start; at < end; at++) number = number * 10 + (bytes[at] as number) - 0x30
  return number
}

function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end)
}

/** One text is made of all fields; what is long has its own. */
function fieldsOf(bytes: Buffer, start: number, end: number, places: readonly number[]): string[] {
  const text = textOf(bytes, start, end)
  const fields: string[] = new Array(places.length / 2)
  for (let at = 0; at < places.length; at += 2) {
    const from = places[at] as number
    const to = places[at + 1] as number
    fields[at / 2] = to - from < ownCharsMin ? text.slice(from - start, to - start) : textOf(bytes, from, to)
  }
  return fields
}
