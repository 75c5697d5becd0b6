/**
 * The lines of the decision log, as types: a superset of OPA's decision-log event. Field order in the
 * file is the order here. The published JSON Schema is made from `record/schema.ts` and checked against these types.
 */

import type { Reason } from './decision.ts'
import type { Json, JsonObject } from './json.ts'
import type { Labels } from './labels.ts'
import type { ListedServer, SaidMessages } from './reply.ts'

export type RecordType = 'decision' | 'outcome' | 'approval' | 'admin' | 'fault' | 'checkpoint'

interface RecordBase {
  /** Position in the log, from 0, without gaps. */
  readonly seq: number
  readonly type: RecordType
  /** RFC 3339, UTC, microseconds. */
  readonly timestamp: string
}

/** Written and, in mode `strict`, durable before the call goes to the upstream. */
export interface DecisionRecord extends RecordBase {
  readonly type: 'decision'
  readonly decision_id: string
  readonly call_id: string
  readonly trace_id: string
  readonly labels: Labels
  /** Revision of each bundle that took part. */
  readonly bundles?: { readonly [name: string]: { readonly revision: string; readonly digest?: string } }
  /** Policy path as OPA writes it: `gatehouse`. */
  readonly path?: string
  readonly decision: 'allow' | 'deny' | 'ask'
  /** The fault's code when the call was refused by a fault, else the first reason's. Absent on allow. */
  readonly code?: string
  readonly reasons: readonly Reason[]
  readonly rule_ids: readonly string[]
  readonly obligations?: readonly JsonObject[]
  readonly principal?: RecordedPrincipal
  readonly target?: RecordedTarget
  readonly call: RecordedCall
  readonly input?: JsonObject
  /** Why the input is not here in full: `level`, `size`, `dropped` or `mask_failed`; after the last two there is no result either. */
  readonly input_omitted?: string
  /** Keyed hash of the input's JSON, where the input is not here in full. */
  readonly input_digest?: string
  readonly result?: Json
  readonly nd_builtin_cache?: JsonObject
  /** Paths that `data.system.log.mask` removed, and those where it put another value. */
  readonly erased?: readonly string[]
  readonly masked?: readonly string[]
  /** Details of a fault: never given to the agent. */
  readonly detail?: string
  readonly requested_by: string
  /** Nanoseconds by step, names as OPA's metrics: `timer_<step>_ns`. */
  readonly metrics: { readonly [name: string]: number }
}

/** Written when the upstream's last byte has arrived or the call has failed. */
export interface OutcomeRecord extends RecordBase {
  readonly type: 'outcome'
  readonly decision_id: string
  readonly call_id: string
  readonly trace_id: string
  readonly outcome: 'forwarded' | 'refused' | 'failed'
  /** Fault code when it failed. */
  readonly code?: string
  readonly detail?: string
  /** Status the agent got, or would have got when it was gone. */
  readonly status: number
  readonly upstream_status?: number
  readonly request_bytes: number
  readonly reply_bytes: number
  /** The body that the agent got, where the route records it: JSON, a text, or base64, as `reply_form` says. */
  readonly reply?: Json
  readonly reply_form?: 'json' | 'text' | 'base64'
  /** Why it is not here: `size`. */
  readonly reply_omitted?: string
  /** False when the agent was gone, or the reply was withheld or cut, before its end could be sent. */
  readonly complete: boolean
  /** Whether the upstream may have acted on the call. */
  readonly upstream_reached: boolean
  readonly obligations_done?: readonly string[]
  readonly tries?: number
  /** Of a list of MCP: what each server of the route added to it. */
  readonly servers?: readonly ListedServer[]
  /** Of MCP: the tool said that it failed (`isError`). */
  readonly tool_error?: boolean
  /** Of MCP: the error that the server answered with. */
  readonly rpc_error?: number
  /** Of MCP: what servers sent by themselves in the reply. */
  readonly messages?: readonly SaidMessages[]
  readonly metrics: { readonly [name: string]: number }
}

/** What changes what is allowed, and what operators did: starts, stops, reloads, recoveries. */
export interface AdminRecord extends RecordBase {
  readonly type: 'admin'
  /** `start`, `stop`, `reload`, `reload_refused`, `keys_changed`, `subject_erased`, `recovery`, `retention`, `sink_...`. */
  readonly event: string
  readonly detail: JsonObject
}

/** Bytes that were not a call, floods that were cut off. */
export interface FaultRecord extends RecordBase {
  readonly type: 'fault'
  readonly code: string
  readonly detail: string
  readonly requested_by?: string
  /** How many of them this record stands for, when one is written for many. */
  readonly count?: number
}

/** A checkpoint (C2SP tlog-checkpoint) over the lines before it, as far as they were durable when it was signed. */
export interface CheckpointRecord extends RecordBase {
  readonly type: 'checkpoint'
  /** Lines that it covers, from the first one on. */
  readonly size: number
  /** RFC 6962 root over them, base64. */
  readonly root: string
  /** The signed note. */
  readonly note: string
}

export type LogRecord = DecisionRecord | OutcomeRecord | AdminRecord | FaultRecord | CheckpointRecord

/** Which records somebody wants: all that are given must match, each of them as it stands in the decision record of the call. */
export interface RecordFilter {
  /** The agent's id. */
  readonly agent?: string
  /** The token's subject: the person or service for whom the agent acts. */
  readonly subject?: string
  /** The tool's name. */
  readonly tool?: string
  readonly decision?: DecisionRecord['decision']
  /** The route's id. */
  readonly route?: string
  /** Id of a rule that fired. */
  readonly rule?: string
  readonly type?: RecordType
  /** Of the decision or of the outcome. */
  readonly code?: string
}

export interface RecordedPrincipal {
  readonly issuer?: string
  readonly subject?: string
  readonly client_id?: string
  /** The agent's id of the configuration, else of the token. */
  readonly agent?: string
  readonly actors?: readonly string[]
  readonly scopes?: readonly string[]
}

export interface RecordedTarget {
  readonly route: string
  /** Absent where a message went to all servers of a route. */
  readonly upstream?: string
  readonly tool?: string
  /** Of a tool of MCP: over everything that a model sees of it. */
  readonly tool_digest?: string
}

export interface RecordedCall {
  readonly protocol: 'http' | 'mcp'
  /** Of HTTP, or of JSON-RPC. */
  readonly method: string
  readonly host: string
  readonly path: string
}
