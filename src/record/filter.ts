/** Which records somebody wants to see. An outcome is part of its call: it matches by what its decision record said. */
import { type Condition, type DecisionRecord, holds, type LogRecord, type RecordFilter } from '../model/index.ts'

/** All that are given must match; none given matches everything but checkpoints, of which there is one a second. */
export interface Filters extends RecordFilter {
  /** Each must hold on the record itself or, of an outcome, on its decision record. */
  readonly where?: readonly Condition[]
}

/** What the records of a call share, taken from its decision record: small, so that many can be remembered. */
export interface CallFacts {
  readonly decision: DecisionRecord['decision']
  readonly agent: string | undefined
  readonly subject: string | undefined
  readonly route: string | undefined
  readonly tool: string | undefined
  readonly method: string
  readonly path: string
  readonly code: string | undefined
  readonly ruleIds: readonly string[]
  /** Whether each condition of `Filters.where` held on the decision record. */
  readonly held: readonly boolean[]
}

const nothing: readonly never[] = []

export function factsOf(record: DecisionRecord, { where }: Filters = {}): CallFacts {
  const { decision, principal, target, call, code } = record
  return {
    decision,
    agent: principal?.agent ?? principal?.subject,
    subject: principal?.subject,
    route: target?.route,
    tool: target?.tool,
    method: call.method,
    path: call.path,
    code,
    ruleIds: record.rule_ids,
    held: where?.map((condition) => holds(record, condition)) ?? nothing,
  }
}

/** `facts` are those of the record's call, when it has one and its decision record is known. */
export function matches(record: LogRecord, facts: CallFacts | undefined, filters: Filters): boolean {
  const { agent, subject, tool, decision, route, rule, type, code, where } = filters
  if (type === undefined ? record.type === 'checkpoint' : record.type !== type) return false
  if (agent !== undefined && facts?.agent !== agent) return false
  if (subject !== undefined && facts?.subject !== subject) return false
  if (tool !== undefined && facts?.tool !== tool) return false
  if (decision !== undefined && facts?.decision !== decision) return false
  if (route !== undefined && facts?.route !== route) return false
  if (rule !== undefined && facts?.ruleIds.includes(rule) !== true) return false
  if (code !== undefined && facts?.code !== code && !('code' in record && record.code === code)) return false
  return where?.every((condition, place) => facts?.held[place] === true || holds(record, condition)) ?? true
}

/** Whether an outcome can only be judged with its decision record at hand. */
export function needsFacts({ type: _, ...rest }: Filters): boolean {
  return Object.values(rest).some((value) => value !== undefined && value.length > 0)
}
