/** Ends an evaluation that takes too long. It runs on this thread, so a timer could not: V8 itself breaks it off. */
import { createContext, Script } from 'node:vm'
import type { Clock } from '../model/index.ts'
import { EvaluationInterrupted } from '../rego/index.ts'

export interface Deadline {
  /** Runs a piece of an evaluation, for as long as there is time. Throws `EvaluationInterrupted`. */
  readonly guard: <Result>(run: () => Result) => Result
  /** The time begins anew. */
  readonly startOver: () => void
}

/** Breaks an evaluation off that is not over `ms` milliseconds from now, waits for the network included. */
export function makeDeadline(ms: number, clock: Clock): Deadline {
  const context = createContext({ run: undefined as (() => void) | undefined })
  const script = new Script('run()')
  let end = clock.monotonicMs() + ms
  const guard = <Result>(run: () => Result): Result => {
    // V8 counts whole milliseconds, from 1.
    const left = Math.ceil(end - clock.monotonicMs())
    if (left <= 0) throw tooLong(ms)
    let result: { readonly value: Result } | undefined
    context.run = () => {
      result = { value: run() }
    }
    try {
      script.runInContext(context, { timeout: left })
    } catch (cause) {
      throw isTimeUp(cause) ? tooLong(ms, cause) : cause
    }
    if (result === undefined) throw new TypeError('the script did not run what it was made for')
    return result.value
  }
  const startOver = (): void => {
    end = clock.monotonicMs() + ms
  }
  return { guard, startOver }
}

function tooLong(ms: number, cause?: unknown): EvaluationInterrupted {
  return new EvaluationInterrupted(`the evaluation was broken off after ${ms} ms`, { cause })
}

/** The error is made in the other context: there it is an `Error`, here it is none. */
function isTimeUp(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}
