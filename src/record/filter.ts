/** Which records somebody wants to see. An outcome is part of its call: it matches by what its decision record said. */
import type { DecisionRecord, LogRecord, RecordType } from '../model/index.ts'

/** All that are given must match; none given matches everything. */
export interface Filters {
  /** The agent's id. */
  readonly agent?: string
  readonly decision?: DecisionRecord['decision']
  /** The route's id. */
  readonly route?: string
  readonly type?: RecordType
  /** Of the decision or of the outcome. */
  readonly code?: string
}

/** What the records of a call share, taken from its decision record: small, so that many can be remembered. */
export interface CallFacts {
  readonly decision: DecisionRecord['decision']
  readonly agent: string | undefined
  readonly route: string | undefined
  readonly tool: string | undefined
  readonly method: string
  readonly path: string
  readonly code: string | undefined
}

export function factsOf({ decision, principal, target, call, code }: DecisionRecord): CallFacts {
  return {
    decision,
    agent: principal?.agent ?? principal?.subject,
    route: target?.route,
    tool: target?.tool,
    method: call.method,
    path: call.path,
    code,
  }
}

/** `facts` are those of the record's call, when it has one and its decision record is known. */
export function matches(record: LogRecord, facts: CallFacts | undefined, filters: Filters): boolean {
  const { agent, decision, route, type, code } = filters
  if (type !== undefined && record.type !== type) return false
  if (agent !== undefined && facts?.agent !== agent) return false
  if (decision !== undefined && facts?.decision !== decision) return false
  if (route !== undefined && facts?.route !== route) return false
  return code === undefined || facts?.code === code || ('code' in record && record.code === code)
}

/** Whether an outcome can only be judged with its decision record at hand. */
export function needsFacts({ agent, decision, route, code }: Filters): boolean {
  return agent !== undefined || decision !== undefined || route !== undefined || code !== undefined
}
