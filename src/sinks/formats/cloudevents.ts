/** CloudEvents 1.0 with the whole record as `data`: one JSON document, which is what a transport calls structured content mode. */
import type { LogRecord } from '../../model/index.ts'
import { printJson } from '../../wire/index.ts'
import { type Format, jsonType, type Sender } from './line.ts'

/** Digits of `sequence`, which receivers compare as text: all of 2^53. */
const sequenceDigits = 16

/**
 * `id` is `seq`, unique within `source`, the log. `sequence` is the extension of that name. The media type is the one of a
 * structured event, by which receivers know it.
 */
export function cloudEventsFormat({ log }: Sender): Format {
  const source = uriReference(log)
  return {
    contentType: 'application/cloudevents+json; charset=utf-8',
    write: ({ record, text }) => {
      const attributes = {
        specversion: '1.0',
        id: String(record.seq),
        source,
        type: typeOf(record),
        ...((record.type === 'decision' || record.type === 'outcome') && { subject: record.decision_id }),
        time: record.timestamp,
        datacontenttype: jsonType,
        sequence: String(record.seq).padStart(sequenceDigits, '0'),
      }
      // The record's own text goes in as it is: numbers stay as they were written.
      return `${printJson(attributes).slice(0, -1)},"data":${text}}`
    },
  }
}

/** A broker can route by it: `gatehouse.decision.deny`, `gatehouse.outcome.failed`, `gatehouse.checkpoint`. */
function typeOf(record: LogRecord): string {
  if (record.type === 'decision') return `gatehouse.decision.${record.decision}`
  if (record.type === 'outcome') return `gatehouse.outcome.${record.outcome}`
  return `gatehouse.${record.type}`
}

/** A relative reference (RFC 3986 section 4.2): percent-encoded, so that a port in it is not taken for a scheme. */
function uriReference(log: string): string {
  return log.toWellFormed().split('/').map(encodeURIComponent).join('/')
}
