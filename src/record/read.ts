/**
 * Reads the log while it is written, or without a gateway: the newest records, those since a time, or all, and then what
 * comes. It holds no lock and no more than a few chunks in memory. A line is whole when its newline is there; an unfinished
 * one is read again later.
 */
import { join } from 'node:path'
import { type LogRecord, limits } from '../model/index.ts'
import type { LogFiles } from './files.ts'
import { type CallFacts, type Filters, factsOf, matches, needsFacts } from './filter.ts'
import { callLeadRecords, OpenCalls } from './open-calls.ts'
import { chunkBytes, findPlace, lineBytesMax, type Place, parsed } from './place.ts'
import { segmentName, segmentNumbers } from './segments.ts'
import { isAbsent, unlessAbsent } from './tile-store.ts'
import { unpacked } from './unpacked.ts'

/** Milliseconds between two looks for more, while following: a person does not see it sooner. */
const lookMs = 200
/** Outcomes remembered while looking backwards for their decisions. */
const pendingMax = 2 * limits.callsMax
/** Chunks read further back for the decisions of outcomes that were found: 16 MiB, some 10,000 calls. */
const chunksBehindMax = 64
/** Milliseconds before `since` at which reading begins, so that outcomes right after it find their decisions. */
const leadMs = 10_000
const newline = 0x0a

/** One line of the log. */
export interface Logged {
  readonly record: LogRecord
  /** As it stands in the file, without its newline: numbers are exact here, in `record` they are doubles. */
  readonly text: string
  /** Of the call that the record is about, when its decision record was read. */
  readonly facts: CallFacts | undefined
}

export interface ReadOptions {
  readonly directory: string
  /** `last`: that many matching records, 1 or more; `sinceMs`: milliseconds since 1970; `seq`: that record; `start`: everything. */
  readonly from: { readonly last: number } | { readonly sinceMs: number } | { readonly seq: number } | 'start'
  /** Milliseconds since 1970: ends before the first record from then on, also while it follows. */
  readonly untilMs?: number | undefined
  readonly filters: Filters
  /** Goes on with what comes, until `signal` is aborted. */
  readonly follow: boolean
  readonly signal: AbortSignal
  readonly files: Pick<LogFiles, 'list' | 'read' | 'sizeBytes'>
  /** Resolves after `ms`, or at once when the signal is aborted. Must keep the process alive. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** Told about a whole line that is no record: it is left out. */
  readonly unreadable: (path: string, position: number) => void
}

/** Ends when everything was read, or when it follows and the signal is aborted. Throws what the file system throws. */
export async function* readLog(asked: ReadOptions): AsyncGenerator<Logged, void, undefined> {
  const options = { ...asked, files: unpacked(asked.files) }
  const { from, follow, filters, untilMs } = options
  const calls = new OpenCalls(filters)
  const untilTime = untilMs === undefined ? undefined : timeOf(untilMs)
  let place: Place = { segment: 0, bytes: 0 }
  let isWanted = (_record: LogRecord) => true
  if (from !== 'start' && 'last' in from) {
    const newest = await readBackwards(options, from.last, calls, untilTime)
    yield* newest.found
    if (!follow || newest.isPast) return
    place = newest.end
  } else if (from !== 'start' && 'seq' in from) {
    isWanted = ({ seq }) => seq >= from.seq
    place = await findPlace(options, ({ seq }) => seq < from.seq - callLeadRecords)
  } else if (from !== 'start') {
    const sinceTime = timeOf(from.sinceMs)
    const leadTime = timeOf(from.sinceMs - leadMs)
    isWanted = ({ timestamp }) => timestamp >= sinceTime
    place = await findPlace(options, ({ timestamp }) => timestamp < leadTime)
  }
  for await (const { text, path, position } of readForwards(options, place)) {
    const record = parsed(text)
    if (record === undefined) {
      options.unreadable(path, position)
      continue
    }
    if (untilTime !== undefined && record.timestamp >= untilTime) return
    const facts = calls.factsFor(record)
    if (isWanted(record) && matches(record, facts, filters)) yield { record, text, facts }
  }
}

type ForwardOptions = Pick<ReadOptions, 'directory' | 'files' | 'follow' | 'signal' | 'pause' | 'unreadable'>

interface Line {
  /** Without its newline. */
  readonly text: string
  readonly path: string
  /** Bytes before it, and before what follows it. */
  readonly position: number
  readonly nextPosition: number
}

/** Whole lines from a place on, over the borders of segments; with `follow` without end. */
export async function* readForwards(options: ForwardOptions, from: Place): AsyncGenerator<Line, void, undefined> {
  const { directory, files, follow, signal } = options
  let { segment, bytes: position } = from
  while (!signal.aborted) {
    // Listed before it is read to its end: if there is a later segment now, this one does not grow any more.
    const numbers = segmentNumbers(await files.list(directory))
    if (!numbers.includes(segment)) {
      const next = numbers.find((number) => number > segment)
      if (next !== undefined) {
        segment = next
        position = 0
        continue
      }
    } else {
      const path = join(directory, segmentName(segment))
      // A write that failed is cut off again: what follows begins where the file now ends.
      position = Math.min(position, (await unlessAbsent(files.sizeBytes(path))) ?? 0)
      for await (const line of unlessRemoved(linesOf(options, path, position))) {
        yield line
        position = line.nextPosition
        if (signal.aborted) return
      }
      const next = numbers.find((number) => number > segment)
      if (next !== undefined) {
        segment = next
        position = 0
        continue
      }
    }
    if (!follow) return
    await options.pause(lookMs, signal)
  }
}

/** Retention may remove a segment while it is read: then it ends there. */
async function* unlessRemoved<T>(parts: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  try {
    yield* parts
  } catch (cause) {
    if (!isAbsent(cause)) throw cause
  }
}

/** The whole lines of one file from a position to where it ends now. */
async function* linesOf(options: ForwardOptions, path: string, from: number): AsyncGenerator<Line, void, undefined> {
  let position = from
  let wantedBytes = chunkBytes
  for (;;) {
    const bytes = await options.files.read(path, position, wantedBytes)
    let lineStart = 0
    for (;;) {
      const end = bytes.indexOf(newline, lineStart)
      if (end === -1) break
      const nextPosition = position + end + 1
      yield { text: bytes.toString('utf8', lineStart, end), path, position: position + lineStart, nextPosition }
      lineStart = end + 1
    }
    position += lineStart
    if (bytes.length < wantedBytes) return
    // A line that is longer than what was read is read again, whole.
    wantedBytes = lineStart === 0 ? Math.min(wantedBytes * 2, lineBytesMax) : chunkBytes
    if (lineStart === 0 && bytes.length >= lineBytesMax) {
      options.unreadable(path, position)
      position += bytes.length
    }
  }
}

/** The newest matching records in the order of the log, and where the log ended when they were read. */
async function readBackwards(
  options: ReadOptions,
  count: number,
  calls: OpenCalls,
  untilTime: string | undefined,
): Promise<{ found: readonly Logged[]; end: Place; isPast: boolean }> {
  const { directory, files, filters, signal } = options
  const numbers = segmentNumbers(await files.list(directory))
  let end: Place = { segment: numbers.at(-1) ?? 0, bytes: 0 }
  const found: Logged[] = []
  /** Outcomes that wait for the decision record before them. */
  const pending = new Map<string, Logged>()
  let chunksBehind = 0
  /** Whether there are records from `untilTime` on. */
  let isPast = false
  for (const segment of numbers.toReversed()) {
    const path = join(directory, segmentName(segment))
    for await (const lines of unlessRemoved(chunksBackwards(options, path))) {
      if (segment === end.segment && end.bytes === 0) end = { segment, bytes: lines.endBytes }
      for (const { text, position } of lines.newestFirst) {
        const record = parsed(text)
        if (record === undefined) {
          options.unreadable(path, position)
          continue
        }
        if (untilTime !== undefined && record.timestamp >= untilTime) {
          isPast = true
          continue
        }
        const logged: Logged = { record, text, facts: undefined }
        if (record.type === 'decision') {
          const facts = factsOf(record, filters)
          const outcome = pending.get(record.decision_id)
          pending.delete(record.decision_id)
          if (outcome === undefined) calls.open(record.decision_id, facts)
          else if (matches(outcome.record, facts, filters)) found.push({ ...outcome, facts })
          if (matches(record, facts, filters)) found.push({ ...logged, facts })
        } else if (record.type === 'outcome') {
          pending.set(record.decision_id, logged)
          if (pending.size > pendingMax) pending.delete(pending.keys().next().value ?? '')
        } else if (matches(record, undefined, filters)) {
          found.push(logged)
        }
      }
      const newest = newestOf(found, pending, filters, count)
      // An outcome newer than those may still wait for its decision: the call took long, and others came between.
      const oldestSeq = newest[0]?.record.seq ?? 0
      const unresolved = [...pending.values()].some(({ record }) => record.seq >= oldestSeq)
      if (newest.length === count && (!unresolved || ++chunksBehind > chunksBehindMax))
        return { found: newest, end, isPast }
      if (signal.aborted) return { found: newest, end, isPast }
    }
  }
  return { found: newestOf(found, pending, filters, count), end, isPast }
}

/** Outcomes whose decision was not met stand for themselves where no filter needs it. */
function newestOf(
  found: readonly Logged[],
  pending: ReadonlyMap<string, Logged>,
  filters: Filters,
  count: number,
): readonly Logged[] {
  const orphans = needsFacts(filters)
    ? []
    : [...pending.values()].filter(({ record }) => matches(record, undefined, filters))
  return [...found, ...orphans].sort((one, other) => one.record.seq - other.record.seq).slice(-count)
}

interface BackwardChunk {
  readonly newestFirst: readonly { readonly text: string; readonly position: number }[]
  /** Where the file's last whole line ends. */
  readonly endBytes: number
}

/** The whole lines of one file, from its end. */
async function* chunksBackwards(options: ReadOptions, path: string): AsyncGenerator<BackwardChunk, void, undefined> {
  let from = await options.files.sizeBytes(path)
  /** Bytes from `from` on that belong to a line whose start was not read yet; unfinished lines are dropped first. */
  let rest: Buffer = Buffer.alloc(0)
  let endBytes: number | undefined
  while (from > 0) {
    const lengthBytes = Math.min(chunkBytes, from)
    from -= lengthBytes
    const read = await options.files.read(path, from, lengthBytes)
    let bytes: Buffer = Buffer.concat([read, rest])
    if (endBytes === undefined) {
      const last = bytes.lastIndexOf(newline)
      bytes = bytes.subarray(0, last + 1)
      if (last !== -1) endBytes = from + last + 1
    }
    // Without the start of the file, the first line of these bytes may have begun before them.
    const first = from === 0 ? 0 : bytes.indexOf(newline) + 1
    if (first === 0 && from > 0) {
      rest = bytes.length > lineBytesMax ? Buffer.alloc(0) : bytes
      continue
    }
    const newestFirst: { text: string; position: number }[] = []
    let lineEnd = bytes.length
    while (lineEnd > first) {
      const before = lineEnd < 2 ? -1 : bytes.lastIndexOf(newline, lineEnd - 2)
      const lineStart = Math.max(first, before + 1)
      newestFirst.push({ text: bytes.toString('utf8', lineStart, lineEnd - 1), position: from + lineStart })
      lineEnd = lineStart
    }
    rest = bytes.subarray(0, first)
    yield { newestFirst, endBytes: endBytes ?? 0 }
  }
}

/** Without the `Z`, so that it sorts before every time that begins with it. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1)
}
