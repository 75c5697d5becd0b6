/**
 * The body of an upstream's reply as a stream: bytes are counted against the bound, the credential is taken out of them, and
 * the reader's back-pressure reaches the upstream's socket. Until it is started, nothing more is read than has arrived.
 */
import { type ByteSink, type ByteSource, Fault } from '../model/index.ts'
import { StreamRedactor } from '../wire/index.ts'
import type { ReplyControl } from './upstream-connection.ts'

export interface ReplyBodyOptions {
  readonly control: ReplyControl
  readonly lengthBytes: number | null
  readonly bytesMax: number
  /** The credential that the upstream was sent and must not give back. */
  readonly secret: Buffer | undefined
}

export class ReplyBody implements ByteSource {
  readonly lengthBytes: number | null
  readonly #control: ReplyControl
  readonly #bytesMax: number
  readonly #redactor: StreamRedactor | undefined
  /** What came before the start. */
  #early: Buffer[] = []
  #sink: ByteSink | undefined = undefined
  #receivedBytes = 0
  #end: 'open' | 'whole' | 'told' | Fault = 'open'

  constructor(options: ReplyBodyOptions) {
    this.#control = options.control
    this.lengthBytes = options.lengthBytes
    this.#bytesMax = options.bytesMax
    this.#redactor = options.secret === undefined ? undefined : new StreamRedactor(options.secret)
    this.#control.pause()
  }

  start(sink: ByteSink): void {
    this.#sink = sink
    const early = this.#early
    this.#early = []
    for (const bytes of early) sink.chunk(bytes)
    if (this.#end === 'open') this.#control.resume()
    else this.#tell()
  }

  // Once the reply has ended, the connection may carry another call's.
  pause(): void {
    if (this.#end === 'open') this.#control.pause()
  }

  resume(): void {
    if (this.#end === 'open') this.#control.resume()
  }

  cancel(cause: Error): void {
    const open = this.#end === 'open'
    this.#end = 'told'
    this.#sink = undefined
    this.#early = []
    if (open) this.#control.abort(cause)
  }

  /** The next bytes of the upstream. */
  take(bytes: Buffer): void {
    if (this.#end !== 'open') return
    this.#receivedBytes += bytes.length
    if (this.#receivedBytes > this.#bytesMax) {
      const fault = new Fault('reply_too_large', `the reply has more than ${this.#bytesMax} bytes`)
      this.fail(fault)
      this.#control.abort(fault)
      return
    }
    this.#pass(this.#redactor === undefined ? bytes : this.#redactor.take(bytes))
  }

  finish(): void {
    if (this.#end !== 'open') return
    this.#end = 'whole'
    const kept = this.#redactor?.end()
    if (kept !== undefined) this.#pass(kept)
    this.#tell()
  }

  fail(fault: Fault): void {
    if (this.#end !== 'open') return
    this.#end = fault
    this.#tell()
  }

  #pass(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#sink === undefined) this.#early.push(bytes)
    else this.#sink.chunk(bytes)
  }

  #tell(): void {
    const sink = this.#sink
    const end = this.#end
    if (sink === undefined || end === 'open' || end === 'told') return
    this.#end = 'told'
    if (end === 'whole') sink.end()
    else sink.fail(end)
  }
}
