/** The files of a gzipped tar archive, as OPA's bundles are shipped: POSIX ustar with pax and GNU long names. Nothing is written anywhere. */
import { gunzipSync } from 'node:zlib'

/** Bytes of an archive when it is unpacked: a small file can stand for a disk full of zeros. */
const unpackedBytesMax = 512 * 1024 * 1024
/** Files in one archive. */
const filesMax = 100_000

const blockBytes = 512

export interface ArchivedFile {
  /** As it stands in the archive. */
  readonly path: string
  readonly bytes: Uint8Array
}

export interface ArchiveOptions {
  /** Bytes of the archive when it is unpacked. Default 512 MiB. */
  readonly bytesMax?: number
  /** Told of each entry that is neither a file nor a folder; they are left out, as OPA leaves them out. */
  readonly passed?: (path: string) => void
}

/** Throws an `Error` that says what is wrong with the archive. */
export function readArchive(packed: Uint8Array, options: ArchiveOptions = {}): readonly ArchivedFile[] {
  return filesOf(unpack(packed, options.bytesMax ?? unpackedBytesMax), options)
}

function unpack(packed: Uint8Array, bytesMax: number): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: bytesMax })
  } catch (cause) {
    const isTooLarge = cause instanceof RangeError
    const problem = isTooLarge ? `it unpacks to more than ${bytesMax} bytes` : 'it is not a whole gzip file'
    throw new Error(`archive read failed: ${problem}`, { cause })
  }
}

function filesOf(tar: Buffer, { passed }: ArchiveOptions): ArchivedFile[] {
  const files: ArchivedFile[] = []
  let longName: string | undefined
  for (let at = 0; at + blockBytes <= tar.length; ) {
    const header = tar.subarray(at, at + blockBytes)
    // Two blocks of zeros end the archive; one is enough to stop at.
    if (header.every((byte) => byte === 0)) break
    checkSum(header)
    const size = numberIn(header.subarray(124, 136))
    const start = at + blockBytes
    const end = start + size
    if (end > tar.length) throw new Error('archive read failed: it ends in the middle of a file')
    const bytes = tar.subarray(start, end)
    const type = String.fromCharCode(header[156] ?? 0)
    if (type === 'x') longName = paxPath(bytes) ?? longName
    else if (type === 'L') longName = textIn(bytes)
    else {
      // NUL and 0 are regular files; folders, links and devices hold nothing that is read here.
      if (type === '0' || type === '\0') files.push({ path: longName ?? nameIn(header), bytes })
      else if (type !== '5' && type !== 'g') passed?.(longName ?? nameIn(header))
      if (type !== 'g') longName = undefined
    }
    if (files.length > filesMax) throw new Error(`archive read failed: it holds more than ${filesMax} files`)
    at = start + Math.ceil(size / blockBytes) * blockBytes
  }
  return files
}

/** The sum of all bytes with spaces in the place of the sum itself. */
function checkSum(header: Buffer): void {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0)
  if (sum !== numberIn(header.subarray(148, 156))) throw new Error('archive read failed: it is not a tar file')
}

/** Octal digits, or after a byte with its top bit set a binary number (GNU, for sizes of 8 GiB and more, which no bundle has). */
function numberIn(field: Buffer): number {
  const text = textIn(field).trim()
  if (!/^[0-7]*$/.test(text)) throw new Error('archive read failed: a header is not a tar header')
  return text === '' ? 0 : Number.parseInt(text, 8)
}

function nameIn(header: Buffer): string {
  const name = textIn(header.subarray(0, 100))
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isPosix ? textIn(header.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

/** The `path` record of a pax header: lines of `LENGTH KEY=VALUE`, the length in bytes and of the whole line. */
function paxPath(bytes: Buffer): string | undefined {
  let path: string | undefined
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = space === -1 ? Number.NaN : Number(bytes.toString('latin1', at, space))
    if (!Number.isSafeInteger(length) || length <= space - at || at + length > bytes.length)
      throw new Error('archive read failed: a pax header is broken')
    const record = bytes.toString('utf8', space + 1, at + length - 1)
    if (record.startsWith('path=')) path = record.slice('path='.length)
    at += length
  }
  return path
}

function textIn(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? field.length : end)
}
