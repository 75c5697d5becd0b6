/** The streamed body of a call as the Readable that undici takes, with back-pressure and cancellation carried through. */
import { Readable } from 'node:stream'
import type { ByteSink, ByteSource, Fault } from '../model/index.ts'

export class CallBodyStream extends Readable implements ByteSink {
  readonly #source: ByteSource
  #started = false

  constructor(source: ByteSource) {
    super({ highWaterMark: 64 * 1024 })
    this.#source = source
  }

  override _read(): void {
    if (this.#started) this.#source.resume()
    else {
      this.#started = true
      this.#source.start(this)
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.readableEnded) this.#source.cancel(error ?? new Error('the upstream does not want the body'))
    callback(error)
  }

  chunk(bytes: Uint8Array): void {
    if (!this.push(bytes)) this.#source.pause()
  }

  end(): void {
    this.push(null)
  }

  fail(fault: Fault): void {
    this.destroy(fault)
  }
}
