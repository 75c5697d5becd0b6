/**
 * Bytes that flow: the smallest push interface that carries back-pressure and cancellation, so that bodies stream through
 * the seven steps without one room knowing the other's stream classes.
 */
import type { Fault } from './fault.ts'

/** Started at most once. After `end` or `fail` nothing more is called; after `cancel` neither. */
export interface ByteSource {
  /** Known total, or null. */
  readonly lengthBytes: number | null
  start(sink: ByteSink): void
  /** Back-pressure: no `chunk` arrives after the next turn until `resume`. */
  pause(): void
  resume(): void
  /** The reader is gone: release what is held (sockets, buffers). */
  cancel(cause: Error): void
}

export interface ByteSink {
  /** `isLast`: with these bytes the reader has all of it, though the end is still to come; only sources of unknown length say so. */
  chunk(bytes: Uint8Array, isLast?: boolean): void
  end(): void
  fail(fault: Fault): void
}

/** The same bytes with a Buffer's methods: no copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
