/**
 * From a line of the log to what a sink is given: filtered, masked, formatted. Where a sink takes the lines as they are, nothing
 * is parsed: the first fields of a line say all that is needed.
 */
import { type Json, type LogRecord, type RecordType, textOf } from '../model/index.ts'
import type { Format } from './formats/line.ts'
import { makeMask } from './mask.ts'
import type { Item } from './sink.ts'
import type { Line, LogFilter, LogSource } from './source.ts'

/** Bytes that hold the fields with which every line begins: numbers, a word, a time, two ids. */
const headBytes = 256
const head = /^\{"seq":\d+,"type":"([a-z]+)","timestamp":"([^"]+)"(?:,"decision_id":"[^"]+","call_id":"([^"]+)")?/

export interface EncodeOptions {
  readonly source: Pick<LogSource, 'origin' | 'read'>
  /** Undefined: every record. */
  readonly filter: LogFilter | undefined
  /** JSON pointers. */
  readonly mask: readonly string[]
  /** Undefined: the line as it is. */
  readonly format: Format | undefined
}

export interface Encoder {
  /** Lines before the place to begin at that must be shown by `see`. */
  readonly leadRecords: number
  /** Undefined when the sink is not to have it. Throws when the line is no record. */
  encode(line: Line): Item | undefined
  /** A line before the place to begin at, for a filter that must know it. */
  see(line: Line): void
  /** Without the filter: for a record that it let through before. Throws likewise. */
  encodeAny(line: Line): Item
}

/** Milliseconds since 1970 at which the record of a line was written; undefined when it does not say. */
export function writtenMs(line: Uint8Array): number | undefined {
  const ms = Date.parse(head.exec(headOf(line))?.[2] ?? '')
  return Number.isNaN(ms) ? undefined : ms
}

export function makeEncoder({ source, filter, mask, format }: EncodeOptions): Encoder {
  const masked = mask.length === 0 ? undefined : makeMask(mask)

  function itemOf(line: Line, read: LogRecord | undefined): Item {
    const found = head.exec(headOf(line.bytes))
    if (found === null) throw new Error(`line ${line.seq} of the log is no record`)
    const [, type, timestamp = '', callId] = found
    let shown: LogRecord | undefined
    const record = (): LogRecord => {
      shown ??= masked === undefined ? (read ?? source.read(line.bytes)) : masked(read ?? source.read(line.bytes))
      return shown
    }
    return {
      seq: line.seq,
      id: `${source.origin}/${line.seq}`,
      type: type as RecordType,
      timestamp,
      callId,
      record,
      bytes: bytesOf(line, record),
    }
  }

  function bytesOf(line: Line, record: () => LogRecord): Uint8Array {
    if (masked === undefined && format === undefined) return line.bytes
    const text = masked === undefined ? textFrom(line.bytes) : textOf(record() as unknown as Json)
    return Buffer.from(format === undefined ? text : format.write({ text, record: record() }))
  }

  return {
    leadRecords: filter?.leadRecords ?? 0,
    encode(line) {
      if (filter === undefined) return itemOf(line, undefined)
      const record = source.read(line.bytes)
      return filter.matches(record) ? itemOf(line, record) : undefined
    },
    see(line) {
      if (filter === undefined) return
      let record: LogRecord
      try {
        record = source.read(line.bytes)
      } catch {
        // Set aside when it was met before, and of no call.
        return
      }
      filter.matches(record)
    },
    encodeAny: (line) => itemOf(line, undefined),
  }
}

function headOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headBytes)).toString('latin1')
}

function textFrom(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}
