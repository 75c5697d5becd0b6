/**
 * The body of a call, read from its carrier only when somebody wants it: kept whole and bounded, or streamed with
 * back-pressure. Until then no more is kept of it than a stream of Node keeps, and an agent that waits for `100 Continue` is
 * not told to send.
 */
import type { ByteSink, ByteSource, CallBody, Fault } from '../model/index.ts'
import { agentFault, Gathered } from '../wire/index.ts'
import type { BodyReader, Carrier } from './carrier.ts'

const noBytes = new Uint8Array(0)
const noBytesPromise = Promise.resolve(noBytes)

export class IncomingBody implements CallBody, ByteSource, BodyReader {
  readonly lengthBytes: number | null
  readonly mediaType?: string
  held: Uint8Array | undefined = undefined
  receivedBytes = 0
  /** Whether bytes are asked of the agent right now: only then can it be too slow. */
  flowing = false

  readonly #carrier: Carrier
  readonly #awaitsInvitation: boolean
  #invited = false
  #all: Promise<Uint8Array> | undefined = undefined
  #sink: ByteSink | undefined = undefined
  #maxBytes = 0
  #streamed = false
  #ended = false
  #fault: Fault | undefined = undefined

  /** `awaitsInvitation`: the agent waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1). */
  constructor(carrier: Carrier, lengthBytes: number | null, mediaType: string | undefined, awaitsInvitation: boolean) {
    this.#carrier = carrier
    this.lengthBytes = lengthBytes
    if (mediaType !== undefined) this.mediaType = mediaType
    this.#awaitsInvitation = awaitsInvitation
    if (lengthBytes === 0) {
      this.held = noBytes
      this.#all = noBytesPromise
    }
  }

  /** Whether the agent still waits for `100 Continue`: then nobody knows whether the body will be sent at all. */
  get uninvited(): boolean {
    return this.#awaitsInvitation && !this.#invited
  }

  bytes(maxBytes: number): Promise<Uint8Array> {
    if (this.#all !== undefined) return this.#all
    if (this.#streamed) throw new Error('the body is already streamed')
    const whole = this.#whole(maxBytes)
    if (whole !== undefined) {
      this.#all = Promise.resolve(whole)
      return this.#all
    }
    this.#all = new Promise((resolve, reject) => {
      this.#begin(maxBytes, new Collector(this, resolve, reject))
    })
    return this.#all
  }

  stream(maxBytes: number): ByteSource {
    if (this.#all !== undefined || this.#streamed) throw new Error('the body is already read')
    this.#streamed = true
    if (this.lengthBytes !== null && this.lengthBytes > maxBytes) throw this.#tooLarge(maxBytes)
    this.#maxBytes = maxBytes
    return this
  }

  start(sink: ByteSink): void {
    this.#begin(this.#maxBytes, sink)
  }

  pause(): void {
    this.flowing = false
    this.#carrier.pauseBody()
  }

  resume(): void {
    if (this.#ended || this.#fault !== undefined) return
    this.flowing = true
    this.#carrier.resumeBody()
  }

  /** The socket carries the reply too, so it stays: the rest of the body is thrown away when the reply has been written. */
  cancel(): void {
    this.#sink = undefined
    this.#leave()
  }

  /** The agent left, was too slow or sent broken chunks: whoever reads the body is told once. */
  fail(fault: Fault): void {
    if (this.#ended || this.#fault !== undefined) return
    this.#fault = fault
    this.flowing = false
    const sink = this.#sink
    this.#sink = undefined
    sink?.fail(fault)
  }

  #begin(maxBytes: number, sink: ByteSink): void {
    if (this.#fault !== undefined) {
      sink.fail(this.#fault)
      return
    }
    if (this.lengthBytes !== null && this.lengthBytes > maxBytes) {
      sink.fail(this.#tooLarge(maxBytes))
      return
    }
    this.#maxBytes = maxBytes
    this.#sink = sink
    this.flowing = true
    if (this.uninvited) this.#carrier.invite()
    this.#invited = true
    this.#carrier.readBody(this)
  }

  /** The carrier's, as `finish` is. */
  take(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length
    const sink = this.#sink
    if (sink === undefined) return
    if (this.receivedBytes > this.#maxBytes) {
      this.#leave()
      this.fail(this.#tooLarge(this.#maxBytes))
      return
    }
    sink.chunk(bytes)
    // With a length the last byte is the end; only chunks need to be told.
    if (this.receivedBytes === this.lengthBytes) this.finish()
  }

  finish(): void {
    if (this.#ended || this.#fault !== undefined) return
    this.#ended = true
    this.flowing = false
    const sink = this.#sink
    this.#sink = undefined
    sink?.end()
  }

  /** A body that has come with its header, as small ones do, is taken without waiting for anything. */
  #whole(maxBytes: number): Uint8Array | undefined {
    if (this.#fault !== undefined || this.lengthBytes === null || this.lengthBytes > maxBytes) return undefined
    const whole = this.#carrier.takeBody()
    if (whole === undefined) return undefined
    this.receivedBytes = whole.length
    this.#ended = true
    this.held = whole
    return whole
  }

  #leave(): void {
    this.flowing = false
    this.#carrier.leaveBody()
  }

  #tooLarge(maxBytes: number): Fault {
    const size = this.lengthBytes === null ? `more than ${maxBytes}` : `${this.lengthBytes}`
    return agentFault('body_too_large', `the body has ${size} bytes, at most ${maxBytes} are accepted here`)
  }
}

/** Keeps one body until it ends. */
class Collector implements ByteSink {
  readonly #body: IncomingBody
  readonly #resolve: (bytes: Uint8Array) => void
  readonly #reject: (fault: Fault) => void
  readonly #gathered: Gathered

  constructor(body: IncomingBody, resolve: (bytes: Uint8Array) => void, reject: (fault: Fault) => void) {
    this.#body = body
    this.#resolve = resolve
    this.#reject = reject
    this.#gathered = new Gathered(body.lengthBytes)
  }

  chunk(bytes: Uint8Array): void {
    this.#gathered.add(bytes)
  }

  end(): void {
    const bytes = this.#gathered.take()
    this.#body.held = bytes
    this.#resolve(bytes)
  }

  fail(fault: Fault): void {
    this.#gathered.take()
    this.#reject(fault)
  }
}
