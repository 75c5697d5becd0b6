/**
 * One sink at work: it reads the log from its place on, hands batches over, and moves its place when the receiver has them. It never
 * stops by itself: whatever goes wrong is told, and tried again. Nothing of it is on a call's way.
 *
 *     log -> lines -> filter, mask, format -> batch -> receiver -> acknowledged -> place
 *                                                       \-> refused -> rejected.jsonl, admin record -> place
 */
import {
  type Clock,
  type JsonObject,
  type Log,
  messageOf,
  type RandomBytes,
  type SinkSettings,
  type SinkStatus,
} from '../model/index.ts'
import { type Attempts, makeAttempts, Stopped } from './attempts.ts'
import { makeBackOff } from './back-off.ts'
import { type Batch, batchesOf } from './batches.ts'
import { type Encoder, makeEncoder, writtenMs } from './encode.ts'
import { type FormatName, formats } from './format.ts'
import type { Sender } from './formats/line.ts'
import { openRejected, type RejectedStore, type SetAside } from './rejected.ts'
import { leaveAnswer, makeRequests, type SinkAnswer, type SinkRequest } from './request.ts'
import type { Rejected, Sink } from './sink.ts'
import type { Line, Lines, LogSource, SinkFiles } from './source.ts'
import { loadState, makeSaving, type SinkState, saveState } from './state.ts'

/** Milliseconds of failure before a record says so: a receiver that is restarted is nobody's business. */
const failingMs = 10_000
/** Milliseconds between two looks at close whether everything was delivered. */
const closeLookMs = 20
/** Characters of a failure's reason. */
const reasonCharsMax = 500
/** Records that one admin record names; it says how many there are in all. */
const namedMax = 100
/** The record about refused records: a receiver that refuses it too is not told of in another one. */
const rejectedEvent = 'sink_rejected'

export interface DeliveryPorts {
  readonly source: LogSource
  /** Of this sink alone. */
  readonly files: SinkFiles
  readonly sender: Sender
  readonly openSink: (settings: SinkSettings, contentType: string, sender: Sender) => Promise<Sink>
  /** Writes an admin record. Resolves when it is durable; a rejection is the log's business. */
  readonly record: (event: string, detail: JsonObject) => Promise<void>
  readonly clock: Clock
  readonly randomBytes: RandomBytes
  readonly log: Log
  /** Takes secrets out of what a receiver or its client said. */
  readonly redact: (text: string) => string
}

export interface Delivery {
  readonly settings: SinkSettings
  status(): SinkStatus
  /** Goes on for up to `graceMs` while there is something to deliver, then ends. Never rejects. */
  close(graceMs: number): Promise<void>
}

export function startDelivery(settings: SinkSettings, ports: DeliveryPorts): Delivery {
  const { id } = settings
  const { source, files, clock, log } = ports
  const format = formats[settings.format as FormatName](ports.sender)
  const stop = new AbortController()
  const backOff = makeBackOff(settings.retryMsMax, ports.randomBytes)
  let state: SinkState = newState(settings, source.origin)
  let rejected: RejectedStore | undefined
  /** When the oldest record in hand was written, milliseconds since 1970. */
  let oldestMs: number | undefined
  let failing: { readonly sinceMs: number; readonly since: string; reason: string; isRecorded: boolean } | undefined

  const record = (event: string, detail: JsonObject): Promise<void> =>
    ports.record(event, { sink: id, ...detail }).catch((cause: unknown) => {
      log.warn({ sink: id, event, cause: messageOf(cause) }, 'what happened to a sink is not recorded yet')
    })

  function failed(cause: unknown): void {
    const reason = ports.redact(messageOf(cause)).slice(0, reasonCharsMax)
    const nowMs = clock.monotonicMs()
    if (failing === undefined) {
      failing = { sinceMs: nowMs, since: isoTime(clock), reason, isRecorded: false }
      log.warn({ sink: id, cause: reason }, 'a sink does not take records; they are sent again')
    }
    failing.reason = reason
    if (!failing.isRecorded && nowMs - failing.sinceMs >= failingMs) {
      failing.isRecorded = true
      void record('sink_failing', { since: failing.since, reason })
    }
    change({ failures: state.failures + 1 })
  }

  function worked(): void {
    if (failing === undefined) return
    const { sinceMs, since, isRecorded } = failing
    failing = undefined
    log.info({ sink: id }, 'a sink takes records again')
    if (isRecorded) void record('sink_recovered', { since, failing_ms: Math.round(clock.monotonicMs() - sinceMs) })
    change({})
  }

  const saving = makeSaving(clock, async () => {
    const shown = failing === undefined ? {} : { failing: { since: failing.since, reason: failing.reason } }
    await saveState(files, { ...state, ...shown }).catch((cause: unknown) => {
      log.error({ sink: id, cause: messageOf(cause) }, 'the place of a sink could not be saved; it is tried again')
      saving.touched()
    })
  })
  function change(parts: Partial<SinkState>): void {
    state = { ...state, ...parts }
    saving.touched()
  }

  const attempts: Attempts = makeAttempts({
    open: () => ports.openSink(settings, format.contentType, ports.sender),
    tryMsMax: settings.tryMsMax,
    backOff,
    clock,
    signal: stop.signal,
    failed,
    worked,
  })

  /** What was remembered; a new sink is recorded as such. */
  async function takeUp(): Promise<void> {
    rejected = await openRejected(files)
    const found = await loadState(files)
    if (found !== undefined && found.log !== source.origin && found.place !== undefined)
      throw new Error(
        `its place is in another log, \`${found.log}\`, and this one is \`${source.origin}\`: move its folder away, and it begins anew`,
      )
    const place = settings.begin === 'now' ? { seq: source.durable(), segment: 0, bytes: 0 } : undefined
    const { failing: _, ...before } = found ?? { ...state, place }
    state = { ...before, kind: settings.kind, log: source.origin, active: true }
    await saveState(files, state)
    if (found === undefined || !found.active) await record('sink_added', { kind: settings.kind })
  }

  function makeEncoding(): Encoder {
    const filter = settings.only && source.filter(settings.only)
    return makeEncoder({
      source,
      filter,
      mask: settings.mask,
      format: settings.format === 'native' ? undefined : format,
    })
  }

  /** Reads and delivers until it is stopped, or throws what keeps it from reading. */
  async function deliver(): Promise<void> {
    const encoder = makeEncoding()
    const reading = new AbortController()
    const end = () => reading.abort()
    stop.signal.addEventListener('abort', end, { once: true })
    const { place } = state
    const lead = encoder.leadRecords
    const from =
      place === undefined || lead === 0 ? place : { seq: Math.max(0, place.seq - lead), segment: 0, bytes: 0 }
    const lines = behind(source.follow(from ?? 'start', reading.signal), place?.seq ?? 0, encoder)
    const batches = batchesOf(lines, {
      bounds: settings.batch,
      encode: encoder.encode,
      wait: (ms) => waiting(clock, ms),
    })
    // The next batch is gathered while this one is on its way.
    let upcoming = ahead(batches.next())
    try {
      while (!stop.signal.aborted) {
        const came = await requests.orPending(upcoming)
        if (requests.pending !== undefined) await answer(requests.pending)
        if (came === undefined) continue
        if (came.done === true) return
        upcoming = ahead(batches.next())
        await take(came.value)
      }
    } finally {
      stop.signal.removeEventListener('abort', end)
      reading.abort()
      await batches.return()
    }
  }

  async function take(batch: Batch): Promise<void> {
    oldestMs = writtenMs(batch.first.bytes)
    while (rejected?.obstacle !== undefined) {
      failed(new Error(rejected.obstacle))
      await attempts.pause()
      if (requests.pending !== undefined) await answer(requests.pending)
      if (stop.signal.aborted) return
    }
    const expected = state.place?.seq
    if (expected !== undefined && batch.first.seq > expected)
      await record('sink_gap', { from: expected, to: batch.first.seq - 1 })
    const refused = batch.items.length === 0 ? [] : await attempts.untilTaken(batch.items)
    await setAside([
      ...batch.unreadable.map(({ line, reason }) => asideOf(line, reason)),
      ...refused.flatMap(({ seq, reason }) => {
        const line = batch.lines.find((one) => one.seq === seq)
        return line === undefined ? [] : [asideOf(line, reason)]
      }),
    ])
    oldestMs = undefined
    change({
      place: batch.next,
      batches: state.batches + (batch.items.length === 0 ? 0 : 1),
      records: state.records + batch.items.length - refused.length,
    })
  }

  const asideOf = ({ seq, bytes }: Pick<Line, 'seq' | 'bytes'>, reason: string): SetAside => ({
    seq,
    at: isoTime(clock),
    reason: ports.redact(reason),
    line: bytes,
  })

  async function setAside(records: readonly SetAside[]): Promise<void> {
    if (records.length === 0) return
    await rejected?.add(records)
    change({ setAside: state.setAside + records.length })
    log.warn({ sink: id, records: records.length }, 'a sink refuses records; they are set aside')
    const told = records.filter(({ line }) => !isAboutRejected(line))
    if (told.length > 0) await record(rejectedEvent, { count: told.length, records: named(told) })
  }

  function isAboutRejected(line: Uint8Array): boolean {
    try {
      const read = source.read(line)
      return read.type === 'admin' && read.event === rejectedEvent
    } catch {
      // Set aside because it is no record.
      return false
    }
  }

  /** Does what an operator asked, once, and leaves word of it. */
  async function answer(request: SinkRequest): Promise<void> {
    requests.done()
    const wanted = request.seqs && new Set(request.seqs)
    const all = ((await rejected?.list()) ?? []).filter(({ seq }) => wanted === undefined || wanted.has(seq))
    const result = request.action === 'drop' ? dropped(all) : await sentAgain(all)
    const done = new Set(result.done)
    const refused = new Map(result.refused.map(({ seq, reason }) => [seq, reason]))
    const again = all.flatMap((one) => {
      const reason = refused.get(one.seq)
      return reason === undefined ? [] : [{ ...one, at: isoTime(clock), reason: ports.redact(reason) }]
    })
    await rejected?.settle(new Set([...done, ...refused.keys()]), again)
    if (all.length > 0)
      await record(request.action === 'drop' ? 'sink_dropped' : 'sink_retried', {
        taken: result.done.length,
        refused: result.refused.length,
        records: result.done.slice(0, namedMax),
        ...(result.problem !== undefined && { problem: result.problem }),
      })
    await leaveAnswer(files, { ...result, id: request.id })
    saving.touched()
  }

  async function sentAgain(all: readonly SetAside[]): Promise<Omit<SinkAnswer, 'id'>> {
    const encoder = makeEncoding()
    const done: number[] = []
    const refused: Rejected[] = []
    try {
      for (let from = 0; from < all.length; from += settings.batch.recordsMax) {
        const part = all.slice(from, from + settings.batch.recordsMax)
        const items = part.map(({ seq, line }) => encoder.encodeAny({ seq, bytes: line, end: 0 }))
        const again = await attempts.once(items)
        refused.push(...again)
        done.push(...part.map(({ seq }) => seq).filter((seq) => !again.some((one) => one.seq === seq)))
      }
      return { done, refused }
    } catch (cause) {
      return { done, refused, problem: ports.redact(messageOf(cause)) }
    }
  }

  const requests = makeRequests(files, clock, (cause) =>
    log.warn({ sink: id, cause: messageOf(cause) }, 'what an operator asks of a sink cannot be read'),
  )

  async function run(): Promise<void> {
    let isTakenUp = false
    while (!stop.signal.aborted) {
      try {
        if (!isTakenUp) await takeUp()
        isTakenUp = true
        await deliver()
      } catch (cause) {
        if (cause instanceof Stopped || stop.signal.aborted) return
        failed(cause)
        await attempts.pause()
      }
    }
  }
  const running = run()

  const lagRecords = () => Math.max(0, source.durable() - (state.place?.seq ?? 0))
  return {
    settings,
    status() {
      const lag = lagRecords()
      const oldest = oldestMs ?? (failing === undefined ? undefined : Date.parse(failing.since))
      return {
        id,
        kind: settings.kind,
        required: settings.required,
        nextSeq: state.place?.seq,
        lagRecords: lag,
        lagMs: lag === 0 || oldest === undefined ? 0 : Math.max(0, clock.nowMs() - oldest),
        lagMsMax: settings.lagMsMax,
        batches: state.batches,
        records: state.records,
        failures: state.failures,
        setAside: state.setAside,
        rejected: rejected?.count ?? 0,
        ...(failing !== undefined && { failing: { since: failing.since, reason: failing.reason } }),
      }
    },
    async close(graceMs) {
      const untilMs = clock.monotonicMs() + graceMs
      while (lagRecords() > 0 && failing === undefined && clock.monotonicMs() < untilMs)
        await waiting(clock, closeLookMs).over
      stop.abort()
      requests.close()
      await running
      await attempts.close()
      await saving.close()
    },
  }
}

function newState({ kind }: SinkSettings, log: string): SinkState {
  return { kind, log, place: undefined, active: true, batches: 0, records: 0, failures: 0, setAside: 0 }
}

function dropped(all: readonly SetAside[]): Omit<SinkAnswer, 'id'> {
  return { done: all.map(({ seq }) => seq), refused: [] }
}

function named(records: readonly SetAside[]): JsonObject[] {
  return records.slice(0, namedMax).map(({ seq, reason }) => ({ seq, reason: reason.slice(0, 200) }))
}

function isoTime({ nowMs }: Clock): string {
  return new Date(nowMs()).toISOString()
}

function waiting(clock: Clock, ms: number): { readonly over: Promise<void>; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const forget = clock.after(ms, resolve)
  return { over: promise, forget }
}

/** What fails before somebody waits for it is told then, and is no rejection that nobody hears until then. */
function ahead<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined)
  return promise
}

/** Lines before the place are only shown to the filter. */
async function* behind(chunks: AsyncIterable<Lines>, seq: number, encoder: Encoder): AsyncGenerator<Lines> {
  for await (const { segment, lines } of chunks) {
    const wanted = lines.findIndex((line) => line.seq >= seq)
    for (const line of wanted === -1 ? lines : lines.slice(0, wanted)) encoder.see(line)
    if (wanted !== -1) yield { segment, lines: wanted === 0 ? lines : lines.slice(wanted) }
  }
}
