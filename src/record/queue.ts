/**
 * Lines on their way to the disk. They leave in batches, in the order they came; a batch has one promise that all its
 * waiters share. The queue is bounded in records and characters: a new call waits for room and is refused when there is
 * none in time. What ends a call is never refused, so that calls under way (`limits.callsMax`) can always close.
 *
 *     write -> [ room? ] -> tail batch ... -> head batch -> writer -> durable
 *                 | no
 *                 +-> waiting, in order, for logWaitMsMax -> log_queue_full
 */
import { type Clock, Fault, makeTimestamps, type RecordType } from '../model/index.ts'

/**
 * `known` is what every call may take; `unknown` is the small share of refusals before identification, so that a flood of
 * them cannot fill the room of real calls.
 */
export type Share = 'known' | 'unknown'

/** What happens to a line when its batch cannot be written. */
type Keeping =
  /** Its waiter is told, and writes another one that says what became of the call. */
  | 'dropped'
  /** It stays: nobody waits who would write another one. */
  | 'kept'

export interface Batch {
  /** Each without its `{"seq":N,`: it gets its place when it is written. */
  readonly lines: readonly string[]
  readonly chars: number
}

interface OpenBatch {
  readonly lines: string[]
  readonly keepings: Keeping[]
  chars: number
  unknown: number
  durable: PromiseWithResolvers<void> | undefined
}

interface Waiter {
  readonly records: number
  readonly chars: number
  readonly enter: () => void
  readonly refuse: (fault: Fault) => void
  readonly stopTimer: () => void
}

export interface QueueBounds {
  readonly recordsMax: number
  readonly charsMax: number
  /** Of `recordsMax`, what the share `unknown` may take. */
  readonly unknownRecordsMax: number
  /** Characters of a batch: three bytes for each must fit one write. */
  readonly batchCharsMax: number
  /** Records of refused calls that are held while the log cannot be written. */
  readonly heldRecordsMax: number
  readonly waitMsMax: number
}

export type Queue = ReturnType<typeof makeQueue>

/** Counted for what stands around a record: its place, type and time. */
const overheadChars = 80

/** `arrived` is called when a line came in. Faults: `log_queue_full`, `log_unavailable`. */
export function makeQueue(clock: Clock, bounds: QueueBounds, arrived: () => void) {
  const formatTime = makeTimestamps()
  let batches: OpenBatch[] = []
  /** Taken by the writer, neither durable nor failed yet. */
  let flying: OpenBatch | undefined
  let records = 0
  let chars = 0
  let unknownRecords = 0
  const waiting: Record<Share, Waiter[]> = { known: [], unknown: [] }
  const held: string[] = []
  /** Why no new call is taken. */
  let refusal: Fault | undefined
  /** Why nothing at all can be written. */
  let stop: Fault | undefined

  const lineOf = (type: RecordType, rest: string) =>
    `"type":"${type}","timestamp":"${formatTime(clock.nowMs())}",${rest}}\n`

  /** The batch that takes this many more characters: lines given together stay together. */
  function batchFor(length: number): OpenBatch {
    const last = batches.at(-1)
    if (last !== undefined && last.chars + length <= bounds.batchCharsMax) return last
    const batch: OpenBatch = { lines: [], keepings: [], chars: 0, unknown: 0, durable: undefined }
    batches.push(batch)
    return batch
  }

  function put(batch: OpenBatch, line: string, keeping: Keeping, share: Share): void {
    const length = line.length + overheadChars
    batch.lines.push(line)
    batch.keepings.push(keeping)
    batch.chars += length
    chars += length
    records += 1
    if (share === 'unknown') {
      batch.unknown += 1
      unknownRecords += 1
    }
  }

  function push(type: RecordType, rest: string, keeping: Keeping, share: Share): OpenBatch {
    const line = lineOf(type, rest)
    const batch = batchFor(line.length + overheadChars)
    put(batch, line, keeping, share)
    arrived()
    return batch
  }

  function pushPair(decision: string, outcome: string, share: Share): OpenBatch {
    const first = lineOf('decision', decision)
    const second = lineOf('outcome', outcome)
    const batch = batchFor(first.length + second.length + 2 * overheadChars)
    put(batch, first, 'dropped', share)
    put(batch, second, 'dropped', share)
    arrived()
    return batch
  }

  function durabilityOf(batch: OpenBatch): Promise<void> {
    if (batch.durable === undefined) {
      batch.durable = Promise.withResolvers<void>()
      // Whoever waits handles it; a batch that nobody waits for any more must not end the process.
      batch.durable.promise.catch(ignore)
    }
    return batch.durable.promise
  }

  function hasRoom(count: number, length: number, share: Share): boolean {
    if (records + count > bounds.recordsMax || chars + length > bounds.charsMax) return false
    return share === 'known' || unknownRecords + count <= bounds.unknownRecordsMax
  }

  /** Runs `enter` now or when there is room. */
  function whenRoom<T>(count: number, length: number, share: Share, enter: () => Promise<T>): Promise<T> {
    if (refusal !== undefined) return Promise.reject(refusal)
    const line = waiting[share]
    if (line.length === 0 && hasRoom(count, length, share)) return enter()
    return new Promise<T>((resolve, reject) => {
      const waiter: Waiter = {
        records: count,
        chars: length,
        enter: () => resolve(enter()),
        refuse: reject,
        stopTimer: clock.after(bounds.waitMsMax, () => {
          line.splice(line.indexOf(waiter), 1)
          const full = `${records} records of ${chars} characters are waiting for the disk`
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
      while (first !== undefined && hasRoom(first.records, first.chars, share)) {
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
    add(decision: string): Promise<void> {
      return whenRoom(1, decision.length + 2 * overheadChars, 'known', () =>
        durabilityOf(push('decision', decision, 'dropped', 'known')),
      )
    },

    /** The decision of a call that does not wait for it: resolves when there is room. */
    admit(decision: string): Promise<void> {
      return whenRoom(1, decision.length + 2 * overheadChars, 'known', async () => {
        push('decision', decision, 'kept', 'known')
      })
    },

    /** Both records of a refused call, which become durable together or not at all. */
    addPair(decision: string, outcome: string, share: Share): Promise<void> {
      const length = decision.length + outcome.length + 4 * overheadChars
      return whenRoom(2, length, share, () => durabilityOf(pushPair(decision, outcome, share)))
    },

    /** The end of a call whose decision was taken: always has room. After a rejection `keep` what became of the call. */
    end(outcome: string): Promise<void> {
      return stop === undefined ? durabilityOf(push('outcome', outcome, 'dropped', 'known')) : Promise.reject(stop)
    },

    /** What comes into force when it is durable: always has room. After a rejection it is not written. */
    change(rest: string): Promise<void> {
      return stop === undefined ? durabilityOf(push('admin', rest, 'dropped', 'known')) : Promise.reject(stop)
    },

    /**
     * Always has room and outlives a failed write: for records whose number is bounded elsewhere. A rejection says that it is
     * not durable yet; whoever does not care may leave it unhandled.
     */
    keep(type: RecordType, rest: string): Promise<void> {
      const durable = durabilityOf(push(type, rest, 'kept', 'known'))
      if (stop === undefined) return durable
      const down = Promise.reject(stop)
      down.catch(ignore)
      return down
    },

    /** A fault record of the small share: false when that is full. */
    offer(rest: string): boolean {
      if (!hasRoom(1, rest.length + 2 * overheadChars, 'unknown')) return false
      push('fault', rest, 'kept', 'unknown')
      return true
    },

    /** Both records of a call that was refused because the log cannot be written: false when too many are held. */
    hold(decision: string, outcome: string): boolean {
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
      records -= batch.lines.length
      chars -= batch.chars
      unknownRecords -= batch.unknown
      batch.durable?.resolve()
      admitWaiting()
    },

    /** For the writer: nothing can be written. Everyone who waits is told; lines that must not be lost stay, in order. */
    failed(fault: Fault): void {
      const all = flying === undefined ? batches : [flying, ...batches]
      flying = undefined
      batches = []
      records = 0
      chars = 0
      unknownRecords = 0
      refusal = fault
      stop = fault
      for (const batch of all) {
        batch.lines.forEach((line, place) => {
          if (batch.keepings[place] === 'kept') put(batchFor(line.length + overheadChars), line, 'kept', 'known')
        })
        batch.durable?.reject(fault)
      }
      refuseWaiting(fault)
    },

    /** For the writer: the disk takes lines again. New calls stay refused until `refuse(undefined)`. */
    resumed(): void {
      stop = undefined
    },

    /** What was held goes to the disk; says how many records that were. */
    release(): number {
      const count = held.length
      for (const line of held.splice(0)) put(batchFor(line.length + overheadChars), line, 'kept', 'known')
      if (count > 0) arrived()
      return count
    },

    /** A line without its place. */
    lineOf,

    depth: () => ({ records, chars, heldRecords: held.length }),
  }
}

function ignore(): void {}
