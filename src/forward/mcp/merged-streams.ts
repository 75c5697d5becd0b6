/** Several streams of events as one, each event of each of them whole. */
import type { ByteSink, ByteSource, Fault } from '../../model/index.ts'

/** Ends when the last of them has ended; one that breaks leaves the others. */
export class MergedStreams implements ByteSource {
  readonly lengthBytes = null
  readonly #sources: readonly ByteSource[]
  readonly #over: () => void
  #open: number
  /** The session may end before anybody has begun to read, or the stream be refused. */
  #closed: 'open' | 'ended' | Fault = 'open'
  #sink: ByteSink | undefined = undefined

  /** `over` is called when it has ended, however that came; perhaps more than once. */
  constructor(sources: readonly ByteSource[], over: () => void) {
    this.#over = over
    this.#sources = sources
    this.#open = sources.length
  }

  start(sink: ByteSink): void {
    if (this.#closed !== 'open') {
      if (this.#closed === 'ended') sink.end()
      else sink.fail(this.#closed)
      return
    }
    this.#sink = sink
    for (const source of this.#sources)
      source.start({
        chunk: (bytes) => this.#sink?.chunk(bytes),
        end: () => this.#ended(undefined),
        fail: (fault) => this.#ended(fault),
      })
  }

  /** Text of the house's own, between the events of the servers. */
  say(text: string): void {
    this.#sink?.chunk(Buffer.from(text))
  }

  pause(): void {
    for (const source of this.#sources) source.pause()
  }

  resume(): void {
    for (const source of this.#sources) source.resume()
  }

  cancel(cause: Error): void {
    this.#sink = undefined
    this.#over()
    for (const source of this.#sources) source.cancel(cause)
  }

  close(): void {
    this.#closed = 'ended'
    const sink = this.#sink
    this.cancel(new Error('the session has ended'))
    sink?.end()
  }

  fail(fault: Fault): void {
    this.#closed = fault
    const sink = this.#sink
    this.cancel(fault)
    sink?.fail(fault)
  }

  #ended(fault: Fault | undefined): void {
    this.#open--
    if (this.#open > 0) return
    this.#over()
    const sink = this.#sink
    this.#sink = undefined
    if (fault === undefined) sink?.end()
    else sink?.fail(fault)
  }
}
