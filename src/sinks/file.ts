/**
 * Records as lines of a file that another program collects. The file is rotated by size: `decisions.jsonl` becomes
 * `decisions.jsonl.1`, that one `.2`, and so on. A batch is acknowledged when it is on the disk; the rest of a line that a crash
 * cut off was not, and is removed before the next one is written.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { bytes, count, path } from '../settings/index.ts'
import { formatNames } from './format.ts'
import { type Item, type Sink, sinkKind } from './sink.ts'

const mib = 1024 * 1024
/** Records hold what agents asked: readable by the owner and, so that a collector may run as another user, by its group. */
const fileMode = 0o640
const newline = 0x0a
/** Bytes read at once while the end of the last whole line is looked for. */
const lookBytes = 64 * 1024

const settings = z.strictObject({
  path: path({
    description: 'The file; made with its folder when it is not there.',
    examples: ['/var/log/gatehouse/decisions.jsonl'],
  }),
  size_max: bytes({ min: mib, max: 1024 ** 4, standard: 128 * mib }, 'Size at which the file is rotated.'),
  keep: count({ min: 0, max: 1_000, standard: 8 }, 'Rotated files that are kept beside it; 0 keeps none.'),
})

export const file = sinkKind({
  kind: 'file',
  says: 'Lines of a file, rotated by size.',
  settings,
  formats: formatNames,
  batch: { recordsMax: 1_000, bytesMax: 4 * mib, waitMs: 100 },
  async open(options): Promise<Sink> {
    mkdirSync(dirname(options.path), { recursive: true })
    let writing: Writing | undefined = openWhole(options.path)

    return {
      // Synchronously, as in `disk.ts`: a disk that hangs must hold up sinks and not calls.
      async deliver(batch) {
        // After a failure nobody knows where the file ends.
        writing ??= openWhole(options.path)
        const size = sizeOf(batch)
        if (writing.bytes > 0 && writing.bytes + size > options.size_max) {
          closeSync(writing.descriptor)
          writing = undefined
          rotate(options)
          writing = openWhole(options.path)
        }
        const { descriptor, bytes } = writing
        try {
          append(descriptor, batch, bytes)
        } catch (cause) {
          writing = undefined
          closeSync(descriptor)
          throw cause
        }
        writing = { descriptor, bytes: bytes + size }
        return []
      },
      async close() {
        if (writing !== undefined) closeSync(writing.descriptor)
      },
    }
  },
})

interface Writing {
  readonly descriptor: number
  /** Bytes of whole lines. */
  readonly bytes: number
}

/** Opens it behind its last whole line. */
function openWhole(name: string): Writing {
  const descriptor = openSync(name, constants.O_RDWR | constants.O_CREAT, fileMode)
  try {
    const { size } = fstatSync(descriptor)
    const end = endOfLines(descriptor, size)
    if (end < size) ftruncateSync(descriptor, end)
    // Its bytes are durable with each batch; without its name, and those of the files it was rotated into, they are nobody's.
    if (end === 0) syncFolder(dirname(name))
    return { descriptor, bytes: end }
  } catch (cause) {
    closeSync(descriptor)
    throw cause
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function endOfLines(descriptor: number, size: number): number {
  const buffer = Buffer.alloc(lookBytes)
  for (let to = size; to > 0; ) {
    const from = Math.max(0, to - lookBytes)
    const read = readSync(descriptor, buffer, 0, to - from, from)
    const last = buffer.subarray(0, read).lastIndexOf(newline)
    if (last !== -1) return from + last + 1
    to = from
  }
  return 0
}

function append(descriptor: number, batch: readonly Item[], at: number): void {
  const lineEnd = Buffer.of(newline)
  const bytes = Buffer.concat(batch.flatMap((item) => [item.bytes, lineEnd]))
  for (let written = 0; written < bytes.length; )
    written += writeSync(descriptor, bytes, written, bytes.length - written, at + written)
  fdatasyncSync(descriptor)
}

function sizeOf(batch: readonly Item[]): number {
  return batch.reduce((sum, { bytes }) => sum + bytes.length + 1, 0)
}

/** The oldest goes, the others move up by one, the file itself becomes `.1`. */
function rotate(options: { readonly path: string; readonly keep: number }): void {
  const named = (number: number) => (number === 0 ? options.path : `${options.path}.${number}`)
  rmSync(named(options.keep), { force: true })
  for (let number = options.keep - 1; number >= 0; number--) {
    try {
      renameSync(named(number), named(number + 1))
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
    }
  }
}
