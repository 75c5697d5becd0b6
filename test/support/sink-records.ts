/** Records for the formats and sinks: one of each kind with every field there is, values that are found again, and hostile ones. */
import type {
  AdminRecord,
  CheckpointRecord,
  DecisionRecord,
  FaultRecord,
  LogRecord,
  OutcomeRecord,
} from '../../src/model/index.ts'
import type { Line, Sender } from '../../src/sinks/formats/line.ts'
import type { Item } from '../../src/sinks/sink.ts'
import { parseJson, printJson } from '../../src/wire/index.ts'

export const sender: Sender = {
  log: 'gatehouse.example.com/log',
  version: '1.2.3',
  labels: { instance: 'gw-7' },
}

/** As a sink reads it from the log. */
export function lineOf(record: LogRecord): Line {
  return lineOfText(printJson(record as never))
}

export function lineOfText(text: string): Line {
  return { text, record: parseJson(Buffer.from(text)) as unknown as LogRecord }
}

const ofCall = {
  decision_id: '01a1fd63-0000-7000-8000-00000000d3c1',
  call_id: '01a1fd63-0000-7000-8000-00000000ca11',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
}

/** Each value stands in it once, so that a test can tell where it went. */
export const wholeDecision: DecisionRecord = {
  seq: 41_001,
  type: 'decision',
  timestamp: '2026-03-02T10:00:00.123456Z',
  ...ofCall,
  labels: { cell: 'label-value' },
  bundles: { policy: { revision: 'revision-77', digest: 'sha256:abcd' } },
  path: 'entrypoint/path',
  decision: 'deny',
  code: 'vendor_not_listed',
  reasons: [{ code: 'reason-code', message: 'reason-message', remedy: 'reason-remedy' }],
  rule_ids: ['gatehouse.deny@main.rego:31'],
  obligations: [{ type: 'mask_response', paths: ['obligation-path'] }],
  principal: {
    issuer: 'https://issuer.example.com',
    subject: 'subject-alice',
    client_id: 'client-id-9',
    agent: 'agent-buyer',
    actors: ['actor-outer'],
    scopes: ['scope.write'],
  },
  target: { route: 'route-erp', upstream: 'upstream-erp', tool: 'create_purchase_order', tool_digest: 'sha256:d1' },
  call: { protocol: 'http', method: 'POST', host: 'erp.example.com', path: '/purchase-orders' },
  input: { call: { arguments: { note: 'input-note' } } },
  input_omitted: 'input-omitted',
  input_digest: 'hmac-sha256:input-digest',
  result: { marked: 'result-value' },
  nd_builtin_cache: { 'time.now_ns': 'cache-value' },
  erased: ['/input/erased'],
  masked: ['/input/masked'],
  detail: 'detail-text',
  requested_by: '192.0.2.7',
  metrics: { timer_decide_ns: 1_234 },
}

export const wholeOutcome: OutcomeRecord = {
  seq: 41_002,
  type: 'outcome',
  timestamp: '2026-03-02T10:00:00.223456Z',
  ...ofCall,
  outcome: 'failed',
  code: 'upstream_timeout',
  detail: 'detail-text',
  status: 504,
  upstream_status: 299,
  request_bytes: 3_001,
  reply_bytes: 3_002,
  reply: { marked: 'reply-value' },
  reply_form: 'json',
  reply_omitted: 'reply-omitted',
  complete: false,
  upstream_reached: true,
  obligations_done: ['obligation-done'],
  tries: 4_321,
  servers: [{ upstream: 'upstream-of-a-list', shown: 17, hidden: 1, hidden_names: ['hidden-tool'] }],
  tool_error: true,
  rpc_error: -31_987,
  messages: [{ upstream: 'upstream-that-speaks', method: 'notifications/said', passed: 19, withheld: 23 }],
  metrics: { timer_total_ns: 98_765_000 },
}

export const wholeAdmin: AdminRecord = {
  seq: 41_003,
  type: 'admin',
  timestamp: '2026-03-02T10:00:01.000000Z',
  event: 'reload_refused',
  detail: { flaw: 'detail-flaw' },
}

export const wholeFault: FaultRecord = {
  seq: 41_004,
  type: 'fault',
  timestamp: '2026-03-02T10:00:02.000000Z',
  code: 'request_malformed',
  detail: 'detail-text',
  requested_by: '192.0.2.8',
  count: 4_004,
}

export const wholeCheckpoint: CheckpointRecord = {
  seq: 41_005,
  type: 'checkpoint',
  timestamp: '2026-03-02T10:00:03.000000Z',
  size: 40_999,
  root: 'cm9vdA==',
  note: 'gatehouse.example.com/log\n40999\ncm9vdA==\n\n— gatehouse.example.com/log c2ln\n',
}

export const wholeRecords: readonly LogRecord[] = [wholeDecision, wholeOutcome, wholeAdmin, wholeFault, wholeCheckpoint]

/** The least that a decision may have: refused before the token was verified, nothing of it recorded. */
export const bareDecision: DecisionRecord = {
  seq: 0,
  type: 'decision',
  timestamp: '2026-03-02T10:00:00.000000Z',
  ...ofCall,
  labels: {},
  decision: 'deny',
  code: 'token_missing',
  reasons: [],
  rule_ids: [],
  call: { protocol: 'http', method: 'GET', host: '', path: '/' },
  requested_by: 'unknown',
  metrics: {},
}

export const bareOutcome: OutcomeRecord = {
  seq: 1,
  type: 'outcome',
  timestamp: '2026-03-02T10:00:00.000001Z',
  ...ofCall,
  outcome: 'refused',
  status: 401,
  request_bytes: 0,
  reply_bytes: 0,
  complete: true,
  upstream_reached: false,
  metrics: {},
}

const hostile = 'a|b=c\\d\ne\r\tf"g]h\u0000i\u001b[31mj\u2028k\u202el=m 😀 CEF:0|x <script>, = \\'

/** What agents, tokens and policies may write, in every text of a decision. */
export const hostileDecision: DecisionRecord = {
  ...wholeDecision,
  labels: { [hostile]: hostile, __proto__x: hostile, 'a.b': 'dotted', a: 'plain', '': 'nameless' },
  bundles: { [hostile]: { revision: hostile } },
  path: hostile,
  code: hostile,
  reasons: [{ code: hostile, message: hostile, remedy: hostile }],
  rule_ids: [hostile, 'x=y z=w'],
  principal: {
    issuer: hostile,
    subject: hostile,
    client_id: hostile,
    agent: hostile,
    actors: [hostile],
    scopes: [hostile],
  },
  target: { route: hostile, upstream: hostile, tool: hostile },
  call: { protocol: 'http', method: 'constructor', host: hostile, path: hostile },
  input: { [hostile]: hostile },
  result: hostile,
  detail: hostile,
  requested_by: hostile,
}

/** A message of MCP that went to all servers of its route. */
export const mcpDecision: DecisionRecord = {
  ...wholeDecision,
  decision: 'allow',
  reasons: [],
  target: { route: 'route-tools' },
  call: { protocol: 'mcp', method: 'tools/list', host: 'mcp.example.com', path: '/mcp' },
}

/** One of each kind, and those at the edges: the least, the worst, one of MCP. */
export const sampleRecords: readonly LogRecord[] = [
  ...wholeRecords,
  bareDecision,
  bareOutcome,
  hostileDecision,
  mcpDecision,
]

/** As a sink gets it in the native format. */
export function nativeItem(record: LogRecord): Item {
  const line = lineOf(record)
  return {
    seq: record.seq,
    id: `${sender.log}/${record.seq}`,
    type: record.type,
    timestamp: record.timestamp,
    callId: undefined,
    record: () => line.record,
    bytes: Buffer.from(line.text),
  }
}
