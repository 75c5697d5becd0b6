/**
 * The body of a request of OTLP's logs service as JSON (opentelemetry-proto 1.9, `ExportLogsServiceRequest`): 64-bit integers are texts,
 * ids hexadecimal. The body of a log record is the record in the sink's format, as text and unchanged.
 */
import { keywordsOf } from './formats/keywords.ts'
import type { Sender } from './formats/line.ts'
import { type Severity, severityOf } from './formats/summary.ts'
import type { Item } from './sink.ts'

export interface LogsRequestOptions {
  readonly service: string
  readonly hostname: string
  readonly sender: Sender
}

/** OpenTelemetry's logs data model, "Severity Fields". */
const severities: { readonly [S in Severity]: { readonly number: number; readonly text: string } } = {
  informational: { number: 9, text: 'INFO' },
  low: { number: 13, text: 'WARN' },
  medium: { number: 17, text: 'ERROR' },
}
/** A trace id of W3C Trace Context that is valid: not all zeros. */
const traceId = /^(?!0+$)[0-9a-f]{32}$/

type Attribute = {
  readonly key: string
  readonly value: { readonly stringValue: string } | { readonly intValue: string }
}

/** Makes the text of a request. Everything in it comes from the records and the sender, so it is the same when it is sent again. */
export function makeLogsRequest({ service, hostname, sender }: LogsRequestOptions): (batch: readonly Item[]) => string {
  const resource = {
    attributes: [
      attribute('service.name', service),
      attribute('service.version', sender.version),
      attribute('host.name', hostname),
      attribute('gatehouse.log', sender.log),
      ...Object.entries(sender.labels).map(([name, value]) => attribute(`gatehouse.label.${name}`, value)),
    ],
  }
  const scope = { name: 'gatehouse', version: sender.version }
  return (batch) => {
    const logRecords = batch.map(logRecordOf)
    return JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] })
  }
}

function logRecordOf({ seq, id, type, timestamp, record, bytes }: Item) {
  const read = record()
  const severity = severities[severityOf(read)]
  const trace = 'trace_id' in read ? read.trace_id : undefined
  const time = nanosecondsOf(timestamp)
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: severity.number,
    severityText: severity.text,
    eventName: `gatehouse.${type}`,
    body: { stringValue: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8') },
    attributes: [
      attribute('log.record.uid', id),
      attribute('gatehouse.seq', seq),
      attribute('gatehouse.type', type),
      ...keywordsOf(read).map(([name, value]) => attribute(`gatehouse.${name}`, value)),
    ],
    ...(trace !== undefined && traceId.test(trace) && { traceId: trace }),
  }
}

function attribute(key: string, value: string | number): Attribute {
  return { key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value.toWellFormed() } }
}

/** Of `2026-03-02T10:00:00.123456Z`: a double holds microseconds since 1970, and no nanoseconds. */
function nanosecondsOf(timestamp: string): string {
  const seconds = Date.parse(`${timestamp.slice(0, 19)}Z`) / 1_000
  const fraction = /\.(\d{1,9})/.exec(timestamp)?.[1] ?? ''
  return `${seconds}${fraction.padEnd(9, '0')}`
}
