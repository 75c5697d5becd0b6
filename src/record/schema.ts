/**
 * The JSON Schema of the log's lines, for whoever reads them elsewhere. The shapes below are held to the types of
 * `model/record.ts` by the compiler: a field that is missing here, or is not there, does not compile.
 */
import { z } from 'zod'
import type {
  AdminRecord,
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
  upstream: text,
  tool: text.optional(),
} satisfies Shape<RecordedTarget>

const recordedCall = {
  protocol: z.literal('http'),
  method: text,
  host: text,
  path: text.describe('without the query'),
} satisfies Shape<RecordedCall>

const decision = {
  ...place,
  type: z.literal('decision'),
  ...ofCall,
  labels: z.record(text, text),
  bundles: z
    .record(text, z.strictObject({ revision: text, digest: text.optional() }))
    .optional()
    .describe('revision of each bundle that took part'),
  path: text.optional().describe('the policy that was asked'),
  decision: z.enum(['allow', 'deny', 'ask']),
  code: text.optional().describe("the fault's code, else the first reason's; absent on allow"),
  reasons: z.array(z.strictObject({ code: text, message: text, remedy: text.optional() })),
  rule_ids: z.array(text),
  obligations: z.array(object).optional(),
  principal: z.strictObject(recordedPrincipal).optional(),
  target: z.strictObject(recordedTarget).optional(),
  call: z.strictObject(recordedCall),
  input: object.optional().describe('the document that policy saw, as far as the route records it'),
  input_omitted: text.optional().describe('why the input is not here in full: level, size'),
  result: z.unknown().optional(),
  nd_builtin_cache: object.optional(),
  detail: text.optional().describe('what broke; never given to the agent'),
  requested_by: text.describe("the peer's address"),
  metrics,
} satisfies Shape<DecisionRecord>

const outcome = {
  ...place,
  type: z.literal('outcome'),
  ...ofCall,
  outcome: z.enum(['forwarded', 'refused', 'failed']),
  code: text.optional().describe('why it failed or is not complete'),
  detail: text.optional(),
  status: count.describe('the status that the agent got, or would have got'),
  upstream_status: count.optional(),
  request_bytes: count,
  reply_bytes: count,
  complete: z.boolean().describe('false when the agent was gone, or the reply was withheld or cut, before its end'),
  upstream_reached: z.boolean().describe('whether the upstream may have acted on the call'),
  obligations_done: z.array(text).optional(),
  tries: count.optional(),
  metrics,
} satisfies Shape<OutcomeRecord>

const admin = {
  ...place,
  type: z.literal('admin'),
  event: text,
  detail: object,
} satisfies Shape<AdminRecord>

const fault = {
  ...place,
  type: z.literal('fault'),
  code: text,
  detail: text,
  requested_by: text.optional(),
  count: count.optional().describe('how many this record stands for, when it is written for many'),
} satisfies Shape<FaultRecord>

/** What `docs/reference/decision-log.schema.json` holds: JSON Schema 2020-12 of one line. */
export function decisionLogSchema(): JsonObject {
  const record = z.discriminatedUnion('type', [
    z.strictObject(decision),
    z.strictObject(outcome),
    z.strictObject(admin),
    z.strictObject(fault),
  ])
  const { $schema, ...rest } = z.toJSONSchema(record, { target: 'draft-2020-12' })
  return {
    ...($schema !== undefined && { $schema }),
    title: 'Gatehouse decision log',
    description: 'One line of data/log/NNNNNNNNNN.jsonl',
    ...(rest as JsonObject),
  }
}
