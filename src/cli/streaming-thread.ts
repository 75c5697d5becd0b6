/**
 * The thread of the sinks: everything that streams the decision log elsewhere runs here, so that parsing, formats, compression and TLS
 * of any number of receivers take no time of the thread that answers calls.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { checkHost, guardedLookup, makeFetchDocument } from '../forward/index.ts'
import { type JsonObject, type Log, type LogRecord, parseCondition, type SinkFilter } from '../model/index.ts'
import {
  callLeadRecords,
  type Filters,
  type FollowOptions,
  followLog,
  matches,
  needsFacts,
  OpenCalls,
} from '../record/index.ts'
import { type Deliveries, filesOf, kindOf, type LogSource, makeDeliveries } from '../sinks/index.ts'
import { JsonError, makeRedactor, parseJson } from '../wire/index.ts'
import { systemClock } from './clock.ts'
import { pause } from './pause.ts'
import type { FromThread, StreamingStart, ToThread } from './streaming-words.ts'

/** Milliseconds between two looks at what the sinks do, for the house. */
const statusMs = 250

if (parentPort === null) throw new Error('this is the program of a thread')
const port = parentPort
const start = workerData as StreamingStart
const durable = new BigInt64Array(start.durable)
const clock = systemClock

const send = (message: FromThread): void => port.postMessage(message)

const log: Log = {
  debug: (fields, message) => send({ kind: 'log', level: 'debug', fields, message }),
  info: (fields, message) => send({ kind: 'log', level: 'info', fields, message }),
  warn: (fields, message) => send({ kind: 'log', level: 'warn', fields, message }),
  error: (fields, message) => send({ kind: 'log', level: 'error', fields, message }),
}

/**
 * The segments, read synchronously: the pool of threads behind the asynchronous calls is the one by which the decision log is written,
 * and this thread has nothing better to do meanwhile.
 */
const files: FollowOptions['files'] = {
  list: async (directory) => readdirSync(directory),
  sizeBytes: async (path) => statSync(path).size,
  async read(path, position, lengthBytes) {
    const descriptor = openSync(path, 'r')
    try {
      const bytes = Buffer.allocUnsafe(Math.min(lengthBytes, Math.max(0, fstatSync(descriptor).size - position)))
      let filled = 0
      while (filled < bytes.length) {
        const read = readSync(descriptor, bytes, filled, bytes.length - filled, position + filled)
        if (read === 0) break
        filled += read
      }
      return bytes.subarray(0, filled)
    } finally {
      closeSync(descriptor)
    }
  },
}

const source: LogSource = {
  origin: start.origin,
  durable: () => Number(Atomics.load(durable, 0)),
  follow: (from, signal) =>
    followLog({
      directory: start.logDirectory,
      files,
      from,
      durable: source.durable,
      signal,
      pause: (ms) => pause(clock, ms, signal),
    }),
  read: readRecord,
  filter: filterOf,
}

function readRecord(line: Uint8Array): LogRecord {
  try {
    return parseJson(line) as unknown as LogRecord
  } catch (cause) {
    // An input of the greatest depth is deeper still in its record. Our own writer made the line: no key comes twice in it.
    if (!(cause instanceof JsonError) || cause.kind !== 'too_deep') throw cause
    return JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8')) as LogRecord
  }
}

function filterOf({ where, ...only }: SinkFilter): ReturnType<LogSource['filter']> {
  const filters: Filters = where === undefined ? only : { ...only, where: where.map(parseCondition) }
  const calls = new OpenCalls(filters)
  return {
    leadRecords: needsFacts(filters) ? callLeadRecords : 0,
    matches: (record) => matches(record, calls.factsFor(record), filters),
  }
}

/** Records that the house is asked to write, until it says that they are. */
const asked = new Map<number, { readonly resolve: () => void; readonly reject: (cause: Error) => void }>()
let lastAsked = 0
function record(event: string, detail: JsonObject): Promise<void> {
  lastAsked += 1
  const id = lastAsked
  return new Promise((resolve, reject) => {
    asked.set(id, { resolve, reject })
    send({ kind: 'record', id, event, detail })
  })
}

let redact = makeRedactor([])
const folderOf = (id: string): string => join(start.sinksDirectory, id)

const deliveries: Deliveries = makeDeliveries({
  source,
  filesOf: (id) => filesOf(folderOf(id)),
  known: knownSinks,
  openSink: (settings, contentType, sender) =>
    kindOf(settings.kind).open(settings.options, {
      id: settings.id,
      contentType,
      sender,
      hostname: start.hostname,
      clock,
      randomBytes,
      log,
      makeFetch: (tls) => makeFetchDocument({ clock, tls }),
      lookup: guardedLookup(),
      checkHost: (host) => checkHost(host),
    }),
  record,
  clock,
  randomBytes,
  log,
  redact: (text) => redact(text),
})

async function knownSinks(): Promise<readonly string[]> {
  try {
    const entries = readdirSync(start.sinksDirectory, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw cause
  }
}

/** One after the other, in the order in which they came. */
let turn: Promise<void> = Promise.resolve()
port.on('message', (message: ToThread) => {
  if (message.kind === 'recorded') {
    const waiter = asked.get(message.id)
    asked.delete(message.id)
    if (message.problem === undefined) waiter?.resolve()
    else waiter?.reject(new Error(message.problem))
    return
  }
  turn = turn.then(() => (message.kind === 'apply' ? apply(message) : close(message.graceMs)))
})

async function apply(message: Extract<ToThread, { kind: 'apply' }>): Promise<void> {
  redact = makeRedactor(message.secrets)
  const sender = { log: start.origin, version: start.version, labels: message.labels }
  await deliveries.apply(message.sinks, sender)
  tell()
}

function tell(): void {
  send({ kind: 'status', sinks: deliveries.statuses() })
}
const forget = clock.every(statusMs, tell)

async function close(graceMs: number): Promise<void> {
  forget()
  await deliveries.close(graceMs)
  send({ kind: 'closed' })
  port.close()
}
