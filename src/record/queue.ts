/**
 * Lines on their way to the disk. They leave in batches, in the order they came; a batch has one promise that all its
 * waiters share. The queue is bounded in records and bytes: a new call waits for room and is refused when there is
 * none in time. What ends a call is never refused, so that calls under way (`limits.callsMax`) can always close.
 *
 *     write -> [ room? ] -> tail batch ... -> head batch -> writer -> durable
 *                 | no
 *                 +-> waiting, in order, for logWaitMsMax -> log_queue_full
 */
import { type Clock, Fault, makeTimestamps, type RecordType } from '../model/index.ts'
import { Batch, type Keeping, type Pieces, sizeOf } from './batch.ts'

/**
 * `known` is what every call may take; `unknown` is the small share of refusals before identification, so that a flood of
 * them cannot fill the room of real calls.
 */
export type Share = 'known' | 'unknown'

interface Waiter {
  readonly records: number
  readonly bytes: number
  readonly enter: () => void
  readonly refuse: (fault: Fault) => void
  readonly stopTimer: () => void
}

export interface QueueBounds {
  readonly recordsMax: number
  readonly bytesMax: number
  /** Of `recordsMax`, what the share `unknown` may take. */
  readonly unknownRecordsMax: number
  /** Of one write: at least the largest line and three times as much. */
  readonly batchBytesMax: number
  /** Records of refused calls that are held while the log cannot be written. */
  readonly heldRecordsMax: number
  readonly waitMsMax: number
}

export type Queue = ReturnType<typeof makeQueue>

/** Buffers that are kept for the next batches: one is filled while the other is written. */
const sparesMax = 2

/** `firstSeq` is the place of the first line. `arrived` is called when a line came in. Faults: `log_queue_full`, `log_unavailable`. */
export function makeQueue(clock: Clock, bounds: QueueBounds, firstSeq: number, arrived: () => void) {
  const formatTime = makeTimestamps()
  const spares: Buffer[] = []
  let batches: Batch[] = []
  /** Taken by the writer, neither durable nor failed yet. */
  let flying: Batch | undefined
  /** The place of a line that comes when no other one waits. */
  let idleSeq = firstSeq
  let records = 0
  let bytes = 0
  let unknownRecords = 0
  const waiting: Record<Share, Waiter[]> = { known: [], unknown: [] }
  const held: Pieces[] = []
  /** Why no new call is taken. */
  let refusal: Fault | undefined
  /** Why nothing at all can be written. */
  let stop: Fault | undefined

  function lineOf(type: RecordType, rest: Pieces): Pieces {
    const before = `"type":"${type}","timestamp":"${formatTime(clock.nowMs())}",`
    return [before, ...rest, '}\n']
  }

  /** The batch that takes these lines, which stay together. */
  function batchFor(first: Pieces, second?: Pieces): Batch {
    const last = batches.at(-1)
    if (last?.takes(first, second)) return last
    const nextSeq = (last ?? flying)?.nextSeq ?? idleSeq
    const batch = new Batch(nextSeq, spares.pop() ?? Buffer.allocUnsafeSlow(bounds.batchBytesMax))
    batches.push(batch)
    return batch
  }

  function put(batch: Batch, line: Pieces, keeping: Keeping, share: Share): void {
    bytes += batch.put(line, keeping)
    records += 1
    if (share === 'unknown') {
      batch.unknown += 1
      unknownRecords += 1
    }
  }

  function push(type: RecordType, rest: Pieces, keeping: Keeping, share: Share): Batch {
    const line = lineOf(type, rest)
    const batch = batchFor(line)
    put(batch, line, keeping, share)
    arrived()
    return batch
  }

  function pushPair(decision: Pieces, outcome: Pieces, share: Share): Batch {
    const first = lineOf('decision', decision)
    const second = lineOf('outcome', outcome)
    const batch = batchFor(first, second)
    put(batch, first, 'dropped', share)
    put(batch, second, 'dropped', share)
    arrived()
    return batch
  }

  /** Lines that are in no record of any waiter any more: they go to the disk in their order. */
  function putKept(lines: Iterable<Pieces>): void {
    for (const line of lines) put(batchFor(line), line, 'kept', 'known')
  }

  function recycle(batch: Batch): void {
    if (spares.length < sparesMax) spares.push(batch.bytes)
  }

  function hasRoom(count: number, size: number, share: Share): boolean {
    if (records + count > bounds.recordsMax || bytes + size > bounds.bytesMax) return false
    return share === 'known' || unknownRecords + count <= bounds.unknownRecordsMax
  }

  /** Runs `enter` now or when there is room. */
  function whenRoom<T>(count: number, size: number, share: Share, enter: () => Promise<T>): Promise<T> {
    if (refusal !== undefined) return Promise.reject(refusal)
    const line = waiting[share]
    if (line.length === 0 && hasRoom(count, size, share)) return enter()
    return new Promise<T>((resolve, reject) => {
      const waiter: Waiter = {
        records: count,
        bytes: size,
        enter: () => resolve(enter()),
        refuse: reject,
        stopTimer: clock.after(bounds.waitMsMax, () => {
          line.splice(line.indexOf(waiter), 1)
          const full = `${records} records of ${bytes} bytes are waiting for the disk`
          reject(new Fault('log_queue_full', `no room in the log's queue for \`${bounds.waitMsMax}\` ms: ${full}`))
        }),
      }
      line.push(waiter)
    })
  }

  function admitWaiting(): void {
    for (const share of ['known', 'unknown'] as const) {
      const line = waiting[share]
      let first = line[0]
      while (first !== undefined && hasRoom(first.records, first.bytes, share)) {
        line.shift()
        first.stopTimer()
        first.enter()
        first = line[0]
      }
    }
  }

  function refuseWaiting(fault: Fault): void {
    for (const share of ['known', 'unknown'] as const) {
      for (const waiter of waiting[share].splice(0)) {
        waiter.stopTimer()
        waiter.refuse(fault)
      }
    }
  }

  return {
    /** The decision of a call that goes on when it is durable. */
    add(decision: Pieces): Promise<void> {
      return whenRoom(1, sizeOf(decision), 'known', () => push('decision', decision, 'dropped', 'known').durable())
    },

    /** The decision of a call that does not wait for it: resolves when there is room. */
    admit(decision: Pieces): Promise<void> {
      return whenRoom(1, sizeOf(decision), 'known', async () => {
        push('decision', decision, 'kept', 'known')
      })
    },

    /** Both records of a refused call, which become durable together or not at all. */
    addPair(decision: Pieces, outcome: Pieces, share: Share): Promise<void> {
      const size = sizeOf(decision) + sizeOf(outcome)
      return whenRoom(2, size, share, () => pushPair(decision, outcome, share).durable())
    },

    /** The end of a call whose decision was taken: always has room. After a rejection `keep` what became of the call. */
    end(outcome: Pieces): Promise<void> {
      return stop === undefined ? push('outcome', outcome, 'dropped', 'known').durable() : Promise.reject(stop)
    },

    /** What comes into force when it is durable: always has room. After a rejection it is not written. */
    change(rest: Pieces): Promise<void> {
      return stop === undefined ? push('admin', rest, 'dropped', 'known').durable() : Promise.reject(stop)
    },

    /**
     * Always has room and outlives a failed write: for records whose number is bounded elsewhere. A rejection says that it is
     * not durable yet; whoever does not care may leave it unhandled.
     */
    keep(type: RecordType, rest: Pieces): Promise<void> {
      const durable = push(type, rest, 'kept', 'known').durable()
      if (stop === undefined) return durable
      const down = Promise.reject(stop)
      down.catch(ignore)
      return down
    },

    /** A fault record of the small share: false when that is full. */
    offer(rest: Pieces): boolean {
      if (!hasRoom(1, sizeOf(rest), 'unknown')) return false
      push('fault', rest, 'kept', 'unknown')
      return true
    },

    /** Both records of a call that was refused because the log cannot be written: false when too many are held. */
    hold(decision: Pieces, outcome: Pieces): boolean {
      if (held.length + 2 > bounds.heldRecordsMax) return false
      held.push(lineOf('decision', decision), lineOf('outcome', outcome))
      return true
    },

    /** New calls are refused with this fault from now on, or taken again. */
    refuse(fault: Fault | undefined): void {
      refusal = fault
      if (fault !== undefined) refuseWaiting(fault)
    },

    /** For the writer: the next batch, in flight until `done` or `failed`. */
    take(): Batch | undefined {
      flying = batches.shift()
      return flying
    },

    /** For the writer: the batch in flight is durable. */
    done(): void {
      const batch = flying
      if (batch === undefined) return
      flying = undefined
      idleSeq = batch.nextSeq
      records -= batch.ends.length
      bytes -= batch.length
      unknownRecords -= batch.unknown
      batch.end()
      recycle(batch)
      admitWaiting()
    },

    /**
     * For the writer: nothing can be written. Everyone who waits is told; lines that must not be lost stay, in order, and get
     * their places anew from `nextSeq` on.
     */
    failed(fault: Fault, nextSeq: number): void {
      const all = flying === undefined ? batches : [flying, ...batches]
      flying = undefined
      batches = []
      idleSeq = nextSeq
      records = 0
      bytes = 0
      unknownRecords = 0
      refusal = fault
      stop = fault
      for (const batch of all) {
        putKept(batch.kept())
        batch.end(fault)
        recycle(batch)
      }
      refuseWaiting(fault)
    },

    /** For the writer: the disk takes lines again. New calls stay refused until `refuse(undefined)`. */
    resumed(): void {
      stop = undefined
    },

    /** What was held goes to the disk; says how many records that were. */
    release(): number {
      const lines = held.splice(0)
      putKept(lines)
      if (lines.length > 0) arrived()
      return lines.length
    },

    /** A line without its place. */
    lineOf,

    depth: () => ({ records, bytes, heldRecords: held.length }),
  }
}

function ignore(): void {}
