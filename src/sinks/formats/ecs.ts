/**
 * Elastic Common Schema 9.4, for Elasticsearch and what reads it. Fields that ECS does not have are under `gatehouse`; values of any shape
 * (input, result, reply) are in `event.original`, the whole record as text, so that no agent can fill an index with
 * fields of its own.
 */
import type { JsonObject, Labels, LogRecord } from '../../model/index.ts'
import { printJson } from '../../wire/index.ts'
import { addressOf } from './address.ts'
import { type Format, jsonType, type Sender } from './line.ts'
import { outcomeFacts, type Severity, sentenceOf, severityOf, tookNs } from './summary.ts'

type Decision = Extract<LogRecord, { type: 'decision' }>
type Outcome = Extract<LogRecord, { type: 'outcome' }>
type Rest = Exclude<LogRecord, Decision | Outcome>

/** `ecs.version`. */
const ecsVersion = '9.4.0'
const product = 'Gatehouse'
const dataset = 'gatehouse.log'
/** `event.severity`: the same three numbers as in CEF. */
const severities: { readonly [S in Severity]: number } = { informational: 1, low: 3, medium: 5 }

export function ecsFormat(sender: Sender): Format {
  const observer = { type: 'gateway', vendor: product, product, version: sender.version, name: sender.log }
  return {
    contentType: jsonType,
    write: ({ record, text }) => {
      const { event, ...parts } = partsOf(record)
      return printJson({
        '@timestamp': record.timestamp,
        ecs: { version: ecsVersion },
        message: sentenceOf(record),
        observer,
        labels: keywords(record.type === 'decision' ? record.labels : sender.labels),
        event: {
          ...(event as JsonObject),
          module: 'gatehouse',
          dataset,
          provider: sender.log,
          id: `${sender.log}/${record.seq}`,
          sequence: record.seq,
          severity: severities[severityOf(record)],
          original: text,
        },
        ...parts,
      })
    },
  }
}

function partsOf(record: LogRecord): JsonObject {
  switch (record.type) {
    case 'decision':
      return decisionParts(record)
    case 'outcome':
      return outcomeParts(record)
    case 'admin':
    case 'fault':
    case 'checkpoint':
      return otherParts(record)
  }
}

function decisionParts(record: Decision): JsonObject {
  const { principal, target, call, code, reasons, detail } = record
  const { decision, rule_ids, path, bundles, obligations, input_omitted, input_digest, erased, masked, metrics } =
    record
  const { subject, agent, ...identity } = principal ?? {}
  const client = addressOf(record.requested_by)
  const message = detail ?? (reasons.length === 0 ? undefined : reasons.map((reason) => reason.message).join('; '))
  const revisions = bundles === undefined ? [] : Object.values(bundles).map(({ revision }) => revision)
  return {
    event: {
      kind: 'event',
      category: ['api'],
      type: ['access', decision === 'allow' ? 'allowed' : 'denied'],
      action: decision,
      outcome: decision === 'allow' ? 'success' : 'failure',
      ...(code !== undefined && { code }),
      ...(message !== undefined && { reason: message }),
    },
    trace: { id: record.trace_id },
    client: { address: record.requested_by, ...(client.ip !== undefined && { ip: client.ip }) },
    http: { request: { id: record.call_id, ...(call.protocol === 'http' && { method: call.method }) } },
    url: { domain: call.host, path: call.path },
    ...(subject !== undefined && { user: { id: subject } }),
    ...((agent !== undefined || target?.tool !== undefined) && {
      gen_ai: {
        operation: { name: 'execute_tool' },
        ...(agent !== undefined && { agent: { id: agent } }),
        ...(target?.tool !== undefined && { tool: { name: target.tool, call: { id: record.call_id } } }),
      },
    }),
    ...(target?.upstream !== undefined && { service: { target: { name: target.upstream } } }),
    ...(path !== undefined && {
      rule: { ruleset: path, ...(revisions[0] !== undefined && { version: revisions[0] }) },
    }),
    gatehouse: {
      type: record.type,
      decision_id: record.decision_id,
      decision,
      rule_ids,
      reasons: reasons as unknown as readonly JsonObject[],
      protocol: call.protocol,
      method: call.method,
      metrics,
      ...(bundles !== undefined && { bundles: Object.entries(bundles).map(([name, bundle]) => ({ name, ...bundle })) }),
      ...(obligations !== undefined && { obligations: obligations.map((obligation) => printJson(obligation)) }),
      ...(target !== undefined && {
        route: target.route,
        ...(target.tool !== undefined && { tool: target.tool }),
        ...(target.tool_digest !== undefined && { tool_digest: target.tool_digest }),
      }),
      ...(Object.keys(identity).length > 0 && { principal: identity as unknown as JsonObject }),
      ...(input_omitted !== undefined && { input_omitted }),
      ...(input_digest !== undefined && { input_digest }),
      ...(erased !== undefined && { erased }),
      ...(masked !== undefined && { masked }),
    },
  }
}

function outcomeParts(record: Outcome): JsonObject {
  const { code, detail } = record
  const took = tookNs(record)
  return {
    event: {
      kind: 'event',
      category: ['api'],
      type: ['end'],
      action: record.outcome,
      outcome: record.outcome === 'forwarded' && record.complete ? 'success' : 'failure',
      ...(took !== undefined && { duration: took }),
      ...(code !== undefined && { code }),
      ...(detail !== undefined && { reason: detail }),
    },
    trace: { id: record.trace_id },
    http: {
      request: { id: record.call_id, body: { bytes: record.request_bytes } },
      response: { status_code: record.status, body: { bytes: record.reply_bytes } },
    },
    gatehouse: {
      type: record.type,
      decision_id: record.decision_id,
      outcome: record.outcome,
      ...outcomeFacts(record),
    },
  }
}

function otherParts(record: Rest): JsonObject {
  switch (record.type) {
    case 'admin':
      return {
        event: {
          kind: 'event',
          category: ['configuration'],
          type: [severityOf(record) === 'informational' ? 'change' : 'info'],
          action: record.event,
          outcome: severityOf(record) === 'informational' ? 'success' : 'failure',
        },
        gatehouse: { type: record.type, event: record.event, detail: printJson(record.detail) },
      }
    case 'fault': {
      const client = addressOf(record.requested_by)
      return {
        event: {
          kind: 'event',
          category: ['api'],
          type: ['denied'],
          action: 'fault',
          outcome: 'failure',
          code: record.code,
          reason: record.detail,
        },
        ...(record.requested_by !== undefined && {
          client: { address: record.requested_by, ...(client.ip !== undefined && { ip: client.ip }) },
        }),
        gatehouse: { type: record.type, ...(record.count !== undefined && { count: record.count }) },
      }
    }
    case 'checkpoint':
      return {
        event: { kind: 'state', category: ['configuration'], type: ['info'], action: 'checkpoint', outcome: 'success' },
        gatehouse: { type: record.type, size: record.size, root: record.root, note: record.note },
      }
  }
}

/** Elasticsearch makes objects of names with dots and refuses empty ones: a label could make its event unwelcome. */
function keywords(labels: Labels): JsonObject {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name.replaceAll(/[.*"\\]/g, '_') || '_', value]),
  )
}
