/** Checkpoints as records of the log itself: the newest of them is at hand when the file of checkpoints is not. */
import type { CheckpointRecord } from '../model/index.ts'
import { parseCheckpoint, type SignedCheckpoint } from '../proof/index.ts'
import { quote } from './json-text.ts'
import type { ReadFiles } from './line-chunks.ts'
import { readLog } from './read.ts'

/** A record without its place. */
export function checkpointRest({ size, root, note }: SignedCheckpoint): string {
  return `"size":${size},"root":${quote(root.toString('base64'))},"note":${quote(note)}`
}

/** Undefined when the log has none that can be read. Whether its signature is right is for the caller to ask. */
export async function newestRecorded(files: ReadFiles, directory: string): Promise<SignedCheckpoint | undefined> {
  const newest = readLog({
    directory,
    from: { last: 1 },
    filters: { type: 'checkpoint' },
    follow: false,
    signal: new AbortController().signal,
    files,
    pause: async () => undefined,
    unreadable: () => undefined,
  })
  for await (const { record } of newest) return parseCheckpoint((record as CheckpointRecord).note)
  return undefined
}
