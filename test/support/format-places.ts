/**
 * Where each field of a record is in each format: what `docs/formats.md` shows, and what a test holds the formats to. A place is a
 * path in the JSON (`[]`: in every element), a key of the CEF extension, or a parameter of the syslog structured data.
 */
import type { RecordType } from '../../src/model/index.ts'

export const columns = ['opa', 'ocsf', 'ecs', 'cef', 'syslog'] as const
export type Column = (typeof columns)[number]

/** Several places are separated by a space; `whole`: only within the whole record, which the format carries as one text; `-`: left out. */
export type Places = { readonly [C in Column]: string }

type Row = readonly [field: string, opa: string, ocsf: string, ecs: string, cef: string, syslog: string]

const inEveryRecord: readonly Row[] = [
  ['seq', 'custom.gatehouse.seq', 'metadata.sequence', 'event.sequence', 'externalId', 'seq'],
  ['type', 'custom.gatehouse.type', 'metadata.event_code unmapped.type', 'gatehouse.type', 'cat', 'MSGID'],
  ['timestamp', 'timestamp', 'time_dt metadata.original_time', '@timestamp', 'rt', 'TIMESTAMP'],
]

const ids = (opa: string): readonly Row[] => [
  ['decision_id', opa, 'metadata.correlation_uid', 'gatehouse.decision_id', 'cs1', 'decision_id'],
  [
    'call_id',
    'custom.gatehouse.call_id',
    'api.request.uid http_request.uid',
    'http.request.id',
    'GatehouseGatewayCallId',
    '-',
  ],
  ['trace_id', 'trace_id', 'trace.uid', 'trace.id', 'cs6', 'trace_id'],
]

const own = 'custom.gatehouse.'
const mine = (name: string) => `GatehouseGateway${name}`

const rows: { readonly [T in Exclude<RecordType, 'approval'>]: readonly Row[] } = {
  decision: [
    ...inEveryRecord,
    ...ids('decision_id'),
    ['labels', 'labels', 'metadata.tags', 'labels', mine('Labels'), '-'],
    [
      'bundles',
      'bundles custom.gatehouse.bundles',
      'policy.version unmapped.bundles',
      'rule.version gatehouse.bundles',
      `cs5 ${mine('Bundles')}`,
      '-',
    ],
    ['path', 'path', 'policy.name', 'rule.ruleset', 'flexString2', '-'],
    ['decision', `${own}decision`, 'authorizations[].decision', 'event.action gatehouse.decision', 'act', 'decision'],
    ['code', `${own}code`, 'status_code', 'event.code', 'reason', 'code'],
    ['reasons', `${own}reasons`, 'unmapped.reasons', 'gatehouse.reasons', mine('Reasons'), '-'],
    ['rule_ids', `${own}rule_ids`, 'unmapped.rule_ids', 'gatehouse.rule_ids', 'cs4', '-'],
    ['obligations', `${own}obligations`, 'unmapped.obligations', 'gatehouse.obligations', mine('Obligations'), '-'],
    [
      'principal.issuer',
      `${own}principal.issuer`,
      'actor.session.issuer',
      'gatehouse.principal.issuer',
      mine('Issuer'),
      '-',
    ],
    ['principal.subject', `${own}principal.subject`, 'actor.user.uid', 'user.id', 'suid', 'subject'],
    [
      'principal.client_id',
      `${own}principal.client_id`,
      'unmapped.client_id',
      'gatehouse.principal.client_id',
      mine('ClientId'),
      '-',
    ],
    [
      'principal.agent',
      `${own}principal.agent`,
      'actor.app_uid message_context.application.uid',
      'gen_ai.agent.id',
      'cs2',
      'agent',
    ],
    [
      'principal.actors',
      `${own}principal.actors`,
      'unmapped.actors',
      'gatehouse.principal.actors',
      mine('Actors'),
      '-',
    ],
    [
      'principal.scopes',
      `${own}principal.scopes`,
      'unmapped.scopes',
      'gatehouse.principal.scopes',
      mine('Scopes'),
      '-',
    ],
    ['target.route', `${own}target.route`, 'resources[].name', 'gatehouse.route', 'flexString1', 'route'],
    [
      'target.upstream',
      `${own}target.upstream`,
      'api.service.name dst_endpoint.svc_name',
      'service.target.name',
      'destinationServiceName',
      'upstream',
    ],
    [
      'target.tool',
      `${own}target.tool`,
      'api.operation resources[].name',
      'gen_ai.tool.name gatehouse.tool',
      'cs3',
      'tool',
    ],
    ['target.tool_digest', `${own}target.tool_digest`, 'resources[].uid', 'gatehouse.tool_digest', '-', '-'],
    ['call.protocol', `${own}call.protocol`, 'unmapped.protocol', 'gatehouse.protocol', 'app', '-'],
    [
      'call.method',
      `${own}call.method`,
      'http_request.http_method unmapped.method',
      'http.request.method gatehouse.method',
      'requestMethod',
      '-',
    ],
    ['call.host', `${own}call.host`, 'http_request.url.hostname', 'url.domain', 'dhost', '-'],
    ['call.path', `${own}call.path`, 'http_request.url.path', 'url.path', 'request', '-'],
    ['input', 'input', 'whole', 'whole', '-', '-'],
    [
      'input_omitted',
      `${own}input_omitted`,
      'unmapped.input_omitted',
      'gatehouse.input_omitted',
      mine('InputOmitted'),
      '-',
    ],
    ['input_digest', `${own}input_digest`, 'unmapped.input_digest', 'gatehouse.input_digest', mine('InputDigest'), '-'],
    ['result', 'result', 'whole', 'whole', '-', '-'],
    ['nd_builtin_cache', 'nd_builtin_cache', 'whole', 'whole', '-', '-'],
    ['erased', 'erased', 'unmapped.erased', 'gatehouse.erased', mine('Erased'), '-'],
    ['masked', 'masked', 'unmapped.masked', 'gatehouse.masked', mine('Masked'), '-'],
    ['detail', `${own}detail`, 'status_detail', 'event.reason', mine('Detail'), '-'],
    ['requested_by', 'requested_by', 'src_endpoint.ip', 'client.address client.ip', 'src', '-'],
    ['metrics', 'metrics', 'unmapped.metrics', 'gatehouse.metrics', mine('Metrics'), '-'],
  ],
  outcome: [
    ...inEveryRecord,
    ...ids('decision_id custom.gatehouse.decision_id'),
    ['outcome', `${own}outcome`, 'api.operation', 'event.action gatehouse.outcome', 'act', 'outcome'],
    ['code', `${own}code`, 'status_code api.response.error', 'event.code', 'reason', 'code'],
    ['detail', `${own}detail`, 'status_detail', 'event.reason', mine('Detail'), '-'],
    ['status', `${own}status`, 'http_response.code', 'http.response.status_code', 'cn1', 'status'],
    [
      'upstream_status',
      `${own}upstream_status`,
      'api.response.code unmapped.upstream_status',
      'gatehouse.upstream_status',
      'cn2',
      '-',
    ],
    ['request_bytes', `${own}request_bytes`, 'http_request.body_length', 'http.request.body.bytes', 'in', '-'],
    ['reply_bytes', `${own}reply_bytes`, 'http_response.body_length', 'http.response.body.bytes', 'out', '-'],
    ['reply', `${own}reply`, 'whole', 'whole', '-', '-'],
    ['reply_form', `${own}reply_form`, 'unmapped.reply_form', 'gatehouse.reply_form', mine('ReplyForm'), '-'],
    [
      'reply_omitted',
      `${own}reply_omitted`,
      'unmapped.reply_omitted',
      'gatehouse.reply_omitted',
      mine('ReplyOmitted'),
      '-',
    ],
    ['complete', `${own}complete`, 'unmapped.complete', 'gatehouse.complete', mine('Complete'), '-'],
    [
      'upstream_reached',
      `${own}upstream_reached`,
      'unmapped.upstream_reached',
      'gatehouse.upstream_reached',
      mine('UpstreamReached'),
      '-',
    ],
    [
      'obligations_done',
      `${own}obligations_done`,
      'unmapped.obligations_done',
      'gatehouse.obligations_done',
      mine('ObligationsDone'),
      '-',
    ],
    ['tries', `${own}tries`, 'unmapped.tries', 'gatehouse.tries', mine('Tries'), '-'],
    ['servers', `${own}servers`, 'unmapped.servers', 'gatehouse.servers', '-', '-'],
    ['tool_error', `${own}tool_error`, 'unmapped.tool_error', 'gatehouse.tool_error', '-', '-'],
    ['rpc_error', `${own}rpc_error`, 'unmapped.rpc_error', 'gatehouse.rpc_error', '-', '-'],
    ['messages', `${own}messages`, 'unmapped.messages', 'gatehouse.messages', '-', '-'],
    ['metrics', 'metrics', 'unmapped.metrics', 'gatehouse.metrics', mine('Metrics'), '-'],
  ],
  admin: [
    ...inEveryRecord,
    ['event', `${own}event`, 'unmapped.event', 'event.action gatehouse.event', 'act', 'event'],
    ['detail', `${own}detail`, 'unmapped.detail', 'gatehouse.detail', mine('Detail'), '-'],
  ],
  fault: [
    ...inEveryRecord,
    ['code', `${own}code`, 'status_code', 'event.code', 'reason', 'code'],
    ['detail', `${own}detail`, 'status_detail', 'event.reason', mine('Detail'), '-'],
    ['requested_by', `${own}requested_by`, 'src_endpoint.ip', 'client.address client.ip', 'src', '-'],
    ['count', `${own}count`, 'count', 'gatehouse.count', 'cnt', '-'],
  ],
  checkpoint: [
    ...inEveryRecord,
    ['size', `${own}size`, 'unmapped.size', 'gatehouse.size', 'cn1', 'size'],
    ['root', `${own}root`, 'unmapped.root', 'gatehouse.root', mine('Root'), '-'],
    ['note', `${own}note`, 'unmapped.note', 'gatehouse.note', mine('Note'), '-'],
  ],
}

export interface PlacedField {
  readonly type: keyof typeof rows
  readonly field: string
  readonly places: Places
}

export const placedFields: readonly PlacedField[] = Object.entries(rows).flatMap(([type, fields]) =>
  fields.map(([field, opa, ocsf, ecs, cef, syslog]) => ({
    type: type as keyof typeof rows,
    field,
    places: { opa, ocsf, ecs, cef, syslog },
  })),
)
