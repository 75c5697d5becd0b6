/** Problem details (RFC 9457): what an agent reads when it is refused, in exactly the members of the design's section 4. */
import type { JsonObject, Reason } from '../model/index.ts'

export const problemMediaType = 'application/problem+json'

export interface Problem {
  readonly status: number
  /** Stable code: the fault's, or the first reason's. */
  readonly code: string
  /** One sentence that is the same for every problem of this code. */
  readonly title: string
  /** One sentence about this very call. */
  readonly detail: string
  readonly decisionId: string
  readonly remedy?: string
  readonly reasons: readonly Reason[]
}

/**
 * The members in their order. `type` is a URN made of the code: it names the problem and is not meant to be fetched (RFC 9457
 * section 3.1.1); the codes are explained in the reference page of faults.
 */
export function problemOf(problem: Problem): JsonObject {
  return {
    type: `urn:problem-type:gatehouse:${problem.code}`,
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    decision_id: problem.decisionId,
    ...(problem.remedy === undefined ? {} : { remedy: problem.remedy }),
    reasons: problem.reasons.map(({ code, message, remedy, scopes }) => ({
      code,
      message,
      ...(remedy !== undefined && { remedy }),
      ...(scopes !== undefined && { scopes }),
    })),
  }
}

/** The JSON text. */
export function problemText(problem: Problem): string {
  return JSON.stringify(problemOf(problem))
}
