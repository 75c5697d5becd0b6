/**
 * One connection to an upstream, which carries one call after the other: the request goes out in as few writes as it can, its reply comes
 * back under the reader's back-pressure. A connection that nobody can be sure about is closed, never given to another call.
 *
 *     idle -> sent -> headed -> idle | closed
 */
import type { Socket } from 'node:net'
import { type ByteSource, type Fault, toFault } from '../model/index.ts'
import { UpstreamCut, UpstreamTimeout } from './failures.ts'
import { MalformedReply, type ReplyHead } from './reply-head.ts'
import { type ReplyEvents, ReplyReader } from './reply-reader.ts'
import { Upload } from './upload.ts'

export interface UpstreamRequest {
  readonly method: string
  /** Whether the connection may carry another request behind this one. */
  readonly keepsConnection: boolean
  /** Request line and fields with the empty line behind them, a byte a character. */
  readonly head: string
  /** Held bytes (none: empty), or a stream, of known length or in chunks. */
  readonly body: Uint8Array | ByteSource
}

/** Who sent a request. Told in order: `sent`, `head`, `data` ..., then once `end` or `failed`. */
export interface ReplyReceiver {
  /** The request is about to be written: an abort in here sends nothing. Not called when no connection came about. */
  sent(control: ReplyControl): void
  head(head: ReplyHead): void
  /** Bytes of their own. */
  data(bytes: Buffer): void
  end(): void
  failed(error: Error): void
}

export interface ReplyControl {
  /** Back-pressure: what has arrived with the same read is still told. */
  pause(): void
  resume(): void
  /** Ends the exchange with `cause`, and the connection with it. */
  abort(cause: Error): void
}

/** Whose connection it is. */
export interface ConnectionOwner {
  readonly headersMsMax: number
  readonly idleMsMax: number
  nowMs(): number
  /** Something is to be looked at when the time comes: `dueMs` of this connection may be earlier than before. */
  watch(dueMs: number): void
  /** It can take another call. */
  freed(connection: UpstreamConnection): void
  /** It is no more. Called once. */
  closed(connection: UpstreamConnection): void
}

/** Bodies up to here are copied behind the head, into one write: two would cost a system call more. */
const oneWriteBodyBytesMax = 64 * 1024
/** Milliseconds before the upstream's own end of its patience: a call that is on its way then would meet a closed connection. */
const keepAliveMarginMs = 1_000

export class UpstreamConnection implements ReplyControl, ReplyEvents {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #reader: ReplyReader
  /** Of the exchange under way. */
  #receiver: ReplyReceiver | undefined = undefined
  #head: ReplyHead | undefined = undefined
  #upload: Upload | undefined = undefined
  #written = false
  #isLast = false
  #paused = false
  #closed = false
  /** When the upstream last gave a sign of life that counts, or was last asked for one. */
  #lastMs = 0
  /** Why the connection ended, where the socket says it. */
  #error: Error | undefined = undefined
  /** Monotonic milliseconds, while idle. */
  idleUntilMs = Number.POSITIVE_INFINITY

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    this.#reader = new ReplyReader(this)
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#end(this.#error ?? new UpstreamCut('the connection was closed')))
    socket.on('drain', () => this.#upload?.resume())
  }

  get isOpen(): boolean {
    return !this.#closed
  }

  exchange(request: UpstreamRequest, receiver: ReplyReceiver): void {
    this.#receiver = receiver
    this.#head = undefined
    this.#written = false
    this.#lastMs = this.#owner.nowMs()
    receiver.sent(this)
    if (this.#receiver !== receiver) return
    this.#written = true
    this.#isLast = !request.keepsConnection
    this.#reader.begin(request.method)
    this.#send(request)
    if (this.#upload === undefined) this.#owner.watch(this.#lastMs + this.#owner.headersMsMax)
  }

  // --- what the receiver asks ----------------------------------------------------------------------------------------------

  pause(): void {
    if (this.#receiver === undefined || this.#paused) return
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (this.#receiver === undefined || !this.#paused) return
    this.#unpause()
    this.#lastMs = this.#owner.nowMs()
    this.#owner.watch(this.#lastMs + this.#owner.idleMsMax)
  }

  abort(cause: Error): void {
    if (this.#receiver === undefined) return
    if (this.#written) {
      this.#end(cause)
      return
    }
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#owner.freed(this)
    receiver.failed(cause)
  }

  // --- what the socket says ------------------------------------------------------------------------------------------------

  /** `bytes` are the socket's own and will be written over. */
  read(bytes: Buffer): void {
    if (this.#closed) return
    this.#lastMs = this.#owner.nowMs()
    try {
      this.#reader.take(bytes)
    } catch (cause) {
      // Whatever else is thrown in here is a mistake of ours: it costs the call, and not the process.
      this.#end(cause instanceof MalformedReply ? cause : toFault(cause))
    }
  }

  #ended(): void {
    if (this.#closed) return
    // A reply may end with its connection: then this is told as its end, below.
    if (!this.#reader.close()) this.#end(new UpstreamCut('the connection ended before the reply did'))
  }

  // --- what the reader finds -----------------------------------------------------------------------------------------------

  head(head: ReplyHead): void {
    this.#head = head
    this.#receiver?.head(head)
    if (this.#receiver !== undefined && !this.#paused) this.#owner.watch(this.#lastMs + this.#owner.idleMsMax)
  }

  data(bytes: Buffer): void {
    this.#receiver?.data(Buffer.from(bytes))
  }

  end(surplusBytes: number): void {
    const receiver = this.#receiver
    const head = this.#head
    if (receiver === undefined || head === undefined) return
    this.#receiver = undefined
    if (this.#paused) this.#unpause()
    const { keepsConnection, keepsMs = Number.POSITIVE_INFINITY } = head
    const isWritten = this.#upload === undefined || this.#upload.isOver
    this.#stopUpload(new Error('the upstream replied before it had the whole body'))
    const isSure = isWritten && surplusBytes === 0 && !this.#isLast
    if (isSure && keepsConnection && keepsMs > keepAliveMarginMs) {
      this.idleUntilMs = this.#owner.nowMs() + keepsMs - keepAliveMarginMs
      this.#owner.freed(this)
    } else this.destroy()
    receiver.end()
  }

  // --- time ----------------------------------------------------------------------------------------------------------------

  /** When it has waited too long for its upstream; infinite while it waits for somebody else, or for nothing. */
  get dueMs(): number {
    const { headersMsMax, idleMsMax } = this.#owner
    if (this.#receiver === undefined) return this.idleUntilMs
    if (this.#upload !== undefined && !this.#upload.isOver && !this.#upload.isHeldBack && this.#head === undefined)
      return Number.POSITIVE_INFINITY
    if (this.#head === undefined) return this.#lastMs + headersMsMax
    return this.#paused ? Number.POSITIVE_INFINITY : this.#lastMs + idleMsMax
  }

  /** `dueMs` has passed. */
  expire(): void {
    this.#end(new UpstreamTimeout(this.#head === undefined ? 'header' : 'body'))
  }

  /** Closes it at once; an exchange that is under way learns nothing. */
  destroy(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.destroy()
    this.#owner.closed(this)
  }

  #end(cause: Error): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#stopUpload(cause)
    this.destroy()
    receiver?.failed(cause)
  }

  #unpause(): void {
    this.#paused = false
    this.#socket.resume()
  }

  // --- the request ---------------------------------------------------------------------------------------------------------

  #send({ head, body }: UpstreamRequest): void {
    if (!(body instanceof Uint8Array)) {
      this.#socket.write(head, 'latin1')
      this.#upload = new Upload(this.#socket, body, (cause) => this.#uploadChanged(cause))
      this.#upload.start()
      return
    }
    if (body.length === 0) {
      this.#socket.write(head, 'latin1')
      return
    }
    if (body.length > oneWriteBodyBytesMax) {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      this.#socket.write(body)
      this.#socket.uncork()
      return
    }
    const bytes = Buffer.allocUnsafe(head.length + body.length)
    bytes.write(head, 'latin1')
    bytes.set(body, head.length)
    this.#socket.write(bytes)
  }

  /** It went on, was held back, ended, or failed with the agent's own fault. */
  #uploadChanged(fault: Fault | undefined): void {
    if (fault !== undefined) {
      this.#end(fault)
      return
    }
    this.#lastMs = this.#owner.nowMs()
    if (this.#receiver !== undefined && this.dueMs !== Number.POSITIVE_INFINITY) this.#owner.watch(this.dueMs)
  }

  #stopUpload(cause: Error): void {
    const upload = this.#upload
    this.#upload = undefined
    upload?.cancel(cause)
  }
}
