/**
 * Bytes that come in pieces and are kept whole. The sender chooses how small the pieces are: kept one by one, four megabytes of
 * one-byte chunks take 1.5 GB; here they are copied together, at most twice their size.
 */

/** What is made room for at once when a body says how long it is. */
const trustedBytesMax = 64 * 1024
/** One that really comes gets room for so many times what has come: a body of a megabyte is copied once, not five times. */
const trustedTimes = 16
const roomBytesMin = 4 * 1024

/** The first piece, usually the only one, is kept without a copy. */
export class Gathered {
  #bytes: Buffer | undefined = undefined
  /** Whether `#bytes` is room of our own, which may be written to. */
  #own = false
  #length = 0
  readonly #expectedBytes: number

  /** `expectedBytes` as the sender announced it; null when he did not. */
  constructor(expectedBytes: number | null) {
    this.#expectedBytes = expectedBytes ?? 0
  }

  get length(): number {
    return this.#length
  }

  add(piece: Uint8Array): void {
    const before = this.#bytes
    if (before === undefined) {
      this.#bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      this.#length = piece.length
      return
    }
    const length = this.#length + piece.length
    let room = before
    if (!this.#own || length > before.length) {
      const grown = this.#own ? 2 * before.length : roomBytesMin
      const announced = Math.min(this.#expectedBytes, Math.max(trustedBytesMax, trustedTimes * length))
      room = Buffer.allocUnsafeSlow(Math.max(announced >= length ? announced : grown, length))
      before.copy(room, 0, 0, this.#length)
      this.#bytes = room
      this.#own = true
    }
    room.set(piece, this.#length)
    this.#length = length
  }

  /** All of it, and nothing stays here. */
  take(): Buffer {
    const bytes = this.#bytes === undefined ? noBytes : this.#bytes.subarray(0, this.#length)
    this.#bytes = undefined
    this.#own = false
    this.#length = 0
    return bytes
  }
}

const noBytes = Buffer.alloc(0)
