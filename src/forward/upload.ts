/** A streamed body on its way into an upstream's socket, with the socket's back-pressure carried to its source. */
import type { Socket } from 'node:net'
import type { ByteSink, ByteSource, Fault } from '../model/index.ts'

export class Upload implements ByteSink {
  readonly #socket: Socket
  readonly #source: ByteSource
  readonly #changed: (fault: Fault | undefined) => void
  readonly #isChunked: boolean
  isOver = false
  /** Whether the upstream does not read. */
  isHeldBack = false

  constructor(socket: Socket, source: ByteSource, changed: (fault: Fault | undefined) => void) {
    this.#socket = socket
    this.#source = source
    this.#changed = changed
    this.#isChunked = source.lengthBytes === null
  }

  start(): void {
    this.#source.start(this)
  }

  chunk(bytes: Uint8Array): void {
    // A chunk of no bytes would be the last one (RFC 9112 section 7.1).
    if (this.isOver || bytes.length === 0) return
    let takesMore: boolean
    if (this.#isChunked) {
      this.#socket.cork()
      this.#socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
      this.#socket.write(bytes)
      takesMore = this.#socket.write('\r\n', 'latin1')
      this.#socket.uncork()
    } else takesMore = this.#socket.write(bytes)
    if (!takesMore && !this.isHeldBack) {
      this.isHeldBack = true
      this.#source.pause()
    }
    this.#changed(undefined)
  }

  end(): void {
    if (this.isOver) return
    this.isOver = true
    if (this.#isChunked) this.#socket.write('0\r\n\r\n', 'latin1')
    this.#changed(undefined)
  }

  fail(fault: Fault): void {
    if (this.isOver) return
    this.isOver = true
    this.#changed(fault)
  }

  resume(): void {
    if (!this.isHeldBack || this.isOver) return
    this.isHeldBack = false
    this.#source.resume()
  }

  cancel(cause: Error): void {
    if (this.isOver) return
    this.isOver = true
    this.#source.cancel(cause)
  }
}
