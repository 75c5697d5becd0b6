/**
 * A streamed reply on its way to the agent: its bytes are counted and passed on, its end is held until the outcome of the
 * call is recorded; where the length is stated, the bytes that complete it are its end. Whatever way the stream ends, it is told once.
 */
import { type ByteSink, type ByteSource, type Departure, type DepartureReason, Fault, toFault } from '../model/index.ts'
import type { KeptReply } from './kept-reply.ts'

export interface StreamEnd {
  /** The last byte has arrived. Resolves when the agent may have the end; rejects when it may not. */
  whole(replyBytes: number): Promise<void>
  /** It broke: at the upstream, or the agent departed. */
  broken(fault: Fault, replyBytes: number): void
}

export class FollowedSource implements ByteSource, ByteSink {
  readonly lengthBytes: number | null
  private readonly source: ByteSource
  private readonly tell: StreamEnd
  private readonly kept: KeptReply | undefined
  private forget: () => void = nothing
  private sink: ByteSink | undefined
  private replyBytes = 0
  private told = false
  /** What completes a reply of stated length, or that its source knows to be the last: with it the agent has the end. */
  private lastBytes: Uint8Array | undefined

  /** `kept` is given every byte that is passed on. */
  constructor(source: ByteSource, departure: Departure, tell: StreamEnd, kept: KeptReply | undefined) {
    this.lengthBytes = source.lengthBytes
    this.source = source
    this.tell = tell
    this.kept = kept
    // Only noted: whoever writes to the agent cancels the source.
    this.forget = departure.onDeparture((reason) => this.broke(departedFault(reason)))
  }

  start(sink: ByteSink): void {
    this.sink = sink
    this.source.start(this)
  }

  pause(): void {
    this.source.pause()
  }

  resume(): void {
    this.source.resume()
  }

  cancel(cause: Error): void {
    this.sink = undefined
    this.broke(new Fault('agent_gone', cause.message, { cause }))
    this.source.cancel(cause)
  }

  chunk(bytes: Uint8Array, isLast = false): void {
    // One behind the last bytes would take their place.
    if (bytes.length === 0) return
    this.replyBytes += bytes.length
    this.kept?.add(bytes)
    if (isLast || this.replyBytes === this.lengthBytes) this.lastBytes = bytes
    else this.sink?.chunk(bytes)
  }

  end(): void {
    if (this.told) return
    this.told = true
    this.forget()
    this.tell.whole(this.replyBytes).then(
      () => {
        if (this.lastBytes !== undefined) this.sink?.chunk(this.lastBytes)
        this.sink?.end()
      },
      (cause: unknown) => this.sink?.fail(toFault(cause)),
    )
  }

  fail(fault: Fault): void {
    this.broke(fault)
    this.sink?.fail(fault)
  }

  private broke(fault: Fault): void {
    if (this.told) return
    this.told = true
    this.forget()
    this.tell.broken(fault, this.replyBytes)
  }
}

function nothing(): void {}

function departedFault(reason: DepartureReason): Fault {
  return new Fault(reason, 'the reply was not received to its end')
}
