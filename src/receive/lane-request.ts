/**
 * One request of the lane and its reply. The body is counted by its announced length and kept, bounded, until somebody reads it;
 * the reply goes straight to the socket.
 */
import type { Socket } from 'node:net'
import type { BodyReader, Carrier } from './carrier.ts'
import type { LaneHead } from './lane-head.ts'
import { replyHead } from './lane-reply.ts'

/** What a request needs of its lane. */
export interface LaneRoad {
  readonly socket: Socket
  /** An IMF-fixdate of now. */
  date(): string
  /** Nothing more is read for `request` until `release`. */
  hold(request: LaneRequest): void
  release(request: LaneRequest): void
  /** Told when the socket takes more; undefined ends it. */
  onDrain: (() => void) | undefined
}

/** Bytes of a body that nobody reads yet: what a stream of Node keeps by default. */
const keptBytesMax = 64 * 1024
/** A reply up to this size is copied behind its header: one write of one buffer costs less than one of two. */
const copiedBytesMax = 64 * 1024

const chunkEnd = '\r\n'
const lastChunk = '0\r\n\r\n'

export class LaneRequest implements Carrier {
  readonly method: string
  readonly rawTarget: string
  readonly rawHeaders: readonly string[]
  readonly saysClose: boolean
  replied = false
  /** Bytes of the body that have not arrived. */
  missingBytes: number

  readonly #road: LaneRoad
  readonly #kept: Uint8Array[] = []
  #keptBytes = 0
  #reader: BodyReader | undefined = undefined
  #left = false
  #stopped = false
  /** Bytes of the reply's body that are announced and not yet written; null when it goes in chunks. */
  #announcedBytes: number | null = 0
  #closing = false
  #end: (() => void) | undefined = undefined

  constructor(head: LaneHead, road: LaneRoad) {
    this.method = head.method
    this.rawTarget = head.rawTarget
    this.rawHeaders = head.rawHeaders
    this.saysClose = head.saysClose
    this.missingBytes = head.lengthBytes
    this.#road = road
  }

  get received(): boolean {
    return this.missingBytes === 0
  }

  get writable(): boolean {
    return this.#road.socket.writable
  }

  /** The next bytes of the body, at most `missingBytes`. */
  arrive(bytes: Uint8Array): void {
    this.missingBytes -= bytes.length
    if (this.#left) return
    if (this.#reader !== undefined && !this.#stopped && this.#kept.length === 0) {
      this.#reader.take(bytes)
      return
    }
    this.#kept.push(bytes)
    this.#keptBytes += bytes.length
    if (this.#keptBytes >= keptBytesMax) this.#road.hold(this)
  }

  takeBody(): Uint8Array | undefined {
    if (this.missingBytes > 0 || this.#kept.length === 0 || this.#reader !== undefined) return undefined
    this.#left = true
    return this.#takeKept()
  }

  readBody(reader: BodyReader): void {
    this.#reader = reader
    this.#give()
  }

  pauseBody(): void {
    if (this.#left) return
    this.#stopped = true
    this.#road.hold(this)
  }

  resumeBody(): void {
    if (this.#left) return
    this.#stopped = false
    this.#give()
  }

  leaveBody(): void {
    this.#reader = undefined
    if (this.replied) this.#discard()
    else this.pauseBody()
  }

  /** The lane takes no request that waits for it. */
  invite(): void {}

  reply(status: number, headers: readonly string[], bytes: Uint8Array | undefined, closing: boolean): void {
    const head = replyHead(status, headers, this.#road.date(), { closing, chunked: false })
    const { socket } = this.#road
    if (bytes === undefined) socket.write(head, 'latin1')
    else if (bytes.length <= copiedBytesMax) {
      const whole = Buffer.allocUnsafe(head.length + bytes.length)
      whole.write(head, 'latin1')
      whole.set(bytes, head.length)
      socket.write(whole)
    } else {
      this.#cork()
      socket.write(head, 'latin1')
      socket.write(bytes)
    }
    this.#finish(closing)
  }

  begin(status: number, headers: readonly string[], lengthBytes: number | null, closing: boolean): void {
    const head = replyHead(status, headers, this.#road.date(), { closing, chunked: lengthBytes === null })
    this.#announcedBytes = lengthBytes
    this.#closing = closing
    this.#cork()
    this.#road.socket.write(head, 'latin1')
  }

  write(bytes: Uint8Array): boolean {
    const { socket } = this.#road
    // An empty chunk would be the last one (RFC 9112 section 7.1).
    if (bytes.length === 0) return !socket.writableNeedDrain
    this.#cork()
    if (this.#announcedBytes === null) {
      socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
      socket.write(bytes)
      return socket.write(chunkEnd, 'latin1')
    }
    this.#announcedBytes -= bytes.length
    // What is beyond the announced length would be read as the next reply.
    if (this.#announcedBytes >= 0) return socket.write(bytes)
    socket.destroy()
    return false
  }

  /** What was written goes out when the present turn is over. */
  flush(): void {}

  end(): void {
    const { socket } = this.#road
    this.#road.onDrain = undefined
    if (this.#announcedBytes === null) {
      this.#cork()
      socket.write(lastChunk, 'latin1')
    } else if (this.#announcedBytes > 0) socket.destroy()
    this.#finish(this.#closing)
  }

  onDrain(listener: () => void): void {
    this.#road.onDrain = listener
  }

  endWith(end: () => void): void {
    this.#end = end
  }

  #finish(closing: boolean): void {
    this.replied = true
    if (this.#reader === undefined) this.#discard()
    if (!closing) return
    if (this.#end === undefined) this.#road.socket.destroySoon()
    else this.#end()
  }

  #discard(): void {
    if (this.#left) return
    this.#left = true
    this.#kept.length = 0
    this.#road.release(this)
  }

  #give(): void {
    if (this.#kept.length === 0) this.#road.release(this)
    else process.nextTick(give, this)
  }

  /** Gives what was kept, in one piece however small those were that it came in. */
  giveKept(): void {
    if (this.#stopped || this.#left) return
    const bytes = this.#takeKept()
    if (bytes !== undefined) this.#reader?.take(bytes)
    if (!this.#stopped) this.#road.release(this)
  }

  #takeKept(): Uint8Array | undefined {
    const bytes = this.#kept.length > 1 ? Buffer.concat(this.#kept) : this.#kept[0]
    this.#kept.length = 0
    this.#keptBytes = 0
    return bytes
  }

  /** All that is written in the present turn goes out together. */
  #cork(): void {
    const { socket } = this.#road
    if (socket.writableCorked > 0) return
    socket.cork()
    process.nextTick(uncork, socket)
  }
}

function give(request: LaneRequest): void {
  request.giveKept()
}

function uncork(socket: Socket): void {
  socket.uncork()
}
