/**
 * How a batch reaches its receiver: one try at a time, each with its time; after a failure a pause, then the same batch again;
 * after a refusal halves of it, until the record is found that the receiver does not want.
 */
import { type Clock, messageOf } from '../model/index.ts'
import type { BackOff } from './back-off.ts'
import { BatchRefused, type Item, type Rejected, type Sink } from './sink.ts'

/** Milliseconds that a try gets to end after it was told to: then its sink is given up, and another one opened. */
const settleMsMax = 2_000

export interface AttemptOptions {
  readonly open: () => Promise<Sink>
  /** Milliseconds. */
  readonly tryMsMax: number
  readonly backOff: BackOff
  readonly clock: Clock
  /** Ends everything, at once. */
  readonly signal: AbortSignal
  /** Told of every try that failed, and of every one that worked. */
  readonly failed: (cause: unknown) => void
  readonly worked: () => void
}

/** Told to stop: what was not acknowledged is sent after the next start. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

export interface Attempts {
  /** Resolves, after any number of tries, with the records that the receiver refuses. Rejects with `Stopped` only. */
  untilTaken(items: readonly Item[]): Promise<readonly Rejected[]>
  /** The same with one try for each part. Rejects with what went wrong; then nothing is known of the records. */
  once(items: readonly Item[]): Promise<readonly Rejected[]>
  pause(): Promise<void>
  /** Never rejects. */
  close(): Promise<void>
}

export function makeAttempts(options: AttemptOptions): Attempts {
  const { tryMsMax, backOff, clock, signal, failed, worked } = options
  let sink: Sink | undefined

  /** Rejects when `signal` is aborted and the work did not end by itself soon after. */
  function within<T>(work: Promise<T>, limit: AbortSignal, graceMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      let forgetGrace = (): void => {}
      const late = () => {
        forgetGrace = clock.after(graceMs, () => reject(new Error(`there was no answer: ${messageOf(limit.reason)}`)))
      }
      if (limit.aborted) late()
      else limit.addEventListener('abort', late, { once: true })
      const end = (settle: () => void) => {
        limit.removeEventListener('abort', late)
        forgetGrace()
        settle()
      }
      work.then(
        (value) => end(() => resolve(value)),
        (cause: unknown) => end(() => reject(cause instanceof Error ? cause : new Error(String(cause)))),
      )
    })
  }

  async function opened(limit: AbortSignal): Promise<Sink> {
    const opening = options.open()
    try {
      return await within(opening, limit, 0)
    } catch (cause) {
      // It may open after all, when nobody waits for it any more.
      opening.then((late) => late.close()).catch(() => undefined)
      throw cause
    }
  }

  async function tryOnce(items: readonly Item[]): Promise<readonly Rejected[]> {
    const attempt = new AbortController()
    const forget = clock.after(tryMsMax, () => attempt.abort(new Error(`it took longer than ${tryMsMax} ms`)))
    const stop = () => attempt.abort(new Stopped('the gateway stops'))
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    try {
      sink ??= await opened(attempt.signal)
      const delivering = sink.deliver(items, attempt.signal)
      let hasSettled = false
      const settled = delivering.finally(() => {
        hasSettled = true
      })
      try {
        return await within(settled, attempt.signal, settleMsMax)
      } catch (cause) {
        if (!hasSettled) giveUp()
        throw cause
      }
    } finally {
      forget()
      signal.removeEventListener('abort', stop)
    }
  }

  /** A sink that does not even stop is left to itself; another one is opened in its place. */
  function giveUp(): void {
    const left = sink
    sink = undefined
    left?.close().catch(() => undefined)
  }

  async function once(items: readonly Item[]): Promise<readonly Rejected[]> {
    return await parts(items, tryOnce)
  }

  /** Halves what is refused until single records are left. */
  async function parts(
    items: readonly Item[],
    send: (items: readonly Item[]) => Promise<readonly Rejected[]>,
  ): Promise<readonly Rejected[]> {
    try {
      return await send(items)
    } catch (cause) {
      if (!(cause instanceof BatchRefused)) throw cause
      const [only] = items
      if (only !== undefined && items.length === 1) return [{ seq: only.seq, reason: cause.message }]
      const middle = Math.ceil(items.length / 2)
      return [...(await parts(items.slice(0, middle), send)), ...(await parts(items.slice(middle), send))]
    }
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const forget = clock.after(backOff.next(), end)
      function end(): void {
        forget()
        signal.removeEventListener('abort', end)
        resolve()
      }
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
    })
  }

  async function againAndAgain(items: readonly Item[]): Promise<readonly Rejected[]> {
    for (;;) {
      try {
        const rejected = await tryOnce(items)
        backOff.reset()
        worked()
        return rejected
      } catch (cause) {
        if (signal.aborted) throw new Stopped('the gateway stops')
        if (cause instanceof BatchRefused) throw cause
        failed(cause)
        await pause()
        if (signal.aborted) throw new Stopped('the gateway stops')
      }
    }
  }

  return {
    untilTaken: (items) => parts(items, againAndAgain),
    once,
    pause,
    async close() {
      const last = sink
      sink = undefined
      // Nothing more is sent: how it takes that changes nothing, and what it has not confirmed is sent again by the next start.
      await last?.close().catch(() => undefined)
    },
  }
}
