/**
 * One bounded pool of connections for each upstream. A call that finds all of them in use waits here, in order, and leaves at once when
 * its agent does. One timer for all of them: it is set to the earliest moment at which one may have waited too long.
 */
import type { Socket } from 'node:net'
import type { Clock, Upstream } from '../model/index.ts'
import { secretOf } from '../wire/index.ts'
import { type Connect, type Lookup, makeConnect } from './egress.ts'
import {
  type ConnectionOwner,
  type ReplyReceiver,
  UpstreamConnection,
  type UpstreamRequest,
} from './upstream-connection.ts'

/** Milliseconds an idle upstream connection is kept, unless the upstream names less in `Keep-Alive`: under the 5 s of node:http. */
const idleConnectionMs = 4_000

/**
 * What sockets read into, all of them in turn: a read is over before the next one begins, and what is kept of it is copied. 64 KiB is
 * what node reads at most at a time.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)
const connectionOf = new WeakMap<Socket, UpstreamConnection>()

function onRead(this: Socket, bytes: number): boolean {
  connectionOf.get(this)?.read(readBuffer.subarray(0, bytes))
  return true
}

export class UpstreamPool implements ConnectionOwner {
  readonly upstream: Upstream
  /** For the field `Host`. */
  readonly host: string
  readonly headersMsMax: number
  readonly idleMsMax: number
  /** The credential's secret part as bytes, to be taken out of replies. */
  readonly secret: Buffer | undefined
  readonly secretText: string | undefined
  readonly #clock: Clock
  readonly #connect: Connect
  readonly #open = new Set<UpstreamConnection>()
  /** The one that was used last is taken first: the others may then end. */
  readonly #idle: UpstreamConnection[] = []
  #inUse = 0
  readonly #waiting = new Set<() => void>()
  #onQuiet: (() => void) | undefined = undefined
  #closed = false
  #watchedMs = Number.POSITIVE_INFINITY
  #stopWatch: () => void = () => {}

  constructor(upstream: Upstream, lookup: Lookup, clock: Clock) {
    this.upstream = upstream
    this.host = new URL(upstream.origin).host
    this.headersMsMax = upstream.headersMsMax
    this.idleMsMax = upstream.idleMsMax
    this.secretText = upstream.credential === undefined ? undefined : secretOf(upstream.credential.value)
    this.secret = this.secretText === undefined ? undefined : Buffer.from(this.secretText, 'latin1')
    this.#clock = clock
    this.#connect = makeConnect(upstream, lookup, { buffer: readBuffer, callback: onRead })
  }

  /** On a connection that is open already, or on a new one; `receiver.failed` when none comes about. */
  dispatch(request: UpstreamRequest, receiver: ReplyReceiver): void {
    const idle = this.#idle.pop()
    if (idle !== undefined) {
      idle.exchange(request, receiver)
      return
    }
    this.#connect((error, socket) => {
      if (error !== null) {
        receiver.failed(error)
        return
      }
      const connection = new UpstreamConnection(socket, this)
      connectionOf.set(socket, connection)
      this.#open.add(connection)
      connection.exchange(request, receiver)
    })
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

  /** Waits for the calls that run or wait, then closes the connections. A call that comes later is served on one of its own. */
  async close(): Promise<void> {
    if (this.#inUse > 0)
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve
      })
    this.#closed = true
    for (const connection of [...this.#idle]) connection.destroy()
  }

  // --- of the connections ----------------------------------------------------------------------------------------------------

  nowMs(): number {
    return this.#clock.monotonicMs()
  }

  freed(connection: UpstreamConnection): void {
    if (this.#closed) {
      connection.destroy()
      return
    }
    connection.idleUntilMs = Math.min(connection.idleUntilMs, this.#clock.monotonicMs() + idleConnectionMs)
    this.#idle.push(connection)
    this.watch(connection.idleUntilMs)
  }

  closed(connection: UpstreamConnection): void {
    this.#open.delete(connection)
    const place = this.#idle.indexOf(connection)
    if (place !== -1) this.#idle.splice(place, 1)
    if (this.#open.size > 0) return
    this.#stopWatch()
    this.#watchedMs = Number.POSITIVE_INFINITY
  }

  watch(dueMs: number): void {
    if (dueMs >= this.#watchedMs) return
    this.#stopWatch()
    this.#watchedMs = dueMs
    this.#stopWatch = this.#clock.after(Math.max(0, dueMs - this.#clock.monotonicMs()), () => this.#look())
  }

  #look(): void {
    this.#watchedMs = Number.POSITIVE_INFINITY
    const nowMs = this.#clock.monotonicMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const connection of [...this.#open]) {
      if (connection.dueMs <= nowMs) connection.expire()
      else nextMs = Math.min(nextMs, connection.dueMs)
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.watch(nextMs)
  }
}
