/**
 * One HTTP request to a tool server and its reply: whole where it is small JSON, as a stream where it is a stream of events. It
 * knows nothing of messages; bounds, addresses and connections are those of every upstream.
 */
import { type Clock, type Departure, type DepartureReason, Fault, limits } from '../../model/index.ts'
import { Gathered, mediaTypeOf, redactBytes } from '../../wire/index.ts'
import { type Progress, upstreamFault } from '../failures.ts'
import type { UpstreamPool } from '../pools.ts'
import { ReplyBody } from '../reply-body.ts'
import type { ReplyHead, UpstreamHeaders } from '../reply-head.ts'
import { requestHead } from '../request-head.ts'
import type { ReplyControl, ReplyReceiver, UpstreamRequest } from '../upstream-connection.ts'

export interface ServerRequest {
  readonly method: 'POST' | 'GET' | 'DELETE'
  readonly headers: readonly string[]
  /** Absent for GET and DELETE. */
  readonly body?: Buffer
  /** A stream of events that may be quiet for hours. */
  readonly lasting?: boolean
  /** Bytes of the reply beyond which it is refused; a stream without an end has no such bound. */
  readonly bytesMax: number
}

export interface ServerReply {
  readonly status: number
  readonly headers: UpstreamHeaders
  /** A stream only where the status is 200 and the type says so. */
  readonly body:
    | { readonly kind: 'whole'; readonly bytes: Buffer }
    | { readonly kind: 'events'; readonly source: ReplyBody }
  readonly headersMs: number
  readonly tries: number
}

export interface ExchangePorts {
  readonly pool: UpstreamPool
  readonly clock: Clock
  /** Of the agent's call: when it departs before the reply has come, the request is given up. Absent for requests of the house. */
  readonly departure?: Departure
}

/** Rejects with a `Fault`: `upstream_*`, `reply_too_large`, or why the agent departed. */
export function exchange(request: ServerRequest, ports: ExchangePorts): Promise<ServerReply> {
  return new Promise((resolve, reject) => new ServerExchange(request, ports, resolve, reject).start())
}

const noBytes = new Uint8Array(0)

class ServerExchange implements ReplyReceiver {
  readonly #request: ServerRequest
  readonly #ports: ExchangePorts
  readonly #resolve: (reply: ServerReply) => void
  readonly #reject: (fault: Fault) => void
  readonly #startedMs: number
  readonly #sent: UpstreamRequest
  readonly #collected: Gathered
  readonly #go: () => void
  #forget: () => void = nothing
  #control: ReplyControl | undefined = undefined
  #progress: Progress = 'unsent'
  #tries = 0
  #entered = false
  #over = false
  #status = 0
  #headers: UpstreamHeaders = {}
  #headersMs = 0
  #events: ReplyBody | undefined = undefined

  constructor(
    request: ServerRequest,
    ports: ExchangePorts,
    resolve: (reply: ServerReply) => void,
    reject: (fault: Fault) => void,
  ) {
    this.#request = request
    this.#ports = ports
    this.#resolve = resolve
    this.#reject = reject
    this.#startedMs = ports.clock.monotonicMs()
    this.#collected = new Gathered(null)
    const { method, headers, body = noBytes } = request
    const path = ports.pool.upstream.basePath === '' ? '/' : ports.pool.upstream.basePath
    this.#sent = { method, head: requestHead(method, path, ports.pool.host, headers, body.length), body }
    this.#go = () => {
      this.#entered = true
      this.#try()
    }
  }

  start(): void {
    const { departure, pool } = this.#ports
    if (departure !== undefined) this.#forget = departure.onDeparture((reason) => this.#depart(reason))
    if (!this.#over) pool.enter(this.#go)
  }

  sent(control: ReplyControl): void {
    if (this.#over) {
      control.abort(new Error('the call is over'))
      return
    }
    this.#control = control
    this.#progress = 'sent'
  }

  head({ status, headers }: ReplyHead): void {
    const control = this.#control
    if (this.#over || control === undefined) return
    this.#progress = 'answered'
    this.#status = status
    this.#headers = headers
    this.#headersMs = this.#ports.clock.monotonicMs() - this.#startedMs
    const type = headers['content-type']
    const coding = headers['content-encoding']
    if (coding !== undefined && coding !== 'identity') {
      this.#giveUp(new Fault('upstream_rpc', `the reply is encoded with \`${String(coding).slice(0, 80)}\``))
      return
    }
    if (status !== 200 || mediaTypeOf(typeof type === 'string' ? type : undefined) !== 'text/event-stream') return
    const { lasting, bytesMax } = this.#request
    this.#events = new ReplyBody({
      control,
      lengthBytes: null,
      bytesMax: lasting === true ? Number.POSITIVE_INFINITY : bytesMax,
      secret: this.#ports.pool.secret,
    })
    this.#forget()
    this.#resolve(this.#reply({ kind: 'events', source: this.#events }))
  }

  data(bytes: Buffer): void {
    if (this.#events !== undefined) {
      this.#events.take(bytes)
      return
    }
    if (this.#over) return
    this.#collected.add(bytes)
    const bytesMax = Math.min(this.#request.bytesMax, limits.mcpMessageBytesMax)
    if (this.#collected.length > bytesMax)
      this.#giveUp(new Fault('reply_too_large', `the reply has more than ${bytesMax} bytes`))
  }

  end(): void {
    if (this.#events !== undefined) {
      this.#events.finish()
      this.#leave()
      return
    }
    if (this.#over) return
    const bytes = this.#collected.take()
    const { secret } = this.#ports.pool
    if (secret !== undefined) redactBytes(bytes, secret)
    this.#leave()
    this.#resolve(this.#reply({ kind: 'whole', bytes }))
  }

  failed(error: Error): void {
    const { upstream } = this.#ports.pool
    const fault = upstreamFault(error, this.#progress, upstream)
    if (this.#events !== undefined) {
      this.#events.fail(fault)
      this.#leave()
      return
    }
    if (this.#over) return
    // What was not sent can be sent again; of what was, nobody knows whether the server acted on it.
    const again =
      this.#progress === 'unsent' && fault.code === 'upstream_unreachable' && this.#tries <= upstream.retriesMax
    if (again) this.#try()
    else this.#fail(fault)
  }

  #try(): void {
    if (this.#over) return
    this.#tries++
    this.#progress = 'unsent'
    this.#control = undefined
    this.#ports.pool.dispatch(this.#sent, this)
  }

  #reply(body: ServerReply['body']): ServerReply {
    return { status: this.#status, headers: this.#headers, body, headersMs: this.#headersMs, tries: this.#tries }
  }

  #depart(reason: DepartureReason): void {
    this.#giveUp(new Fault(reason, `the call ended while the upstream \`${this.#ports.pool.upstream.id}\` was working`))
  }

  #giveUp(fault: Fault): void {
    const control = this.#control
    this.#fail(fault)
    control?.abort(fault)
  }

  #fail(fault: Fault): void {
    if (this.#over) return
    this.#leave()
    this.#reject(fault)
  }

  #leave(): void {
    if (this.#over) return
    this.#over = true
    this.#forget()
    if (this.#entered) this.#ports.pool.release()
    else this.#ports.pool.leave(this.#go)
  }
}

function nothing(): void {}
