/**
 * One case: the questions that it has answered beforehand, and what is found out while the query is evaluated in it. A question that the
 * assumptions leave open is remembered, so that the case can be divided there.
 */

import { EvaluationError } from '../run/failure.ts'
import { type Evaluation, State } from '../run/state.ts'
import type { Value } from '../value.ts'
import { Domain } from './domain.ts'
import { Exhausted } from './exhausted.ts'
import type { Names } from './names.ts'
import { type Truth, truth } from './truth.ts'

/** What can be assumed. Each has one answer under every completion. */
export type Question =
  /** `implies`: where it holds, the unknown value `id` is `from` or comes after it. */
  | { readonly kind: 'fact'; readonly text: string; readonly implies?: Implied }
  /** Whether the unknown value `id` is one of `values`. */
  | { readonly kind: 'within'; readonly id: string; readonly values: readonly Value[] }
  /** Whether the unknown value `id` is below `value`, or equal to it where `orEqual`. */
  | { readonly kind: 'below'; readonly id: string; readonly value: Value; readonly orEqual: boolean }

export interface Implied {
  readonly id: string
  readonly from: Value
}

/** Answers that are taken for granted. */
export class Assumptions {
  static readonly none = new Assumptions(new Map(), new Map())
  readonly #facts: ReadonlyMap<string, boolean>
  readonly #domains: ReadonlyMap<string, Domain>

  private constructor(facts: ReadonlyMap<string, boolean>, domains: ReadonlyMap<string, Domain>) {
    this.#facts = facts
    this.#domains = domains
  }

  with(question: Question, answer: boolean): Assumptions {
    if (question.kind === 'fact') {
      const { text, implies } = question
      const facts = new Map([...this.#facts, [text, answer]])
      if (!answer || implies === undefined) return new Assumptions(facts, this.#domains)
      const domain = this.domain(implies.id).above(implies.from, true)
      return new Assumptions(facts, new Map([...this.#domains, [implies.id, domain]]))
    }
    const { id } = question
    return new Assumptions(this.#facts, new Map([...this.#domains, [id, narrowed(this.domain(id), question, answer)]]))
  }

  fact(text: string): Truth {
    const known = this.#facts.get(text)
    return known === undefined ? 'maybe' : truth(known)
  }

  domain(id: string): Domain {
    return this.#domains.get(id) ?? Domain.everything
  }
}

function narrowed(domain: Domain, question: Exclude<Question, { kind: 'fact' }>, answer: boolean): Domain {
  if (question.kind === 'within') return answer ? domain.within(question.values) : domain.without(question.values)
  const { value, orEqual } = question
  return answer ? domain.below(value, orEqual) : domain.above(value, !orEqual)
}

/** Statements that one question may take, over all of its cases. */
export interface Budget {
  steps: number
}

/** Whether a question is about a place of the input or of the base document itself; the names of such places begin so. */
function isAboutPlace(question: Question): boolean {
  return /^(?:input|data)\b/.test(question.kind === 'fact' ? question.text : question.id)
}

export class Case {
  readonly assumptions: Assumptions
  readonly names: Names
  readonly evaluation: Evaluation
  /** What builtins are called with. */
  readonly native: State
  readonly #budget: Budget
  /** The question that was left open, by which the case can be divided. */
  open: Question | undefined
  /** Whether the evaluation may end with an error under some completion. */
  mayFail = false

  constructor(assumptions: Assumptions, names: Names, evaluation: Evaluation, budget: Budget) {
    this.assumptions = assumptions
    this.names = names
    this.evaluation = evaluation
    this.native = new State(evaluation, undefined)
    this.#budget = budget
  }

  step(): void {
    if (--this.#budget.steps < 0) throw new Exhausted('the steps are used up')
  }

  /** Leaves a question open. One about a place comes before one about what is made of it: its answer may settle the other. */
  leaveOpen(question: Question): Truth {
    if (this.open === undefined || (isAboutPlace(question) && !isAboutPlace(this.open))) this.open = question
    return 'maybe'
  }

  fact(text: string, implies?: Implied): Truth {
    const known = this.assumptions.fact(text)
    if (known !== 'maybe') return known
    return this.leaveOpen({ kind: 'fact', text, ...(implies === undefined ? {} : { implies }) })
  }

  /**
   * Does what may not happen at all, where `unsure`: an error in it is then an error of some completions only, and under those the query does
   * not hold.
   */
  attempt<Result>(unsure: boolean, run: () => Result, otherwise: Result): Result {
    if (!unsure) return run()
    try {
      return run()
    } catch (error) {
      if (!(error instanceof EvaluationError) || error.code === 'eval_cancel_error') throw error
      this.mayFail = true
      return otherwise
    }
  }
}
