/** An evaluation that ended without a result: an error with OPA's code and the place in the policy, or a wait that nobody could do. */
import type { Span } from '../ast.ts'
import type { RegoErrorCode } from '../errors.ts'
import type { Value } from '../value.ts'

/** Ends the evaluation. `at` is absent for errors that belong to no place, such as a spent limit. */
export class EvaluationError extends Error {
  readonly code: RegoErrorCode
  readonly at: Span | undefined

  constructor(code: RegoErrorCode, message: string, at?: Span, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.at = at
  }
}

/** Thrown by whoever guards an evaluation to break it off, such as a clock. */
export class EvaluationInterrupted extends Error {
  override readonly name = 'EvaluationInterrupted'
}

/** Thrown through an evaluation that has to wait; it is run again from the start when `perform` has given the reply to `key`. */
export class Suspension extends Error {
  readonly key: string
  readonly perform: () => Promise<Value>

  constructor(key: string, perform: () => Promise<Value>) {
    super(`evaluation waits for \`${key}\``)
    this.key = key
    this.perform = perform
  }
}
