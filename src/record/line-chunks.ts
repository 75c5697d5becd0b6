/**
 * The lines of the log as they lie on disk, from any line on, in large pieces: for whoever hashes all of them. What stands behind
 * the last newline of a segment is not a line. The next piece is read while this one is worked on.
 */
import { join } from 'node:path'
import { hashBytes, hashLeaf } from '../proof/index.ts'
import type { ReadFiles } from './files.ts'
import { segmentName, segmentNumbers } from './segments.ts'
import { unpacked } from './unpacked.ts'

/** Bytes read at once. A record is at most a quarter of it, so that what has no newline in it is no record. */
const chunkBytes = 4 * 1024 * 1024
/** Bytes that hold the place of a line. */
export const placeBytes = 32
const newline = 0x0a
const placePattern = /^\{"seq":(\d{1,16}),/
/** Bytes that hold the place, the type and the time of a line. */
const headBytes = 128
const timePattern = /^\{"seq":\d{1,16},"type":"[a-z]{1,32}","timestamp":"([0-9TZ:.-]{1,40})"/

/** Whole lines that follow each other in one segment. Its bytes are overwritten once the chunk after it is asked for. */
export interface LineChunk {
  readonly path: string
  /** Which line of the log the first one is, counted from 0. */
  readonly first: number
  /** The same of the first line of the segment. */
  readonly segmentFirst: number
  readonly bytes: Buffer
  /** Where each line begins in `bytes`, and where the next one would: one more than there are lines. */
  readonly starts: readonly number[]
}

export function lineOf({ bytes, starts }: LineChunk, place: number): Buffer {
  return bytes.subarray(starts[place] ?? 0, (starts[place + 1] ?? 1) - 1)
}

/** The hashes of the leaves that these lines are, from the line `from` of the chunk on. */
export function leavesOf({ bytes, starts }: LineChunk, from = 0): Buffer {
  const count = starts.length - 1
  const hashes = Buffer.allocUnsafe(Math.max(0, count - from) * hashBytes)
  for (let place = from; place < count; place++)
    hashLeaf(bytes, starts[place] ?? 0, (starts[place + 1] ?? 1) - 1, hashes, (place - from) * hashBytes)
  return hashes
}

/** The number that a line says it has; undefined when it says none. */
export function placeOf(line: Buffer): number | undefined {
  const digits = placePattern.exec(line.toString('latin1', 0, placeBytes))?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The time that a line says it was written, RFC 3339; undefined when it says none. */
export function timestampOf(line: Buffer): string | undefined {
  return timePattern.exec(line.toString('latin1', 0, headBytes))?.[1]
}

/**
 * Chunks from the one that has the line `from` on; where that line is, the numbers of the segments' first lines say. `base`:
 * which line of the log the first one is that is there. Throws what the disk says.
 */
export async function* lineChunks(
  files: ReadFiles,
  directory: string,
  from: number,
  base = 0,
): AsyncGenerator<LineChunk, void, undefined> {
  const numbers = segmentNumbers(await files.list(directory))
  const atStart = { segment: 0, first: base }
  const start = from <= base ? atStart : ((await segmentOf(files, directory, numbers, from)) ?? atStart)
  let first = start.first
  for (const number of numbers) {
    if (number < start.segment) continue
    for await (const chunk of segmentChunks(files, directory, number, first)) {
      first = chunk.first + chunk.starts.length - 1
      if (first > from) yield chunk
    }
  }
}

/** The lines of one segment; `segmentFirst`: which line of the log its first one is. */
export async function* segmentChunks(
  files: ReadFiles,
  directory: string,
  segment: number,
  segmentFirst: number,
): AsyncGenerator<LineChunk, void, undefined> {
  const path = join(directory, segmentName(segment))
  let first = segmentFirst
  for await (const { bytes, starts } of chunksOf(files, path)) {
    yield { path, first, segmentFirst, bytes, starts }
    first += starts.length - 1
  }
}

/** What the first line that is there says of itself; undefined when there is none, or it says nothing. */
export async function firstOf(
  files: ReadFiles,
  directory: string,
): Promise<{ readonly line: number; readonly timestamp: string | undefined } | undefined> {
  const reading = unpacked(files)
  for (const segment of segmentNumbers(await reading.list(directory))) {
    const bytes = await reading.read(join(directory, segmentName(segment)), 0, headBytes)
    if (bytes.length === 0) continue
    const line = placeOf(bytes)
    return line === undefined ? undefined : { line, timestamp: timestampOf(bytes) }
  }
  return undefined
}

/** The newest segment whose first line is not behind `line`. */
async function segmentOf(
  files: ReadFiles,
  directory: string,
  numbers: readonly number[],
  line: number,
): Promise<{ segment: number; first: number } | undefined> {
  for (const segment of numbers.toReversed()) {
    const first = placeOf(await files.read(join(directory, segmentName(segment)), 0, placeBytes))
    if (first !== undefined && first <= line) return { segment, first }
  }
  return undefined
}

/** As the segment is now: what is added while it is read is left for another time. */
async function* chunksOf(
  files: ReadFiles,
  path: string,
): AsyncGenerator<{ bytes: Buffer; starts: number[] }, void, undefined> {
  const sizeBytes = await files.sizeBytes(path)
  const pieceBytes = Math.min(chunkBytes, sizeBytes)
  const buffers = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)] as const
  let position = 0
  let turn = 0
  const readNext = () =>
    files.read(path, position, Math.min(pieceBytes, sizeBytes - position), buffers[turn++ % 2 === 0 ? 0 : 1])
  let read = readNext()
  for (;;) {
    const bytes = await read
    const isLast = bytes.length === 0 || position + bytes.length >= sizeBytes
    let end = bytes.lastIndexOf(newline) + 1
    if (end === 0) {
      if (isLast) return
      end = bytes.length
    }
    position += end
    if (!isLast) {
      read = readNext()
      // Whoever stops in between does not wait for it.
      read.catch(() => undefined)
    }
    yield { bytes, starts: startsOf(bytes, end) }
    if (isLast) return
  }
}

function startsOf(bytes: Buffer, end: number): number[] {
  const starts = [0]
  let at = 0
  while (at < end) {
    const next = bytes.indexOf(newline, at)
    at = next === -1 ? end : next + 1
    starts.push(at)
  }
  return starts
}
