/**
 * One server's side of a subscription of several (2026-07-28 "Subscriptions"): a stream that is opened again whenever it ends, later each
 * time while that fails, until it is stopped or the server says that it has no such thing.
 */
import { type ByteSource, type Clock, Fault, limits, toFault } from '../../model/index.ts'
import { type RpcMessage, SseError, type SseEvent, SseReader } from '../../wire/index.ts'
import { waitMsAfter } from './again.ts'
import type { ServerReply } from './exchange.ts'
import { readServerMessage } from './translate.ts'

/** HTTP statuses with which a server says that it does not know the request: asking again would be of no use. */
const unknownStatuses: ReadonlySet<number> = new Set([400, 404, 405])

export interface SubscriptionPorts {
  readonly clock: Clock
  /** Asks the server; gives the id that it was asked with (JSON text). */
  readonly ask: () => Promise<{ readonly reply: ServerReply; readonly ownIdText: string }>
  /** Whether it may still be asked. */
  readonly isOpen: () => boolean
  /** The server will tell of this; `again` after a break, in which something may have been missed. */
  readonly acknowledged: (message: Notification, again: boolean) => void
  /** Anything else that it says. Throws a `Fault` for what it must not say. */
  readonly heard: (event: SseEvent, message: RpcMessage, ownIdText: string) => void
  /** The first try has failed: it goes on trying. */
  readonly missing: () => void
  /** It tells of nothing: no more is tried. */
  readonly none: () => void
  /** A mistake of ours, by which it has stopped. */
  readonly broken: (fault: Fault) => void
}

type Notification = Extract<RpcMessage, { kind: 'notification' }>

export class Subscription {
  readonly #ports: SubscriptionPorts
  #source: ByteSource | undefined = undefined
  #stopTimer: () => void = () => {}
  #over = false
  #paused = false
  #failures = 0
  #wasOpen = false

  constructor(ports: SubscriptionPorts) {
    this.#ports = ports
  }

  start(): void {
    void this.#open()
  }

  pause(): void {
    this.#paused = true
    this.#source?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#source?.resume()
  }

  stop(): void {
    this.#over = true
    this.#stopTimer()
    this.#source?.cancel(new Error('nobody listens any more'))
    this.#source = undefined
  }

  async #open(): Promise<void> {
    if (this.#over) return
    try {
      const { reply, ownIdText } = await this.#ports.ask()
      if (reply.body.kind === 'events') this.#read(reply.body.source, ownIdText)
      else if (unknownStatuses.has(reply.status) || isAnswer(reply.body.bytes)) this.#none()
      else this.#later()
    } catch (cause) {
      // Whatever kept it from being asked may be gone the next time.
      if (cause instanceof Fault) this.#later()
      else this.#broke(toFault(cause))
    }
  }

  #read(source: ByteSource, ownIdText: string): void {
    if (this.#over) {
      source.cancel(new Error('nobody listens any more'))
      return
    }
    this.#source = source
    const reader = new SseReader(limits.mcpMessageBytesMax)
    const isThis = (): boolean => this.#source === source
    const ended = (): void => {
      if (!isThis()) return
      this.#source = undefined
      this.#later()
    }
    source.start({
      chunk: (bytes) => {
        try {
          for (const event of isThis() ? reader.take(bytes) : [])
            if (isThis() && event.data !== '') this.#take(event, ownIdText)
        } catch (cause) {
          const fault = cause instanceof SseError ? new Fault('upstream_rpc', cause.message) : toFault(cause)
          source.cancel(fault)
          if (fault.code === 'internal') this.#broke(fault)
          else ended()
        }
      },
      end: ended,
      fail: ended,
    })
    if (this.#paused) source.pause()
  }

  #take(event: SseEvent, ownIdText: string): void {
    const { message } = readServerMessage(Buffer.from(event.data))
    if (message.kind === 'response') {
      const source = this.#source
      this.#source = undefined
      source?.cancel(new Error('the answer has come'))
      if ('error' in message.outcome) this.#none()
      else this.#later()
      return
    }
    if (message.kind === 'notification' && message.method === 'notifications/subscriptions/acknowledged') {
      const again = this.#wasOpen || this.#failures > 0
      this.#failures = 0
      this.#wasOpen = true
      this.#ports.acknowledged(message, again)
      return
    }
    this.#ports.heard(event, message, ownIdText)
  }

  #later(): void {
    if (this.#over) return
    if (!this.#wasOpen && this.#failures === 0) this.#ports.missing()
    if (!this.#ports.isOpen()) return
    this.#stopTimer = this.#ports.clock.after(waitMsAfter(this.#failures++), () => void this.#open())
  }

  #broke(fault: Fault): void {
    this.stop()
    this.#ports.broken(fault)
  }

  #none(): void {
    if (this.#over) return
    this.#over = true
    this.#ports.none()
  }
}

/** An error, or a result where a stream was asked for. */
function isAnswer(bytes: Buffer): boolean {
  try {
    return readServerMessage(bytes).message.kind === 'response'
  } catch (cause) {
    if (cause instanceof Fault) return false
    throw cause
  }
}
