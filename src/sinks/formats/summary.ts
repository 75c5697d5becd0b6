/** A record in a few words and one of three severities: what every format for SIEMs asks of every event. */
import type { Json, JsonObject, ListedServer, LogRecord, OutcomeRecord, SaidMessages } from '../../model/index.ts'

/** `informational`: as it should be; `low`: the house said no; `medium`: something broke. */
export type Severity = 'informational' | 'low' | 'medium'

/** Admin events that somebody should look at. */
const troubling: ReadonlySet<string> = new Set([
  'reload_refused',
  'recovery',
  'sink_failing',
  'sink_rejected',
  'sink_dropped',
  'sink_gap',
])

export function severityOf(record: LogRecord): Severity {
  switch (record.type) {
    case 'decision':
      return record.decision === 'deny' ? 'low' : 'informational'
    case 'outcome':
      return record.outcome === 'failed' ? 'medium' : record.outcome === 'refused' ? 'low' : 'informational'
    case 'admin':
      return troubling.has(record.event) ? 'medium' : 'informational'
    case 'fault':
      return 'low'
    case 'checkpoint':
      return 'informational'
  }
}

/** `deny create_purchase_order: vendor_not_listed`. May hold what agents and policies wrote. */
export function sentenceOf(record: LogRecord): string {
  switch (record.type) {
    case 'decision':
      return `${record.decision} ${operationOf(record)}${because(record.code)}`
    case 'outcome':
      return `${record.outcome} with status ${record.status}${because(record.code)}`
    case 'admin':
      return `gateway ${record.event}`
    case 'fault':
      return `no call${because(record.code)}`
    case 'checkpoint':
      return `checkpoint over ${record.size} records`
  }
}

/** The tool that was called, else method and path. */
export function operationOf({ target, call }: Extract<LogRecord, { type: 'decision' }>): string {
  return target?.tool ?? `${call.method} ${call.path}`
}

/** Nanoseconds from the call's arrival to its end, whole. */
export function tookNs({ metrics }: OutcomeRecord): number | undefined {
  const { timer_total_ns: total } = metrics
  // A number that no double holds was read as another type.
  return total === undefined ? undefined : Math.round(Number(total))
}

/** How a call went, as far as standards have no fields for it: the record's own names and values, absent where the record has none. */
export function outcomeFacts(record: OutcomeRecord): JsonObject {
  const { complete, upstream_reached, metrics } = record
  const { upstream_status, obligations_done, tries, servers, reply_form, reply_omitted } = record
  const { tool_error, rpc_error, messages } = record
  return {
    complete,
    upstream_reached,
    metrics,
    ...(upstream_status !== undefined && { upstream_status }),
    ...(obligations_done !== undefined && { obligations_done }),
    ...(tries !== undefined && { tries }),
    ...(servers !== undefined && { servers: servers as readonly ListedServer[] & Json }),
    ...(tool_error !== undefined && { tool_error }),
    ...(rpc_error !== undefined && { rpc_error }),
    ...(messages !== undefined && { messages: messages as readonly SaidMessages[] & Json }),
    ...(reply_form !== undefined && { reply_form }),
    ...(reply_omitted !== undefined && { reply_omitted }),
  }
}

function because(code: string | undefined): string {
  return code === undefined ? '' : `: ${code}`
}
