/** Why `fetch` failed, in words: what it throws says little, its cause says what happened. */
import { messageOf } from '../model/index.ts'

/** One clause, such as `connect ECONNREFUSED 127.0.0.1:8080`. */
export function reasonOf(failure: unknown): string {
  const cause = failure instanceof Error && failure.cause !== undefined ? failure.cause : failure
  // A host with several addresses fails once for each: the error that gathers them says nothing itself.
  const first = cause instanceof AggregateError && cause.message === '' ? cause.errors[0] : cause
  return messageOf(first)
}
