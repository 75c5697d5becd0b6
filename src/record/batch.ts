/**
 * Lines that become durable together, as the bytes that are written: each gets its place in the log as it is put, so that nothing of a
 * call but its bytes waits for the disk.
 */
import assert from 'node:assert/strict'
import { asBuffer, type Fault } from '../model/index.ts'

/** What a line is put together from: text, and bytes that are text of a line as they are, in order. */
export type Pieces = readonly (string | Uint8Array)[]

/** What happens to a line when its batch cannot be written. */
export type Keeping =
  /** Its waiter is told, and writes another one that says what became of the call. */
  | 'dropped'
  /** It stays: nobody waits who would write another one. */
  | 'kept'

/** Bytes for what stands around a record at most: its place, type and time. */
const overheadBytes = 96
/** Bytes that a line takes at most: a UTF-16 code unit takes three in UTF-8 at most. */
export function bytesMaxOf(pieces: Pieces): number {
  let bytes = overheadBytes
  for (const piece of pieces) bytes += typeof piece === 'string' ? piece.length * 3 : piece.length
  return bytes
}

export function textOfPieces(pieces: Pieces): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : asBuffer(piece).toString('utf8'))).join('')
}

/** About what a line takes: most text is ASCII. */
export function sizeOf(pieces: Pieces): number {
  let size = overheadBytes
  for (const piece of pieces) size += piece.length
  return size
}

export class Batch {
  /** Its lines, up to `length`. */
  readonly bytes: Buffer
  length = 0
  /** Where each line ends, behind its newline. */
  readonly ends: number[] = []
  /** Records of the small share (`Share`). */
  unknown = 0
  readonly #keepings: Keeping[] = []
  readonly #firstSeq: number
  #durable: PromiseWithResolvers<void> | undefined

  /** `firstSeq`: the place of the first line. `bytes`: of any content, the batch's until it has ended. */
  constructor(firstSeq: number, bytes: Buffer) {
    this.#firstSeq = firstSeq
    this.bytes = bytes
  }

  /** The place of the line that is put next. */
  get nextSeq(): number {
    return this.#firstSeq + this.ends.length
  }

  /** Whether these lines fit together. */
  takes(first: Pieces, second?: Pieces): boolean {
    const bytesMax = bytesMaxOf(first) + (second === undefined ? 0 : bytesMaxOf(second))
    return this.length + bytesMax <= this.bytes.length
  }

  /** `pieces` without the place; with the newline. Gives the bytes that the line takes. */
  put(pieces: Pieces, keeping: Keeping): number {
    const { bytes, length: start } = this
    let text = `{"seq":${this.nextSeq},`
    let at = start
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        text += piece
        continue
      }
      at += bytes.write(text, at)
      text = ''
      bytes.set(piece, at)
      at += piece.length
    }
    at += bytes.write(text, at)
    // `write` stops silently at the buffer's end.
    assert(bytes[at - 1] === 0x0a, 'a line is larger than its batch')
    this.length = at
    this.ends.push(at)
    this.#keepings.push(keeping)
    return at - start
  }

  /** Lines that must not be lost, each without its place. */
  *kept(): Generator<Pieces> {
    let start = 0
    for (const [index, end] of this.ends.entries()) {
      const from = start + `{"seq":${this.#firstSeq + index},`.length
      if (this.#keepings[index] === 'kept') yield [this.bytes.subarray(from, end)]
      start = end
    }
  }

  /** Resolves when every line of it is durable. */
  durable(): Promise<void> {
    if (this.#durable === undefined) {
      this.#durable = Promise.withResolvers<void>()
      // Whoever waits handles it; a batch that nobody waits for any more must not end the process.
      this.#durable.promise.catch(ignore)
    }
    return this.#durable.promise
  }

  /** Tells who waits: that it is durable, or why it is not. */
  end(fault?: Fault): void {
    if (fault === undefined) this.#durable?.resolve()
    else this.#durable?.reject(fault)
  }
}

function ignore(): void {}
