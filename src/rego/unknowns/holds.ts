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
import { Assumptions, type Budget, Case } from './case.ts'
import { Exhausted } from './exhausted.ts'
import type { Findings, Trace } from './findings.ts'
import { SketchProgram } from './groups.ts'
import { Names } from './names.ts'
import { defined, nothing, type Outcome } from './outcomes.ts'
import { whether } from './parts.ts'
import { findFields, type Place, watched, withUnknowns } from './places.ts'
import type { Sketch } from './sketch.ts'
import { evaluationOptions, Reader } from './term.ts'
import type { Truth } from './truth.ts'

/**
 * Cases into which one question may be divided; with more the answer is `maybe`. Generated policies with three arguments are as exact with 64,
 * and this is four times as many.
 */
const casesMax = 256

/** Statements of the plan that one question may take, over all of its cases: some tenths of a second. With more the answer is `maybe`. */
const stepsMax = 1_000_000

type Documents = ReturnType<typeof withUnknowns>

interface Bounds {
  readonly steps: number
  readonly cases: number
}

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
  let answer: Truth | undefined
  const documents = withUnknowns(parts.unknowns, input, parts.data)
  const whole = eachCase(parts, documents, { steps: stepsMax, cases: casesMax }, (found) => {
    if (found === 'maybe' || (answer !== undefined && answer !== found)) return false
    answer = found
    return true
  })
  return whole ? (answer ?? 'maybe') : 'maybe'
}

/** What one question of `couldHold` may take, a millisecond or some: it is asked of every entry of a list. With more the answer is yes. */
const couldBounds: Bounds = { steps: 20_000, cases: 24 }

/**
 * Whether it holds under some completion, or nobody knows: false only where `holds` would say `no`, found without looking at the
 * other cases once there is one in which it may hold. What was found out about an input of which the same can be said answers without an evaluation.
 */
export function couldHold(parts: HoldsParts, findings: Findings, input: Value | undefined): boolean {
  const reader = new Reader(parts.environment, input)
  startVisits()
  const known = withinBounds(() => findings.answerFor(reader))
  if (known !== undefined) return known
  const trace = findings.trace(reader)
  findFields(parts.unknowns, trace)
  const documents = watchedDocuments(parts, trace)
  const answer = !eachCase(parts, documents, couldBounds, (found) => found === 'no')
  trace.conclude(answer)
  return answer
}

/** The documents of an evaluation that leaves behind what it found out about its input. */
function watchedDocuments({ unknowns, data }: HoldsParts, trace: Trace): Documents {
  const documents = withUnknowns(unknowns, trace.reader.input, data)
  const { value } = documents.input
  return value === undefined ? documents : { ...documents, input: { ...documents.input, value: watched(value, trace) } }
}

/** What a look gives; undefined where it does not end within the bounds. */
function withinBounds<Result>(look: () => Result): Result | undefined {
  try {
    return look()
  } catch (error) {
    if (!isSpent(error)) throw error
    startVisits()
    return undefined
  }
}

/**
 * Gives the answer of each case to `goesOn`, as long as that is true; `maybe` is one that could not be found out. Whether all cases were
 * looked at. Conditions are first taken not to hold: most of them are reasons against something.
 */
function eachCase(
  parts: HoldsParts,
  documents: Documents,
  { steps, cases }: Bounds,
  goesOn: (found: Truth) => boolean,
): boolean {
  const names = new Names()
  const budget: Budget = { steps }
  const waiting: Assumptions[] = [Assumptions.none]
  // All cases together may take what one evaluation may.
  const evaluation = new Evaluation(parts.environment, evaluationOptions)
  startVisits()
  for (let count = 0; ; count++) {
    const assumptions = waiting.pop()
    if (assumptions === undefined) return true
    if (count >= cases) return false
    const one = new Case(assumptions, names, evaluation, budget)
    const found = inCase(parts, one, documents)
    if (found === 'maybe' && one.open !== undefined)
      waiting.push(assumptions.with(one.open, true), assumptions.with(one.open, false))
    else if (!goesOn(found)) return false
  }
}

function inCase({ plan, builtins }: HoldsParts, at: Case, { input, data }: Documents): Truth {
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
