/** Results that may be undefined under some completions, and how several of them make one. */
import type { Case } from './case.ts'
import { equal } from './questions.ts'
import { either, type Sketch, Unknown } from './sketch.ts'

/** A result that may be undefined: never where `value` is absent, in any case where `certain`. */
export interface Outcome {
  readonly value: Sketch | undefined
  readonly certain: boolean
}

export const nothing: Outcome = { value: undefined, certain: true }

/** An unknown value, if any. */
export function anything(): Outcome {
  return { value: new Unknown(), certain: false }
}

export function defined(value: Sketch): Outcome {
  return { value, certain: true }
}

/** What is there only where something else is. */
export function behind(first: Outcome, found: Outcome): Outcome {
  return onlyIf(first.certain, found)
}

/** A result that is there for sure only if `sure`. */
export function onlyIf(sure: boolean, { value, certain }: Outcome): Outcome {
  return value === undefined ? nothing : { value, certain: certain && sure }
}

/** The result where it is one of several results, and nobody knows which. */
export function oneOf(outcomes: readonly Outcome[]): Outcome {
  const values = outcomes.flatMap(({ value }) => (value === undefined ? [] : [value]))
  if (values.length === 0) return nothing
  return { value: either(values), certain: outcomes.every(({ value, certain }) => value !== undefined && certain) }
}

/** A result where another stands in for it when it is undefined. */
export function instead(found: Outcome, otherwise: Outcome): Outcome {
  if (found.value === undefined) return otherwise
  if (found.certain || otherwise.value === undefined) return found
  return { value: either([found.value, otherwise.value]), certain: otherwise.certain }
}

/**
 * One more result of what must not have different results: the result that both are, or may be. `clash` throws where two certain results
 * differ.
 */
export function met(at: Case, found: Outcome, more: Outcome, clash: () => never): Outcome {
  if (found.value === undefined) return more
  if (more.value === undefined) return found
  const same = equal(at, found.value, more.value)
  if (same === 'yes') return { value: found.value, certain: found.certain || more.certain }
  if (same === 'no' && found.certain && more.certain) clash()
  at.mayFail = true
  // Where they differ, the query does not hold: a result that is there in any case is the result.
  if (found.certain) return found
  return more.certain ? more : { value: either([found.value, more.value]), certain: false }
}
