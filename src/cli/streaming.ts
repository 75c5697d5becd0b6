/**
 * The house's side of the sinks: keeps their thread running, tells it how far the log is durable, writes the records that it asks
 * for, and knows what the sinks do for readiness, metrics and retention.
 */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Clock, type Config, type Log, messageOf, type SinkStatus } from '../model/index.ts'
import type { DecisionLog } from '../record/index.ts'
import type { FromThread, StreamingStart, ToThread } from './streaming-words.ts'

/** Milliseconds between two looks how far the log is durable: what a sink is behind at least. */
const durableMs = 20
/** Milliseconds before a thread that died is started again. */
const restartMs = 1_000
/** Milliseconds without a word of the thread after which it hangs: it says something four times a second. */
const silentMsMax = 10_000
/** Milliseconds at shutdown for sinks to deliver what is there: what they do not deliver goes out after the next start. */
const graceMs = 2_000
/** Milliseconds more for the thread to end. */
const endMsMax = 5_000
/** MiB of memory of the thread: many times what 64 sinks with full batches need. Beyond it the thread is started again. */
const threadMibMax = 1_024
/** MiB of its young objects: pieces of the log hang on them, and are given back when these are collected. */
const youngMibMax = 8

const ownProgram = new URL(`./streaming-thread${extname(import.meta.filename)}`, import.meta.url)

export interface StreamingOptions {
  /** Absolute: `data/sinks`. */
  readonly directory: string
  readonly logDirectory: string
  readonly origin: string
  readonly version: string
  readonly decisions: Pick<DecisionLog, 'admin' | 'stats'>
  readonly clock: Clock
  readonly log: Log
  /** Of the thread. Default: `streaming-thread.ts`. */
  readonly program?: URL
}

export interface Streaming {
  /** The sinks of the configuration that is in force from now on. */
  apply(config: Pick<Config, 'sinks' | 'secrets' | 'labels'>): void
  statuses(): readonly SinkStatus[]
  /** What is wrong with a sink that is required. */
  readiness(): string | undefined
  /** The first record that a required sink has not had; undefined when none is required. */
  neededSeq(): number | undefined
  /** Lets the sinks deliver what is durable now, for 2 s at most, then ends them. Never rejects. */
  close(): Promise<void>
}

/** Nothing is started while there is no sink. */
export function makeStreaming(options: StreamingOptions): Streaming {
  const { decisions, clock, log } = options
  const durable = new BigInt64Array(new SharedArrayBuffer(8))
  let wanted: Pick<Config, 'sinks' | 'secrets' | 'labels'> = { sinks: [], secrets: [], labels: {} }
  let statuses: readonly SinkStatus[] = []
  let thread: Worker | undefined
  /** Of the thread that runs: it has delivered what it could, or is no more. */
  let ended = Promise.withResolvers<void>()
  let death: string | undefined
  let heardMs = clock.monotonicMs()
  let closing = false
  let forgetRestart: (() => void) | undefined

  const show = (): void => void Atomics.store(durable, 0, BigInt(decisions.stats().nextSeq))
  let forgetShow: (() => void) | undefined

  function begin(): void {
    forgetShow ??= clock.every(durableMs, show)
    show()
    heardMs = clock.monotonicMs()
    const started = new Worker(options.program ?? ownProgram, {
      name: 'sinks',
      workerData: startOf(options, durable.buffer),
      resourceLimits: { maxOldGenerationSizeMb: threadMibMax, maxYoungGenerationSizeMb: youngMibMax },
    })
    const end = Promise.withResolvers<void>()
    thread = started
    ended = end
    started.on('message', (message: FromThread) => heard(message, started, end.resolve))
    started.on('error', (cause) => {
      death = messageOf(cause)
      log.error({ cause: death }, 'the thread of the sinks died; it is started again')
    })
    started.on('exit', () => {
      thread = undefined
      end.resolve()
      if (closing) return
      forgetRestart = clock.after(restartMs, () => {
        forgetRestart = undefined
        begin()
      })
    })
    tell(started, { kind: 'apply', ...wanted })
  }

  function tell(to: Worker, message: ToThread): void {
    to.postMessage(message)
  }

  function heard(message: FromThread, from: Worker, hasClosed: () => void): void {
    switch (message.kind) {
      case 'status':
        statuses = message.sinks
        heardMs = clock.monotonicMs()
        death = undefined
        break
      case 'log':
        log[message.level](message.fields, message.message)
        break
      case 'record': {
        const { id, event, detail } = message
        decisions.admin(event, detail).then(
          () => tell(from, { kind: 'recorded', id }),
          (cause: unknown) => tell(from, { kind: 'recorded', id, problem: messageOf(cause) }),
        )
        break
      }
      case 'closed':
        hasClosed()
    }
  }

  const requiredOf = () => wanted.sinks.filter(({ required }) => required)
  const statusOf = (id: string) => statuses.find((status) => status.id === id)

  return {
    apply(config) {
      const { sinks, secrets, labels } = config
      wanted = { sinks, secrets, labels }
      if (thread !== undefined) tell(thread, { kind: 'apply', ...wanted })
      // Of sinks that were taken away while the gateway stood a folder is left: that they are gone is recorded too.
      else if (forgetRestart === undefined && (sinks.length > 0 || existsSync(options.directory))) begin()
    },
    statuses: () => statuses,
    readiness() {
      for (const { id, lagMsMax } of requiredOf()) {
        const status = statusOf(id)
        if (death !== undefined) return `the required sink \`${id}\` does not run: ${death}`
        const silentMs = clock.monotonicMs() - heardMs
        if (silentMs > silentMsMax)
          return `the required sink \`${id}\` has not been heard of for ${Math.round(silentMs / 1_000)} s: its thread waits for a disk that hangs, or does not come to its turn`
        if (status === undefined || status.lagMs <= lagMsMax) continue
        const why = status.failing === undefined ? 'its receiver is too slow' : status.failing.reason
        return `the required sink \`${id}\` is ${Math.round(status.lagMs / 1_000)} s behind (${status.lagRecords} records): ${why}; look at its receiver, or see \`gatehouse sinks\``
      }
      return undefined
    },
    neededSeq() {
      const required = requiredOf()
      return required.length === 0 ? undefined : Math.min(...required.map(({ id }) => statusOf(id)?.nextSeq ?? 0))
    },
    async close() {
      closing = true
      forgetRestart?.()
      const running = thread
      if (running === undefined) return
      show()
      tell(running, { kind: 'close', graceMs })
      const forget = clock.after(graceMs + endMsMax, ended.resolve)
      await ended.promise
      forget()
      forgetShow?.()
      await running.terminate()
    },
  }
}

function startOf(
  { directory, logDirectory, origin, version }: StreamingOptions,
  durable: SharedArrayBuffer,
): StreamingStart {
  return { sinksDirectory: directory, logDirectory, origin, version, hostname: hostname(), durable }
}

/** `data/sinks`. */
export function sinksFolder(dataDirectory: string): string {
  return join(dataDirectory, 'sinks')
}
