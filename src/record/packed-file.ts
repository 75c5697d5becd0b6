/**
 * A segment that does not grow any more, packed: zstd frames (RFC 8878) of 1 MiB of it each, and behind them a table of their lengths, laid
 * out as zstd's seekable format. `zstd -d` unpacks it as a whole; here any piece is read by unpacking the frames that it lies in.
 */
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { messageOf } from '../model/index.ts'
import type { LogFiles } from './files.ts'

/** Bytes of the segment in one frame: more would pack no better, less costs more for each byte. */
export const frameBytes = 1024 * 1024
/** Frames of one file at most: four times the largest segment that can be configured. */
const framesMax = 65_536
/** Of the frame that zstd passes over and the table stands in, and of the table itself. */
const skippedMagic = 0x184d2a5e
const tableMagic = 0x8f92eab1
const headBytes = 8
const entryBytes = 8
const footBytes = 9
/** Each frame ends with a checksum; the lowest level packs records as well as those above it, at half of their cost. */
const packing = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 }

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** A packed segment that is not what was written. */
export class SegmentDamaged extends Error {
  override readonly name = 'SegmentDamaged'
  /** As the system calls it, so that whoever reads files need not know of this one. */
  readonly code = 'EBADMSG'
}

/** Where the frames begin in the segment and in the packed file; one place more than there are frames. */
export interface FrameTable {
  readonly plain: Float64Array
  readonly packed: Float64Array
}

/** `bytes`: up to `frameBytes` of the segment. Works on a thread of the pool. */
export function packFrame(bytes: Buffer): Promise<Buffer> {
  return compress(bytes, { params: packing, pledgedSrcSize: bytes.length })
}

/** What stands behind the last frame; lengths in the order of the frames. */
export function tableText(frames: readonly { readonly plainBytes: number; readonly packedBytes: number }[]): Buffer {
  const bytes = Buffer.alloc(headBytes + frames.length * entryBytes + footBytes)
  bytes.writeUInt32LE(skippedMagic, 0)
  bytes.writeUInt32LE(bytes.length - headBytes, 4)
  for (const [place, { plainBytes, packedBytes }] of frames.entries()) {
    bytes.writeUInt32LE(packedBytes, headBytes + place * entryBytes)
    bytes.writeUInt32LE(plainBytes, headBytes + place * entryBytes + 4)
  }
  bytes.writeUInt32LE(frames.length, bytes.length - footBytes)
  bytes.writeUInt32LE(tableMagic, bytes.length - 4)
  return bytes
}

/** Throws `SegmentDamaged`, and what the file system throws. */
export async function readTable(files: Pick<LogFiles, 'read' | 'sizeBytes'>, path: string): Promise<FrameTable> {
  const damaged = (what: string) => new SegmentDamaged(`\`${path}\` is damaged: ${what}`)
  const sizeBytes = await files.sizeBytes(path)
  const foot = await files.read(path, Math.max(0, sizeBytes - footBytes), footBytes)
  if (foot.length < footBytes || foot.readUInt32LE(5) !== tableMagic || foot[4] !== 0)
    throw damaged('it does not end with the table of its frames')
  const count = foot.readUInt32LE(0)
  const tableBytes = headBytes + count * entryBytes + footBytes
  if (count > framesMax || tableBytes > sizeBytes) throw damaged(`it cannot have \`${count}\` frames`)
  const table = await files.read(path, sizeBytes - tableBytes, tableBytes)
  const plain = new Float64Array(count + 1)
  const packed = new Float64Array(count + 1)
  for (let place = 0; place < count; place++) {
    const at = headBytes + place * entryBytes
    const length = table.readUInt32LE(at + 4)
    if (length === 0 || length > frameBytes) throw damaged(`a frame cannot hold \`${length}\` bytes`)
    packed[place + 1] = (packed[place] ?? 0) + table.readUInt32LE(at)
    plain[place + 1] = (plain[place] ?? 0) + length
  }
  if (table.readUInt32LE(0) !== skippedMagic || packed[count] !== sizeBytes - tableBytes)
    throw damaged('the table does not fit its frames')
  return { plain, packed }
}

/** Bytes of the segment. */
export function plainBytesOf({ plain }: FrameTable): number {
  return plain.at(-1) ?? 0
}

/** Which frame has that byte of the segment; as many as there are frames where it is behind the end. */
export function frameAt({ plain }: FrameTable, position: number): number {
  let low = 0
  let high = plain.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((plain[middle + 1] ?? 0) <= position) low = middle + 1
    else high = middle
  }
  return low
}

/** One frame, of which `plainBytes` should come. Throws what zstd says. */
export type Unpack = (bytes: Buffer, plainBytes: number) => Buffer | Promise<Buffer>

/** On a thread of the pool behind asynchronous calls, by which the log is written too. */
export const unpackOnPool: Unpack = (bytes, plainBytes) => decompress(bytes, bounded(plainBytes))

/** On this thread: for one that has nothing better to do. */
export const unpackHere: Unpack = (bytes, plainBytes) => zstdDecompressSync(bytes, bounded(plainBytes))

function bounded(plainBytes: number) {
  return { chunkSize: Math.max(plainBytes, 64), maxOutputLength: frameBytes }
}

/** Throws `SegmentDamaged`, and what the file system throws. */
export async function unpackFrame(
  files: Pick<LogFiles, 'read'>,
  path: string,
  { plain, packed }: FrameTable,
  frame: number,
  unpack: Unpack,
): Promise<Buffer> {
  const start = packed[frame] ?? 0
  const plainBytes = (plain[frame + 1] ?? 0) - (plain[frame] ?? 0)
  const bytes = await files.read(path, start, (packed[frame + 1] ?? 0) - start)
  let made: Buffer
  try {
    made = await unpack(bytes, plainBytes)
  } catch (cause) {
    throw new SegmentDamaged(`\`${path}\` is damaged behind byte ${start}: ${messageOf(cause)}`, { cause })
  }
  if (made.length !== plainBytes)
    throw new SegmentDamaged(`\`${path}\` is damaged behind byte ${start}: ${made.length} bytes came of ${plainBytes}`)
  return made
}
