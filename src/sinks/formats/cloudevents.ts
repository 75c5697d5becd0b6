/**
 * CloudEvents 1.0 with the whole record as `data`: as one JSON document (structured content mode), or as attributes for the
 * headers of a transport with the record as its body (binary content mode).
 */
import type { LogRecord } from '../../model/index.ts'
import { printJson } from '../../wire/index.ts'
import { type Format, jsonType, type Line, type Sender } from './line.ts'

/** Digits of `sequence`, which receivers compare as text: all of 2^53. */
const sequenceDigits = 16

/** Names are those of the specification or an extension: lower-case letters and digits. */
export type CloudEventAttributes = { readonly [name: string]: string }

export function cloudEventsFormat(sender: Sender): Format {
  const attributesOf = makeCloudEventAttributes(sender)
  return {
    contentType: 'application/cloudevents+json; charset=utf-8',
    // The record's own text goes in as it is: numbers stay as they were written.
    write: (line) => `${printJson(attributesOf(line)).slice(0, -1)},"data":${line.text}}`,
  }
}

/**
 * All attributes of a record's event, `datacontenttype` among them. `id` is `seq`, unique within `source`, the log. `sequence` is
 * the extension of that name.
 */
export function makeCloudEventAttributes(sender: Sender): (line: Pick<Line, 'record'>) => CloudEventAttributes {
  const source = uriReference(sender.log)
  return ({ record }) => ({
    specversion: '1.0',
    id: String(record.seq),
    source,
    type: typeOf(record),
    ...((record.type === 'decision' || record.type === 'outcome') && { subject: record.decision_id }),
    time: record.timestamp,
    datacontenttype: jsonType,
    sequence: String(record.seq).padStart(sequenceDigits, '0'),
  })
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

/** The attributes as HTTP header fields (HTTP binding section 3.1.3): `ce-id`, and `content-type` for `datacontenttype`. */
export function cloudEventHeaders(attributes: CloudEventAttributes): { readonly [field: string]: string } {
  const headers: { [field: string]: string } = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'datacontenttype') headers['content-type'] = value
    else headers[`ce-${name}`] = value.toWellFormed().replaceAll(/[^\x21\x23\x24\x26-\x7e]/gu, encodeURIComponent)
  }
  return headers
}
