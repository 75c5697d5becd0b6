/**
 * The segments as they were written, whether they are packed or not: for everything that reads them. A segment that is packed or
 * removed between two reads is read on all the same, because its bytes keep their places.
 */
import type { ReadFiles } from './files.ts'
import {
  type FrameTable,
  frameAt,
  plainBytesOf,
  readTable,
  type Unpack,
  unpackFrame,
  unpackOnPool,
} from './packed-file.ts'
import { packedSuffix } from './segments.ts'
import { isAbsent, unlessAbsent } from './tile-store.ts'

/** Tables that are remembered; that of a segment of 256 MiB takes 4 KiB. */
const tablesMax = 64
/** Frames of 1 MiB that are remembered: a reader takes one in several pieces, and a piece lies in two at most. */
const framesMax = 2

/** Throws `SegmentDamaged` besides what the file system throws. Remembers what it read: make one for each reading. */
export function unpacked(files: ReadFiles, unpack: Unpack = unpackOnPool): ReadFiles {
  const tables = new Map<string, Promise<FrameTable>>()
  const frames = new Map<string, Promise<Buffer>>()

  const tableOf = (path: string) => remembered(tables, tablesMax, path, () => readTable(files, path))
  const frameOf = (path: string, table: FrameTable, frame: number) =>
    remembered(frames, framesMax, `${frame} ${path}`, () => unpackFrame(files, path, table, frame, unpack))

  /** What `plain` gives, or for a segment that is packed, what `packed` does. */
  async function either<T>(
    path: string,
    plain: () => Promise<T>,
    packed: (path: string, table: FrameTable) => Promise<T>,
  ): Promise<T> {
    const beside = `${path}${packedSuffix}`
    if (tables.has(beside)) return await packed(beside, await tableOf(beside))
    try {
      return await plain()
    } catch (cause) {
      if (!isAbsent(cause) || !path.endsWith('.jsonl')) throw cause
      const table = await unlessAbsent(tableOf(beside))
      if (table === undefined) throw cause
      return await packed(beside, table)
    }
  }

  async function readPacked(
    path: string,
    table: FrameTable,
    position: number,
    lengthBytes: number,
    into: Buffer | undefined,
  ): Promise<Buffer> {
    const end = Math.min(position + lengthBytes, plainBytesOf(table))
    if (end <= position) return Buffer.alloc(0)
    const target = into ?? Buffer.allocUnsafe(end - position)
    const first = frameAt(table, position)
    const count = frameAt(table, end - 1) - first + 1
    for (let at = first; at < first + count; at += 2) {
      // Two side by side: the other threads of the pool are for whoever writes the log.
      const wanted = [at, at + 1].filter((frame) => frame < first + count)
      const unpacking = await Promise.all(wanted.map((frame) => frameOf(path, table, frame)))
      for (const [place, bytes] of unpacking.entries()) {
        const start = table.plain[at + place] ?? 0
        bytes.copy(target, Math.max(0, start - position), Math.max(0, position - start), end - start)
      }
    }
    return target.subarray(0, end - position)
  }

  return {
    async list(directory) {
      const names = await files.list(directory)
      return [...new Set(names.map((name) => (isPackedName(name) ? name.slice(0, -packedSuffix.length) : name)))]
    },
    sizeBytes: (path) =>
      either(
        path,
        () => files.sizeBytes(path),
        async (_, table) => plainBytesOf(table),
      ),
    read: (path, position, lengthBytes, into) =>
      either(
        path,
        () => files.read(path, position, lengthBytes, into),
        (packed, table) => readPacked(packed, table, position, lengthBytes, into),
      ),
  }
}

function isPackedName(name: string): boolean {
  return name.endsWith(`.jsonl${packedSuffix}`)
}

/** The oldest is forgotten first, and what failed at once. */
function remembered<T>(map: Map<string, Promise<T>>, max: number, key: string, make: () => Promise<T>): Promise<T> {
  const known = map.get(key)
  if (known !== undefined) {
    map.delete(key)
    map.set(key, known)
    return known
  }
  const made = make()
  map.set(key, made)
  // Why is told to whoever waits for it.
  made.catch(() => {
    if (map.get(key) === made) map.delete(key)
  })
  if (map.size > max) map.delete(map.keys().next().value ?? '')
  return made
}
