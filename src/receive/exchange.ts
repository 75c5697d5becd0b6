/** One call on one connection: its arrival for the gateway, and the carrier that it came by and is answered on. */
import type { Arrival, Clock, Fault, MakeId, Peer, Trace } from '../model/index.ts'
import { type MakeTrace, mediaTypeOf } from '../wire/index.ts'
import { IncomingBody } from './body.ts'
import type { Carrier } from './carrier.ts'
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

  readonly carrier: Carrier

  constructor(carrier: Carrier, facts: ArrivalFacts, ports: ArrivalPorts) {
    this.carrier = carrier
    this.id = ports.makeId()
    this.receivedMs = ports.clock.nowMs()
    this.startedMs = ports.clock.monotonicMs()
    this.method = carrier.method
    this.scheme = facts.scheme
    this.rawTarget = carrier.rawTarget
    this.rawHeaders = carrier.rawHeaders
    this.peer = facts.peer
    if (facts.refusal !== undefined) this.refusal = facts.refusal
    const found = findFields(carrier.rawHeaders)
    this.trace = ports.makeTrace(found.traceparent, found.tracestate)
    const length = found.chunked ? null : found.length === undefined ? 0 : Number(found.length)
    this.body = new IncomingBody(carrier, length, mediaTypeOf(found.type), facts.awaitsContinue)
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
