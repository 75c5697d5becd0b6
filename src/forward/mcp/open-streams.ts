/**
 * Streams to agents that stay open, over reloads too: each is decided again under the new policy, ended where that refuses it, and told
 * that what it was shown may no longer be so. The agent asks again, and gets what is true now.
 */
import { type Clock, type DecideCall, Fault, limits, type McpServer, toFault } from '../../model/index.ts'
import type { Ears, Kind } from './ears.ts'

export interface OpenStream {
  readonly ears: Ears
  readonly servers: readonly McpServer[]
  /** `Principal.untilMs` of whoever opened it. */
  readonly untilMs: number | undefined
  /** Writes a notification of this method to the agent, where it wants it. */
  tell(method: string): void
  /** Breaks the stream off. */
  fail(fault: Fault): void
}

/** The notification that lists of a kind changed, and the kind of their entries. */
export const changes: ReadonlyMap<string, Kind> = new Map([
  ['notifications/tools/list_changed', 'tool'],
  ['notifications/prompts/list_changed', 'prompt'],
  ['notifications/resources/list_changed', 'resource'],
])

export class OpenStreams {
  readonly #open = new Set<OpenStream>()

  /** Returns what takes it back: to be called when the stream has ended. */
  add(stream: OpenStream, clock: Clock): () => void {
    this.#open.add(stream)
    const stopWaiting = this.#endWithToken(stream, clock)
    return () => {
      this.#open.delete(stream)
      stopWaiting()
    }
  }

  /** Who must show a new token for the next call must not listen on with the old one. */
  #endWithToken(stream: OpenStream, clock: Clock): () => void {
    const leftMs = (stream.untilMs ?? Number.POSITIVE_INFINITY) - clock.nowMs()
    // No stream lasts longer anyway, and no timer.
    if (leftMs >= limits.mcpStreamMsMax) return () => {}
    const why = 'the token that the stream was opened with has expired'
    return clock.after(Math.max(0, leftMs), () => this.#end(stream, new Fault('token_expired', why)))
  }

  /** Everything that lists show may have changed, and what may be heard. */
  changed(decide: DecideCall): void {
    for (const stream of [...this.#open])
      renewed(stream, decide).then(
        (isAllowed) => {
          if (!isAllowed) this.#end(stream, refused())
        },
        (cause: unknown) => this.#end(stream, toFault(cause)),
      )
  }

  #end(stream: OpenStream, fault: Fault): void {
    if (this.#open.delete(stream)) stream.fail(fault)
  }
}

/** Who can use nothing of a kind, and could not before, hears nothing of its lists. */
async function renewed({ ears, servers, tell }: OpenStream, decide: DecideCall): Promise<boolean> {
  const concerned = (): string[] =>
    [...changes].flatMap(([method, kind]) => (servers.some((server) => ears.concerns(server, kind)) ? [method] : []))
  const before = concerned()
  if (!(await ears.renew(decide))) return false
  for (const method of new Set([...before, ...concerned()])) tell(method)
  return true
}

function refused(): Fault {
  return new Fault('policy_denied', 'the policy that is in force now does not allow the stream')
}
