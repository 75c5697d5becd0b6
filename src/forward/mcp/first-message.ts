/**
 * A stream of events whose first message is looked at before anything of it goes on: then the reply's form can still be chosen. What
 * came until then is kept and given again to whoever reads the stream.
 */
import { type ByteSink, type ByteSource, type Departure, Fault, limits, toFault } from '../../model/index.ts'
import { carriesMessage, type RpcMessage, SseError, SseReader } from '../../wire/index.ts'
import { readServerMessage } from './translate.ts'

export interface Begun {
  /** Undefined where the stream ended, or broke, before there was one: its reader hears of it. */
  readonly first: RpcMessage | undefined
  /** The whole stream, from its first byte on; to be started or cancelled. */
  readonly source: ByteSource
}

/** Rejects with a `Fault`: `upstream_rpc` for what is no message, or why the agent departed. */
export function begin(source: ByteSource, departure: Departure): Promise<Begun> {
  return new Promise((resolve, reject) => {
    const held = new Held(source, (first) => {
      forget()
      if (first instanceof Fault) reject(first)
      else resolve({ first, source: held })
    })
    const forget = departure.onDeparture((reason) =>
      held.giveUp(new Fault(reason, 'the call ended before the first message of the reply')),
    )
    source.start(held)
  })
}

class Held implements ByteSource, ByteSink {
  readonly lengthBytes = null
  readonly #source: ByteSource
  readonly #reader = new SseReader(limits.mcpMessageBytesMax)
  #told: ((first: RpcMessage | Fault | undefined) => void) | undefined
  readonly #kept: Uint8Array[] = []
  #keptBytes = 0
  #end: 'open' | 'whole' | Fault = 'open'
  #sink: ByteSink | undefined = undefined

  constructor(source: ByteSource, told: (first: RpcMessage | Fault | undefined) => void) {
    this.#source = source
    this.#told = told
  }

  chunk(bytes: Uint8Array): void {
    if (this.#sink !== undefined) {
      this.#sink.chunk(bytes)
      return
    }
    this.#kept.push(bytes)
    if (this.#told === undefined) return
    this.#keptBytes += bytes.length
    if (this.#keptBytes > limits.mcpMessageBytesMax) {
      const fault = new Fault('upstream_rpc', `the server's stream has ${this.#keptBytes} bytes and no message`)
      this.giveUp(fault)
      return
    }
    try {
      for (const event of this.#reader.take(bytes)) {
        if (event.data === '' || !carriesMessage(event)) continue
        const { message } = readServerMessage(Buffer.from(event.data))
        this.#source.pause()
        this.#tell(message)
        return
      }
    } catch (cause) {
      this.giveUp(
        cause instanceof SseError ? new Fault('upstream_rpc', `the server's stream: ${cause.message}`) : toFault(cause),
      )
    }
  }

  end(): void {
    this.#end = 'whole'
    this.#sink?.end()
    this.#tell(undefined)
  }

  fail(fault: Fault): void {
    this.#end = fault
    this.#sink?.fail(fault)
    this.#tell(undefined)
  }

  giveUp(fault: Fault): void {
    if (this.#told === undefined) return
    this.#source.cancel(fault)
    this.#tell(fault)
  }

  start(sink: ByteSink): void {
    this.#sink = sink
    for (const bytes of this.#kept.splice(0)) sink.chunk(bytes)
    if (this.#end === 'whole') sink.end()
    else if (this.#end instanceof Fault) sink.fail(this.#end)
    else this.#source.resume()
  }

  pause(): void {
    this.#source.pause()
  }

  resume(): void {
    this.#source.resume()
  }

  cancel(cause: Error): void {
    this.#source.cancel(cause)
  }

  #tell(first: RpcMessage | Fault | undefined): void {
    const told = this.#told
    this.#told = undefined
    told?.(first)
  }
}
