/**
 * What a sink is: something that takes records, in order, and says when it has them. Everything around that (reading the log,
 * filters, formats, batches, tries, records that are refused, places that are remembered) is done for it by `delivery.ts`.
 */
import type { LookupFunction } from 'node:net'
import type { z } from 'zod'
import type { Clock, FetchDocument, Log, LogRecord, RandomBytes, RecordType } from '../model/index.ts'
import type { FormatName } from './format.ts'
import type { Sender } from './formats/line.ts'

/** One record, ready to be sent. */
export interface Item {
  /** Place in the log, from 0. Rises within a batch and from batch to batch; a filter leaves gaps. */
  readonly seq: number
  /**
   * The same at every try and on every way, and of no other record of any log: `LOG/SEQ`, LOG being the log's name in its
   * checkpoints. What receivers that drop duplicates are given.
   */
  readonly id: string
  readonly type: RecordType
  /** RFC 3339, UTC, microseconds. */
  readonly timestamp: string
  /** The call that a decision or outcome is about: what keeps both together where a receiver splits what it is sent. */
  readonly callId: string | undefined
  /** The record after the sink's mask, for what a receiver wants beside the text; read when it is asked for. */
  readonly record: () => LogRecord
  /** The record in the sink's format: UTF-8, one line without its end, at most some `limits.recordBytesMax`. */
  readonly bytes: Uint8Array
}

/** A record that the receiver will never take. */
export interface Rejected {
  readonly seq: number
  /** What the receiver said, for a person. */
  readonly reason: string
}

/**
 * A receiver, as seen from here. One `deliver` at a time; the next batch comes when it has settled.
 *
 *     const sink = await webhook.open(settings, ports)
 *     const rejected = await sink.deliver(batch, signal)   // the receiver has the others, durably as far as it can say
 *     await sink.close()
 */
export interface Sink {
  /**
   * Resolves when the receiver has acknowledged every record of the batch but those that it gives back: they are set aside.
   * Rejects when nothing is known or the receiver is not there: the whole batch is given again, after a pause, so records that
   * were taken come twice. Rejects with `BatchRefused` when the receiver refuses the batch for what is in it. Must settle soon
   * after `signal` is aborted, which happens when the time for one try is over and at shutdown.
   * Never reorders, never drops, holds nothing back: a record that it keeps in memory only is not delivered.
   */
  deliver(batch: readonly Item[], signal: AbortSignal): Promise<readonly Rejected[]>
  /** Gives everything back. Called once; no `deliver` is under way. */
  close(): Promise<void>
}

/**
 * The receiver understood the batch and refuses what is in it: it would do so again (a status 400, 413 or 422, a message that is
 * too large). The batch is halved until the record is found, which is then set aside. Not for a wrong password or a missing
 * topic: those concern every record, and are tried again until an operator has put them right.
 */
export class BatchRefused extends Error {
  override readonly name = 'BatchRefused'
}

/** What a sink may use of the world. No sink reads the clock, opens a file of the house or resolves a name in another way. */
export interface SinkPorts {
  /** The sink's `id` in the configuration. */
  readonly id: string
  /** Media type of the bytes of each item. */
  readonly contentType: string
  /** The gateway that sends. */
  readonly sender: Sender
  /** Name of this machine. */
  readonly hostname: string
  readonly clock: Clock
  readonly randomBytes: RandomBytes
  /** The program's own log: for what an operator must know and the status of the sink does not say. */
  readonly log: Log
  /** A way to send HTTP requests, with addresses looked at after DNS: one for each sink, or each `tls`. */
  readonly makeFetch: (tls?: ClientTls) => FetchDocument
  /** For `net.connect` and `tls.connect`: gives no address that a name must not lead to. */
  readonly lookup: LookupFunction
  /** For clients that resolve names themselves. Rejects when one of the addresses of `host` is not allowed. */
  readonly checkHost: (host: string) => Promise<void>
}

/** As `clientTls()` of the settings gives it: PEM texts. */
export interface ClientTls {
  readonly authorities?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: string | undefined
}

/** How many records one batch may have, in number, bytes and age. */
export interface BatchBounds {
  readonly recordsMax: number
  /** Bytes of the items. A single record may have more. */
  readonly bytesMax: number
  /** Milliseconds that a record waits for others. */
  readonly waitMs: number
}

export interface SettingProblem {
  /** Below the key of the kind. */
  readonly path: readonly (string | number)[]
  /** What is wrong: lower case, no full stop. */
  readonly message: string
  /** What to write or do instead. */
  readonly fix: string
}

/** A row of the table of sinks. */
export interface SinkKind {
  /** Its key in the configuration, one lower-case word: `webhook`. */
  readonly kind: string
  /** A sentence for the reference page. */
  readonly says: string
  /** What stands below that key, made of the words of `settings/`. */
  readonly settings: z.ZodObject
  /** The formats that it can carry, first the one that it has where none is named. */
  readonly formats: readonly [FormatName, ...FormatName[]]
  /** Where the configuration says nothing. */
  readonly batch: BatchBounds
  /** What is wrong with settings that are right by their form, secrets and files included: told with their line, never with a secret. */
  check(settings: unknown): readonly SettingProblem[]
  /** Rejects when the receiver cannot be reached: it is tried again as `deliver` is. */
  open(settings: unknown, ports: SinkPorts): Promise<Sink>
}

/** A row whose `open` gets what its schema makes of its settings: secrets as they are, paths absolute, files as their texts. */
export function sinkKind<Settings extends z.ZodObject>(
  row: Omit<SinkKind, 'settings' | 'open' | 'check'> & {
    readonly settings: Settings
    check?(settings: z.output<Settings>): readonly SettingProblem[]
    open(settings: z.output<Settings>, ports: SinkPorts): Promise<Sink>
  },
): SinkKind {
  // INVARIANT: the settings that a configuration holds for a kind are the output of that kind's schema.
  return {
    ...row,
    check: (settings) => row.check?.(settings as z.output<Settings>) ?? [],
    open: (settings, ports) => row.open(settings as z.output<Settings>, ports),
  }
}
