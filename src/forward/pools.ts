/**
 * One bounded pool of connections for each upstream. A call that finds all of them in use waits here, in order, and leaves at
 * once when its agent does; undici's own queue could not let go of it.
 */
import { type Dispatcher, Pool } from 'undici'
import { limits, type Upstream } from '../model/index.ts'
import { secretOf } from '../wire/index.ts'
import { type Lookup, makeConnector } from './egress.ts'

/** Milliseconds an idle upstream connection is kept, unless the upstream names less in `Keep-Alive`: under the 5 s of node:http. */
const idleConnectionMs = 4_000

export class UpstreamPool {
  readonly upstream: Upstream
  /** The credential's secret part as bytes, to be taken out of replies. */
  readonly secret: Buffer | undefined
  readonly secretText: string | undefined
  readonly #lookup: Lookup
  #pool: Pool
  #inUse = 0
  readonly #waiting = new Set<() => void>()
  #onQuiet: (() => void) | undefined = undefined

  constructor(upstream: Upstream, lookup: Lookup) {
    this.upstream = upstream
    this.secretText = upstream.credential === undefined ? undefined : secretOf(upstream.credential.value)
    this.secret = this.secretText === undefined ? undefined : Buffer.from(this.secretText, 'latin1')
    this.#lookup = lookup
    this.#pool = this.#open()
  }

  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    // A call that was decided before a reload may come here after it: it is served all the same, on connections that end by
    // themselves when they are idle.
    if (this.#pool.closed) this.#pool = this.#open()
    this.#pool.dispatch(request, handler)
  }

  /** Calls `go` as soon as a connection is free, now or later. */
  enter(go: () => void): void {
    if (this.#inUse < this.upstream.connectionsMax) {
      this.#inUse++
      go()
    } else this.#waiting.add(go)
  }

  /** Takes `go` back, which waits. */
  leave(go: () => void): void {
    this.#waiting.delete(go)
  }

  /** Gives a connection back. */
  release(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      next()
      return
    }
    this.#inUse--
    if (this.#inUse === 0) this.#onQuiet?.()
  }

  /** Waits for the calls that run or wait, then closes the connections. */
  async close(): Promise<void> {
    if (this.#inUse > 0)
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve
      })
    await this.#pool.close()
  }

  #open(): Pool {
    const { upstream } = this
    return new Pool(upstream.origin, {
      connections: upstream.connectionsMax,
      pipelining: 1,
      connect: makeConnector(upstream, this.#lookup),
      allowH2: false,
      headersTimeout: upstream.headersMsMax,
      bodyTimeout: upstream.idleMsMax,
      keepAliveTimeout: idleConnectionMs,
      maxHeaderSize: limits.headerBytesMax,
      strictContentLength: true,
    })
  }
}
