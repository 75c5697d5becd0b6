/**
 * The log for those who must have every line: durable lines from a place on, in order, and without end. What could still be lost
 * by a crash is not shown, because another line may come in its place. Read by its bytes; a line costs no parsing here.
 */
import { join } from 'node:path'
import type { LogFiles } from './files.ts'
import { placeOf } from './line-chunks.ts'
import { unpackHere } from './packed-file.ts'
import { chunkBytes, findPlace, lineBytesMax, type Place } from './place.ts'
import { segmentName, segmentNumbers } from './segments.ts'
import { unpacked } from './unpacked.ts'

/** Milliseconds between two looks whether more is durable: a look reads one number and no disk. */
const lookMs = 50
const newline = 0x0a

/** Where the next line stands. */
export interface LogPlace {
  /** Its number; the line itself may be still to come. */
  readonly seq: number
  readonly segment: number
  /** Bytes of the segment before it. */
  readonly bytes: number
}

export interface FollowedLine {
  readonly seq: number
  /** Without its end. */
  readonly bytes: Buffer
  /** Bytes of the segment up to its end: where the next one begins. */
  readonly end: number
}

export interface FollowedLines {
  readonly segment: number
  /** At least one, numbers rising by one. The first is later than the place asked for where retention removed what was there. */
  readonly lines: readonly FollowedLine[]
}

export interface FollowOptions {
  readonly directory: string
  readonly files: Pick<LogFiles, 'list' | 'read' | 'sizeBytes'>
  /** `start`: the oldest line that is there. */
  readonly from: LogPlace | 'start'
  /** The number of the first line that is not durable yet. */
  readonly durable: () => number
  readonly signal: AbortSignal
  /** Resolves after `ms`, or at once when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

/** The log ends before the place that a reader comes from: it is another log, or an older copy of this one. */
export class LogSetBack extends Error {
  override readonly name = 'LogSetBack'
}

/**
 * For a thread of its own: packed segments are unpacked on it. Ends when `signal` is aborted. At most some 256 KiB of lines at a time are in memory, or one longer line. Throws `LogSetBack`,
 * and what the file system throws.
 */
export async function* followLog(asked: FollowOptions): AsyncGenerator<FollowedLines, void, undefined> {
  const options = { ...asked, files: unpacked(asked.files, unpackHere) }
  const { directory, files, durable, signal } = options
  let seq = options.from === 'start' ? 0 : options.from.seq
  if (seq > durable())
    throw new LogSetBack(
      `the log ends with line ${durable() - 1}, and line ${seq - 1} was delivered already: it is another log or an older copy of it; move the folder of the sink away, and it begins anew`,
    )
  let place: Found | undefined
  while (!signal.aborted) {
    if (durable() <= seq) {
      await options.pause(lookMs, signal)
      continue
    }
    place ??= await placeOfLine(options, seq)
    // Listed before it is read: if there is a later segment now, this one does not grow any more.
    const later = segmentNumbers(await files.list(directory)).find((number) => number > (place as Found).segment)
    const found = await linesAt(options, place, seq)
    if (found !== undefined) {
      const last = found.lines.at(-1) as FollowedLine
      seq = last.seq + 1
      place = { segment: found.segment, bytes: last.end, isExact: true }
      yield found
    } else if (later !== undefined) place = { segment: later, bytes: 0, isExact: false }
    // A durable line that is not there: a segment is being begun, or was removed while it was read.
    else await options.pause(lookMs, signal)
  }
}

interface Found extends Place {
  /** Whether the very line begins there, or some line before it. */
  readonly isExact: boolean
}

/** Where the line stands by what was remembered, if it still does, else by searching. */
async function placeOfLine({ from, directory, files }: FollowOptions, seq: number): Promise<Found> {
  if (from !== 'start' && from.seq === seq) {
    const there = await readAt(files, join(directory, segmentName(from.segment)), from.bytes, 64)
    if (there !== undefined && placeOf(there) === seq) return { ...from, isExact: true }
  }
  return { ...(await findPlace({ directory, files }, (record) => record.seq < seq)), isExact: false }
}

/** Durable lines of one piece of a segment, from the line `seq` on; undefined when there is none. */
async function linesAt(
  { directory, files, durable }: FollowOptions,
  place: Found,
  seq: number,
): Promise<FollowedLines | undefined> {
  const path = join(directory, segmentName(place.segment))
  let wantedBytes = chunkBytes
  let from = place.bytes
  /** Of the line before. */
  let before = place.isExact ? seq - 1 : undefined
  for (;;) {
    const read = await readAt(files, path, from, wantedBytes)
    if (read === undefined) return undefined
    const end = durable()
    const lines: FollowedLine[] = []
    let start = 0
    let stop = read.indexOf(newline)
    for (; stop !== -1; stop = read.indexOf(newline, start)) {
      const bytes = read.subarray(start, stop)
      // A line that somebody changed has the number that it must have had: who reads it sees what it is.
      const number = placeOf(bytes) ?? (before === undefined ? undefined : before + 1)
      if (number !== undefined && number >= end) break
      if (number !== undefined && number >= seq) lines.push({ seq: number, bytes, end: from + stop + 1 })
      start = stop + 1
      before = number
    }
    if (lines.length > 0) return { segment: place.segment, lines }
    if (stop !== -1 || read.length < wantedBytes) return undefined
    // Only older lines, which are passed over, or the beginning of a longer one, which is read whole.
    if (start > 0) {
      from += start
      wantedBytes = chunkBytes
    } else {
      if (wantedBytes >= lineBytesMax) throw new Error(`\`${path}\` holds no record at byte ${from}`)
      wantedBytes = Math.min(2 * wantedBytes, lineBytesMax)
    }
  }
}

/** Undefined when retention has removed the segment. */
async function readAt(
  files: FollowOptions['files'],
  path: string,
  position: number,
  lengthBytes: number,
): Promise<Buffer | undefined> {
  try {
    return await files.read(path, position, lengthBytes)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw cause
  }
}

/** The number that the next line will have, by what stands in the files; 0 for an empty log. Throws what the file system throws. */
export async function endOfLog(searched: Pick<FollowOptions, 'directory' | 'files'>): Promise<number> {
  const { directory, files } = searched
  const place = await findPlace(searched, () => true)
  let end = 0
  for (const segment of segmentNumbers(await files.list(directory))) {
    if (segment < place.segment) continue
    const path = join(directory, segmentName(segment))
    let from = segment === place.segment ? place.bytes : 0
    for (;;) {
      const read = await files.read(path, from, lineBytesMax)
      const stop = read.lastIndexOf(newline)
      if (stop === -1) break
      const last = placeOf(read.subarray(read.lastIndexOf(newline, stop - 1) + 1, stop))
      if (last !== undefined) end = last + 1
      from += stop + 1
      if (read.length < lineBytesMax) break
    }
  }
  return end
}
