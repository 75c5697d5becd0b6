/**
 * OCSF 1.8.0 (Open Cybersecurity Schema Framework). What happens to calls is API Activity (6003) with the profiles
 * `ai_operation`, `security_control` and `trace`; what the gateway did is Application Lifecycle (6002); a checkpoint is a
 * Base Event. `raw_data` is the whole record, `unmapped` what OCSF has no attribute for.
 */
import type {
  AdminRecord,
  CheckpointRecord,
  DecisionRecord,
  FaultRecord,
  JsonObject,
  LogRecord,
  OutcomeRecord,
} from '../../model/index.ts'
import { printJson } from '../../wire/index.ts'
import { addressOf } from './address.ts'
import { type Format, jsonType, type Sender } from './line.ts'
import { operationOf, outcomeFacts, type Severity, sentenceOf, severityOf, tookNs } from './summary.ts'

const ocsfVersion = '1.8.0'
const productName = 'Gatehouse'
const nanosecondsAMillisecond = 1_000_000

/** Numbers and captions that OCSF gives, in one place each. */
const severities: { readonly [S in Severity]: readonly [id: number, caption: string] } = {
  informational: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
}
const success = { status_id: 1, status: 'Success' }
const failure = { status_id: 2, status: 'Failure' }
/** `action` is what the control did, `disposition` what became of the call. A call that must be asked for is held back. */
const verdicts = {
  allow: { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed' },
  deny: { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' },
  ask: { action_id: 2, action: 'Denied', disposition_id: 23, disposition: 'Challenge' },
} as const
const noAction = { action_id: 0, action: 'Unknown' }
const verdictOfOutcome = {
  forwarded: { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed' },
  refused: { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' },
  failed: { ...noAction, disposition_id: 27, disposition: 'Error' },
} as const

const apiClass = { uid: 6003, name: 'API Activity', category: 6, categoryName: 'Application Activity' }
const lifecycleClass = { uid: 6002, name: 'Application Lifecycle', category: 6, categoryName: 'Application Activity' }
const baseClass = { uid: 0, name: 'Base Event', category: 0, categoryName: 'Uncategorized' }
const other = 99

/** By method of HTTP or of JSON-RPC. */
const apiActivities: { readonly [method: string]: readonly [id: number, caption: string] } = {
  POST: [1, 'Create'],
  GET: [2, 'Read'],
  HEAD: [2, 'Read'],
  OPTIONS: [2, 'Read'],
  PUT: [3, 'Update'],
  PATCH: [3, 'Update'],
  DELETE: [4, 'Delete'],
  // Of MCP. What a tool does when it is called, its name does not say.
  'resources/list': [2, 'Read'],
  'resources/read': [2, 'Read'],
  'resources/templates/list': [2, 'Read'],
  'prompts/list': [2, 'Read'],
  'prompts/get': [2, 'Read'],
  'tools/list': [2, 'Read'],
}
/** Those that `http_request.http_method` may hold. */
const httpMethods = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT', 'PATCH'])

const lifecycleActivities: { readonly [event: string]: readonly [id: number, caption: string] } = {
  start: [3, 'Start'],
  stop: [4, 'Stop'],
  reload: [8, 'Update'],
  reload_refused: [8, 'Update'],
  policy_activated: [8, 'Update'],
  keys_changed: [8, 'Update'],
  certificate_changed: [8, 'Update'],
}
const unknownCaller = { user: { name: 'unknown', type_id: 0 } }

export function ocsfFormat(sender: Sender): Format {
  return {
    contentType: jsonType,
    write: ({ record, text }) => printJson({ ...eventOf(record, sender), raw_data: text }),
  }
}

function eventOf(record: LogRecord, sender: Sender): JsonObject {
  switch (record.type) {
    case 'decision':
      return decisionEvent(record, sender)
    case 'outcome':
      return outcomeEvent(record, sender)
    case 'fault':
      return faultEvent(record, sender)
    case 'admin':
      return adminEvent(record, sender)
    case 'checkpoint':
      return checkpointEvent(record, sender)
  }
}

function decisionEvent(record: DecisionRecord, sender: Sender): JsonObject {
  const { principal, target, call, labels, bundles, path } = record
  const { rule_ids, reasons, obligations, input_omitted, input_digest, erased, masked, detail, metrics } = record
  const activity = own(apiActivities, call.method) ?? ([other, call.method] as const)
  const policy = policyOf(path, bundles)
  const decided = { decision: record.decision, ...(policy !== undefined && { policy }) }
  const agent = principal?.agent
  return {
    ...common(
      record,
      sender,
      apiClass,
      activity,
      ['ai_operation', 'security_control', 'trace'],
      record.decision_id,
      labels,
    ),
    ...(record.decision === 'allow' ? success : failure),
    ...verdicts[record.decision],
    ...codeAndDetail(record.code, detail ?? messagesOf(reasons)),
    actor: actorOf(principal),
    api: {
      operation: operationOf(record),
      request: { uid: record.call_id },
      ...(target?.upstream !== undefined && { service: { name: target.upstream } }),
    },
    authorizations: [decided],
    ...(policy !== undefined && { policy }),
    ...(target?.upstream !== undefined && { dst_endpoint: { svc_name: target.upstream } }),
    http_request: {
      uid: record.call_id,
      ...(httpMethods.has(call.method) && { http_method: call.method }),
      url: { hostname: call.host, path: call.path },
    },
    ...(agent !== undefined && {
      message_context: {
        ai_role_id: 4,
        ai_role: 'Agent',
        application: { uid: agent },
        ...(target?.upstream !== undefined && { service: { name: target.upstream } }),
      },
    }),
    ...(target !== undefined && { resources: resourcesOf(target) }),
    src_endpoint: endpointOf(record.requested_by),
    trace: { uid: record.trace_id },
    unmapped: {
      type: record.type,
      method: call.method,
      protocol: call.protocol,
      rule_ids,
      reasons: reasons as unknown as readonly JsonObject[],
      metrics,
      ...(bundles !== undefined && { bundles: bundles as unknown as JsonObject }),
      ...(obligations !== undefined && { obligations }),
      ...(principal?.client_id !== undefined && { client_id: principal.client_id }),
      ...(principal?.actors !== undefined && { actors: principal.actors }),
      ...(principal?.scopes !== undefined && { scopes: principal.scopes }),
      ...(input_omitted !== undefined && { input_omitted }),
      ...(input_digest !== undefined && { input_digest }),
      ...(erased !== undefined && { erased }),
      ...(masked !== undefined && { masked }),
    },
  }
}

/**
 * Who called and what stands in the decision with the same `metadata.correlation_uid`; the record of an outcome does not say it
 * again. To the service, the gateway is who calls.
 */
function outcomeEvent(record: OutcomeRecord, sender: Sender): JsonObject {
  const { code, detail, status, upstream_status } = record
  const took = tookNs(record)
  const tookMs = took === undefined ? undefined : Math.round(took / nanosecondsAMillisecond)
  const activity = [other, `Call ${record.outcome}`] as const
  return {
    ...common(
      record,
      sender,
      apiClass,
      activity,
      ['ai_operation', 'security_control', 'trace'],
      record.decision_id,
      sender.labels,
    ),
    ...(record.outcome === 'forwarded' && record.complete ? success : failure),
    ...verdictOfOutcome[record.outcome],
    ...codeAndDetail(code, detail),
    ...(tookMs !== undefined && { duration: tookMs }),
    actor: { app_name: productName },
    api: {
      operation: record.outcome,
      request: { uid: record.call_id },
      response: { code: upstream_status ?? status, ...(code !== undefined && { error: code }) },
    },
    http_request: { uid: record.call_id, body_length: record.request_bytes },
    http_response: {
      code: status,
      body_length: record.reply_bytes,
      ...(tookMs !== undefined && { latency: tookMs }),
    },
    src_endpoint: { svc_name: productName },
    trace: { uid: record.trace_id },
    unmapped: {
      type: record.type,
      ...outcomeFacts(record),
    },
  }
}

function faultEvent(record: FaultRecord, sender: Sender): JsonObject {
  return {
    ...common(record, sender, apiClass, [0, 'Unknown'], ['security_control'], undefined, sender.labels),
    ...failure,
    ...verdicts.deny,
    ...codeAndDetail(record.code, record.detail),
    ...(record.count !== undefined && { count: record.count }),
    actor: unknownCaller,
    api: { operation: 'unknown' },
    src_endpoint: endpointOf(record.requested_by),
    unmapped: { type: record.type },
  }
}

function adminEvent(record: AdminRecord, sender: Sender): JsonObject {
  const activity = own(lifecycleActivities, record.event) ?? ([other, record.event] as const)
  return {
    ...common(record, sender, lifecycleClass, activity, [], undefined, sender.labels),
    ...(severityOf(record) === 'informational' ? success : failure),
    app: { name: productName, vendor_name: productName, version: sender.version },
    unmapped: { type: record.type, event: record.event, detail: record.detail },
  }
}

function checkpointEvent(record: CheckpointRecord, sender: Sender): JsonObject {
  const { type, size, root, note } = record
  return {
    ...common(record, sender, baseClass, [other, 'Checkpoint'], [], undefined, sender.labels),
    ...success,
    unmapped: { type, size, root, note },
  }
}

/** What every event of OCSF has. `activity` beyond what the class lists is 99 with a name of its own. */
function common(
  record: LogRecord,
  { log, version }: Sender,
  kind: typeof apiClass,
  [activityId, activityName]: readonly [id: number, caption: string],
  profiles: readonly string[],
  correlation: string | undefined,
  labels: { readonly [name: string]: string },
): JsonObject {
  const [severityId, severity] = severities[severityOf(record)]
  const tags = Object.entries(labels).map(([name, value]) => ({ name, value }))
  return {
    metadata: {
      version: ocsfVersion,
      product: { name: productName, vendor_name: productName, version },
      profiles: [...profiles, 'datetime'],
      uid: `${log}/${record.seq}`,
      sequence: record.seq,
      log_name: log,
      event_code: record.type,
      original_time: record.timestamp,
      ...(correlation !== undefined && { correlation_uid: correlation }),
      ...(tags.length > 0 && { tags }),
    },
    time: Date.parse(record.timestamp),
    time_dt: record.timestamp,
    category_uid: kind.category,
    category_name: kind.categoryName,
    class_uid: kind.uid,
    class_name: kind.name,
    activity_id: activityId,
    activity_name: activityName,
    type_uid: kind.uid * 100 + activityId,
    type_name: `${kind.name}: ${activityId === other ? 'Other' : activityName}`,
    severity_id: severityId,
    severity,
    message: sentenceOf(record),
  }
}

function actorOf(principal: DecisionRecord['principal']): JsonObject {
  const { subject, agent, issuer } = principal ?? {}
  if (subject === undefined && agent === undefined) return unknownCaller
  return {
    ...(subject !== undefined && { user: { uid: subject } }),
    ...(agent !== undefined && { app_uid: agent }),
    ...(issuer !== undefined && { session: { issuer } }),
  }
}

function resourcesOf({ tool, tool_digest: uid, route, upstream }: NonNullable<DecisionRecord['target']>): JsonObject[] {
  const place = upstream === undefined ? {} : { namespace: upstream }
  return [
    ...(tool === undefined ? [] : [{ type: 'tool', name: tool, ...(uid !== undefined && { uid }), ...place }]),
    { type: 'route', name: route, ...place },
  ]
}

/** OCSF has room for one policy: the first bundle; all of them are under `unmapped`. */
function policyOf(path: DecisionRecord['path'], bundles: DecisionRecord['bundles']): JsonObject | undefined {
  if (path === undefined) return undefined
  const bundle = bundles === undefined ? undefined : Object.values(bundles)[0]
  return {
    name: path,
    ...(bundle !== undefined && { version: bundle.revision }),
    ...(bundle?.digest !== undefined && { uid: bundle.digest }),
  }
}

function endpointOf(address: string | undefined): JsonObject {
  const { ip } = addressOf(address)
  return ip === undefined ? { name: address ?? 'unknown' } : { ip }
}

function messagesOf(reasons: DecisionRecord['reasons']): string | undefined {
  return reasons.length === 0 ? undefined : reasons.map(({ message }) => message).join('; ')
}

function codeAndDetail(code: string | undefined, detail: string | undefined): JsonObject {
  return { ...(code !== undefined && { status_code: code }), ...(detail !== undefined && { status_detail: detail }) }
}

/** Methods and events may be any text: `constructor` must not find what objects inherit. */
function own<T>(table: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
