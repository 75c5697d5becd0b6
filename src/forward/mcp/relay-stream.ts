/**
 * A stream of events from a server as one to the agent: each event is read whole, translated and written anew. The event that ends
 * the message is told to be the last, so that it can be held until the call's outcome is recorded.
 */
import { type ByteSink, type ByteSource, type Clock, Fault, limits, toFault } from '../../model/index.ts'
import { SseError, type SseEvent, SseReader, sseComment, sseText } from '../../wire/index.ts'

export interface Relayed {
  readonly event: SseEvent
  /** Nothing of it is to come behind this. */
  readonly isLast: boolean
}

export interface RelayOptions {
  readonly source: ByteSource
  readonly clock: Clock
  /** Undefined for an event that the agent does not get. Throws a `Fault` for one that ends the stream. */
  readonly translate: (event: SseEvent) => Relayed | undefined
  /** The server's end of the stream without a last event: undefined where that is allowed. */
  readonly endedEarly: () => Fault | undefined
  /** Called once when it is over, however that came. */
  readonly over?: () => void
  /** Called as long as it goes on, every `limits.mcpKeepAliveMs`. */
  readonly alive?: () => void
}

export class RelayStream implements ByteSource, ByteSink {
  readonly lengthBytes = null
  readonly #options: RelayOptions
  readonly #reader = new SseReader(limits.mcpMessageBytesMax)
  #sink: ByteSink | undefined = undefined
  #over = false
  #stopTimer: () => void = nothing

  constructor(options: RelayOptions) {
    this.#options = options
  }

  start(sink: ByteSink): void {
    if (this.#over) return
    this.#sink = sink
    this.#stopTimer = this.#options.clock.every(limits.mcpKeepAliveMs, () => {
      this.#options.alive?.()
      this.#sink?.chunk(sseComment)
    })
    this.#options.source.start(this)
  }

  pause(): void {
    this.#options.source.pause()
  }

  resume(): void {
    this.#options.source.resume()
  }

  /** An event of the house's own, between those of the server. */
  say(event: SseEvent): void {
    this.#sink?.chunk(Buffer.from(sseText(event)))
  }

  cancel(cause: Error): void {
    this.#finish()
    this.#options.source.cancel(cause)
  }

  chunk(bytes: Uint8Array): void {
    if (this.#over) return
    try {
      for (const event of this.#reader.take(bytes)) {
        this.#pass(event)
        if (this.#over) return
      }
    } catch (cause) {
      const fault =
        cause instanceof SseError ? new Fault('upstream_rpc', `the server's stream: ${cause.message}`) : toFault(cause)
      this.#options.source.cancel(fault)
      this.fail(fault)
    }
  }

  end(): void {
    if (this.#over) return
    const fault = this.#options.endedEarly()
    const sink = this.#sink
    this.#finish()
    if (fault === undefined) sink?.end()
    else sink?.fail(fault)
  }

  fail(fault: Fault): void {
    if (this.#over) return
    const sink = this.#sink
    this.#finish()
    sink?.fail(fault)
  }

  #pass(event: SseEvent): void {
    const relayed = this.#options.translate(event)
    if (relayed === undefined) return
    const bytes = Buffer.from(sseText(relayed.event))
    const sink = this.#sink
    sink?.chunk(bytes, relayed.isLast)
    if (!relayed.isLast) return
    // What a server still says behind the answer is for nobody.
    this.#finish()
    this.#options.source.cancel(new Error('the answer has come'))
    sink?.end()
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#sink = undefined
    this.#stopTimer()
    this.#options.over?.()
  }
}

function nothing(): void {}
