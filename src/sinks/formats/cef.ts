/**
 * CEF, the Common Event Format of ArcSight: one line of a header and `key=value` pairs. Keys are those of its extension dictionary,
 * with its lengths, and `GatehouseGateway...` for what it has none for. Documents (input, result, reply) are left out: a
 * line of a SIEM is no place for them, and the decision's id leads back to the log.
 */
import type { JsonObject, LogRecord } from '../../model/index.ts'
import { printJson } from '../../wire/index.ts'
import { addressOf } from './address.ts'
import type { Format, Sender } from './line.ts'
import { type Severity, sentenceOf, severityOf, tookNs } from './summary.ts'

type Decision = Extract<LogRecord, { type: 'decision' }>
type Outcome = Extract<LogRecord, { type: 'outcome' }>
type Value = string | number | boolean | undefined
type Pair = readonly [key: string, value: Value]

const vendor = 'Gatehouse'
const product = 'Gateway'
/** 0 to 10; up to 3 is low, up to 6 medium. */
const severities: { readonly [S in Severity]: number } = { informational: 1, low: 3, medium: 5 }

/** Characters that a value may have, as the dictionary says; 1,023 where it has no row of its own here. */
const charsMax: { readonly [key: string]: number } = {
  act: 63,
  app: 31,
  cs1: 4_000,
  cs2: 4_000,
  cs3: 4_000,
  cs4: 4_000,
  cs5: 4_000,
  cs6: 4_000,
  deviceExternalId: 255,
  externalId: 40,
  outcome: 63,
}
const otherCharsMax = 1_023
/** The dictionary does not bound names that are not in it; this is what its longest texts have. */
const ownCharsMax = 4_000
const headerCharsMax = 255

const ownPrefix = `${vendor}${product}`

export function cefFormat(sender: Sender): Format {
  const start = `CEF:0|${vendor}|${product}|${header(sender.version)}|`
  return {
    contentType: 'text/plain; charset=utf-8',
    write: ({ record }) => {
      const [id, name] = classOf(record)
      return `${start}${header(id)}|${header(name)}|${severities[severityOf(record)]}|${extension(pairsOf(record, sender))}`
    },
  }
}

/** Signature id and name: the same for all events of one kind. */
function classOf(record: LogRecord): readonly [id: string, name: string] {
  switch (record.type) {
    case 'decision':
      return [`decision.${record.decision}`, 'Call decided']
    case 'outcome':
      return [`outcome.${record.outcome}`, 'Call ended']
    case 'admin':
      return [`admin.${record.event}`, 'Gateway changed']
    case 'fault':
      return [`fault.${record.code}`, 'Bytes refused']
    case 'checkpoint':
      return ['checkpoint', 'Log signed']
  }
}

function pairsOf(record: LogRecord, sender: Sender): Pair[] {
  return [
    ['rt', Date.parse(record.timestamp)],
    ['externalId', record.seq],
    ['deviceExternalId', sender.log],
    ['cat', record.type],
    ['msg', sentenceOf(record)],
    ...partsOf(record),
  ]
}

function partsOf(record: LogRecord): Pair[] {
  switch (record.type) {
    case 'decision':
      return decisionPairs(record)
    case 'outcome':
      return outcomePairs(record)
    case 'admin':
      return [
        ['act', record.event],
        ['outcome', severityOf(record) === 'informational' ? 'success' : 'failure'],
        own('Detail', printJson(record.detail)),
      ]
    case 'fault':
      return [
        ['act', 'refused'],
        ['outcome', 'failure'],
        ['reason', record.code],
        ['cnt', record.count],
        ...sourceOf(record.requested_by),
        own('Detail', record.detail),
      ]
    case 'checkpoint':
      return [...labelled('cn1', 'Records', record.size), own('Root', record.root), own('Note', record.note)]
  }
}

function decisionPairs(record: Decision): Pair[] {
  const { principal, target, call, bundles, obligations, labels } = record
  const revisions = bundles === undefined ? undefined : Object.values(bundles).map(({ revision }) => revision)
  return [
    ['act', record.decision],
    ['outcome', record.decision === 'allow' ? 'success' : 'failure'],
    ['reason', record.code],
    ...sourceOf(record.requested_by),
    ['suid', principal?.subject],
    ['dhost', call.host],
    ['destinationServiceName', target?.upstream],
    ['app', call.protocol],
    ['requestMethod', call.method],
    ['request', call.path],
    ...labelled('cs1', 'Decision ID', record.decision_id),
    ...labelled('cs2', 'Agent', principal?.agent),
    ...labelled('cs3', 'Tool', target?.tool),
    ...labelled('cs4', 'Rules', list(record.rule_ids)),
    ...labelled('cs5', 'Revision', list(revisions)),
    ...labelled('cs6', 'Trace ID', record.trace_id),
    ...labelled('flexString1', 'Route', target?.route),
    ...labelled('flexString2', 'Policy', record.path),
    own('CallId', record.call_id),
    own('Issuer', principal?.issuer),
    own('ClientId', principal?.client_id),
    own('Actors', list(principal?.actors)),
    own('Scopes', list(principal?.scopes)),
    own(
      'Reasons',
      record.reasons.length === 0
        ? undefined
        : printJson(record.reasons as readonly JsonObject[] & typeof record.reasons),
    ),
    own('Obligations', obligations === undefined ? undefined : printJson(obligations)),
    own('Bundles', bundles === undefined ? undefined : printJson(bundles as JsonObject & typeof bundles)),
    own('Labels', printJson(labels)),
    own('InputOmitted', record.input_omitted),
    own('InputDigest', record.input_digest),
    own('Erased', list(record.erased)),
    own('Masked', list(record.masked)),
    own('Detail', record.detail),
    own('Metrics', printJson(record.metrics)),
  ]
}

function outcomePairs(record: Outcome): Pair[] {
  const took = tookNs(record)
  return [
    ['act', record.outcome],
    ['outcome', record.outcome === 'forwarded' && record.complete ? 'success' : 'failure'],
    ['reason', record.code],
    ['in', record.request_bytes],
    ['out', record.reply_bytes],
    ...labelled('cn1', 'Status', record.status),
    ...labelled('cn2', 'Upstream status', record.upstream_status),
    ...labelled('cn3', 'Microseconds', took === undefined ? undefined : Math.round(took / 1_000)),
    ...labelled('cs1', 'Decision ID', record.decision_id),
    ...labelled('cs6', 'Trace ID', record.trace_id),
    own('CallId', record.call_id),
    own('Complete', record.complete),
    own('UpstreamReached', record.upstream_reached),
    own('ObligationsDone', list(record.obligations_done)),
    own('Tries', record.tries),
    own('ReplyForm', record.reply_form),
    own('ReplyOmitted', record.reply_omitted),
    own('Detail', record.detail),
    own('Metrics', printJson(record.metrics)),
  ]
}

/** `src` holds IPv4 only; IPv6 has a field with a label of its own. */
function sourceOf(text: string | undefined): Pair[] {
  const { ip, version } = addressOf(text)
  if (version === 4) return [['src', ip]]
  if (version === 6) return labelled('c6a2', 'Source IPv6 Address', ip)
  return [['shost', text]]
}

function labelled(key: string, label: string, value: Value): Pair[] {
  return value === undefined || value === ''
    ? []
    : [
        [key, value],
        [`${key}Label`, label],
      ]
}

function own(name: string, value: Value): Pair {
  return [ownPrefix + name, value]
}

function list(texts: readonly string[] | undefined): string | undefined {
  return texts?.join(', ')
}

/** A key without a value would swallow the next one in some readers. */
function extension(pairs: readonly Pair[]): string {
  let text = ''
  for (const [key, value] of pairs) {
    if (value === undefined || value === '') continue
    const cut = typeof value === 'string' ? shortened(value, boundOf(key)) : String(value)
    text += `${text === '' ? '' : ' '}${key}=${escaped(cut)}`
  }
  return text
}

function boundOf(key: string): number {
  return charsMax[key] ?? (key.startsWith(ownPrefix) ? ownCharsMax : otherCharsMax)
}

/** Printable ASCII in which nothing is escaped: what most values are. */
const simple = /^[\x20-\x3c\x3e-\x5b\x5d-\x7e]*$/

/** In values `\` and `=` are escaped, ends of lines written `\n` and `\r`; `|` is not. */
function escaped(value: string): string {
  if (simple.test(value)) return value
  return plain(value).replaceAll(/[\\=\n\r]/g, (character) =>
    character === '\n' ? '\\n' : character === '\r' ? '\\r' : `\\${character}`,
  )
}

/** In the header `\` and `|` are escaped; there is no way to write an end of line. */
function header(value: string): string {
  return plain(shortened(value, headerCharsMax).replaceAll(/[\n\r]/g, ' ')).replaceAll(/[\\|]/g, '\\$&')
}

/** CEF has no escape for other controls, some of which end a line for some readers: each becomes U+FFFD. */
function plain(value: string): string {
  return value.toWellFormed().replaceAll(/(?![\n\r])[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

/** At most so many characters, the last one an ellipsis when something was cut. */
function shortened(text: string, max: number): string {
  return text.length <= max
    ? text
    : `${text
        .slice(0, max - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`
}
