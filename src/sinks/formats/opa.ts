/**
 * OPA's decision-log event (EventV1 of OPA 1.20), for whatever takes decision logs of OPA: the fields that OPA has are where OPA
 * has them, and all others are under `custom.gatehouse`. Records that are no decision are events too, under paths of their own.
 */
import type { DecisionRecord, JsonObject, LogRecord } from '../../model/index.ts'
import { printJson } from '../../wire/index.ts'
import { type Format, jsonType, type Sender } from './line.ts'

/** `path` of the events of other records, before their type. */
const recordPath = 'gatehouse/log/'

export function opaFormat({ labels }: Sender): Format {
  return {
    contentType: jsonType,
    write: ({ record }) => printJson(record.type === 'decision' ? decisionEvent(record) : otherEvent(record, labels)),
  }
}

function decisionEvent(record: DecisionRecord): JsonObject {
  const { labels, decision_id, trace_id, bundles, path, input, result, ...rest } = record
  const { nd_builtin_cache, erased, masked, requested_by, timestamp, metrics, ...custom } = rest
  return {
    labels,
    decision_id,
    trace_id,
    ...(bundles !== undefined && { bundles: revisionsOf(bundles) }),
    ...(path !== undefined && { path }),
    ...(input !== undefined && { input }),
    ...(result !== undefined && { result }),
    ...(nd_builtin_cache !== undefined && { nd_builtin_cache }),
    ...(erased !== undefined && { erased }),
    ...(masked !== undefined && { masked }),
    requested_by,
    timestamp,
    metrics,
    custom: { gatehouse: { ...custom, ...(bundles !== undefined && { bundles }) } as unknown as JsonObject },
  }
}

/** Of OPA's bundles only the revision is told. */
function revisionsOf(bundles: NonNullable<DecisionRecord['bundles']>): JsonObject {
  return Object.fromEntries(Object.entries(bundles).map(([name, { revision }]) => [name, { revision }]))
}

/** `decision_id` must differ from the decision's own: receivers drop a second event with the same one. */
function otherEvent(record: Exclude<LogRecord, DecisionRecord>, labels: Sender['labels']): JsonObject {
  const { timestamp } = record
  const path = recordPath + record.type
  const custom = { gatehouse: record as unknown as JsonObject }
  if (record.type !== 'outcome') return { labels, decision_id: `${record.type}/${record.seq}`, path, timestamp, custom }
  const { decision_id, trace_id, metrics } = record
  return { labels, decision_id: `${decision_id}/outcome`, trace_id, path, timestamp, metrics, custom }
}
