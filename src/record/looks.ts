/**
 * Looks in the background whether there is something to do: at once, every so often, and when somebody knows that there may be. One at
 * a time; whoever asks during one gets another behind it, which sees what is new.
 *
 *     resting -> looking -> resting | looking (asked meanwhile)         any of them -> stopped
 */
import type { Clock } from '../model/index.ts'

export interface LooksOptions {
  readonly clock: Clock
  /** Milliseconds between two looks that nobody asked for. */
  readonly everyMs: number
  /** Ends soon after `stop`, however that is told to it. */
  readonly work: () => Promise<void>
  /** Told why a look failed; the next one tries again. */
  readonly failed: (cause: unknown) => void
}

export interface Looks {
  look(): void
  /** Those that have ended. */
  readonly count: number
  /** No further one begins. Resolves when the one under way has ended. */
  stop(): Promise<void>
}

/** The first look begins in this turn. */
export function makeLooks({ clock, everyMs, work, failed }: LooksOptions): Looks {
  let looking: Promise<void> | undefined
  let isAsked = false
  let stopped = false
  let count = 0

  function look(): void {
    if (looking !== undefined) isAsked = true
    if (looking !== undefined || stopped) return
    looking = work()
      .catch(failed)
      .finally(() => {
        count += 1
        looking = undefined
        if (!isAsked) return
        isAsked = false
        look()
      })
  }

  const forget = clock.every(everyMs, look)
  look()
  return {
    look,
    get count() {
      return count
    },
    async stop() {
      stopped = true
      forget()
      await looking
    },
  }
}
