/**
 * Writes a reply onto its carrier: bytes in one write, streams with back-pressure and cancellation. The framing is decided here
 * and nowhere else (RFC 9112 section 6): replies to HEAD and replies with 204 or 304 have no body whatever they carry.
 */
import type { ByteSink, ByteSource, Departure, Fault, Reply } from '../model/index.ts'
import type { Carrier } from './carrier.ts'

/** Tells the connection how the reply went: `whole`, or that it was broken off and the connection must be cut. */
export type ReplyEnd = (whole: boolean) => void

/** `closing` says that no further call is taken on this connection. `done` is called once. */
export function writeReply(
  reply: Reply,
  method: string,
  carrier: Carrier,
  departure: Departure,
  closing: boolean,
  done: ReplyEnd,
): void {
  // A call that departed may still be told so in one write; a stream would go on for somebody who has stopped waiting.
  const unwanted = departure.reason !== undefined && reply.body.kind === 'stream'
  if (departure.reason === 'agent_gone' || !carrier.writable || unwanted) {
    if (reply.body.kind === 'stream') reply.body.source.cancel(new Error('the call is over'))
    done(false)
    return
  }
  const bodiless = method === 'HEAD' || reply.status === 204 || reply.status === 304
  const headers = [...reply.headers, 'Gatehouse-Decision', reply.decisionId]
  if (reply.body.kind === 'bytes') {
    const { bytes } = reply.body
    // The reply to a HEAD carries the length that a GET would have had (RFC 9110 section 9.3.2): the upstream's own when it
    // named one (it is among the headers then), ours for a reply of the house.
    if (!bodiless || (method === 'HEAD' && bytes.length > 0)) headers.push('Content-Length', String(bytes.length))
    carrier.reply(reply.status, headers, bodiless || bytes.length === 0 ? undefined : bytes, closing)
    done(true)
    return
  }
  const { source } = reply.body
  if (bodiless) {
    source.cancel(new Error('a reply without body'))
    carrier.reply(reply.status, headers, undefined, closing)
    done(true)
    return
  }
  if (source.lengthBytes !== null) headers.push('Content-Length', String(source.lengthBytes))
  carrier.begin(reply.status, headers, source.lengthBytes, closing)
  source.start(new ReplySink(carrier, source, departure, done))
  // What is there already goes out with the header; if nothing was, a stream of events may have its first one much later.
  carrier.flush()
}

/** Carries a stream onto the carrier and its back-pressure back; ends the source when the agent departs. */
class ReplySink implements ByteSink {
  readonly #carrier: Carrier
  readonly #source: ByteSource
  readonly #done: ReplyEnd
  readonly #forget: () => void
  #ended = false

  constructor(carrier: Carrier, source: ByteSource, departure: Departure, done: ReplyEnd) {
    this.#carrier = carrier
    this.#source = source
    this.#done = done
    carrier.onDrain(() => source.resume())
    this.#forget = departure.onDeparture((reason) => {
      if (this.#ended) return
      source.cancel(new Error(`the call ended: ${reason}`))
      this.#close(false)
    })
  }

  chunk(bytes: Uint8Array): void {
    if (this.#ended) return
    if (!this.#carrier.write(bytes)) this.#source.pause()
  }

  end(): void {
    if (this.#ended) return
    this.#carrier.end()
    this.#close(true)
  }

  /** The header is out: breaking off is the only way left to say that the body is not whole. */
  fail(_fault: Fault): void {
    if (!this.#ended) this.#close(false)
  }

  #close(whole: boolean): void {
    this.#ended = true
    this.#forget()
    this.#done(whole)
  }
}
