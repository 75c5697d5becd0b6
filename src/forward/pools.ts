/**
 * One bounded pool of connections for each upstream. A call that finds all of them in use waits here, in order, and leaves at
 * once when its agent does; undici's own queue could not let go of it.
 */
import { Pool } from 'undici'
import { limits, type Upstream } from '../model/index.ts'
import { secretOf } from '../wire/index.ts'
import { type Lookup, makeConnector } from './egress.ts'

/** Milliseconds an idle upstream connection is kept, unless the upstream names less in `Keep-Alive`: under the 5 s of node:http. */
const idleConnectionMs = 4_000

export class UpstreamPool {
  readonly upstream: Upstream
  readonly pool: Pool
  /** The credential's secret part as bytes, to be taken out of replies. */
  readonly secret: Buffer | undefined
  readonly secretText: string | undefined
  #inUse = 0
  readonly #waiting = new Set<() => void>()

  constructor(upstream: Upstream, lookup: Lookup) {
    this.upstream = upstream
    this.secretText = upstream.credential === undefined ? undefined : secretOf(upstream.credential.value)
    this.secret = this.secretText === undefined ? undefined : Buffer.from(this.secretText, 'latin1')
    this.pool = new Pool(upstream.origin, {
      connections: upstream.connectionsMax,
      pipelining: 1,
      connect: makeConnector(upstream, lookup),
      allowH2: false,
      headersTimeout: upstream.headersMsMax,
      bodyTimeout: upstream.idleMsMax,
      keepAliveTimeout: idleConnectionMs,
      maxHeaderSize: limits.headerBytesMax,
      strictContentLength: true,
    })
  }

  /** Calls `go` as soon as a connection is free, now or later; `leave` takes it back while it waits. */
  enter(go: () => void): void {
    if (this.#inUse < this.upstream.connectionsMax) {
      this.#inUse++
      go()
    } else this.#waiting.add(go)
  }

  /** True when `go` was still waiting: then nothing is to be given back. */
  leave(go: () => void): boolean {
    return this.#waiting.delete(go)
  }

  /** Gives a connection back. */
  release(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      next()
      return
    }
    this.#inUse--
  }

  /** Waits for what runs, then closes the connections. */
  close(): Promise<void> {
    return this.pool.close()
  }
}
