/**
 * Packs segments once they are rotated out, beside the calls: a piece at a time on a thread of the pool, with a pause behind each. A
 * segment is there at every instant, plain, packed, or both: the packed file gets its name when it is durable and was read back, and
 * only then the plain one goes.
 *
 *     N.jsonl -> N.jsonl.zst.new -> read back, the same? -> N.jsonl.zst -> N.jsonl removed
 */
import { join } from 'node:path'
import { type Clock, type Log, messageOf } from '../model/index.ts'
import { type LogFile, type LogFiles, type ReadFiles, writeWhole } from './files.ts'
import { makeLooks } from './looks.ts'
import { frameBytes, packFrame, plainBytesOf, readTable, tableText, unpackFrame, unpackOnPool } from './packed-file.ts'
import { packedName, packedSuffix, segmentName, segmentNumbers } from './segments.ts'

/** Milliseconds between two looks for what failed; each new segment asks for one besides. */
const lookMs = 3_600_000
/** Milliseconds behind each piece: 1 MiB takes about three of CPU, written or read back, so that most of a core is left to calls. */
const pauseMs = 10
/** Packed bytes of one durable write, about: while the disk works on it, lines wait behind it. */
const writeBytes = 512 * 1024
const madeSuffix = '.new'

export interface PackerOptions {
  readonly directory: string
  readonly files: LogFiles
  readonly clock: Clock
  readonly log: Log
  /** Number of the segment that is written: it stays as it is. */
  readonly current: () => number
  /** Runs nothing else that removes segments meanwhile. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
}

export type Packer = ReturnType<typeof makePacker>

/** Looks at once, once an hour and when it is told to, in the background. */
export function makePacker({ directory, files, clock, log, current, alone }: PackerOptions) {
  let stopped = false
  let wake = () => {}
  const counts = { segmentsPacked: 0, packFailures: 0 }

  function failed(cause: unknown): void {
    if (stopped) return
    counts.packFailures += 1
    const error = messageOf(cause)
    log.error({ directory, error }, 'a segment of the decision log could not be compressed; it stays as it is')
  }

  async function run(): Promise<void> {
    for (const name of (await files.list(directory)).filter((one) => one.endsWith(packedSuffix + madeSuffix)))
      await files.remove(join(directory, name))
    let done = 0
    while (done < current() && !stopped) done = await alone(() => packNext(done))
  }

  /** The number of the segment that was packed, or was tried in vain; Infinity when there is none behind `done`. */
  async function packNext(done: number): Promise<number> {
    const names = await files.list(directory)
    const number = segmentNumbers(names).find((one) => one > done && one < current())
    if (number === undefined) return Number.POSITIVE_INFINITY
    await pack(number, names.includes(packedName(number))).catch(failed)
    return number
  }

  async function pack(number: number, isPacked: boolean): Promise<void> {
    const plain = join(directory, segmentName(number))
    const packed = join(directory, packedName(number))
    const made = packed + madeSuffix
    if (isPacked) await compare(plain, packed)
    else {
      try {
        await write(plain, made)
        await compare(plain, made)
        await files.rename(made, packed)
      } catch (cause) {
        // What went wrong first is told; the next look removes what is left.
        await files.remove(made).catch(() => undefined)
        throw cause
      }
      await files.syncDirectory(directory)
    }
    await files.remove(plain)
    await files.syncDirectory(directory)
    counts.segmentsPacked += 1
  }

  async function write(plain: string, made: string): Promise<void> {
    const file = await files.open(made, 'create')
    try {
      await writeFrames(plain, file)
    } finally {
      await file.close()
    }
  }

  async function writeFrames(plain: string, file: LogFile): Promise<void> {
    const frames: { plainBytes: number; packedBytes: number }[] = []
    let waiting: Buffer[] = []
    let waitingBytes = 0
    let position = 0
    const flush = async () => {
      await writeWhole(file, Buffer.concat(waiting), position)
      position += waitingBytes
      waiting = []
      waitingBytes = 0
    }
    for await (const { bytes } of pieces(plain)) {
      const frame = await packFrame(bytes)
      frames.push({ plainBytes: bytes.length, packedBytes: frame.length })
      waiting.push(frame)
      waitingBytes += frame.length
      if (waitingBytes >= writeBytes) await flush()
    }
    const table = tableText(frames)
    waiting.push(table)
    waitingBytes += table.length
    await flush()
  }

  /** Throws when the packed file is not byte for byte what the plain one is. */
  async function compare(plain: string, packed: string): Promise<void> {
    const table = await readTable(files, packed)
    if (plainBytesOf(table) !== (await files.sizeBytes(plain))) throw differ(plain, packed)
    let frame = 0
    for await (const { bytes } of pieces(plain)) {
      if (!(await unpackFrame(files, packed, table, frame, unpackOnPool)).equals(bytes)) throw differ(plain, packed)
      frame += 1
    }
  }

  /** Pieces of a frame each, with a pause behind each; overwritten by the next. Throws when the log is closed. */
  async function* pieces(path: string): AsyncGenerator<{ bytes: Buffer }, void, undefined> {
    const buffer = Buffer.allocUnsafe(frameBytes)
    for (let position = 0; ; position += frameBytes) {
      if (stopped) throw new Error('the log is closed')
      const bytes = await files.read(path, position, frameBytes, buffer)
      if (bytes.length > 0) yield { bytes }
      if (bytes.length < frameBytes) return
      await new Promise<void>((resolve) => {
        const forget = clock.after(pauseMs, resolve)
        wake = () => {
          forget()
          resolve()
        }
      })
    }
  }

  const looks = makeLooks({ clock, everyMs: lookMs, work: run, failed })

  return {
    /** For whoever knows that there is a segment to pack. */
    look: looks.look,
    stats: () => ({ packLooks: looks.count, ...counts }),
    /** Ends with the piece that is under way; the segment is packed after the next start. */
    async close(): Promise<void> {
      stopped = true
      wake()
      await looks.stop()
    },
  }
}

function differ(plain: string, packed: string): Error {
  return new Error(
    `\`${packed}\` does not hold what \`${plain}\` does; keep a copy of both and move the first one away`,
  )
}

/** Removes a segment however it lies there; no error when it is gone. `names`: those of the folder. */
export async function removeSegment(
  files: Pick<LogFiles, 'remove'>,
  directory: string,
  number: number,
  names: readonly string[],
): Promise<void> {
  for (const name of [packedName(number), segmentName(number)])
    if (names.includes(name)) await files.remove(join(directory, name))
}

/** Bytes that a segment takes on the disk. */
export async function diskBytes(
  files: Pick<ReadFiles, 'sizeBytes'>,
  directory: string,
  number: number,
  names: readonly string[],
): Promise<number> {
  let bytes = 0
  for (const name of [packedName(number), segmentName(number)])
    if (names.includes(name)) bytes += await files.sizeBytes(join(directory, name))
  return bytes
}
