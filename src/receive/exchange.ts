/** One call on one connection: its arrival for the gateway, and the node:http pair that it is answered on. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Arrival, Clock, Fault, MakeId, Peer, Trace } from '../model/index.ts'
import { type MakeTrace, mediaTypeOf } from '../wire/index.ts'
import { IncomingBody } from './body.ts'
import { CallDeparture } from './departure.ts'

export interface ArrivalPorts {
  readonly clock: Clock
  readonly makeId: MakeId
  readonly makeTrace: MakeTrace
}

export interface ArrivalFacts {
  readonly scheme: 'http' | 'https'
  readonly peer: Peer
  readonly refusal: Fault | undefined
  /** Whether the agent waits for `100 Continue`. */
  readonly awaitsContinue: boolean
}

export class Exchange implements Arrival {
  readonly id: string
  readonly protocol = 'http'
  readonly receivedMs: number
  readonly startedMs: number
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly rawTarget: string
  readonly rawHeaders: readonly string[]
  readonly peer: Peer
  readonly trace: Trace
  readonly body: IncomingBody
  readonly departure = new CallDeparture()
  readonly refusal?: Fault

  readonly message: IncomingMessage
  readonly response: ServerResponse

  constructor(message: IncomingMessage, response: ServerResponse, facts: ArrivalFacts, ports: ArrivalPorts) {
    this.message = message
    this.response = response
    this.id = ports.makeId()
    this.receivedMs = ports.clock.nowMs()
    this.startedMs = ports.clock.monotonicMs()
    this.method = message.method as string
    this.scheme = facts.scheme
    this.rawTarget = message.url as string
    this.rawHeaders = message.rawHeaders
    this.peer = facts.peer
    if (facts.refusal !== undefined) this.refusal = facts.refusal
    const found = findFields(message.rawHeaders)
    this.trace = ports.makeTrace(found.traceparent, found.tracestate)
    const length = found.chunked ? null : found.length === undefined ? 0 : Number(found.length)
    const invite = facts.awaitsContinue ? () => response.writeContinue() : undefined
    this.body = new IncomingBody(message, length, mediaTypeOf(found.type), invite)
  }
}

interface FoundFields {
  chunked: boolean
  length: string | undefined
  type: string | undefined
  traceparent: string | undefined
  tracestate: string | undefined
}

/**
 * The fields that are needed before strict receiving. The parser has checked the framing; a field that comes twice is refused
 * later, so it does not matter which of the two is taken here. Names are told apart by their length first.
 */
function findFields(raw: readonly string[]): FoundFields {
  const found: FoundFields = {
    chunked: false,
    length: undefined,
    type: undefined,
    traceparent: undefined,
    tracestate: undefined,
  }
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (name.length === 14) {
      if (name.toLowerCase() === 'content-length') found.length = raw[at + 1]
    } else if (name.length === 12) {
      if (name.toLowerCase() === 'content-type') found.type = raw[at + 1]
    } else if (name.length === 17) {
      if (name.toLowerCase() === 'transfer-encoding') found.chunked = true
    } else if (name.length === 11) {
      // A trace that is named twice is no trace (Trace Context section 3.2.1): `undefined` then `''`, which is not valid.
      if (name.toLowerCase() === 'traceparent') found.traceparent = found.traceparent === undefined ? raw[at + 1] : ''
    } else if (name.length === 10) {
      if (name.toLowerCase() === 'tracestate')
        found.tracestate = found.tracestate === undefined ? raw[at + 1] : `${found.tracestate},${raw[at + 1]}`
    }
  }
  return found
}
