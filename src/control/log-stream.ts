/**
 * The decision log as server-sent events (WHATWG HTML section 9.2): one event a record, its place in the log as the event's id,
 * so that a reader that was cut off goes on where it ended. A slow reader slows nobody but itself.
 */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Clock } from '../model/index.ts'

/** Readers at once: each reads the files of the log for itself. */
const streamsMax = 16
/** Milliseconds between two comments that keep an idle stream open in proxies. */
const aliveMs = 15_000

export interface LogLine {
  readonly seq: number
  /** As it stands in the log. */
  readonly text: string
}

/** `query` has the names of `tail`'s flags. Gives the lines, or what is wrong with the question. Ends when `signal` is aborted. */
export type ReadLines = (
  query: URLSearchParams,
  signal: AbortSignal,
) => AsyncIterable<LogLine> | { readonly refusal: string }

interface Opened {
  readonly lines: AsyncIterable<LogLine>
  readonly stop: AbortController
}

export interface LogStreams {
  /** `lastId`: the field `Last-Event-ID`. */
  open(query: URLSearchParams, lastId: string | undefined): Opened | { readonly refusal: string } | 'used_up'
  respond(c: Context, opened: Opened): Response
}

export function makeLogStreams(parts: {
  readonly logLines: ReadLines
  readonly clock: Pick<Clock, 'every'>
  readonly failed: (cause: unknown) => void
}): LogStreams {
  const { logLines, clock, failed } = parts
  let open = 0
  return {
    open(query, lastId) {
      if (open >= streamsMax) return 'used_up'
      const last = /^\d{1,16}$/.test(lastId ?? '') ? Number(lastId) : undefined
      if (last !== undefined) {
        for (const name of ['last', 'since']) query.delete(name)
        query.set('from', String(last + 1))
      }
      const stop = new AbortController()
      const lines = logLines(query, stop.signal)
      return 'refusal' in lines ? lines : { lines, stop }
    },
    respond(c, { lines, stop }) {
      open += 1
      return streamSSE(
        c,
        async (stream) => {
          stream.onAbort(() => stop.abort())
          const forget = clock.every(aliveMs, () => void stream.write(': alive\n\n'))
          try {
            for await (const { seq, text } of lines) {
              await stream.writeSSE({ id: String(seq), data: text })
              if (stop.signal.aborted) break
            }
          } finally {
            open -= 1
            forget()
            stop.abort()
          }
        },
        async (cause) => failed(cause),
      )
    },
  }
}
