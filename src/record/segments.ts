/**
 * The files of the log: their names, and what the last one ends with. Opening a log reads its last segment once from
 * start to end, because after a power cut a hole may stand before whole lines of the write that was under way.
 */
import { join } from 'node:path'
import { limits } from '../model/index.ts'
import type { ReadFiles } from './files.ts'
import { LogOpenError } from './lock.ts'

/** Bytes of one write at most: what is torn by a crash lies in the last one. */
export const batchBytesMax = 4 * limits.recordBytesMax

/** Bytes read at once. */
const chunkBytes = 1024 * 1024
const newline = 0x0a
const closingBrace = 0x7d

/** How every line begins: a `seq` of at most 2^53. */
const seqPattern = /^\{"seq":(\d{1,16}),/
const namePattern = /^(\d{10})\.jsonl$/

/** The last that the name has room for. */
const segmentMax = 9_999_999_999

/** `NNNNNNNNNN.jsonl`, counted from 1. Throws `RangeError` behind the last: a longer name is one that no reader looks for. */
export function segmentName(number: number): string {
  if (number > segmentMax) throw new RangeError(`there is no segment behind \`${segmentMax}.jsonl\``)
  return `${String(number).padStart(10, '0')}.jsonl`
}

/** What a packed segment is called besides. */
export const packedSuffix = '.zst'

/** `NNNNNNNNNN.jsonl.zst`. */
export function packedName(number: number): string {
  return `${segmentName(number)}${packedSuffix}`
}

/** The numbers of the segments among these names, rising. */
export function segmentNumbers(names: readonly string[]): number[] {
  const numbers: number[] = []
  for (const name of names) {
    const digits = namePattern.exec(name)?.[1]
    if (digits !== undefined && Number(digits) > 0) numbers.push(Number(digits))
  }
  return numbers.sort((one, other) => one - other)
}

export interface LogEnd {
  /** The segment to go on in. */
  readonly segment: number
  /** False when it is to be made: there is none, or the last one is packed. */
  readonly isThere: boolean
  /** Bytes of that segment's whole lines. */
  readonly wholeBytes: number
  /** Bytes after them: the rest of a write that was cut off. */
  readonly tornBytes: number
  /** Whether those hold the end of a line: then more than one torn line is cut off. */
  readonly tornLines: boolean
  readonly nextSeq: number
}

/**
 * Finds where the log ends. `plain`: the segments that are not packed. Throws `LogOpenError` `log_damaged` when lines do not follow each other in a way that no
 * crash explains: those are for a person to look at, not for a program to cut.
 */
export async function findEnd(files: ReadFiles, directory: string, plain: readonly number[]): Promise<LogEnd> {
  const numbers = segmentNumbers(await files.list(directory))
  const [before, last] = [numbers.at(-2), numbers.at(-1)]
  // The next ones would be numbered from there on, up to names that no reader knows.
  if (before !== undefined && last !== undefined && last !== before + 1)
    throw damaged(
      join(directory, segmentName(last)),
      0,
      `it does not follow \`${segmentName(before)}\`: one between them is missing, or this one was put there`,
    )
  const isThere = last !== undefined && plain.includes(last)
  const segment = isThere ? last : (last ?? 0) + 1
  const none = { wholeBytes: 0, tornBytes: 0, tornLines: false }
  let newest: Scan | undefined
  // A segment may hold no whole line: made just before a crash. Then the one before it tells the place.
  for (const number of numbers.toReversed()) {
    const path = join(directory, segmentName(number))
    const scan = await scanSegment(files, path)
    newest ??= scan
    if (scan.nextSeq !== undefined) {
      if (!isThere && scan.tornBytes > 0)
        throw damaged(path, scan.wholeBytes, 'it is packed, and does not end with a line')
      return { ...(isThere ? newest : none), segment, isThere, nextSeq: scan.nextSeq }
    }
  }
  return { ...none, ...(isThere && newest), segment, isThere, nextSeq: 0 }
}

interface Scan {
  readonly wholeBytes: number
  readonly tornBytes: number
  readonly tornLines: boolean
  /** Undefined when there is no whole line. */
  readonly nextSeq: number | undefined
}

async function scanSegment(files: ReadFiles, path: string): Promise<Scan> {
  const sizeBytes = await files.sizeBytes(path)
  let nextSeq: number | undefined
  let lineStart = 0
  let readTo = 0
  let carried: Buffer = Buffer.alloc(0)
  const torn = (tornLines: boolean): Scan => {
    const tornBytes = sizeBytes - lineStart
    if (tornBytes > batchBytesMax) throw damaged(path, lineStart, 'the line cannot be read, and whole ones follow')
    return { wholeBytes: lineStart, tornBytes, tornLines, nextSeq }
  }
  while (readTo < sizeBytes) {
    const chunk = await files.read(path, readTo, chunkBytes)
    if (chunk.length === 0) break
    readTo += chunk.length
    const bytes = carried.length === 0 ? chunk : Buffer.concat([carried, chunk])
    const hole = bytes.indexOf(0)
    let from = 0
    for (;;) {
      const end = bytes.indexOf(newline, from)
      if (end === -1) break
      const seq = hole >= from && hole < end ? undefined : seqOf(bytes, from, end)
      if (seq === undefined) return torn(true)
      if (nextSeq !== undefined && seq !== nextSeq) {
        throw damaged(path, lineStart, `it has seq \`${seq}\` where \`${nextSeq}\` must stand`)
      }
      nextSeq = seq + 1
      lineStart += end + 1 - from
      from = end + 1
    }
    carried = bytes.subarray(from)
    if (carried.length > batchBytesMax) return torn(false)
  }
  return lineStart < sizeBytes ? torn(false) : { wholeBytes: lineStart, tornBytes: 0, tornLines: false, nextSeq }
}

/** The place of a line, or undefined when it is not one that the writer could have written whole. */
function seqOf(bytes: Buffer, from: number, end: number): number | undefined {
  if (bytes[end - 1] !== closingBrace) return undefined
  const digits = seqPattern.exec(bytes.toString('latin1', from, Math.min(end, from + 24)))?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function damaged(path: string, position: number, what: string): LogOpenError {
  return new LogOpenError(
    'log_damaged',
    `\`${path}\` is damaged at byte ${position}: ${what}. Nothing was changed. Keep a copy of the directory for whoever looks into it, then move it away or restore it`,
  )
}
