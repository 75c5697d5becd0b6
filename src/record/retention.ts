/**
 * Removes the oldest segments: those whose records are all older than the configuration keeps them, and those that are more than
 * it has room for. Nothing goes that could not be proven without it: each line is compared with the tiles that lead to a signed
 * checkpoint, a record that says what goes is durable and covered by a checkpoint itself, and only then files are removed, oldest
 * first.
 *
 *     look -> too old, too much? -> lines fit the tiles -> record durable -> checkpoint over it -> remove
 */
import { join } from 'node:path'
import { type Clock, type JsonObject, type Log, messageOf } from '../model/index.ts'
import { hashBytes, type SignedCheckpoint, type SignerKey, tileWidth } from '../proof/index.ts'
import type { LogFiles } from './files.ts'
import { leavesOf, lineOf, placeBytes, placeOf, segmentChunks, timestampOf } from './line-chunks.ts'
import { makeLooks } from './looks.ts'
import { diskBytes, removeSegment } from './packer.ts'
import { lineBytesMax } from './place.ts'
import { type Going, newestRetention, retentionDetail } from './retention-record.ts'
import { segmentName, segmentNumbers } from './segments.ts'
import type { TileStore } from './tile-store.ts'
import { TrustedTiles } from './trusted-tiles.ts'
import { unpacked } from './unpacked.ts'

/** Milliseconds between two looks: what is kept for days need not go to the minute. Each new segment asks for one besides. */
const lookMs = 3_600_000
/** Segments of one look at most: each is read once, and calls share the disk. */
const segmentsMax = 16
/** Milliseconds to the next look when there were so many: a log that grows faster than that per hour must shrink as fast. */
const moreMs = 10_000
/** Bytes at the end of the log in which a record is looked for that a crash came behind: what it says is removed first. */
const unfinishedBytesMax = 16 * 1024 * 1024
const newline = 0x0a

/** What is kept; at least one of the two bounds. */
export interface Keep {
  /** Milliseconds; older records go. */
  readonly ms?: number | undefined
  /** Bytes of all segments on the disk; the oldest beyond them go. */
  readonly bytes?: number | undefined
  /** The lowest `seq` that somebody has not had yet: it stays, and what comes after it. Infinity when nobody waits. */
  readonly neededFrom: () => number
}

export interface RetentionOptions {
  readonly directory: string
  readonly keep: Keep
  readonly files: LogFiles
  readonly store: TileStore
  readonly signer: SignerKey
  readonly clock: Clock
  readonly log: Log
  /** Number of the segment that is written: it stays. */
  readonly current: () => number
  /** Runs nothing else that changes segments meanwhile. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
  /** The newest checkpoint that is on disk. */
  readonly checkpoint: () => SignedCheckpoint
  /** Lines that are durable. */
  readonly lines: () => number
  /** Writes the record. Rejects when it is not written. */
  readonly record: (detail: JsonObject) => Promise<void>
}

export type Retention = ReturnType<typeof makeRetention>

/** Looks at once, once an hour and when it is told to, in the background. */
export function makeRetention(options: RetentionOptions) {
  const { directory, keep, files, store, signer, clock, log } = options
  const reading = unpacked(files)
  let stopped = false
  let stopMore = () => {}
  let waiting: { readonly lines: number; readonly tell: (isCovered: boolean) => void } | undefined
  /** What the newest record covers, and how many lines the log has with it. Where only removing failed, the same record serves. */
  let recorded: { readonly throughSeq: number; readonly lines: number } | undefined
  const counts = { segmentsRemoved: 0, retentionFailures: 0 }

  function failed(cause: unknown): void {
    counts.retentionFailures += 1
    const error = messageOf(cause)
    log.error({ directory, error }, 'old segments of the decision log could not be removed; the next look tries again')
  }

  async function run(): Promise<void> {
    const going = await findGoing()
    if (going === undefined) return
    const { segments, throughSeq } = going
    const isFinishing = recorded !== undefined && throughSeq <= recorded.throughSeq
    if (!isFinishing) {
      await options.record(retentionDetail(going, signer))
      recorded = { throughSeq, lines: options.lines() }
    }
    if (!(await covered(recorded?.lines ?? 0))) return
    for (const segment of segments) {
      if (stopped) return
      await removeSegment(files, directory, segment, await files.list(directory))
      // One after the other: what a crash leaves has no gap.
      await files.syncDirectory(directory)
      counts.segmentsRemoved += 1
    }
    log.info({ segments, throughSeq, newest: going.newest }, 'old segments of the decision log were removed')
    if ((isFinishing || segments.length === segmentsMax) && !stopped) stopMore = clock.after(moreMs, () => looks.look())
  }

  /** The oldest segments, as far as they may go. */
  async function findGoing(): Promise<Going | undefined> {
    const untilMs = clock.nowMs() - (keep.ms ?? Number.POSITIVE_INFINITY)
    const checkpoint = options.checkpoint()
    const tiles = new TrustedTiles(checkpoint, store.read)
    const current = options.current()
    const names = await files.list(directory)
    const numbers = segmentNumbers(await reading.list(directory))
    let excessBytes = await excessOf(numbers, names)
    const segments: number[] = []
    let going: Going | undefined
    for (const [at, number] of numbers.entries()) {
      if (number >= current || segments.length === segmentsMax) break
      if (stopped) return undefined
      segments.push(number)
      const first = await firstSeq(number)
      // One without a line was begun just before a failure: it goes with those around it.
      if (first === undefined && (await reading.sizeBytes(join(directory, segmentName(number)))) === 0) continue
      const isTooMuch = excessBytes > 0
      if (!isTooMuch && !((await lastTimeMs(number)) < untilMs)) break
      if (((await firstSeq(numbers[at + 1] ?? current)) ?? options.lines()) > keep.neededFrom()) break
      if (going === undefined && !(await tiles.isTrusted()))
        throw new Error('the tiles do not lead to the newest checkpoint; run `gatehouse audit verify`')
      const fromSeq = going?.fromSeq ?? first ?? 0
      if (going === undefined) await checkGone(fromSeq)
      const begin = going === undefined ? fromSeq : going.throughSeq + 1
      const read = await readSegment(number, begin, tiles, checkpoint.size)
      if (read === undefined) break
      const isOld = Date.parse(read.newest) < untilMs
      if (!isTooMuch && !isOld) break
      // What a record says already goes alone, so that no two say the same.
      const through = recorded?.throughSeq ?? -1
      if (going !== undefined && going.throughSeq <= through && read.throughSeq > through) break
      if (keep.bytes !== undefined) excessBytes -= await diskBytes(files, directory, number, names)
      going = {
        segments: [...segments],
        fromSeq,
        throughSeq: read.throughSeq,
        bytes: (going?.bytes ?? 0) + read.bytes,
        newest: going !== undefined && going.newest > read.newest ? going.newest : read.newest,
        reason: isOld && going?.reason !== 'size' ? 'age' : 'size',
      }
    }
    return going
  }

  /** Bytes that the segments have more than are kept; negative when there is room. */
  async function excessOf(numbers: readonly number[], names: readonly string[]): Promise<number> {
    if (keep.bytes === undefined) return 0
    let bytes = -keep.bytes
    for (const number of numbers) bytes += await diskBytes(files, directory, number, names)
    return bytes
  }

  /** What a record of it would say of all that was there before must be so: removed by retention, not by somebody else. */
  async function checkGone(fromSeq: number): Promise<void> {
    const bytesMax = fromSeq === 0 ? unfinishedBytesMax : Number.POSITIVE_INFINITY
    recorded ??= await newestRetention({ files: reading, directory, key: signer.verifier, bytesMax })
    if (fromSeq > (recorded?.throughSeq ?? -1) + 1)
      throw new Error(
        `the first line is \`${fromSeq}\`, and no record says that retention removed the one before it; run \`gatehouse audit verify\`, and restore what is missing`,
      )
  }

  async function firstSeq(segment: number): Promise<number | undefined> {
    return placeOf(await reading.read(join(directory, segmentName(segment)), 0, placeBytes))
  }

  /** When its last line was written, so that a segment that stays is not read whole; NaN when it says nothing. */
  async function lastTimeMs(segment: number): Promise<number> {
    const path = join(directory, segmentName(segment))
    const start = Math.max(0, (await reading.sizeBytes(path)) - 2 * lineBytesMax)
    const bytes = await reading.read(path, start, 2 * lineBytesMax)
    const end = bytes.lastIndexOf(newline)
    const line = bytes.subarray(end < 1 ? 0 : bytes.lastIndexOf(newline, end - 1) + 1)
    return Date.parse(timestampOf(line) ?? '')
  }

  /** Undefined when a line of it is not covered by the checkpoint yet. Throws when one is not what was signed. */
  async function readSegment(
    segment: number,
    fromSeq: number,
    tiles: TrustedTiles,
    coveredLines: number,
  ): Promise<{ throughSeq: number; bytes: number; newest: string } | undefined> {
    let next = fromSeq
    let bytes = 0
    let newest = ''
    for await (const chunk of segmentChunks(reading, directory, segment, fromSeq)) {
      const count = chunk.starts.length - 1
      if (chunk.first + count > coveredLines) return undefined
      for (let place = 0; place < count; place++) {
        const time = timestampOf(lineOf(chunk, place)) ?? ''
        if (time > newest) newest = time
      }
      const mine = leavesOf(chunk)
      for (let done = 0; done < count; ) {
        const index = Math.floor(next / tileWidth)
        const place = next % tileWidth
        const some = Math.min(tileWidth - place, count - done)
        const row = await tiles.leaves(index)
        const signed = row?.subarray(place * hashBytes, (place + some) * hashBytes)
        if (signed?.equals(mine.subarray(done * hashBytes, (done + some) * hashBytes)) !== true)
          throw new Error(
            `\`${segmentName(segment)}\` or the tiles of its lines are not what was signed; run \`gatehouse audit verify\``,
          )
        done += some
        next += some
      }
      bytes += chunk.starts.at(-1) ?? 0
    }
    return { throughSeq: next - 1, bytes, newest }
  }

  /** Resolves when a checkpoint over so many lines is on disk; false when the log is closed before. */
  async function covered(lines: number): Promise<boolean> {
    if (stopped) return false
    if (options.checkpoint().size >= lines) return true
    return new Promise((tell) => {
      waiting = { lines, tell }
    })
  }

  const looks = makeLooks({ clock, everyMs: lookMs, work: () => options.alone(run), failed })

  return {
    /** For whoever knows that there may be more to remove, e.g. since another segment was begun. */
    look: looks.look,
    /** A checkpoint is on disk. */
    kept({ size }: SignedCheckpoint): void {
      if (waiting === undefined || size < waiting.lines) return
      waiting.tell(true)
      waiting = undefined
    },
    stats: () => ({ retentionLooks: looks.count, ...counts }),
    /** Ends before the next file is removed; what is left goes after the next start. */
    async close(): Promise<void> {
      stopped = true
      stopMore()
      waiting?.tell(false)
      await looks.stop()
    },
  }
}
