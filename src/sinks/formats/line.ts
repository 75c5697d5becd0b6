/**
 * What a format is: a pure function from one line of the log to its text for a receiver. A record's text depends on the record
 * and on the sender alone, so that a record that is sent twice is the same bytes twice.
 */
import type { Labels, LogRecord } from '../../model/index.ts'

/** One line of the log on its way to a receiver, after the sink's mask. */
export interface Line {
  /** Minimal JSON without a newline: byte for byte what the log holds, unless the sink masks. */
  readonly text: string
  /** The same, read by `parseJson` of `wire/`: numbers that a double would change are a `bigint` or raw. */
  readonly record: LogRecord
}

/** The gateway that sends: the same for all of its records. */
export interface Sender {
  /** Origin of the log's checkpoints, such as `gatehouse.example.com/log`. With `seq` it names a record. Not empty. */
  readonly log: string
  /** Gatehouse's version. */
  readonly version: string
  /** Labels of this gateway. */
  readonly labels: Labels
}

export interface Format {
  /** Media type of one record. */
  readonly contentType: string
  /** One record: well-formed, without a newline. Never throws on a line that the log wrote. */
  readonly write: (line: Line) => string
}

export type MakeFormat = (sender: Sender) => Format

export const jsonType = 'application/json'
