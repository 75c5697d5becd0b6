/**
 * What an agent is told when its call goes no further: a refusal by policy or a fault, as problem details (RFC 9457). Nothing
 * of the inside is in it: only the fault table's sentences, and the reasons that policy wrote for the agent.
 */
import {
  type Fault,
  type FaultCode,
  faults,
  type Reason,
  type Refusal,
  type Reply,
  type Target,
} from '../model/index.ts'
import { type Problem, problemMediaType, problemText } from '../wire/index.ts'
import { mcpFault, mcpRefusal } from './mcp/answer.ts'

export interface Answer {
  /** A decision that denies or asks: 403 with the first reason's code; one that asks always has `approval_required`. */
  refusal(decision: Refusal, target?: Target): Reply
  /** A fault: the row's status and sentence; 401 with the challenge of RFC 6750 section 3. `target` as far as it was found. */
  fault(fault: Fault, decisionId: string, target?: Target): Reply
}

/** What a fault says that happened before the agent was known: their replies count towards the flood bound. */
const beforeIdentification: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'header_too_large',
  'method_refused',
  'framing_refused',
  'host_refused',
  'target_refused',
  'header_refused',
  'expectation_refused',
  'token_missing',
  'token_malformed',
  'token_issuer',
  'token_audience',
  'token_algorithm',
  'token_type',
  'token_signature',
  'token_expired',
  'token_not_yet_valid',
  'token_too_old',
  'token_claims',
  'token_bound',
])

/** Seconds after which a call that met a full or closing house may be tried again (RFC 9110 section 10.2.3). */
const retryAfterS = '1'
const retryLater: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'overloaded',
  'draining',
  'log_queue_full',
  'log_unavailable',
  'keys_unavailable',
])

export const answer: Answer = {
  refusal(decision, target) {
    const first = decision.reasons[0]
    const code = decision.kind === 'ask' ? 'approval_required' : (first?.code ?? 'policy_denied')
    const row = isFaultCode(code) ? faults[code] : faults.policy_denied
    const remedy = first?.remedy ?? ('remedy' in row ? row.remedy : undefined)
    const reasons = decision.reasons.length > 0 ? decision.reasons : [reasonOf(code, row.says, remedy)]
    const problem: Problem = {
      status: 403,
      code,
      title: row.says,
      detail: first?.message ?? row.says,
      decisionId: decision.id,
      ...(remedy === undefined ? {} : { remedy }),
      reasons,
    }
    if (target?.mcp !== undefined) return mcpRefusal(decision, problem, target.mcp.message)
    return { status: 403, headers: plain, body: bodyOf(problemText(problem)), decisionId: decision.id }
  },

  fault(fault, decisionId, target) {
    const row = faults[fault.code]
    const remedy = 'remedy' in row ? row.remedy : undefined
    const detail = fault.publicDetail ?? row.says
    // Status 0 marks bytes that are no call; when such a fault does end a call, it is the agent's bad message.
    const status = row.status === 0 ? 400 : row.status
    const problem: Problem = {
      status,
      code: fault.code,
      title: row.says,
      detail,
      decisionId,
      ...(remedy === undefined ? {} : { remedy }),
      reasons: [reasonOf(fault.code, detail, remedy)],
    }
    const message = target?.mcp?.message
    const place = message ?? fault.rpc
    if (place !== undefined) return mcpFault(fault, problem, place, extraHeaders(fault, status, row.says))
    const unidentified = beforeIdentification.has(fault.code)
    const reply = {
      status,
      headers: [...plain, ...extraHeaders(fault, status, row.says)],
      body: bodyOf(problemText(problem)),
      decisionId,
      fault: fault.code,
    }
    return unidentified ? { ...reply, unidentified } : reply
  },
}

const plain: readonly string[] = ['Content-Type', problemMediaType, 'Cache-Control', 'no-store']

function extraHeaders({ code, allowedMethods }: Fault, status: number, says: string): readonly string[] {
  // An empty list is a list too: a 405 always has the field (RFC 9110 section 15.5.6).
  if (status === 405) return ['Allow', (allowedMethods ?? []).join(', ')]
  if (status === 401) return ['WWW-Authenticate', challenge(code, says)]
  if (retryLater.has(code)) return ['Retry-After', retryAfterS]
  return none
}

const none: readonly string[] = []

/** RFC 6750 section 3.1: no error code when no token was sent; `invalid_token` for every bad one. */
function challenge(code: FaultCode, says: string): string {
  return code === 'token_missing'
    ? 'Bearer realm="gatehouse"'
    : `Bearer realm="gatehouse", error="invalid_token", error_description="${says}"`
}

function reasonOf(code: string, message: string, remedy: string | undefined): Reason {
  return remedy === undefined ? { code, message } : { code, message, remedy }
}

function bodyOf(text: string): Reply['body'] {
  return { kind: 'bytes', bytes: Buffer.from(text) }
}

function isFaultCode(code: string): code is FaultCode {
  return Object.hasOwn(faults, code)
}
