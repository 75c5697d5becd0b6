/**
 * Lines gathered into batches: so many records, so many bytes, or so long after the first one. Nothing is read ahead beyond the
 * batch that is being filled, so that a receiver that stands still costs a few chunks of memory and no more.
 */
import { messageOf } from '../model/index.ts'
import type { BatchBounds, Item } from './sink.ts'
import type { Line, Lines, LogPlace } from './source.ts'

export interface Batch {
  /** What the sink is to have of it; none where a filter passed over all lines. */
  readonly items: readonly Item[]
  /** The lines that they were made of, in the same order. */
  readonly lines: readonly Line[]
  /** Lines that are no record, with the reason. */
  readonly unreadable: readonly { readonly line: Line; readonly reason: string }[]
  /** The oldest line, also one that was passed over. */
  readonly first: Line
  /** Behind the last line. */
  readonly next: LogPlace
}

export interface BatchOptions {
  readonly bounds: BatchBounds
  readonly encode: (line: Line) => Item | undefined
  /** Resolves after `ms`, or at once when the returned function is called. */
  readonly wait: (ms: number) => { readonly over: Promise<void>; forget(): void }
}

/** Ends when the chunks do; throws what they throw. */
export async function* batchesOf(
  chunks: AsyncIterable<Lines>,
  { bounds, encode, wait }: BatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  const source = chunks[Symbol.asyncIterator]()
  let chunk: Lines | undefined
  let at = 0
  let encoded: Encoded | undefined
  let pending: Promise<IteratorResult<Lines, unknown>> | undefined
  try {
    for (;;) {
      const filling = new Filling(bounds)
      let timer: ReturnType<BatchOptions['wait']> | undefined
      try {
        for (;;) {
          while (chunk !== undefined && at < chunk.lines.length) {
            // Once: a filter remembers what it saw.
            encoded ??= encodedLine(chunk.lines[at] as Line, encode)
            if (!filling.take(encoded, chunk.segment)) break
            encoded = undefined
            at += 1
          }
          if (encoded !== undefined) break
          pending ??= source.next()
          if (filling.first !== undefined) timer ??= wait(bounds.waitMs)
          const came = await (timer === undefined ? pending : Promise.race([pending, timer.over]))
          if (came === undefined) break
          pending = undefined
          chunk = came.done === true ? undefined : came.value
          at = 0
          if (chunk === undefined) {
            if (filling.first !== undefined) yield filling.batch()
            return
          }
        }
      } finally {
        timer?.forget()
      }
      yield filling.batch()
    }
  } finally {
    // Whoever stops asking does not wait for what was asked last.
    pending?.catch(() => undefined)
    await source.return?.()
  }
}

interface Encoded {
  readonly line: Line
  readonly item: Item | undefined
  /** Why the line is no record. */
  readonly problem: string | undefined
}

function encodedLine(line: Line, encode: (line: Line) => Item | undefined): Encoded {
  try {
    return { line, item: encode(line), problem: undefined }
  } catch (cause) {
    return { line, item: undefined, problem: messageOf(cause) }
  }
}

class Filling {
  first: Line | undefined
  #next: LogPlace | undefined
  #bytes = 0
  readonly #items: Item[] = []
  readonly #lines: Line[] = []
  readonly #unreadable: { line: Line; reason: string }[] = []
  readonly #bounds: BatchBounds

  constructor(bounds: BatchBounds) {
    this.#bounds = bounds
  }

  /** False when there is no room for it. */
  take({ line, item, problem }: Encoded, segment: number): boolean {
    const { recordsMax, bytesMax } = this.#bounds
    if (this.#items.length >= recordsMax || this.#unreadable.length >= recordsMax) return false
    if (problem !== undefined) this.#unreadable.push({ line, reason: problem })
    if (item !== undefined) {
      if (this.#items.length > 0 && this.#bytes + item.bytes.length > bytesMax) return false
      this.#items.push(item)
      this.#lines.push(line)
      this.#bytes += item.bytes.length
    }
    this.first ??= line
    this.#next = { seq: line.seq + 1, segment, bytes: line.end }
    return true
  }

  batch(): Batch {
    if (this.first === undefined || this.#next === undefined) throw new TypeError('a batch without a line')
    return {
      items: this.#items,
      lines: this.#lines,
      unreadable: this.#unreadable,
      first: this.first,
      next: this.#next,
    }
  }
}
