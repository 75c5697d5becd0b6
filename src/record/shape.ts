/**
 * Whether a line of JSON has what readers of a record rely on. The log that is read need not be ours: somebody may have put a line in
 * that is none of ours, and it must not keep the rest from being read. What nobody reads, and fields of other versions, are not looked at.
 */
import type { LogRecord } from '../model/index.ts'

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const count: Check = (value) => Number.isFinite(value)
const flag: Check = (value) => typeof value === 'boolean'
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const oneOf =
  (...names: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && names.includes(value)
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const table =
  (check: Check): Check =>
  (value) =>
    object(value) && Object.values(value as object).every(check)

function fields(checks: { readonly [name: string]: Check }): Check {
  const entries = Object.entries(checks)
  return (value) => {
    if (!object(value)) return false
    const read = value as { readonly [name: string]: unknown }
    return entries.every(([name, check]) => check(Object.hasOwn(read, name) ? read[name] : undefined))
  }
}

const place = { seq: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0, timestamp: text }
const ofCall = { decision_id: text, call_id: text, trace_id: text, metrics: table(count) }

const shapes = new Map<unknown, Check>(
  Object.entries({
    decision: fields({
      ...place,
      ...ofCall,
      decision: oneOf('allow', 'deny', 'ask'),
      code: optional(text),
      detail: optional(text),
      path: optional(text),
      bundles: optional(table(fields({ revision: text, digest: optional(text) }))),
      reasons: list(fields({ code: text, message: text, remedy: optional(text), scopes: optional(list(text)) })),
      rule_ids: list(text),
      obligations: optional(list(object)),
      principal: optional(
        fields({
          agent: optional(text),
          subject: optional(text),
          client_id: optional(text),
          issuer: optional(text),
          actors: optional(list(text)),
          scopes: optional(list(text)),
        }),
      ),
      target: optional(fields({ route: text, upstream: optional(text), tool: optional(text) })),
      call: fields({ method: text, host: text, path: text }),
      requested_by: text,
    }),
    outcome: fields({
      ...place,
      ...ofCall,
      outcome: oneOf('forwarded', 'refused', 'failed'),
      code: optional(text),
      detail: optional(text),
      status: count,
      upstream_status: optional(count),
      request_bytes: count,
      reply_bytes: count,
      complete: flag,
      upstream_reached: flag,
      obligations_done: optional(list(text)),
      tries: optional(count),
      tool_error: optional(flag),
      rpc_error: optional(count),
      messages: optional(list(fields({ upstream: text, method: text, passed: count, withheld: count }))),
    }),
    admin: fields({ ...place, event: text, detail: object }),
    fault: fields({ ...place, code: text, detail: text, requested_by: optional(text), count: optional(count) }),
    checkpoint: fields({ ...place, size: count, root: text, note: text }),
  } satisfies Record<LogRecord['type'], Check>),
)

export function isRecord(value: unknown): value is LogRecord {
  return object(value) && shapes.get((value as { readonly type?: unknown }).type)?.(value) === true
}
