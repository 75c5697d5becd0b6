/** What the house and the thread of the sinks tell each other. Plain data: it is copied from one to the other. */
import type { JsonObject, Labels, LogFields, SinkSettings, SinkStatus } from '../model/index.ts'

/** What the thread is started with. */
export interface StreamingStart {
  /** Absolute: the segments of the log. */
  readonly logDirectory: string
  /** Absolute: one folder a sink. */
  readonly sinksDirectory: string
  /** Name of the log in its checkpoints. */
  readonly origin: string
  readonly version: string
  readonly hostname: string
  /** One `bigint`: the number of the first line of the log that is not durable yet. Written by the house, read by the thread. */
  readonly durable: SharedArrayBuffer
}

export type ToThread =
  | {
      readonly kind: 'apply'
      readonly sinks: readonly SinkSettings[]
      readonly secrets: readonly string[]
      readonly labels: Labels
    }
  | { readonly kind: 'recorded'; readonly id: number; readonly problem?: string }
  | { readonly kind: 'close'; readonly graceMs: number }

export type FromThread =
  | { readonly kind: 'status'; readonly sinks: readonly SinkStatus[] }
  | { readonly kind: 'record'; readonly id: number; readonly event: string; readonly detail: JsonObject }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly fields: LogFields
      readonly message: string
    }
  | { readonly kind: 'closed' }
