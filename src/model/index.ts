/** The door of the shared words: plain readonly types, the fault table, the limits, the ports. Imports nothing of ours. */
export { signatureAlgorithms } from './algorithms.ts'
export { asBuffer, type ByteSink, type ByteSource } from './bytes.ts'
export type { Arrival, Call, CallBody, Departure, DepartureReason, Peer, Trace } from './call.ts'
export { canonicalText } from './canonical.ts'
export { type Condition, ConditionError, holds, parseCondition } from './condition.ts'
export type {
  AgentEntry,
  AgentsListener,
  AnchorCredential,
  AnchorSettings,
  AuditSettings,
  Config,
  Issuer,
  LogSettings,
  OperatorsListener,
  PolicySource,
  RouteRule,
  SinkFilter,
  SinkSettings,
  Timing,
  WitnessSettings,
} from './config.ts'
export type { Allow, Ask, DecideCall, Decision, Hears, Listed, Obligation, Reason, Refusal, Sees } from './decision.ts'
export {
  aboutMessage,
  Fault,
  type FaultCode,
  type FaultOptions,
  type FaultRow,
  type FaultSource,
  faults,
  messageOf,
  type RpcPlace,
  toFault,
} from './fault.ts'
export { type Flaw, Flaws, formatFlaw } from './flaw.ts'
export { hopByHop } from './hop-by-hop.ts'
export { makeIdMaker } from './identifier.ts'
export {
  isJsonObject,
  isRawNumber,
  type Json,
  type JsonObject,
  type ParsedJson,
  property,
  type RawNumber,
  rawNumber,
} from './json.ts'
export { comparePlaces, elementAt, removeAt, withField } from './json-place.ts'
export { quote, textOf } from './json-text.ts'
export type { Labels } from './labels.ts'
export { limits } from './limits.ts'
export type { LogStats } from './log-stats.ts'
export { isLoopback } from './loopback.ts'
export {
  type InvisibleUse,
  legacyRevisions,
  type McpAsk,
  type McpAsked,
  type McpEra,
  type McpMessage,
  type McpMethod,
  type McpNamed,
  type McpRoute,
  type McpSelects,
  type McpServer,
  type McpSession,
  type McpSessions,
  type McpTool,
  type McpToolFacts,
  modernRevisions,
} from './mcp.ts'
export { isJsonMediaType } from './media-type.ts'
export { nearest } from './nearest.ts'
export {
  type Policy,
  type PolicyAnswer,
  type PolicyRule,
  policyRules,
  type Question,
  type RecordRules,
} from './policy.ts'
export type { Clock, FetchDocument, Log, LogFields, MakeId, ObjectStore, RandomBytes, Readiness } from './ports.ts'
export { type AgentFacts, type Identity, ownerOf, type Principal } from './principal.ts'
export type {
  AdminRecord,
  CheckpointRecord,
  DecisionRecord,
  FaultRecord,
  LogRecord,
  OutcomeRecord,
  RecordedCall,
  RecordedPrincipal,
  RecordedTarget,
  RecordFilter,
  RecordType,
} from './record.ts'
export type {
  ListedServer,
  McpSaid,
  Reply,
  ReplyBody,
  SaidMessages,
  UpstreamReply,
  UpstreamTimes,
} from './reply.ts'
export { isSettableHeader } from './settable-header.ts'
export type { SinkStatus } from './sink-status.ts'
export { type CallSummary, type ObserveCall, type Step, steps } from './summary.ts'
export type { HouseTarget, HttpTarget, McpTarget, Operation, Protection, Recording, Route, Target } from './target.ts'
export { makeTimestamps } from './timestamp.ts'
export {
  durationPattern,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  sizePattern,
} from './units.ts'
export { unreadable } from './unreadable.ts'
export type { Upstream } from './upstream.ts'
export { visible, visibleJson } from './visible.ts'
