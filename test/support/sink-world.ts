/** A log in memory that sinks read, their folder in memory, and a receiver that does what a test says: one world for each case. */
import type { JsonObject, Log, LogRecord, SinkSettings, SinkStatus } from '../../src/model/index.ts'
import { type Delivery, type DeliveryPorts, startDelivery } from '../../src/sinks/delivery.ts'
import type { Item, Rejected, Sink } from '../../src/sinks/sink.ts'
import type { LogSource, SinkFiles } from '../../src/sinks/source.ts'
import { type FakeClock, fakeClock } from './clock.ts'

export type Answer = (batch: readonly Item[], signal: AbortSignal) => Promise<readonly Rejected[]>

export interface SinkWorld {
  readonly clock: FakeClock
  /** Lines of the log; the first may be removed with `removeBefore`. */
  readonly lines: string[]
  add(...records: readonly Partial<LogRecord>[]): void
  removeBefore(seq: number): void
  /** Files of the sink, by name. */
  readonly folder: Map<string, Buffer>
  readonly files: SinkFiles
  /** What the receiver acknowledged, in its order. */
  readonly taken: Item[]
  /** Sizes of the batches that it was given, also of those that it refused. */
  readonly batches: number[]
  /** What the receiver says of the next batches; taken one by one, then it takes all. */
  readonly answers: Answer[]
  readonly opened: { count: number }
  /** Admin records that the sink asked for. They are in the log too. */
  readonly recorded: { readonly event: string; readonly detail: JsonObject }[]
  readonly said: string[]
  readonly origin: { name: string }
  start(settings?: Partial<SinkSettings>, ports?: Partial<DeliveryPorts>): Delivery
  seqs(): number[]
  /** Moves time until the sink has been given everything, or `done`. */
  until(done: () => boolean): Promise<void>
}

export const sinkSettings: SinkSettings = {
  id: 'siem',
  kind: 'test',
  options: {},
  format: 'native',
  mask: [],
  begin: 'start',
  batch: { recordsMax: 10, bytesMax: 1024 ** 2, waitMs: 100 },
  tryMsMax: 5_000,
  retryMsMax: 8_000,
  required: false,
  lagMsMax: 60_000,
}

export function sinkWorld(): SinkWorld {
  const clock = fakeClock()
  const lines: string[] = []
  let removed = 0
  let grown = Promise.withResolvers<void>()
  const folder = new Map<string, Buffer>()
  const taken: Item[] = []
  const batches: number[] = []
  const answers: Answer[] = []
  const recorded: { event: string; detail: JsonObject }[] = []
  const said: string[] = []
  const opened = { count: 0 }
  const origin = { name: 'log.test' }

  const add: SinkWorld['add'] = (...records) => {
    for (const record of records) {
      const { type = 'admin', ...rest } = record
      const timestamp = new Date(clock.nowMs()).toISOString()
      lines.push(JSON.stringify({ seq: lines.length, type, timestamp, ...rest }))
    }
    grown.resolve()
    grown = Promise.withResolvers()
  }
  const source: LogSource = {
    get origin() {
      return origin.name
    },
    durable: () => lines.length,
    async *follow(from, signal) {
      let seq = from === 'start' ? 0 : from.seq
      while (!signal.aborted) {
        seq = Math.max(seq, removed)
        // A few at a time, so that borders of chunks fall everywhere.
        const chunk = lines.slice(seq, seq + 7).map((text, index) => {
          const number = seq + index
          return { seq: number, bytes: Buffer.from(text), end: (number + 1) * 100 }
        })
        if (chunk.length > 0) {
          seq += chunk.length
          yield { segment: 1, lines: chunk }
          continue
        }
        const aborted = new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        )
        await Promise.race([grown.promise, aborted])
      }
    },
    read: (line) => JSON.parse(Buffer.from(line).toString()) as LogRecord,
    filter: (only) => ({
      leadRecords: only.agent === undefined ? 0 : 5,
      matches: (record) => only.type === undefined || record.type === only.type,
    }),
  }
  const files: SinkFiles = {
    read: async (name) => folder.get(name),
    replace: async (name, bytes) => void folder.set(name, Buffer.from(bytes)),
    append: async (name, bytes) => void folder.set(name, Buffer.concat([folder.get(name) ?? Buffer.alloc(0), bytes])),
    remove: async (name) => void folder.delete(name),
  }
  const sink: Sink = {
    async deliver(batch, signal) {
      batches.push(batch.length)
      const rejected = (await answers.shift()?.(batch, signal)) ?? []
      taken.push(...batch.filter(({ seq }) => !rejected.some((one) => one.seq === seq)))
      return rejected
    },
    close: async () => undefined,
  }
  const say = (_fields: object, message: string) => void said.push(message)
  const log: Log = { debug: say, info: say, warn: say, error: say }

  const world: SinkWorld = {
    clock,
    lines,
    add,
    removeBefore(seq) {
      removed = seq
    },
    folder,
    files,
    taken,
    batches,
    answers,
    opened,
    recorded,
    said,
    origin,
    start: (settings, ports) =>
      startDelivery(
        { ...sinkSettings, ...settings },
        {
          source,
          files,
          sender: { log: origin.name, version: '1.2.3', labels: {} },
          openSink: async () => {
            opened.count += 1
            return sink
          },
          async record(event, detail) {
            recorded.push({ event, detail })
            add({ type: 'admin', event, detail } as Partial<LogRecord>)
          },
          clock,
          randomBytes: (count) => new Uint8Array(count),
          log,
          redact: (text) => text.replaceAll('hunter2', '[redacted]'),
          ...ports,
        },
      ),
    seqs: () => taken.map(({ seq }) => seq),
    until: (done) => clock.settled(done, 50),
  }
  return world
}

/** `count` records of one kind. */
export function notes(count: number): Partial<LogRecord>[] {
  return Array.from({ length: count }, (_, place) => ({ type: 'admin', event: 'note', detail: { place } }) as const)
}

/** Rising by one, from `from`. */
export function rising(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, place) => from + place)
}

export function statusOf(delivery: Delivery): SinkStatus {
  return delivery.status()
}
