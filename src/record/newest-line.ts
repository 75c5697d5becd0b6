/** The newest line of one kind: the log is read from its end, and only lines that hold the kind's mark are looked at. */
import { join } from 'node:path'
import type { ReadFiles } from './files.ts'
import { chunkBytes } from './place.ts'
import { segmentName, segmentNumbers } from './segments.ts'

const newline = 0x0a
/** Bytes of a line of such a kind, and more than enough. */
const lineBytesMax = 16 * 1024

export interface LineKind<T> {
  /** Bytes that every such line has, and few others. */
  readonly mark: Buffer
  /** Bytes of the log's end that are looked at; about that many. */
  readonly bytesMax: number
  /** What the line holds; undefined when it is not of the kind after all. */
  readonly read: (line: Buffer) => T | undefined
}

/** Undefined when there is none. Throws what the file system throws. */
export async function newestLine<T>(files: ReadFiles, directory: string, kind: LineKind<T>): Promise<T | undefined> {
  const numbers = segmentNumbers(await files.list(directory))
  let readBytes = 0
  for (const number of numbers.toReversed()) {
    const path = join(directory, segmentName(number))
    let end = await files.sizeBytes(path)
    while (end > 0 && readBytes < kind.bytesMax) {
      const start = Math.max(0, end - chunkBytes)
      const bytes = await files.read(path, start, end - start)
      const found = newestIn(bytes, kind)
      if (found !== undefined) return found
      readBytes += bytes.length
      // A line that begins in the next piece may end in this one.
      end = start === 0 ? 0 : start + Math.min(lineBytesMax, bytes.length - 1)
    }
  }
  return undefined
}

function newestIn<T>(bytes: Buffer, { mark, read }: LineKind<T>): T | undefined {
  for (let at = bytes.lastIndexOf(mark); at > 0; at = bytes.lastIndexOf(mark, at - 1)) {
    const start = bytes.lastIndexOf(newline, at) + 1
    const end = bytes.indexOf(newline, at)
    const found = end === -1 ? undefined : read(bytes.subarray(start, end))
    if (found !== undefined) return found
  }
  return undefined
}
