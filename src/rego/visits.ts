/**
 * A meter of composite values that are walked. Values share their parts, so that sixty rules which each put the last one twice into an array make
 * a value of sixty arrays whose text would fill the machine; every walk over values counts its steps here. Evaluation is synchronous, so one
 * meter serves all: each run starts it anew.
 */

/** Composite values that one evaluation may walk in comparing and printing: 100 million are several seconds of one core. */
export const visitsMax = 100_000_000

let visits = 0

/** Thrown when the meter runs out; the engine makes `eval_cancel_error` of it. */
export class TooManyVisits extends Error {
  constructor() {
    super(`evaluation walked more than \`${visitsMax}\` values in comparing and printing`)
  }
}

/** Starts the meter for a run. */
export function startVisits(): void {
  visits = 0
}

/** Counts one composite value. */
export function visit(): void {
  if (++visits > visitsMax) throw new TooManyVisits()
}
