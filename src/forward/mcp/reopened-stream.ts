/**
 * The stream of one server of several within a session: when it ends it is opened again, later each time while that fails, so that
 * the one stream that the agent has goes on. It ends by itself only when the server says that it has none.
 */
import { type ByteSink, type ByteSource, type Clock, Fault, limits, toFault } from '../../model/index.ts'
import { sseComment } from '../../wire/index.ts'
import { waitMsAfter } from './again.ts'

export interface ReopenedOptions {
  readonly clock: Clock
  /** Open already; undefined where that failed. */
  readonly first: ByteSource | undefined
  /** Undefined where the server has no stream. Rejects with a `Fault` where it cannot be had now. */
  readonly open: () => Promise<ByteSource | undefined>
  /** It is open again: what the server told meanwhile may be lost. */
  readonly back: () => void
}

export class ReopenedStream implements ByteSource {
  readonly lengthBytes = null
  readonly #options: ReopenedOptions
  #sink: ByteSink | undefined = undefined
  #source: ByteSource | undefined
  #failures = 0
  #paused = false
  #over = false
  #stopTimer = (): void => {}
  #stopComments = (): void => {}

  constructor(options: ReopenedOptions) {
    this.#options = options
    this.#source = options.first
  }

  start(sink: ByteSink): void {
    this.#sink = sink
    // While it is open it keeps itself alive.
    this.#stopComments = this.#options.clock.every(limits.mcpKeepAliveMs, () => {
      if (this.#source === undefined) this.#sink?.chunk(sseComment)
    })
    if (this.#source === undefined) this.#later()
    else this.#follow(this.#source)
  }

  pause(): void {
    this.#paused = true
    this.#source?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#source?.resume()
  }

  cancel(cause: Error): void {
    const source = this.#source
    this.#finish()
    source?.cancel(cause)
  }

  #follow(source: ByteSource): void {
    this.#source = source
    const ended = (): void => {
      if (this.#source !== source) return
      this.#source = undefined
      this.#later()
    }
    source.start({
      chunk: (bytes) => {
        if (this.#source !== source) return
        this.#failures = 0
        this.#sink?.chunk(bytes)
      },
      end: ended,
      fail: ended,
    })
    if (this.#paused) source.pause()
  }

  #later(): void {
    if (this.#over) return
    this.#stopTimer = this.#options.clock.after(waitMsAfter(this.#failures++), () => void this.#again())
  }

  async #again(): Promise<void> {
    try {
      const source = await this.#options.open()
      if (this.#over) source?.cancel(new Error('nobody reads it any more'))
      else if (source === undefined) this.#end(undefined)
      else {
        this.#follow(source)
        this.#options.back()
      }
    } catch (cause) {
      if (cause instanceof Fault) this.#later()
      else this.#end(toFault(cause))
    }
  }

  #end(fault: Fault | undefined): void {
    const sink = this.#sink
    this.#finish()
    if (fault === undefined) sink?.end()
    else sink?.fail(fault)
  }

  #finish(): void {
    this.#over = true
    this.#sink = undefined
    this.#source = undefined
    this.#stopTimer()
    this.#stopComments()
  }
}
