/**
 * One HTTP request to a tool server and its reply: whole where it is small JSON, as a stream where it is a stream of events. It
 * knows nothing of messages; bounds, addresses and connections are those of every upstream.
 */
import { type Clock, type Departure, Fault, limits } from '../../model/index.ts'
import { Gathered, mediaTypeOf, redactBytes } from '../../wire/index.ts'
import type { UpstreamPool } from '../pools.ts'
import { ReplyBody } from '../reply-body.ts'
import type { ReplyHead, UpstreamHeaders } from '../reply-head.ts'
import { keepsConnection, requestHead } from '../request-head.ts'
import { type ReplyReader, Tries } from '../tries.ts'
import type { ReplyControl } from '../upstream-connection.ts'

export interface ServerRequest {
  readonly method: 'POST' | 'GET' | 'DELETE'
  readonly headers: readonly string[]
  /** Absent for GET and DELETE. */
  readonly body?: Buffer
  /** A stream of events that may be quiet for hours. */
  readonly lasting?: boolean
  /** Bytes of the reply beyond which it is refused; a stream without an end has no such bound. */
  readonly bytesMax: number
  /** Milliseconds for the whole reply, however it trickles; absent where an agent's own call bounds it. */
  readonly msMax?: number
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

class ServerExchange implements ReplyReader {
  readonly #request: ServerRequest
  readonly #ports: ExchangePorts
  readonly #resolve: (reply: ServerReply) => void
  readonly #reject: (fault: Fault) => void
  readonly #tries: Tries
  #collected = new Gathered(null)
  #status = 0
  #headers: UpstreamHeaders = {}
  #events: ReplyBody | undefined = undefined
  #stopTimer: () => void = nothing

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
    const { pool, clock, departure } = ports
    const { method, headers, body = noBytes } = request
    const path = pool.upstream.basePath === '' ? '/' : pool.upstream.basePath
    const sent = {
      method,
      keepsConnection: keepsConnection(method, body.length),
      head: requestHead(method, path, pool.host, headers, body.length),
      body,
    }
    // What was not sent can be sent again; of what was, nobody knows whether the server acted on it.
    this.#tries = new Tries({ request: sent, repeatable: 'unsent', pool, clock, departure }, this)
  }

  start(): void {
    const { msMax } = this.#request
    const { clock, pool } = this.#ports
    if (msMax !== undefined)
      this.#stopTimer = clock.after(msMax, () =>
        this.#tries.giveUp(
          new Fault('upstream_timeout', `upstream \`${pool.upstream.id}\`: the reply was not whole within ${msMax} ms`),
        ),
      )
    this.#tries.start()
  }

  head({ status, headers, lengthBytes }: ReplyHead, control: ReplyControl): void {
    this.#status = status
    this.#collected = new Gathered(lengthBytes)
    this.#headers = headers
    const type = headers['content-type']
    const coding = headers['content-encoding']
    if (coding !== undefined && coding !== 'identity') {
      this.#tries.giveUp(new Fault('upstream_rpc', `the reply is encoded with \`${String(coding).slice(0, 80)}\``))
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
    this.#tries.leaveDepartureToReader()
    this.#resolve(this.#reply({ kind: 'events', source: this.#events }))
  }

  data(bytes: Buffer): void {
    if (this.#events !== undefined) {
      this.#events.take(bytes)
      return
    }
    this.#collected.add(bytes)
    const bytesMax = Math.min(this.#request.bytesMax, limits.mcpMessageBytesMax)
    if (this.#collected.length > bytesMax)
      this.#tries.giveUp(new Fault('reply_too_large', `the reply has more than ${bytesMax} bytes`))
  }

  end(): void {
    this.#stopTimer()
    if (this.#events !== undefined) {
      this.#events.finish()
      return
    }
    const bytes = this.#collected.take()
    const { secret } = this.#ports.pool
    if (secret !== undefined) redactBytes(bytes, secret)
    this.#resolve(this.#reply({ kind: 'whole', bytes }))
  }

  failed(fault: Fault): void {
    this.#stopTimer()
    if (this.#events !== undefined) this.#events.fail(fault)
    else this.#reject(fault)
  }

  #reply(body: ServerReply['body']): ServerReply {
    const { headersMs, count } = this.#tries
    return { status: this.#status, headers: this.#headers, body, headersMs, tries: count }
  }
}

function nothing(): void {}
