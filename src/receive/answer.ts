/**
 * What an agent is told when its call goes no further: a refusal by policy or a fault, as problem details (RFC 9457). Nothing
 * of the inside is in it: only the fault table's sentences, and the reasons that policy wrote for the agent.
 */
import {
  type Call,
  type Fault,
  type FaultCode,
  faults,
  type Protection,
  type Reason,
  type Refusal,
  type Reply,
  type Target,
} from '../model/index.ts'
import { type Problem, problemMediaType, problemText } from '../wire/index.ts'
import { mcpFault, mcpRefusal } from './mcp/answer.ts'

export interface Answer {
  /**
   * A decision that denies or asks: 403 with the first reason's code; one that asks always has `approval_required`. Where scopes are all
   * that is missing, with the challenge of RFC 6750 section 3.1 that names them.
   */
  refusal(decision: Refusal, target?: Target, call?: Call): Reply
  /** A fault: the row's status and sentence; 401 with the challenge of RFC 6750 section 3. `target` as far as it was found. */
  fault(fault: Fault, decisionId: string, target?: Target, call?: Call): Reply
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

/** `protection` says what a client without a good token is told about the route of its call (RFC 9728 section 5.1). */
export function makeAnswer(protection: (call: Call) => Protection | undefined): Answer {
  return {
    refusal(decision, target, call) {
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
      const scopes = missingScopes(decision)
      const says = faults.scope_missing.says
      const protectedBy = call && protection(call)
      const headers =
        scopes.length === 0 ? none : ['WWW-Authenticate', challenge('scope_missing', says, scopes, protectedBy)]
      if (target?.mcp !== undefined) return mcpRefusal(decision, problem, target.mcp, headers)
      const body = bodyOf(problemText(problem))
      return { status: 403, headers: [...plain, ...headers], body, decisionId: decision.id }
    },

    fault(fault, decisionId, target, call) {
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
      if (place !== undefined)
        return mcpFault(fault, problem, place, extraHeaders(fault, status, row.says, call && protection(call)))
      const unidentified = beforeIdentification.has(fault.code)
      const reply = {
        status,
        headers: [...plain, ...extraHeaders(fault, status, row.says, call && protection(call))],
        body: bodyOf(problemText(problem)),
        decisionId,
        fault: fault.code,
      }
      return unidentified ? { ...reply, unidentified } : reply
    },
  }
}

/** Where no route is a protected resource. */
export const answer: Answer = makeAnswer(() => undefined)

const plain: readonly string[] = ['Content-Type', problemMediaType, 'Cache-Control', 'no-store']

/** What another token would need; none where something else stands in the way too, or nobody may learn of it. */
function missingScopes(decision: Refusal): readonly string[] {
  if (decision.kind !== 'deny' || decision.hidden === true) return none
  if (decision.reasons.some(({ scopes }) => scopes === undefined)) return none
  return [...new Set(decision.reasons.flatMap(({ scopes = none }) => scopes))].sort()
}

function extraHeaders(
  { code, allowedMethods }: Fault,
  status: number,
  says: string,
  protection: Protection | undefined,
): readonly string[] {
  // An empty list is a list too: a 405 always has the field (RFC 9110 section 15.5.6).
  if (status === 405) return ['Allow', (allowedMethods ?? []).join(', ')]
  if (status === 401 || code === 'scope_missing')
    return ['WWW-Authenticate', challenge(code, says, protection?.scopes ?? none, protection)]
  if (retryLater.has(code)) return ['Retry-After', retryAfterS]
  return none
}

const none: readonly string[] = []

/**
 * RFC 6750 section 3.1: no error code when no token was sent, `insufficient_scope` with all that is needed, `invalid_token` for every bad
 * one; and where to read on (RFC 9728 section 5.1).
 */
function challenge(
  code: FaultCode,
  says: string,
  scopes: readonly string[],
  protection: Protection | undefined,
): string {
  const error =
    code === 'token_missing' ? [] : [`error="${code === 'scope_missing' ? 'insufficient_scope' : 'invalid_token'}"`]
  const description = error.length === 0 ? [] : [`error_description="${says}"`]
  const scope = scopes.length === 0 ? [] : [`scope="${scopes.join(' ')}"`]
  const metadata = protection === undefined ? [] : [`resource_metadata="${protection.metadata}"`]
  return `Bearer ${['realm="gatehouse"', ...error, ...description, ...scope, ...metadata].join(', ')}`
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
