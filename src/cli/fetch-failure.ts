/** Why `fetch` failed: what it throws says little, its cause says what happened. */
import { messageOf } from '../model/index.ts'

/** One clause, such as `connect ECONNREFUSED 127.0.0.1:8080`. */
export function reasonOf(failure: unknown): string {
  return messageOf(causeOf(failure))
}

/** Of Node or of its client, such as `ECONNREFUSED` and `UND_ERR_SOCKET`; empty where there is none. */
export function codeOf(failure: unknown): string {
  const cause = causeOf(failure)
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
}

function causeOf(failure: unknown): unknown {
  const cause = failure instanceof Error && failure.cause !== undefined ? failure.cause : failure
  // A host with several addresses fails once for each: the error that gathers them says nothing itself.
  return cause instanceof AggregateError && cause.message === '' ? cause.errors[0] : cause
}
