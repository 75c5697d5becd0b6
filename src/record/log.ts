/**
 * The decision log as its users see it: opened once over a directory that it then owns, taking records from the entries of
 * calls, from the house and from the sockets. Puts together the lock, the queue, the writer and the watch on the disk.
 */
import { join } from 'node:path'
import {
  type AnchorSettings,
  type Clock,
  Fault,
  type FaultCode,
  type FetchDocument,
  type JsonObject,
  type Log,
  type LogStats,
  limits,
  messageOf,
  quote,
  type RandomBytes,
  type Readiness,
  textOf,
} from '../model/index.ts'
import type { SignedCheckpoint } from '../proof/index.ts'
import type { OpenStore } from './anchor-kinds.ts'
import { type Anchors, makeAnchors } from './anchors.ts'
import type { Pieces } from './batch.ts'
import { watchDisk } from './disk.ts'
import type { ReadFiles } from './files.ts'
import { type LogFile, type LogFiles, writeWhole } from './files.ts'
import { fits, shortDetail } from './lines.ts'
import { LogOpenError, takeLock } from './lock.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { makePacker, type Packer } from './packer.ts'
import { type Known, openProof, type Proven, type ProvenOptions, readProof } from './proven.ts'
import { makeProver, type Prover } from './prover.ts'
import { makeQueue, type Queue } from './queue.ts'
import { type Keep, makeRetention, type Retention } from './retention.ts'
import { retentionEvent } from './retention-record.ts'
import { batchBytesMax, findEnd, type LogEnd, segmentName, segmentNumbers } from './segments.ts'
import type { KeySettings } from './signing-key.ts'
import { makeTileStore, type TileStore } from './tile-store.ts'
import { unpacked } from './unpacked.ts'
import { makeWriter, type Writer } from './writer.ts'

/** Milliseconds between two records that say how many were left out. */
const omissionMs = 1_000

export interface DecisionLogOptions {
  /** Absolute; made when it is not there. Its segments, the lock and checkpoints are in it. */
  readonly directory: string
  /** Bytes after which the next segment is begun. A single write of up to 4 MiB may be larger. */
  readonly segmentBytesMax: number
  /** Milliseconds after which the next segment is begun, with the next record. Default `limits.segmentMsMax`. */
  readonly segmentMsMax?: number
  /** Free bytes of the disk below which new calls are refused. 0 switches that off. */
  readonly freeDiskBytesMin: number
  readonly files: LogFiles
  readonly clock: Clock
  readonly log: Log
  /** Whether segments are packed once they are rotated out. Default false. */
  readonly packs?: boolean
  /** Without it the log is lines and nothing vouches for them: for measurements of what the proof costs. */
  readonly proof?: ProofOptions
}

export interface ProofOptions extends KeySettings {
  readonly randomBytes: RandomBytes
  /** What is kept of the log, whose oldest segments are removed otherwise. Undefined: all. What is not proven is never removed. */
  readonly keep?: Keep | undefined
  /** Where checkpoints are kept besides. */
  readonly anchors: readonly AnchorSettings[]
  readonly fetchDocument: FetchDocument
  readonly openStore: OpenStore
}

export interface DecisionLog {
  /** For `makeRecorder`. */
  readonly queue: Queue
  /** For `makeRecorder`: the call is counted, and a fault record says how many there were. */
  omit(code: FaultCode, count: number): void
  /**
   * What happened to the house. Resolves when it is durable. Rejects with `log_unavailable`, at once when the log is down
   * already, and even then it is written as soon as that is possible.
   */
  admin(event: string, detail: JsonObject): Promise<void>
  /**
   * What is about to change what is allowed. Resolves when it is durable. Rejects with `log_unavailable`: then it is not
   * written, and must not come into force.
   */
  change(event: string, detail: JsonObject): Promise<void>
  /** Bytes that were not a call. Never waits; beyond the share of such records they are only counted. */
  fault(code: FaultCode, detail: string, peer?: string, count?: number): void
  /** What vouches for the lines: the public key, the newest checkpoint, the tiles. Undefined without `proof`. */
  readonly proof: Pick<Prover, 'key' | 'checkpoint' | 'read'> | undefined
  readonly readiness: Readiness
  stats(): LogStats
  /** Writes what waits, ends the segment, gives the directory back. Call it when no call is under way any more. */
  close(): Promise<void>
}

/** Faults: `LogOpenError`, whose message is for the operator. */
export async function openDecisionLog(options: DecisionLogOptions): Promise<DecisionLog> {
  const { directory, files, clock, log } = options
  await usable(directory, 'cannot be made', files.makeDirectory(directory))
  const lock = takeLock(directory, clock.nowMs())
  let inOrder = lock.abandonedBy === undefined
  try {
    const names = await usable(directory, 'cannot be read', files.list(directory))
    const reading = unpacked(files)
    const end = await usable(directory, 'cannot be read', findEnd(reading, directory, segmentNumbers(names)))
    inOrder &&= end.tornBytes === 0
    const proving = provingOf(options, reading, end.nextSeq)
    const known = proving && (await usable(directory, 'cannot be proven', readProof(proving)))
    const { file, savedAs } = await usable(
      directory,
      'cannot be repaired',
      continueSegment(files, directory, end, clock),
    )
    const release = () => lock.release(true)
    const decisionLog = await assembleWith(options, { end, file, proving, known, release })
    if (!inOrder) {
      const detail = {
        reason: end.tornBytes > 0 ? 'torn_write' : 'not_stopped',
        ...(end.tornBytes > 0 && { segment: end.segment, cut_bytes: end.tornBytes }),
        ...(savedAs !== undefined && { saved_as: savedAs }),
        ...(lock.abandonedBy !== undefined && { process: { ...lock.abandonedBy } }),
      }
      log.warn(detail, 'the decision log was not closed in order and is recovered')
      void decisionLog.admin('recovery', detail)
    }
    return decisionLog
  } catch (cause) {
    // What was not in order may be repaired by now; the record that says so is still to be written, by whoever comes next.
    lock.release(inOrder)
    throw cause
  }
}

interface Opened {
  readonly end: LogEnd
  readonly file: LogFile | undefined
  readonly proving: ProvenOptions | undefined
  readonly known: Known | undefined
  readonly release: () => void
}

/** Leaves no segment open when it throws. */
async function assembleWith(options: DecisionLogOptions, opened: Opened): Promise<DecisionLog> {
  const { proving, known, ...start } = opened
  try {
    const proven = proving && known && (await usable(options.directory, 'cannot be proven', openProof(proving, known)))
    return await assemble(options, { ...start, proof: proving && proven && { store: proving.store, proven } })
  } catch (cause) {
    // What went wrong first is told: it is why nothing is written to this file any more.
    await opened.file?.close().catch(() => undefined)
    throw cause
  }
}

function provingOf(
  { directory, files, log, proof }: DecisionLogOptions,
  reading: ReadFiles,
  lines: number,
): ProvenOptions | undefined {
  if (proof === undefined) return undefined
  const { keyFile, origin, randomBytes } = proof
  const store = makeTileStore(directory, files)
  return { directory, files: reading, store, key: { keyFile, origin }, randomBytes, log, lines }
}

interface StartedProof {
  readonly store: TileStore
  readonly proven: Proven
}

async function usable<T>(directory: string, what: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof LogOpenError) throw cause
    const reason = messageOf(cause)
    throw new LogOpenError('log_unusable', `the log's directory \`${directory}\` ${what}: ${reason}`, cause)
  }
}

/**
 * Cuts what is torn and makes the rest durable: a process that was killed may have left whole lines unsynced, and they are
 * about to be followed by others. What is cut is kept beside the segment when it held more than the rest of one line.
 */
async function continueSegment(
  files: LogFiles,
  directory: string,
  end: LogEnd,
  clock: Clock,
): Promise<{ file: LogFile | undefined; savedAs: string | undefined }> {
  if (!end.isThere) return { file: undefined, savedAs: undefined }
  const path = join(directory, segmentName(end.segment))
  let savedAs: string | undefined
  if (end.tornLines) {
    savedAs = `${segmentName(end.segment)}.${Math.floor(clock.nowMs())}.cut`
    const saved = await files.open(join(directory, savedAs), 'create')
    try {
      await writeWhole(saved, await files.read(path, end.wholeBytes, end.tornBytes), 0)
    } finally {
      await saved.close()
    }
  }
  const file = await files.open(path, 'extend')
  try {
    if (end.tornBytes > 0) await file.truncate(end.wholeBytes)
    await file.sync()
    await files.syncDirectory(directory)
  } catch (cause) {
    // As above.
    await file.close().catch(() => undefined)
    throw cause
  }
  return { file, savedAs }
}

async function assemble(
  options: DecisionLogOptions,
  start: {
    readonly end: LogEnd
    readonly file: LogFile | undefined
    readonly proof: StartedProof | undefined
    readonly release: () => void
  },
): Promise<DecisionLog> {
  const { directory, segmentBytesMax, freeDiskBytesMin, files, clock, log } = options
  let shortSinceMs: number | undefined
  const omitted = new Map<FaultCode, number>()
  let omittedTotal = 0
  let stopOmissions: (() => void) | undefined

  // The queue wakes the writer, the writer takes from the queue.
  const queue = makeQueue(
    clock,
    {
      recordsMax: limits.logQueueRecordsMax,
      bytesMax: limits.logQueueBytesMax,
      unknownRecordsMax: limits.unidentifiedQueueRecordsMax,
      batchBytesMax,
      heldRecordsMax: limits.logQueueRecordsMax / 4,
      waitMsMax: limits.logWaitMsMax,
    },
    start.end.nextSeq,
    () => writer.wake(),
  )
  let anchors: Anchors | undefined
  let retention: Retention | undefined
  let packer: Packer | undefined
  const kept = (checkpoint: SignedCheckpoint) => {
    anchors?.offer(checkpoint)
    retention?.kept(checkpoint)
  }
  const prover =
    start.proof === undefined
      ? undefined
      : await usable(directory, 'cannot take a checkpoint', makeProver({ ...start.proof, queue, clock, log, kept }))
  if (prover !== undefined && options.proof !== undefined) {
    const { anchors: settings, fetchDocument, openStore } = options.proof
    const { key, read } = prover
    anchors = makeAnchors({ settings, directory, key, read, files, fetchDocument, openStore, clock, log })
    anchors.offer(prover.checkpoint())
  }
  const writer: Writer = makeWriter({
    directory,
    segmentBytesMax,
    segmentMsMax: options.segmentMsMax ?? limits.segmentMsMax,
    files,
    clock,
    log,
    queue,
    prover,
    end: {
      segment: start.end.segment,
      file: start.file,
      bytes: start.end.wholeBytes,
      nextSeq: start.end.nextSeq,
    },
    recoveryLine: (detail) => queue.lineOf('admin', adminRest('recovery', detail)),
    async obstacle() {
      await disk.look()
      return disk.shortage()
    },
    recovered() {
      queue.resumed()
      open()
    },
    begun() {
      packer?.look()
      retention?.look()
    },
  })
  const disk = watchDisk({ directory, freeDiskBytesMin, files, clock, log, changed: diskChanged })
  await disk.look()

  /** New calls are taken again if nothing else stands against it. */
  function open(): void {
    const shortage = disk.shortage()
    const fault = writer.failure() ?? (shortage === undefined ? undefined : new Fault('log_unavailable', shortage))
    queue.refuse(fault)
    if (fault === undefined) queue.release()
  }

  function diskChanged(): void {
    const shortage = disk.shortage()
    if (shortage !== undefined) {
      log.error({ directory, freeBytes: disk.freeBytes() }, shortage)
      shortSinceMs ??= clock.monotonicMs()
    } else if (shortSinceMs !== undefined) {
      log.info({ directory, freeBytes: disk.freeBytes() }, "the log's disk has room again")
      const unavailable_ms = Math.round(clock.monotonicMs() - shortSinceMs)
      shortSinceMs = undefined
      void queue.keep('admin', adminRest('recovery', { reason: 'disk_short', unavailable_ms }))
    }
    open()
  }

  function omit(code: FaultCode, count: number): void {
    omitted.set(code, (omitted.get(code) ?? 0) + count)
    omittedTotal += count
    stopOmissions ??= clock.after(omissionMs, writeOmissions)
  }

  function writeOmissions(): void {
    stopOmissions = undefined
    for (const [code, count] of omitted) {
      void queue.keep(
        'fault',
        faultRest(code, 'counted only: there was no room for a record of each', undefined, count),
      )
    }
    omitted.clear()
  }

  const current = () => writer.counts().segment
  const alone = oneAtATime()
  if (options.packs === true) packer = makePacker({ directory, files, clock, log, current, alone })
  const keep = options.proof?.keep
  if (prover !== undefined && start.proof !== undefined && keep !== undefined) {
    retention = makeRetention({
      ...{ directory, keep, files, clock, log, store: start.proof.store, signer: start.proof.proven.signer },
      ...{ current, alone },
      checkpoint: prover.checkpoint,
      lines: prover.lines,
      record: (detail) => queue.change(adminRest(retentionEvent, detail)),
    })
  }

  let closed: Promise<void> | undefined
  async function close(): Promise<void> {
    disk.stop()
    await retention?.close()
    await packer?.close()
    stopOmissions?.()
    writeOmissions()
    await writer.close()
    await prover?.close()
    await anchors?.close()
    start.release()
  }

  return {
    queue,
    omit,
    proof: prover,
    admin: (event, detail) => queue.keep('admin', adminRest(event, detail)),
    change: (event, detail) => queue.change(adminRest(event, detail)),
    fault(code, detail, peer, count) {
      if (!queue.offer(faultRest(code, detail, peer, count))) omit(code, count ?? 1)
    },
    readiness() {
      const failure = writer.failure()
      return failure === undefined
        ? (disk.shortage() ?? prover?.obstacle() ?? anchors?.obstacle())
        : `${failure.detail}: calls are refused until the disk of \`${directory}\` can be written`
    },
    stats() {
      const { records: queueRecords, bytes: queueBytes, heldRecords } = queue.depth()
      return {
        ...writer.counts(),
        checkpointLines: undefined,
        checkpointFailures: undefined,
        ...prover?.stats(),
        anchorFailures: undefined,
        anchorLagLines: undefined,
        ...anchors?.stats(),
        retentionLooks: undefined,
        segmentsRemoved: undefined,
        retentionFailures: undefined,
        ...retention?.stats(),
        packLooks: undefined,
        segmentsPacked: undefined,
        packFailures: undefined,
        ...packer?.stats(),
        queueRecords,
        queueBytes,
        heldRecords,
        omitted: omittedTotal,
        freeDiskBytes: disk.freeBytes(),
      }
    },
    close() {
      closed ??= close()
      return closed
    },
  }
}

function adminRest(event: string, detail: JsonObject): Pieces {
  const text = textOf(detail)
  return [`"event":${quote(event)},"detail":${fits([text]) ? text : '{"omitted":"size"}'}`]
}

function faultRest(code: FaultCode, detail: string, peer: string | undefined, count: number | undefined): Pieces {
  const by = peer === undefined ? '' : `,"requested_by":${quote(peer)}`
  return [
    `"code":"${code}","detail":${quote(shortDetail(detail))}${by}${count === undefined ? '' : `,"count":${count}`}`,
  ]
}
