/**
 * One connection of an agent: which call runs on it, which wait, and since when it is in its present state. Deadlines are
 * looked at from outside, in sweeps; nothing here sets a timer.
 *
 *     idle -> header -> call -> idle ...          any of them -> lingering -> closed
 */
import type { Socket } from 'node:net'
import { Fault, limits, type Peer, type Timing } from '../model/index.ts'
import { departureFault } from './departure.ts'
import type { Exchange } from './exchange.ts'
import { peerOf } from './refusals.ts'

export type Deadlines = Pick<Timing, 'callMsMax' | 'headerMsMax' | 'requestMsMax' | 'keepAliveMs'>

export class Connection {
  readonly socket: Socket
  readonly peer: Peer
  /** The call that runs; undefined between calls. */
  current: Exchange | undefined = undefined
  /** Calls that came before the one before them was answered, in order. */
  readonly waiting: Exchange[] = []
  /** The reply under way is a stream without an end of its own. */
  lasting = false
  /** No further call is taken: the reply under way says `Connection: close`. */
  closing = false
  /** Bytes came that are no call: what comes behind them is nothing either, however many pieces it comes in. */
  broken = false
  /** Whether at least one call was answered: only then is silence idleness and not a slow header. */
  #used = false
  #last: Exchange | undefined = undefined
  #stateSinceMs: number
  #headerSinceMs: number | undefined = undefined
  #bytesAtRest: number
  /** Whether bytes of the last body were still to come at rest: they are no beginning of a header. */
  #bodyAtRest = false
  #lingering = false

  constructor(socket: Socket, nowMs: number) {
    this.socket = socket
    this.peer = peerOf(socket)
    this.#stateSinceMs = nowMs
    this.#bytesAtRest = socket.bytesRead
  }

  begin(exchange: Exchange): void {
    this.current = exchange
    this.#headerSinceMs = undefined
  }

  /** The reply to `current` has been handed to the socket. */
  rest(nowMs: number): void {
    this.#used = true
    this.#last = this.current
    this.lasting = false
    this.current = undefined
    this.#stateSinceMs = nowMs
    this.#bytesAtRest = this.socket.bytesRead
    this.#bodyAtRest = this.#last !== undefined && !this.#last.carrier.received
  }

  /** Sends what is written, then reads a little longer: closing with unread bytes would reset the reply away. */
  linger(nowMs: number): void {
    if (this.#lingering) return
    this.#lingering = true
    this.closing = true
    this.#stateSinceMs = nowMs
    this.socket.end()
    this.socket.resume()
  }

  /** Whether a reply is being made, or is on its way out: until then the socket belongs to it. */
  get answering(): boolean {
    return this.current !== undefined || (this.#last !== undefined && !this.#last.carrier.replied)
  }

  get lingering(): boolean {
    return this.#lingering
  }

  cut(): void {
    this.socket.destroy()
  }

  /** What is overdue now is ended. Gives the fault of a header that came too slowly, which is told on the wire. */
  sweep(nowMs: number, deadlines: Deadlines): Fault | undefined {
    if (this.current !== undefined) this.#sweepCall(this.current, nowMs, deadlines)
    else if (this.#lingering) {
      if (nowMs - this.#stateSinceMs > limits.lingerMsMax) this.cut()
    } else return this.#sweepRest(nowMs, deadlines)
    return undefined
  }

  #sweepCall(call: Exchange, nowMs: number, deadlines: Deadlines): void {
    const ageMs = nowMs - call.startedMs
    if (ageMs > deadlines.requestMsMax && call.body.flowing)
      call.body.fail(new Fault('body_slow', `the body was not there after ${deadlines.requestMsMax} ms`))
    const callMsMax = this.lasting ? limits.mcpStreamMsMax : deadlines.callMsMax
    if (ageMs > callMsMax && call.departure.reason === undefined) {
      call.departure.depart('call_timeout', nowMs)
      call.body.fail(departureFault('call_timeout'))
    }
    // Somebody does not end what he was told to end, or the agent does not read: nothing may outlive its deadline.
    if (call.departure.reason !== undefined && nowMs - call.departure.sinceMs > limits.departedMsMax) this.cut()
  }

  #sweepRest(nowMs: number, deadlines: Deadlines): Fault | undefined {
    const restMs = nowMs - this.#stateSinceMs
    if (this.socket.writableLength > 0) {
      if (restMs > deadlines.callMsMax) this.cut()
      return undefined
    }
    if (this.#last !== undefined && !this.#last.carrier.received) {
      if (nowMs - this.#last.startedMs > deadlines.requestMsMax) this.cut()
      return undefined
    }
    // Its last reply had said that it would be kept before that became known to be wrong.
    if (this.closing) {
      if (restMs > limits.lingerMsMax) this.cut()
      return undefined
    }
    if (this.#bodyAtRest) {
      this.#bodyAtRest = false
      this.#bytesAtRest = this.socket.bytesRead
    }
    if (this.#headerSinceMs === undefined && this.socket.bytesRead !== this.#bytesAtRest) this.#headerSinceMs = nowMs
    if (this.#headerSinceMs !== undefined) {
      if (nowMs - this.#headerSinceMs <= deadlines.headerMsMax) return undefined
      return new Fault('request_slow', `the header was not whole after ${deadlines.headerMsMax} ms`)
    }
    if (restMs > (this.#used ? deadlines.keepAliveMs : deadlines.headerMsMax)) this.cut()
    return undefined
  }
}
