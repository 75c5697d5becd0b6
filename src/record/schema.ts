/**
 * The JSON Schema of the log's lines, for whoever reads them elsewhere. The shapes below are held to the types of
 * `model/record.ts` by the compiler: a field that is missing here, or is not there, does not compile.
 */
import { z } from 'zod'
import type {
  AdminRecord,
  CheckpointRecord,
  DecisionRecord,
  FaultRecord,
  JsonObject,
  OutcomeRecord,
  RecordedCall,
  RecordedPrincipal,
  RecordedTarget,
} from '../model/index.ts'

/** One shape for each field of the type, no more and no fewer. */
type Shape<T> = { readonly [K in keyof Required<T>]: z.ZodType }

const text = z.string()
const count = z.int().min(0)
const id = z.string().describe('UUID version 7 (RFC 9562)')
const object = z.record(text, z.unknown()) as z.ZodType<JsonObject>
const metrics = z.record(text, z.number()).describe('nanoseconds by step, named timer_<step>_ns as in OPA')

const place = {
  seq: count.describe('position in the log, from 0, without gaps'),
  timestamp: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    .describe('RFC 3339, UTC, microseconds'),
}

const ofCall = {
  decision_id: id.describe('the Gatehouse-Decision header that the agent got; UUID version 7'),
  call_id: id.describe('UUID version 7, made when the call arrived'),
  trace_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('W3C Trace Context'),
}

const recordedPrincipal = {
  issuer: text.optional(),
  subject: text.optional(),
  client_id: text.optional(),
  agent: text.optional().describe("the agent's id of the configuration, else of the token"),
  actors: z.array(text).optional().describe('RFC 8693 act chain, outermost first'),
  scopes: z.array(text).optional(),
} satisfies Shape<RecordedPrincipal>

const recordedTarget = {
  route: text,
  upstream: text.optional().describe('absent where a message of MCP went to all servers of a route'),
  tool: text.optional(),
  tool_digest: text.optional().describe('of a tool of MCP: over everything that a model sees of it'),
} satisfies Shape<RecordedTarget>

const recordedCall = {
  protocol: z.enum(['http', 'mcp']),
  method: text.describe('of HTTP, or of JSON-RPC'),
  host: text,
  path: text.describe('without the query'),
} satisfies Shape<RecordedCall>

const decision = {
  ...place,
  type: z.literal('decision'),
  ...ofCall,
  labels: z.record(text, text).describe('those of the configuration and those that policy set'),
  bundles: z
    .record(text, z.strictObject({ revision: text, digest: text.optional() }))
    .optional()
    .describe('revision of each bundle that took part'),
  path: text.optional().describe('the policy that was asked'),
  decision: z.enum(['allow', 'deny', 'ask']).describe('an `ask` is refused until approvals exist'),
  code: text.optional().describe("the fault's code, else the first reason's; absent on allow"),
  reasons: z
    .array(
      z.strictObject({
        code: text,
        message: text,
        remedy: text.optional(),
        scopes: z.array(text).optional().describe('of `scope_missing`: what the token would need'),
      }),
    )
    .describe('what policy told the agent'),
  rule_ids: z
    .array(text)
    .describe(
      'the rules that policy answered with (`allow`, `deny`, `ask`, `obligations`, `labels`): package and name, then `#` and the `custom.id` of the annotation, or `@` and file and row',
    ),
  obligations: z.array(object).optional().describe('conditions of an allow'),
  principal: z.strictObject(recordedPrincipal).optional().describe('who called; absent before the token was verified'),
  target: z.strictObject(recordedTarget).optional().describe('where the call was going; absent without a route'),
  call: z.strictObject(recordedCall).describe('the call as it came'),
  input: object.optional().describe('the document that policy saw, as far as the route records it'),
  input_omitted: text
    .optional()
    .describe(
      'why the input is not here in full: level, size, dropped, mask_failed; after the last two there is no result either',
    ),
  input_digest: text.optional().describe('keyed hash of the whole input as JSON, where it is not here in full'),
  result: z.unknown().optional().describe('what policy answered, or `error` and why it could not'),
  nd_builtin_cache: object.optional().describe('what builtins said that say something else at another time'),
  erased: z.array(text).optional().describe('paths that `data.system.log.mask` removed'),
  masked: z.array(text).optional().describe('paths where `data.system.log.mask` put another value'),
  detail: text.optional().describe('what broke; never given to the agent'),
  requested_by: text.describe("the peer's address"),
  metrics,
} satisfies Shape<DecisionRecord>

const outcome = {
  ...place,
  type: z.literal('outcome'),
  ...ofCall,
  outcome: z
    .enum(['forwarded', 'refused', 'failed'])
    .describe('`refused`: by policy, or by a fault before policy; `failed`: by a fault after an allow'),
  code: text.optional().describe('why it failed or is not complete'),
  detail: text.optional().describe('what broke; never given to the agent'),
  status: count.describe('the status that the agent got, or would have got'),
  upstream_status: count.optional().describe("the service's own status"),
  request_bytes: count.describe('bytes of the body that the agent sent'),
  reply_bytes: count.describe('bytes of the body that the agent got'),
  reply: z.unknown().optional().describe('the body that the agent got, where the route records it'),
  reply_form: z.enum(['json', 'text', 'base64']).optional().describe('what `reply` is'),
  reply_omitted: text.optional().describe('why the reply is not here: size'),
  complete: z.boolean().describe('false when the agent was gone, or the reply was withheld or cut, before its end'),
  upstream_reached: z.boolean().describe('whether the upstream may have acted on the call'),
  obligations_done: z.array(text).optional().describe('types of the obligations that were carried out'),
  tries: count.optional().describe('how often the service was asked'),
  servers: z
    .array(
      z.strictObject({
        upstream: text,
        code: text.optional(),
        shown: count,
        hidden: count,
        hidden_names: z.array(text).optional(),
        refused: count.optional(),
        refused_entries: z.array(z.strictObject({ name: text, why: text })).optional(),
      }),
    )
    .optional()
    .describe('of a list of MCP: what each server added, what was hidden of it, and why one is missing'),
  tool_error: z.boolean().optional().describe('of MCP: the tool said that it failed (`isError`)'),
  rpc_error: z.int().optional().describe('of MCP: the error that the server answered with'),
  messages: z
    .array(z.strictObject({ upstream: text, method: text, passed: count, withheld: count }))
    .optional()
    .describe('of MCP: what servers sent by themselves in the reply, and how much of it the agent was given'),
  metrics,
} satisfies Shape<OutcomeRecord>

const admin = {
  ...place,
  type: z.literal('admin'),
  event: text.describe(
    'start, stop, reload, reload_refused, keys_changed, subject_erased, recovery, retention; of sinks: sink_added, sink_removed, sink_failing, sink_recovered, sink_rejected, sink_retried, sink_dropped, sink_gap',
  ),
  detail: object.describe('what the event was about'),
} satisfies Shape<AdminRecord>

const fault = {
  ...place,
  type: z.literal('fault'),
  code: text.describe('a row of faults.md'),
  detail: text.describe('what was found'),
  requested_by: text.optional().describe("the peer's address"),
  count: count.optional().describe('how many this record stands for, when it is written for many'),
} satisfies Shape<FaultRecord>

const checkpoint = {
  ...place,
  type: z.literal('checkpoint'),
  size: count.describe('how many lines it covers, from the first one on'),
  root: text.describe('RFC 6962 root over them, base64'),
  note: text.describe('the checkpoint itself: a signed note (C2SP tlog-checkpoint)'),
} satisfies Shape<CheckpointRecord>

/** What `docs/reference/decision-log.schema.json` holds: JSON Schema 2020-12 of one line. */
export function decisionLogSchema(): JsonObject {
  const record = z.discriminatedUnion('type', [
    z.strictObject(decision),
    z.strictObject(outcome),
    z.strictObject(admin),
    z.strictObject(fault),
    z.strictObject(checkpoint),
  ])
  const { $schema, ...rest } = z.toJSONSchema(record, { target: 'draft-2020-12' })
  return {
    ...($schema !== undefined && { $schema }),
    title: 'Gatehouse decision log',
    description: 'One line of data/log/NNNNNNNNNN.jsonl, compressed NNNNNNNNNN.jsonl.zst',
    ...(rest as JsonObject),
  }
}
