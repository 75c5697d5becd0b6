/** Checkpoints as records of the log itself: the newest of them is at hand when the file of checkpoints is not. */
import { type CheckpointRecord, quote } from '../model/index.ts'
import { parseCheckpoint, type SignedCheckpoint } from '../proof/index.ts'
import type { Pieces } from './batch.ts'
import type { ReadFiles } from './files.ts'
import { newestLine } from './newest-line.ts'
import { parsed } from './place.ts'
import { unpacked } from './unpacked.ts'

/** How such a line begins. In what agents and upstreams sent, every quote has a backslash before it. */
const pattern = /^\{"seq":\d{1,16},"type":"checkpoint",/
const patternBytes = 48
const mark = Buffer.from(',"type":"checkpoint","timestamp":')

/** A record without its place. */
export function checkpointRest({ size, root, note }: SignedCheckpoint): Pieces {
  return [`"size":${size},"root":${quote(root.toString('base64'))},"note":${quote(note)}`]
}

/** The checkpoint that a line holds; undefined when it holds none. Whether its signature is right is for the caller to ask. */
export function checkpointIn(line: Buffer): SignedCheckpoint | undefined {
  if (!pattern.test(line.toString('latin1', 0, patternBytes))) return undefined
  const { note } = (parsed(line.toString()) ?? {}) as Partial<CheckpointRecord>
  return typeof note === 'string' ? parseCheckpoint(note) : undefined
}

/** The newest that can be read; undefined when the log has none. Takes every line for what somebody may have made of it. */
export function newestRecorded(files: ReadFiles, directory: string): Promise<SignedCheckpoint | undefined> {
  return newestLine(unpacked(files), directory, { mark, bytesMax: Number.POSITIVE_INFINITY, read: checkpointIn })
}
