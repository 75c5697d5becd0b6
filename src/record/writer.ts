/**
 * The one loop that writes: it takes what waits, makes one durable write of it, tells the waiters, and goes round. A
 * failed write ends its segment for good: what it left is cut off, and another segment is tried later, less and less often.
 *
 *     open --write failed--> failed --wait, cut, new segment, recovery record durable--> open
 *                               ^------------------- any of it failed -------------------+
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type Clock, Fault, type Log, messageOf } from '../model/index.ts'
import { Batch, type Pieces } from './batch.ts'
import type { LogFile, LogFiles } from './files.ts'
import type { Prover } from './prover.ts'
import type { Queue } from './queue.ts'
import { segmentName } from './segments.ts'

/** Milliseconds before the first try of a new segment, doubled up to the last: a disk that comes back is used within 5 s. */
const retryMsMin = 100
const retryMsMax = 5_000
/** Bytes of the record of a recovery: what the operating system says of an error is short. */
const recoveryBytesMax = 64 * 1024

/**
 * A durable write costs some 100 us of CPU and a millisecond of the disk, whatever is in it, so one is begun only when no more
 * is coming: after so many turns of the event loop in a row that brought no record (a turn that has nothing to do takes some
 * microseconds: a lone caller does not notice), and after so many in all, so that a steady stream does not hold up its first.
 * Measured at 32 callers: 24 records a write instead of 15.
 */
const quietTurns = 2
const gatheringTurnsMax = 8

export interface WriterOptions {
  readonly directory: string
  readonly segmentBytesMax: number
  /** Milliseconds; counted from when the segment was begun or, after a restart, opened. */
  readonly segmentMsMax: number
  readonly files: LogFiles
  readonly clock: Clock
  readonly log: Log
  readonly queue: Queue
  /** Learns what the lines of each durable batch hash to; undefined: nothing is proven. */
  readonly prover: Pick<Prover, 'leavesOf' | 'append'> | undefined
  /** Where the log ended; the file is undefined when the first segment is to be made. */
  readonly end: {
    readonly segment: number
    readonly file: LogFile | undefined
    readonly bytes: number
    readonly nextSeq: number
  }
  /** An admin record that says what happened, as a line without its place. */
  readonly recoveryLine: (detail: { readonly [name: string]: string | number }) => Pieces
  /** After a failure: why the disk cannot be tried yet, e.g. it is full. */
  readonly obstacle: () => Promise<string | undefined>
  /** The disk takes lines again. */
  readonly recovered: () => void
  /** Another segment was begun: those before it grow no more. */
  readonly begun: () => void
}

export type Writer = ReturnType<typeof makeWriter>

export function makeWriter(options: WriterOptions) {
  const { directory, segmentBytesMax, segmentMsMax, files, clock, log, queue, prover } = options
  let { segment, file, bytes: segmentBytes, nextSeq } = options.end
  let segmentBeganMs = clock.monotonicMs()
  let busy = false
  let failure: { readonly fault: Fault; readonly sinceMs: number; readonly segment: number } | undefined
  /** Whether the current segment's file was made or opened here, so that it may be removed. */
  let ours = file !== undefined
  /** Whether the failed segment still has bytes behind its last durable line. */
  let uncut = false
  let retryMs = retryMsMin
  let stopRetry = () => {}
  let closing = false
  let whenIdle: (() => void)[] = []
  const counts = { batches: 0, records: 0, bytes: 0, failures: 0 }

  function wake(): void {
    if (busy || failure !== undefined) return
    busy = true
    gather(0, 0, 0)
  }

  /** Looks once a turn of the event loop whether more came, and writes when that has ended. */
  function gather(seen: number, quiet: number, turns: number): void {
    setImmediate(() => {
      const { records } = queue.depth()
      const quietNow = records === seen ? quiet + 1 : 0
      if (records === 0 || quietNow === quietTurns || turns + 1 === gatheringTurnsMax) round()
      else gather(records, quietNow, turns + 1)
    })
  }

  function idle(): void {
    busy = false
    const run = whenIdle
    whenIdle = []
    for (const told of run) told()
  }

  function round(): void {
    const batch = queue.take()
    if (batch === undefined) idle()
    else writeBatch(batch)
  }

  function writeBatch(batch: Batch): void {
    assert(batch.nextSeq === nextSeq + batch.ends.length, 'a batch is not where the log ends')
    if (file === undefined || isFull(batch.length)) {
      beginSegment().then((next) => writeFrom(next, 0, batch), fail)
    } else {
      writeFrom(file, 0, batch)
    }
  }

  function writeFrom(to: LogFile, offset: number, batch: Batch, hashed?: Buffer): void {
    const { bytes, length, ends } = batch
    to.write(bytes, offset, length - offset, segmentBytes + offset, (error, written) => {
      if (error !== null) return fail(error)
      if (written <= 0) return fail(new Error(`the disk took \`${written}\` of \`${length - offset}\` bytes`))
      if (offset + written < length) return writeFrom(to, offset + written, batch, leaves)
      segmentBytes += length
      nextSeq = batch.nextSeq
      if (leaves !== undefined) prover?.append(leaves)
      counts.batches += 1
      counts.records += ends.length
      counts.bytes += length
      if (failure !== undefined) recover()
      queue.done()
      gather(0, 0, 0)
    })
    // While the disk works.
    const leaves = hashed ?? prover?.leavesOf(bytes, ends)
  }

  function isFull(moreBytes: number): boolean {
    if (segmentBytes === 0) return false
    return segmentBytes + moreBytes > segmentBytesMax || clock.monotonicMs() - segmentBeganMs >= segmentMsMax
  }

  async function beginSegment(): Promise<LogFile> {
    const full = file
    file = undefined
    if (full !== undefined) {
      await closeOld(full)
      nextSegment()
    }
    file = await files.open(join(directory, segmentName(segment)), 'create')
    segmentBeganMs = clock.monotonicMs()
    ours = true
    await files.syncDirectory(directory)
    options.begun()
    return file
  }

  function nextSegment(): void {
    segment += 1
    segmentBytes = 0
    ours = false
  }

  /** Every line of it that somebody relies on is durable: that closing fails says nothing about them. */
  async function closeOld(old: LogFile): Promise<void> {
    await old
      .close()
      .catch((cause: unknown) =>
        log.warn({ segment, error: String(cause) }, 'a segment of the log could not be closed'),
      )
  }

  function fail(cause: unknown): void {
    const what = messageOf(cause)
    counts.failures += 1
    uncut = true
    failure = {
      fault: new Fault('log_unavailable', `the decision log cannot be written: ${what}`, { cause }),
      sinceMs: failure?.sinceMs ?? clock.monotonicMs(),
      segment: failure?.segment ?? segment,
    }
    log.error({ segment, error: String(cause) }, 'the decision log cannot be written')
    // The first line of the next segment is the recovery's.
    queue.failed(failure.fault, nextSeq + 1)
    // At once: what nobody was told is durable should not be found by a reader, or after a crash.
    cut().then(tryLater, (reason: unknown) => {
      log.warn({ segment, error: String(reason) }, 'the end of a failed segment could not be cut off yet')
      tryLater()
    })
  }

  function tryLater(): void {
    idle()
    if (closing) return
    stopRetry = clock.after(retryMs, () => void reopen())
    retryMs = Math.min(retryMs * 2, retryMsMax)
  }

  /** On another descriptor: after a failed write the kernel may call the next sync of the same one a success. */
  async function cut(): Promise<void> {
    const failed = file
    file = undefined
    if (failed !== undefined) await closeOld(failed)
    const name = segmentName(segment)
    const path = join(directory, name)
    if (segmentBytes > 0) {
      const again = await files.open(path, 'extend')
      try {
        await again.truncate(segmentBytes)
        await again.sync()
      } finally {
        await closeOld(again)
      }
      nextSegment()
    } else if ((await files.list(directory)).includes(name)) {
      // One with bytes that are not ours stays in the way, for a person to see.
      if (ours || (await files.sizeBytes(path)) === 0) await files.remove(path)
      await files.syncDirectory(directory)
    }
    uncut = false
  }

  async function reopen(): Promise<void> {
    const { fault, sinceMs, segment: failed } = failure ?? bug('only a failed log is opened again')
    busy = true
    try {
      if (uncut) await cut()
      const obstacle = await options.obstacle()
      if (obstacle !== undefined) throw new Error(obstacle)
    } catch (cause) {
      log.warn({ segment, error: String(cause) }, 'the decision log still cannot be written')
      return tryLater()
    }
    const downMs = Math.round(clock.monotonicMs() - sinceMs)
    // The first line of the new segment, alone: the queue goes on when it is durable.
    const detail = { reason: 'write_failed', error: fault.detail, segment: failed, unavailable_ms: downMs }
    const recovery = new Batch(nextSeq, Buffer.allocUnsafe(recoveryBytesMax))
    recovery.put(options.recoveryLine(detail), 'dropped')
    writeBatch(recovery)
  }

  function recover(): void {
    failure = undefined
    retryMs = retryMsMin
    log.info({ segment }, 'the decision log is written again')
    options.recovered()
  }

  return {
    wake,
    failure: () => failure?.fault,
    counts: () => ({ ...counts, segment, segmentBytes, nextSeq }),
    /** Writes what waits, trying another segment once if it must; says in the program's log what could not be written. */
    async close(): Promise<void> {
      closing = true
      stopRetry()
      for (let tries = 0; tries < 2; tries++) {
        if (busy) await new Promise<void>((resolve) => whenIdle.push(resolve))
        if (failure === undefined) break
        if (tries === 0) void reopen()
      }
      const { records, heldRecords } = queue.depth()
      if (records + heldRecords > 0) {
        log.error(
          { records: records + heldRecords },
          'records that nobody waited for were lost: the log could not be written',
        )
      }
      if (file !== undefined) await closeOld(file)
      file = undefined
    },
  }
}

function bug(what: string): never {
  throw new Error(what)
}
