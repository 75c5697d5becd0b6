/** What the engine reads and where it keeps what it must remember: handed in, because the log and the disk belong to others. */
import type { LogRecord, SinkFilter } from '../model/index.ts'

/** Where the next line of the log stands. */
export interface LogPlace {
  readonly seq: number
  readonly segment: number
  /** Bytes of the segment before it. */
  readonly bytes: number
}

export interface Lines {
  readonly segment: number
  /** At least one, numbers rising by one. The first is later than was asked for where older ones were removed. */
  readonly lines: readonly Line[]
}

export interface Line {
  readonly seq: number
  /** Without its end. */
  readonly bytes: Uint8Array
  /** Bytes of the segment up to its end. */
  readonly end: number
}

export interface LogSource {
  /** Name of the log in its checkpoints. */
  readonly origin: string
  /** The number of the first line that is not durable yet. */
  durable(): number
  /** Durable lines, without end. Throws when the log cannot be read, or ends before that place. */
  follow(from: LogPlace | 'start', signal: AbortSignal): AsyncIterable<Lines>
  /** Throws when the line is no record. */
  read(line: Uint8Array): LogRecord
  /** A filter that remembers the decisions of calls, for their outcomes. */
  filter(only: SinkFilter): LogFilter
}

export interface LogFilter {
  /** Records before a place that must be seen, so that outcomes behind it find their decisions; 0 to some thousands. */
  readonly leadRecords: number
  matches(record: LogRecord): boolean
}

/** Files of one folder, by their names in it. */
export interface SinkFiles {
  /** Undefined when it is not there. */
  read(name: string): Promise<Buffer | undefined>
  /** The old or the new one is there after a crash, whole; durable when it is done. */
  replace(name: string, bytes: Uint8Array): Promise<void>
  /** Durable when it is done. */
  append(name: string, bytes: Uint8Array): Promise<void>
  /** No error when it is not there. */
  remove(name: string): Promise<void>
}
