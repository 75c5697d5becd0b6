/**
 * An arrival is a request that the HTTP parser took; a call is what is left of it after strict receiving. Only `receive/`
 * makes them; every other room reads them.
 */
import type { ByteSource } from './bytes.ts'
import type { Fault } from './fault.ts'

/** Enough to write a record about, whatever is wrong with the rest. */
export interface Arrival {
  /** UUID version 7 (RFC 9562), made on arrival; orders calls by time. */
  readonly id: string
  readonly protocol: 'http'
  /** Wall clock on arrival, milliseconds since 1970 with fractions. */
  readonly receivedMs: number
  /** Monotonic milliseconds on arrival, for durations only. */
  readonly startedMs: number
  /** Upper case, as RFC 9110 section 9.1 wants it compared. */
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** Request target as received; at most `limits.headerBytesMax`. */
  readonly rawTarget: string
  /** As received: name, value, name, value ... */
  readonly rawHeaders: readonly string[]
  readonly peer: Peer
  readonly trace: Trace
  readonly body: CallBody
  /** Tells when the agent went away or the call's deadline passed; work for the call stops then. */
  readonly departure: Departure
  /** Why it is refused whatever it asks (draining, overloaded, an expectation): thrown by `receive`, so that it is recorded. */
  readonly refusal?: Fault
}

export interface Call extends Arrival {
  /** Lower case, no default port, from the one `Host` header. */
  readonly host: string
  /** Normalised (RFC 3986 section 6.2.2): what policy sees is what is sent. Begins with `/`. */
  readonly path: string
  /** The path's segments, percent-decoded, without the leading empty one: `/erp/a%20b` is `['erp', 'a b']`. */
  readonly segments: readonly string[]
  /** The query as received without `?`, already checked to parse in one way only; absent when there was no `?`. */
  readonly query?: string
  /** Decoded names and values in order. */
  readonly queryPairs: readonly (readonly [name: string, value: string])[]
  /** Lower-case names to values; a field that came more than once is joined with `, ` (RFC 9110 section 5.3). */
  readonly headers: ReadonlyMap<string, string>
}

export interface Peer {
  readonly address: string
  readonly port: number
}

/** W3C Trace Context (level 2): the trace this call continues, or a new one when the agent sent none that is valid. */
export interface Trace {
  /** 32 lower-case hex digits. */
  readonly traceId: string
  /** 16 lower-case hex digits: this call's own span, sent upstream as the parent. */
  readonly spanId: string
  /** The agent's span, when the trace was continued. */
  readonly parentId?: string
  /** Two hex digits. */
  readonly flags: string
  readonly state?: string
}

export interface CallBody {
  /** From `Content-Length`; null when the body is chunked; 0 when there is none. */
  readonly lengthBytes: number | null
  /** Lower-case media type without parameters, e.g. `application/json`; absent when there was no `Content-Type`. */
  readonly mediaType?: string
  /**
   * All bytes, kept for forwarding. Faults: `body_too_large` beyond `maxBytes`, `body_slow`, `agent_gone`. May be asked
   * again: the same promise.
   */
  bytes(maxBytes: number): Promise<Uint8Array>
  /** What was read by `bytes`, else undefined: `forward/` sends these very bytes. */
  readonly held: Uint8Array | undefined
  /** Bytes of the body that have arrived so far. */
  readonly receivedBytes: number
  /** The unread body as a stream, once; not after `bytes`. Bounded by the same total as `maxBytes` of the route. */
  stream(maxBytes: number): ByteSource
}

export type DepartureReason = 'agent_gone' | 'call_timeout' | 'draining'

export interface Departure {
  readonly reason: DepartureReason | undefined
  /** Calls `listener` once, at once when it has happened already. Returns the function that takes it back. */
  onDeparture(listener: (reason: DepartureReason) => void): () => void
}
