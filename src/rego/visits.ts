/**
 * A meter of composite values that are walked. Values share their parts, so that sixty rules which each put the last one twice into an array make
 * a value of sixty arrays whose text would fill the machine; every walk over values counts its steps here. Evaluation is synchronous, so one
 * meter serves all: each run starts it anew. The depth of the walk is bounded with it.
 */

/** Composite values that one evaluation may walk in comparing and printing: 100 million are several seconds of one core. */
export const visitsMax = 100_000_000

/** Levels of a value that can be walked: a walk nests as its value does, and half of the stack that Node gives by default must be enough for it. */
export const depthMax = 1_000

let visits = 0
let depth = 0

/** Thrown when the meter runs out; the engine makes `eval_cancel_error` of it. */
export class TooManyVisits extends Error {}

/** Starts the meter for a run. */
export function startVisits(): void {
  visits = 0
  depth = 0
}

/** What a composite value counts that is made into text: a text takes more time and memory than a look. */
export const printing = 16

/** Counts one composite value and goes into it; `leave` comes out again. */
export function enter(weight: 1 | typeof printing = 1): void {
  visits += weight
  if (visits > visitsMax)
    throw stopped(
      `comparing and printing values took more than \`${visitsMax}\` steps: a value is far larger than what it is made of`,
    )
  if (++depth > depthMax) throw stopped(`a value is nested more than \`${depthMax}\` levels deep`)
}

export function leave(): void {
  depth--
}

/** The error that breaks off a walk. Whoever walks next, be it without a run, begins at the top. */
export function stopped(message: string): TooManyVisits {
  depth = 0
  return new TooManyVisits(message)
}
