/**
 * Records as lines of a file that another program collects. The file is rotated by size: `decisions.jsonl` becomes
 * `decisions.jsonl.1`, that one `.2`, and so on. A batch is acknowledged when it is on the disk; the rest of a line that a crash
 * cut off was not, and is removed before the next one is written.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
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
    await mkdir(dirname(options.path), { recursive: true })
    let writing: Writing | undefined = await openWhole(options.path)

    return {
      async deliver(batch) {
        // After a failure nobody knows where the file ends.
        writing ??= await openWhole(options.path)
        if (writing.bytes > 0 && writing.bytes + sizeOf(batch) > options.size_max) {
          await writing.handle.close()
          writing = undefined
          await rotate(options)
          writing = await openWhole(options.path)
        }
        const { handle } = writing
        try {
          await append(handle, batch, writing.bytes)
          writing.bytes += sizeOf(batch)
        } catch (cause) {
          writing = undefined
          await handle.close().catch(() => undefined)
          throw cause
        }
        return []
      },
      async close() {
        await writing?.handle.close()
      },
    }
  },
})

interface Writing {
  readonly handle: FileHandle
  /** Bytes of whole lines. */
  bytes: number
}

/** Opens it behind its last whole line. */
async function openWhole(name: string): Promise<Writing> {
  const handle = await open(name, 'a+', fileMode)
  try {
    const { size } = await handle.stat()
    const end = await endOfLines(handle, size)
    if (end < size) await handle.truncate(end)
    return { handle, bytes: end }
  } catch (cause) {
    await handle.close()
    throw cause
  }
}

async function endOfLines(handle: FileHandle, size: number): Promise<number> {
  const buffer = Buffer.alloc(lookBytes)
  for (let to = size; to > 0; ) {
    const from = Math.max(0, to - lookBytes)
    const { bytesRead } = await handle.read(buffer, 0, to - from, from)
    const last = buffer.subarray(0, bytesRead).lastIndexOf(newline)
    if (last !== -1) return from + last + 1
    to = from
  }
  return 0
}

async function append(handle: FileHandle, batch: readonly Item[], at: number): Promise<void> {
  const lineEnd = Buffer.of(newline)
  const pieces = batch.flatMap(({ bytes }) => [bytes, lineEnd])
  let left = Buffer.concat(pieces)
  let position = at
  while (left.length > 0) {
    const { bytesWritten } = await handle.write(left, 0, left.length, position)
    left = left.subarray(bytesWritten)
    position += bytesWritten
  }
  await handle.datasync()
}

function sizeOf(batch: readonly Item[]): number {
  return batch.reduce((sum, { bytes }) => sum + bytes.length + 1, 0)
}

/** The oldest goes, the others move up by one, the file itself becomes `.1`. */
async function rotate(options: { readonly path: string; readonly keep: number }): Promise<void> {
  const named = (number: number) => (number === 0 ? options.path : `${options.path}.${number}`)
  await rm(named(options.keep), { force: true })
  for (let number = options.keep - 1; number >= 0; number--) {
    await rename(named(number), named(number + 1)).catch((cause: unknown) => {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
    })
  }
}
