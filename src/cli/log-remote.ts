/**
 * The decision log of a gateway elsewhere, through its operators' port. A stream that is cut off is taken up again behind the last
 * record that came, with longer and longer waits; who has no right to read is told at once.
 */
import { limits, visible } from '../model/index.ts'
import { type Logged, OpenCalls, parseRecord } from '../record/index.ts'
import { reasonOf } from './fetch-failure.ts'
import { CommandError, exitStatus } from './io.ts'
import type { Question } from './log-question.ts'

/** Milliseconds before the next try, doubled up to the last. */
const retryMsMin = 500
const retryMsMax = 10_000
/** Characters of one event: a record and its id. */
const eventCharsMax = 2 * limits.recordBytesMax
/** Characters of a refusal that are read: more is none of ours. */
const problemCharsMax = 16 * 1024

export interface RemoteOptions {
  /** Of the operators' port: `http://127.0.0.1:8081`. */
  readonly url: URL
  readonly token: string
  /** As `questionOf` takes them. */
  readonly asked: readonly (readonly [name: string, value: string])[]
  readonly filters: Question['filters']
  readonly follow: boolean
  readonly signal: AbortSignal
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** Told once when a stream that had begun is lost, with the reason. */
  readonly lost: (reason: string) => void
}

/** Throws `CommandError`: status 3 when nobody answers, 2 when the question or the token is refused. */
export async function* readRemote(options: RemoteOptions): AsyncGenerator<Logged, void, undefined> {
  const { follow, signal, pause, lost } = options
  const calls = new OpenCalls(options.filters)
  let lastSeq: number | undefined
  let hasBegun = false
  let retryMs = retryMsMin
  while (!signal.aborted) {
    try {
      const reply = await ask(options, lastSeq)
      hasBegun = true
      for await (const text of eventsOf(reply)) {
        retryMs = retryMsMin
        const record = parseRecord(text)
        if (record === undefined) throw new CommandError(`\`${options.url.origin}\` sent what is no record`)
        lastSeq = record.seq
        yield { record, text, facts: calls.factsFor(record) }
      }
      if (!follow) return
    } catch (cause) {
      if (signal.aborted) return
      if (cause instanceof CommandError) throw cause
      const reason = `\`${options.url.origin}\` cannot be read: ${reasonOf(cause)}`
      if (!hasBegun || !follow) throw new CommandError(reason, exitStatus.unreachable)
      if (retryMs === retryMsMin) lost(reason)
    }
    await pause(retryMs, signal)
    retryMs = Math.min(2 * retryMs, retryMsMax)
  }
}

async function ask(options: RemoteOptions, lastSeq: number | undefined): Promise<Response> {
  const { url, token, asked, follow, signal } = options
  const target = new URL('/log', url)
  for (const [name, value] of asked) target.searchParams.append(name, value)
  if (!follow) target.searchParams.set('follow', 'no')
  const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }
  if (lastSeq !== undefined) headers['last-event-id'] = String(lastSeq)
  const reply = await fetch(target, { headers, signal, redirect: 'error' })
  if (reply.ok) return reply
  const detail = problemDetail(await beginningOf(reply))
  if (reply.status >= 500) throw new Error(`it answered ${reply.status}${detail}`)
  throw new CommandError(`\`${url.origin}\` answered ${reply.status}${detail}`)
}

/** As much of a refusal as can be a problem document: whoever answers need not be a gateway. */
async function beginningOf({ body }: Response): Promise<string> {
  let text = ''
  if (body === null) return text
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece
    if (text.length > problemCharsMax) break
  }
  return text
}

function problemDetail(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    return typeof detail === 'string' ? `: ${visible(detail)}` : ''
  } catch {
    return ''
  }
}

/** The data of each event; comments are left out. */
async function* eventsOf({ body }: Response): AsyncGenerator<string, void, undefined> {
  if (body === null) return
  let rest = ''
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    rest += piece
    const events = rest.split('\n\n')
    rest = events.pop() ?? ''
    if (rest.length > eventCharsMax) throw new CommandError('an event is longer than a record can be')
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith('data: '))
      if (data !== undefined) yield data.slice('data: '.length)
    }
  }
}
