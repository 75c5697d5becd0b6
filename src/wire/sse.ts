/**
 * Event streams (WHATWG HTML, "Server-sent events", section 9.2.6), both directions: bytes that come in any pieces to whole
 * events, bounded, and events back to bytes.
 */
import { isUtf8 } from 'node:buffer'
import { Gathered } from './gathered.ts'

export interface SseEvent {
  /** Lines joined with a line feed; empty in an event that only carries an id. */
  readonly data: string
  /** Absent: `message`. */
  readonly type?: string
  /** As this event says it; an id that an earlier event set is not repeated. */
  readonly id?: string
  /** Milliseconds before a reconnection. */
  readonly retry?: number
}

/** The stream cannot be read. */
export class SseError extends Error {
  override readonly name = 'SseError'
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Reads one stream. An event that has not ended when the stream does is lost, as the standard says. */
export class SseReader {
  readonly #eventBytesMax: number
  /** What came behind the last whole line: copied as it grows, however small the pieces are. */
  readonly #rest = new Gathered(null)
  #atStart = true
  #sawReturn = false
  #eventBytes = 0
  #data: string[] = []
  #type: string | undefined = undefined
  #id: string | undefined = undefined
  #retry: number | undefined = undefined

  /** `eventBytesMax`: of one event with its line ends; also of a line. */
  constructor(eventBytesMax: number) {
    this.#eventBytesMax = eventBytesMax
  }

  /** The events that ended in these bytes. Throws `SseError`. */
  take(bytes: Uint8Array): readonly SseEvent[] {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const events: SseEvent[] = []
    let from = 0
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]
      if (byte !== lineFeed && byte !== carriageReturn) continue
      // A return and a feed are one line end, also when they come in two pieces.
      const second = byte === lineFeed && at === from && this.#rest.length === 0 && this.#sawReturn
      this.#sawReturn = byte === carriageReturn
      if (!second) this.#line(this.#whole(piece.subarray(from, at)), events)
      from = at + 1
    }
    if (from < piece.length) this.#rest.add(piece.subarray(from))
    if (this.#rest.length + this.#eventBytes > this.#eventBytesMax) throw this.#tooLong()
    return events
  }

  /** The line that ends with these bytes. */
  #whole(end: Buffer): Buffer {
    if (this.#rest.length === 0) return end
    this.#rest.add(end)
    return this.#rest.take()
  }

  #line(line: Buffer, events: SseEvent[]): void {
    const bare = this.#atStart && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? line.subarray(3) : line
    this.#atStart = false
    if (bare.length === 0) {
      this.#dispatch(events)
      return
    }
    this.#eventBytes += bare.length + 1
    if (this.#eventBytes > this.#eventBytesMax) throw this.#tooLong()
    if (!isUtf8(bare)) throw new SseError('a line is not UTF-8')
    const colon = bare.indexOf(0x3a)
    if (colon === 0) return
    const name = (colon === -1 ? bare : bare.subarray(0, colon)).toString('latin1')
    const start = colon === -1 ? bare.length : bare[colon + 1] === 0x20 ? colon + 2 : colon + 1
    this.#field(name, bare.toString('utf8', start))
  }

  #field(name: string, value: string): void {
    if (name === 'data') this.#data.push(value)
    else if (name === 'event') this.#type = value
    else if (name === 'id') {
      if (!value.includes('\0')) this.#id = value
    } else if (name === 'retry' && /^[0-9]{1,9}$/.test(value)) this.#retry = Number(value)
  }

  #dispatch(events: SseEvent[]): void {
    const data = this.#data
    const said = data.length > 0 || this.#id !== undefined || this.#retry !== undefined
    if (said)
      events.push({
        data: data.length === 1 ? (data[0] as string) : data.join('\n'),
        ...(this.#type !== undefined && this.#type !== '' && { type: this.#type }),
        ...(this.#id !== undefined && { id: this.#id }),
        ...(this.#retry !== undefined && { retry: this.#retry }),
      })
    this.#data = []
    this.#type = undefined
    this.#id = undefined
    this.#retry = undefined
    this.#eventBytes = 0
  }

  #tooLong(): SseError {
    return new SseError(`an event has more than ${this.#eventBytesMax} bytes`)
  }
}

/** Whether readers of messages take it: events of another type are nothing of the protocol's (WHATWG HTML, "dispatch the event"). */
export function carriesMessage({ type }: SseEvent): boolean {
  return type === undefined || type === 'message'
}

/** An event as text. `type` and `id` must hold no line end; in `data` they make lines of their own. */
export function sseText({ data, type, id, retry }: SseEvent): string {
  const lines = data.includes('\n') || data.includes('\r') ? data.split(/\r\n|\n|\r/).join('\ndata: ') : data
  return (
    (type === undefined ? '' : `event: ${type}\n`) +
    (id === undefined ? '' : `id: ${id}\n`) +
    (retry === undefined ? '' : `retry: ${retry}\n`) +
    `data: ${lines}\n\n`
  )
}

/** Keeps a stream open through whatever closes quiet ones; a reader passes it by. */
export const sseComment = Buffer.from(':\n\n')
