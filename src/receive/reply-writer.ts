/**
 * Writes a reply onto node:http: bytes in one write, streams with back-pressure and cancellation. The framing is decided here
 * and nowhere else (RFC 9112 section 6): replies to HEAD and replies with 204 or 304 have no body whatever they carry.
 */
import type { ServerResponse } from 'node:http'
import type { ByteSink, ByteSource, Departure, Fault, Reply } from '../model/index.ts'

/** Tells the connection how the reply went: `whole`, or that it was broken off and the connection must be cut. */
export type ReplyEnd = (whole: boolean) => void

/** `closing` says that no further call is taken on this connection. `done` is called once. */
export function writeReply(
  reply: Reply,
  method: string,
  response: ServerResponse,
  departure: Departure,
  closing: boolean,
  done: ReplyEnd,
): void {
  // A call that departed may still be told so in one write; a stream would go on for somebody who has stopped waiting.
  const unwanted = departure.reason !== undefined && reply.body.kind === 'stream'
  if (departure.reason === 'agent_gone' || response.destroyed || unwanted) {
    if (reply.body.kind === 'stream') reply.body.source.cancel(new Error('the call is over'))
    done(false)
    return
  }
  if (closing) response.shouldKeepAlive = false
  const bodiless = method === 'HEAD' || reply.status === 204 || reply.status === 304
  const headers = [...reply.headers, 'Gatehouse-Decision', reply.decisionId]
  if (reply.body.kind === 'bytes') {
    const { bytes } = reply.body
    // The reply to a HEAD carries the length that a GET would have had (RFC 9110 section 9.3.2): the upstream's own when it
    // named one (it is among the headers then), ours for a reply of the house.
    if (!bodiless || (method === 'HEAD' && bytes.length > 0)) headers.push('Content-Length', String(bytes.length))
    response.writeHead(reply.status, headers)
    if (bodiless || bytes.length === 0) response.end()
    else response.end(bytes)
    done(true)
    return
  }
  const { source } = reply.body
  if (bodiless) {
    source.cancel(new Error('a reply without body'))
    response.writeHead(reply.status, headers)
    response.end()
    done(true)
    return
  }
  if (source.lengthBytes !== null) headers.push('Content-Length', String(source.lengthBytes))
  response.writeHead(reply.status, headers)
  source.start(new ResponseSink(response, source, departure, done))
  // What is there already went out with the header; if nothing was, a stream of events may have its first one much later.
  if (!response.writableEnded) response.flushHeaders()
}

/** Carries a stream onto the response and its back-pressure back; ends the source when the agent departs. */
class ResponseSink implements ByteSink {
  readonly #response: ServerResponse
  readonly #source: ByteSource
  readonly #done: ReplyEnd
  readonly #forget: () => void
  #ended = false

  constructor(response: ServerResponse, source: ByteSource, departure: Departure, done: ReplyEnd) {
    this.#response = response
    this.#source = source
    this.#done = done
    response.on('drain', () => source.resume())
    this.#forget = departure.onDeparture((reason) => {
      if (this.#ended) return
      source.cancel(new Error(`the call ended: ${reason}`))
      this.#close(false)
    })
  }

  chunk(bytes: Uint8Array): void {
    if (this.#ended) return
    if (!this.#response.write(bytes)) this.#source.pause()
  }

  end(): void {
    if (this.#ended) return
    this.#response.end()
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
