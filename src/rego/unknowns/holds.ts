/**
 * Whether a query holds while parts of its documents are unknown. The query is evaluated on sketches; where the answer depends on a question that
 * nobody has answered, it is evaluated again in both cases, the one with `yes` and the one with `no`, until every case has its answer.
 */

import type { Plan } from '../plan/ir.ts'
import { EvaluationError } from '../run/failure.ts'
import { type Environment, Evaluation } from '../run/state.ts'
import type { Value } from '../value.ts'
import { startVisits, TooManyVisits } from '../visits.ts'
import type { KnownBuiltins } from './builtins.ts'
import { Assumptions, type Budget, Case, Exhausted } from './case.ts'
import { SketchProgram } from './groups.ts'
import { Names } from './names.ts'
import { defined, nothing, type Outcome } from './outcomes.ts'
import { whether } from './parts.ts'
import { type Place, withUnknowns } from './places.ts'
import type { Sketch } from './sketch.ts'
import type { Truth } from './truth.ts'

/**
 * Cases into which one question may be divided; with more the answer is `maybe`. Generated policies with three arguments are as exact with 64,
 * and this is four times as many.
 */
const casesMax = 256

/** Statements of the plan that one question may take, over all of its cases: some tenths of a second. With more the answer is `maybe`. */
const stepsMax = 1_000_000

export interface HoldsParts {
  readonly plan: Plan
  readonly builtins: KnownBuiltins
  readonly environment: Environment
  readonly data: Value
  /** The places of the input and of the base document of which nothing is known. */
  readonly unknowns: readonly Place[]
}

/** `yes`: it holds under every completion of the unknown parts; `no`: under none; `maybe`: it depends, or nobody knows. */
export function holds(parts: HoldsParts, input: Value | undefined): Truth {
  const names = new Names()
  const documents = withUnknowns(parts.unknowns, input, parts.data)
  const budget: Budget = { steps: stepsMax }
  const waiting: Assumptions[] = [Assumptions.none]
  let answer: Truth | undefined
  // All cases together may take what one evaluation may.
  const evaluation = new Evaluation(parts.environment, evaluationOptions)
  startVisits()
  for (let count = 0; ; count++) {
    const assumptions = waiting.pop()
    if (assumptions === undefined) return answer ?? 'maybe'
    if (count >= casesMax) return 'maybe'
    const one = new Case(assumptions, names, evaluation, budget)
    const found = inCase(parts, one, documents)
    if (found !== 'maybe') {
      if (answer !== undefined && answer !== found) return 'maybe'
      answer = found
    } else if (one.open === undefined) return 'maybe'
    else waiting.push(assumptions.with(one.open, false), assumptions.with(one.open, true))
  }
}

const evaluationOptions = { synchronous: true, recording: undefined, watch: undefined }

function inCase({ plan, builtins }: HoldsParts, at: Case, { input, data }: ReturnType<typeof withUnknowns>): Truth {
  try {
    const { value, fact } = input
    const known = fact === undefined || value === undefined ? given(value) : whether(at, value, fact)
    const answer = new SketchProgram(plan, builtins, at, { input: known, data }).holds(plan)
    return answer === 'yes' && at.mayFail ? 'maybe' : answer
  } catch (error) {
    // An error is no result, under every completion of this case.
    if (error instanceof EvaluationError && error.code !== 'eval_cancel_error') return 'no'
    // A walk that was broken off has not come out of the values again.
    startVisits()
    if (!isSpent(error)) throw error
    at.open = undefined
    return 'maybe'
  }
}

function given(value: Sketch | undefined): Outcome {
  return value === undefined ? nothing : defined(value)
}

function isSpent(error: unknown): boolean {
  if (error instanceof Exhausted || error instanceof TooManyVisits || error instanceof EvaluationError) return true
  return error instanceof RangeError && error.message.includes('call stack')
}
