/** Waiting that ends early: for whoever looks again and again until it is told to stop. */
import type { Clock } from '../model/index.ts'

/** Resolves after `ms`, or at once when the signal is aborted. Does not keep the process alive by itself. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      forget()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const forget = clock.after(ms, end)
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  })
}
