/** A clock that moves only when a test says so. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../src/model/index.ts'

export interface FakeClock extends Clock {
  /** Moves time on, running what falls due in order, and lets I/O that was begun go round a few times. */
  advance(ms: number): Promise<void>
  /** Moves time on by `stepMs` (0: stands still) after each few turns of the event loop until `done()`; fails after 10 s. */
  settled(done: () => boolean, stepMs?: number): Promise<void>
}

interface Timer {
  dueMs: number
  readonly everyMs: number | undefined
  readonly run: () => void
}

/** Begins at 2026-03-02T10:00:00Z, a Monday in office hours, unless told otherwise. */
export function fakeClock(startMs = Date.UTC(2026, 2, 2, 10)): FakeClock {
  let elapsedMs = 0
  const timers = new Set<Timer>()
  const add = (timer: Timer) => {
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await setImmediate()
  }
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (ms, run) => add({ dueMs: elapsedMs + ms, everyMs: undefined, run }),
    every: (ms, run) => add({ dueMs: elapsedMs + ms, everyMs: ms, run }),
    async advance(ms) {
      const untilMs = elapsedMs + ms
      for (;;) {
        const due = [...timers]
          .filter((timer) => timer.dueMs <= untilMs)
          .sort((one, other) => one.dueMs - other.dueMs)[0]
        if (due === undefined) break
        elapsedMs = Math.max(elapsedMs, due.dueMs)
        if (due.everyMs === undefined) timers.delete(due)
        else due.dueMs += due.everyMs
        due.run()
        await turns(20)
      }
      elapsedMs = untilMs
      await turns(20)
    },
    async settled(done, stepMs = 0) {
      // The disk and the network are real, so the bound is real time; nothing waits longer than it must.
      const giveUpAt = performance.now() + 10_000
      while (!done()) {
        if (performance.now() > giveUpAt) throw new Error('what the test waits for did not happen within 10 s')
        if (stepMs > 0) await this.advance(stepMs)
        else await turns(1)
      }
    },
  }
}
