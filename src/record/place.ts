/** Where in the log something stands: lines as records, and the search for the first of them that is not older than something. */
import { join } from 'node:path'
import { type LogRecord, limits } from '../model/index.ts'
import { parseJson } from '../wire/index.ts'
import type { LogFiles } from './files.ts'
import { segmentName, segmentNumbers } from './segments.ts'
import { isRecord } from './shape.ts'
import { unlessAbsent } from './tile-store.ts'

/** Bytes read at once; a record is seldom larger, and a larger one takes several reads. */
export const chunkBytes = 256 * 1024
/** A line is a record and what the log puts around it; a longer one is not a record. */
export const lineBytesMax = 2 * limits.recordBytesMax
const newline = 0x0a

export interface Place {
  readonly segment: number
  readonly bytes: number
}

interface Searched {
  readonly directory: string
  readonly files: Pick<LogFiles, 'list' | 'read' | 'sizeBytes'>
}

/**
 * A place at or before the first record that is not `older`. Found by halving, on the understanding that records which are
 * come first; where the clock was set back, records may be left out by a search for a time.
 */
export async function findPlace(searched: Searched, older: (record: LogRecord) => boolean): Promise<Place> {
  const { directory, files } = searched
  const numbers = segmentNumbers(await files.list(directory))
  for (const segment of numbers.toReversed()) {
    const path = join(directory, segmentName(segment))
    // Retention may have removed it since.
    const first = await unlessAbsent(nextRecord(files, path, 0))
    if (first === undefined || !older(first.record)) continue
    let low = 0
    let high = await files.sizeBytes(path)
    // INVARIANT: the line at `low` is older.
    while (high - low > chunkBytes) {
      const middle = Math.floor((low + high) / 2)
      const next = await nextRecord(files, path, middle)
      if (next !== undefined && older(next.record)) low = next.position
      else high = middle
    }
    return { segment, bytes: low }
  }
  return { segment: numbers[0] ?? 0, bytes: 0 }
}

/** The first record whose line begins after `from`, or at it when that is the start of the file. */
async function nextRecord(
  files: Searched['files'],
  path: string,
  from: number,
): Promise<{ position: number; record: LogRecord } | undefined> {
  // Most lines are far shorter than the longest one that there can be.
  for (const wantedBytes of [chunkBytes, lineBytesMax + chunkBytes]) {
    const bytes = await files.read(path, from, wantedBytes)
    let lineStart = from === 0 ? 0 : bytes.indexOf(newline) + 1
    for (;;) {
      const end = bytes.indexOf(newline, lineStart)
      if (end === -1) break
      const record = parsed(bytes.toString('utf8', lineStart, end))
      if (record !== undefined) return { position: from + lineStart, record }
      lineStart = end + 1
    }
    if (bytes.length < wantedBytes) return undefined
  }
  return undefined
}

/** Undefined for a line that is no record, or one that was made to look like one. */
export function parsed(line: string): LogRecord | undefined {
  try {
    // The engine's reader may take a key that is written with escapes for another one (`wire/json.ts`).
    const read: unknown = line.includes('\\') ? parseJson(Buffer.from(line)) : JSON.parse(line)
    return isRecord(read) ? read : undefined
  } catch {
    return undefined
  }
}
