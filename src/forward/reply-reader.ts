/**
 * The bytes of an upstream's connection as replies, one after the other: where a header ends, what of the body has come, where it ends
 * (RFC 9112 sections 6 and 7). It holds no body; what it holds of a header, a chunk's size and a trailer is bounded.
 *
 *     head -> (interim: head)* -> none | length | chunk size -> chunk -> ... -> trailer | until the connection closes -> over
 */
import { limits } from '../model/index.ts'
import { MalformedReply, parseReplyHead, type ReplyHead } from './reply-head.ts'

export interface ReplyEvents {
  /** The final header: interim replies (RFC 9110 section 15.2) are not told, the gateway answers for itself. */
  head(head: ReplyHead): void
  /** The next bytes of the body: valid during the call only. */
  data(bytes: Buffer): void
  /** `surplusBytes` came behind the reply with the same read: they belong to no reply, and must become the beginning of none. */
  end(surplusBytes: number): void
}

/** Interim replies before one final: a server sends one or two. */
const interimRepliesMax = 16
/** Characters of a chunk's size with its extensions, which nobody needs. */
const chunkLineCharsMax = 1_024
/** Hexadecimal digits of a chunk's size: more than any bound on a reply, and exact as a number. */
const chunkSizeShape = /^([0-9A-Fa-f]{1,12})(?:[ \t]*;[\t\x20-\x7e]*)?$/
const trailerShape = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/
const headEnd = '\r\n\r\n'
const carriageReturn = 0x0d
const lineFeed = 0x0a

type State = 'head' | 'length' | 'close' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailer' | 'over'

export class ReplyReader {
  readonly #events: ReplyEvents
  #method = ''
  #state: State = 'over'
  /** What has come of a header, or of a line between chunks. */
  #text = ''
  #interim = 0
  #trailerBytes = 0
  /** Bytes of the body, or of the chunk, that are still to come. */
  #restBytes = 0

  constructor(events: ReplyEvents) {
    this.#events = events
  }

  /** Waits for the reply to a call of this method. */
  begin(method: string): void {
    this.#method = method
    this.#state = 'head'
    this.#text = ''
    this.#interim = 0
  }

  /** Throws `MalformedReply`, also for bytes that belong to no reply. What `events` throw passes through. */
  take(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'over') throw new MalformedReply(`${bytes.length - at} bytes came that belong to no reply`)
      at = this.#takeNext(bytes, at)
      if (this.#isOver()) this.#events.end(bytes.length - at)
    }
  }

  /** The connection has ended: whether the reply is whole by that. */
  close(): boolean {
    const isWhole = this.#state === 'close'
    this.#state = 'over'
    if (isWhole) this.#events.end(0)
    return isWhole
  }

  #isOver(): boolean {
    return this.#state === 'over'
  }

  #takeNext(bytes: Buffer, from: number): number {
    switch (this.#state) {
      case 'head':
        return this.#takeHead(bytes, from)
      case 'length':
      case 'chunk':
        return this.#takeBody(bytes, from)
      case 'close':
        this.#events.data(bytes.subarray(from))
        return bytes.length
      default:
        return this.#takeLine(bytes, from)
    }
  }

  #takeHead(bytes: Buffer, from: number): number {
    const held = this.#text
    const end = held === '' ? bytes.indexOf(headEnd, from, 'latin1') : -1
    if (held === '' && end !== -1) {
      if (end - from > limits.headerBytesMax) throw headTooLarge()
      this.#headed(bytes.toString('latin1', from, end))
      return end + headEnd.length
    }
    // It comes in pieces: a character a byte, so that places in the text are places in the bytes.
    const text =
      held + bytes.toString('latin1', from, Math.min(bytes.length, from + limits.headerBytesMax + headEnd.length))
    const place = text.indexOf(headEnd, Math.max(0, held.length - headEnd.length))
    if ((place === -1 ? text.length : place) > limits.headerBytesMax) throw headTooLarge()
    if (place === -1) {
      refuseAtOnce(text)
      this.#text = text
      return bytes.length
    }
    this.#text = ''
    this.#headed(text.slice(0, place))
    return from + place + headEnd.length - held.length
  }

  #headed(text: string): void {
    const head = parseReplyHead(text, this.#method)
    if (head.status === 101) throw new MalformedReply('the upstream switched protocols, which nobody asked for')
    if (head.status < 200) {
      this.#interim += 1
      if (this.#interim > interimRepliesMax)
        throw new MalformedReply(`more than ${interimRepliesMax} interim replies came`)
      return
    }
    this.#restBytes = head.lengthBytes ?? 0
    this.#trailerBytes = 0
    this.#state = head.framing === 'none' ? 'over' : head.framing === 'chunked' ? 'chunkSize' : head.framing
    this.#events.head(head)
  }

  #takeBody(bytes: Buffer, from: number): number {
    const to = Math.min(bytes.length, from + this.#restBytes)
    this.#restBytes -= to - from
    if (this.#restBytes === 0) this.#state = this.#state === 'chunk' ? 'chunkEnd' : 'over'
    this.#events.data(bytes.subarray(from, to))
    return to
  }

  /** A line between chunks: a size, the empty one behind a chunk, a trailer. */
  #takeLine(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(lineFeed, from)
    const text = this.#text + bytes.toString('latin1', from, end === -1 ? bytes.length : end)
    const charsMax = this.#state === 'trailer' ? limits.headerBytesMax - this.#trailerBytes : chunkLineCharsMax
    if (text.length > charsMax)
      throw new MalformedReply(`a line of \`${text.length}\` characters stands between chunks`)
    if (end === -1) {
      this.#text = text
      return bytes.length
    }
    if (text.charCodeAt(text.length - 1) !== carriageReturn)
      throw new MalformedReply('a line between chunks has no carriage return at its end')
    this.#text = ''
    this.#line(text.slice(0, -1))
    return end + 1
  }

  #line(line: string): void {
    if (this.#state === 'chunkSize') {
      const digits = chunkSizeShape.exec(line)?.[1]
      if (digits === undefined) throw new MalformedReply(`\`${line.slice(0, 80)}\` is no size of a chunk`)
      this.#restBytes = Number.parseInt(digits, 16)
      this.#state = this.#restBytes === 0 ? 'trailer' : 'chunk'
    } else if (this.#state === 'chunkEnd') {
      if (line !== '') throw new MalformedReply('a chunk is longer than its size')
      this.#state = 'chunkSize'
    } else if (line === '') this.#state = 'over'
    else {
      // Read for their shape only: what comes behind a body is not passed on (RFC 9110 section 6.5.1).
      if (!trailerShape.test(line)) throw new MalformedReply(`\`${line.slice(0, 80)}\` is no trailer field`)
      this.#trailerBytes += line.length + 2
    }
  }
}

const firstBytes = 'HTTP/1.'

/** Whoever does not speak HTTP at all need not be waited for. */
function refuseAtOnce(text: string): void {
  const begun = text.slice(0, firstBytes.length)
  if (begun !== firstBytes.slice(0, begun.length))
    throw new MalformedReply(`the reply begins with \`${text.slice(0, 80)}\`, which is not HTTP/1.1`)
}

function headTooLarge(): MalformedReply {
  return new MalformedReply(`the header of the reply has more than ${limits.headerBytesMax} bytes`)
}
