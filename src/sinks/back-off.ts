/** How long to wait before the next try: longer each time, and by chance, so that many gateways do not come back at once. */
import type { RandomBytes } from '../model/index.ts'

/** Milliseconds before the second try. */
const firstMs = 250

export interface BackOff {
  /** Milliseconds, from half of the pause to all of it; the pause doubles from 250 ms up to `msMax`. */
  next(): number
  /** After something worked. */
  reset(): void
}

export function makeBackOff(msMax: number, randomBytes: RandomBytes): BackOff {
  let pauseMs = firstMs
  return {
    next() {
      const ms = Math.min(pauseMs, msMax)
      pauseMs = Math.min(2 * pauseMs, msMax)
      return (ms * (1 + (randomBytes(1)[0] ?? 0) / 255)) / 2
    },
    reset() {
      pauseMs = firstMs
    },
  }
}
