/** Checkpoints as records of the log itself: the newest of them is at hand when the file of checkpoints is not. */
import { join } from 'node:path'
import { type CheckpointRecord, quote } from '../model/index.ts'
import { parseCheckpoint, type SignedCheckpoint } from '../proof/index.ts'
import type { ReadFiles } from './line-chunks.ts'
import { chunkBytes, parsed } from './place.ts'
import { segmentName, segmentNumbers } from './segments.ts'

const newline = 0x0a
/** Bytes of a line with a checkpoint, and more than enough. */
const lineBytesMax = 16 * 1024
/** How such a line begins. In what agents and upstreams sent, every quote has a backslash before it. */
const pattern = /^\{"seq":\d{1,16},"type":"checkpoint",/
const patternBytes = 48
const mark = Buffer.from(',"type":"checkpoint","timestamp":')

/** A record without its place. */
export function checkpointRest({ size, root, note }: SignedCheckpoint): string {
  return `"size":${size},"root":${quote(root.toString('base64'))},"note":${quote(note)}`
}

/** The checkpoint that a line holds; undefined when it holds none. Whether its signature is right is for the caller to ask. */
export function checkpointIn(line: Buffer): SignedCheckpoint | undefined {
  if (!pattern.test(line.toString('latin1', 0, patternBytes))) return undefined
  const { note } = (parsed(line.toString()) ?? {}) as Partial<CheckpointRecord>
  return typeof note === 'string' ? parseCheckpoint(note) : undefined
}

/** The newest that can be read; undefined when the log has none. Takes every line for what somebody may have made of it. */
export async function newestRecorded(files: ReadFiles, directory: string): Promise<SignedCheckpoint | undefined> {
  const numbers = segmentNumbers(await files.list(directory))
  for (const number of numbers.toReversed()) {
    const path = join(directory, segmentName(number))
    let end = await files.sizeBytes(path)
    while (end > 0) {
      const start = Math.max(0, end - chunkBytes)
      const bytes = await files.read(path, start, end - start)
      const found = newestIn(bytes)
      if (found !== undefined) return found
      // A line that begins in the next piece may end in this one.
      end = start === 0 ? 0 : start + Math.min(lineBytesMax, bytes.length - 1)
    }
  }
  return undefined
}

function newestIn(bytes: Buffer): SignedCheckpoint | undefined {
  for (let at = bytes.lastIndexOf(mark); at > 0; at = bytes.lastIndexOf(mark, at - 1)) {
    const start = bytes.lastIndexOf(newline, at) + 1
    const end = bytes.indexOf(newline, at)
    const found = end === -1 ? undefined : checkpointIn(bytes.subarray(start, end))
    if (found !== undefined) return found
  }
  return undefined
}
