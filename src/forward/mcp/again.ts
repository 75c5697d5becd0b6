/** How long a stream of a server that ended is left before it is opened again: longer after each failure, and never long. */

/** Milliseconds: the first time, doubled after each failure, and at most. */
const waitMsMin = 1_000
const waitMsMax = 30_000

/** Milliseconds after this many failures in a row, 0 or more. */
export function waitMsAfter(failures: number): number {
  return Math.min(waitMsMin * 2 ** failures, waitMsMax)
}
