/**
 * One request on its way until there is a reply: it waits for a place in the upstream's pool, is tried, tried again where that does no
 * harm, and ends at once when the agent departs. What the reply means is its reader's.
 *
 *     waiting -> unsent -> sent -> answered -> over
 *                  ^---------'  (a further try)
 */
import { type Clock, type Departure, Fault, toFault } from '../model/index.ts'
import { type Progress, upstreamFault } from './failures.ts'
import type { UpstreamPool } from './pools.ts'
import type { ReplyHead } from './reply-head.ts'
import type { ReplyControl, ReplyReceiver, UpstreamRequest } from './upstream-connection.ts'

/**
 * After which failures a request may be tried again: none (its body is a stream, which is gone once it was read), those in which nothing
 * was sent, or also a cut, where acting on it twice does no harm (RFC 9110 section 9.2.1).
 */
export type Repeatable = 'never' | 'unsent' | 'safe'

export interface TriesOptions {
  readonly request: UpstreamRequest
  readonly repeatable: Repeatable
  readonly pool: UpstreamPool
  readonly clock: Clock
  /** Of the agent's call; absent for requests of the house. */
  readonly departure?: Departure | undefined
}

/** Told in order: `head`, `data` ..., then once `end` or `failed`; only `failed` when no reply came about. */
export interface ReplyReader {
  head(head: ReplyHead, control: ReplyControl): void
  /** Bytes of their own. */
  data(bytes: Buffer): void
  end(): void
  /** `upstream_*`, why the agent departed, what was given up with, or the fault of the body that was sent. */
  failed(fault: Fault): void
}

/** Milliseconds before the second further try, doubled for each one after it; the first is made at once. */
const retryPauseMs = 50

export class Tries implements ReplyReceiver {
  /** Those begun, 0 while it waits. */
  count = 0
  /** Milliseconds from the start to the header of the reply; 0 before it. */
  headersMs = 0
  readonly #options: TriesOptions
  readonly #reader: ReplyReader
  readonly #startedMs: number
  readonly #go: () => void
  #forget: () => void = nothing
  #progress: Progress = 'unsent'
  #control: ReplyControl | undefined = undefined
  /** Whether a place of the pool is ours. */
  #entered = false
  /** Whether a connection is asked for and has neither come nor failed. */
  #connecting = false
  #over = false

  constructor(options: TriesOptions, reader: ReplyReader) {
    this.#options = options
    this.#reader = reader
    this.#startedMs = options.clock.monotonicMs()
    this.#go = () => {
      this.#entered = true
      this.#try()
    }
  }

  start(): void {
    const { departure, pool } = this.#options
    if (departure !== undefined)
      this.#forget = departure.onDeparture((reason) =>
        this.giveUp(new Fault(reason, `the call ended while the upstream \`${pool.upstream.id}\` was working`)),
      )
    if (!this.#over) pool.enter(this.#go)
  }

  /** The reader watches over the agent himself from here on. */
  leaveDepartureToReader(): void {
    this.#forget()
  }

  /** Ends it: the reader is told `fault`, and the connection of a request that was sent is closed. */
  giveUp(fault: Fault): void {
    if (this.#over) return
    const control = this.#control
    this.#leave()
    this.#reader.failed(fault)
    control?.abort(fault)
  }

  // --- what the connection tells -----------------------------------------------------------------------------------------

  sent(control: ReplyControl): void {
    if (this.#over) {
      control.abort(new Error('the call is over'))
      return
    }
    this.#connecting = false
    this.#control = control
    this.#progress = 'sent'
  }

  head(head: ReplyHead): void {
    const control = this.#control
    if (this.#over || control === undefined) return
    this.#progress = 'answered'
    this.headersMs = this.#options.clock.monotonicMs() - this.#startedMs
    this.#reader.head(head, control)
  }

  data(bytes: Buffer): void {
    if (!this.#over) this.#reader.data(bytes)
  }

  end(): void {
    if (this.#over) return
    this.#leave()
    try {
      this.#reader.end()
    } catch (cause) {
      // A mistake of ours costs this call, and not the process whose socket happened to bring the last byte.
      this.#reader.failed(toFault(cause))
    }
  }

  failed(error: Error): void {
    this.#connecting = false
    if (this.#over) {
      this.#giveBack()
      return
    }
    const fault = upstreamFault(error, this.#progress, this.#options.pool.upstream)
    if (this.#mayTryAgain(fault)) this.#tryAgain()
    else {
      this.#leave()
      this.#reader.failed(fault)
    }
  }

  // --- tries -------------------------------------------------------------------------------------------------------------

  #try(): void {
    if (this.#over) return
    this.count++
    this.#progress = 'unsent'
    this.#control = undefined
    this.#connecting = true
    this.#options.pool.dispatch(this.#options.request, this)
  }

  #mayTryAgain(fault: Fault): boolean {
    const { repeatable, pool } = this.#options
    if (repeatable === 'never' || this.count > pool.upstream.retriesMax) return false
    if (this.#progress === 'unsent') return fault.code === 'upstream_unreachable'
    return repeatable === 'safe' && this.#progress === 'sent' && fault.code === 'upstream_cut'
  }

  #tryAgain(): void {
    if (this.count === 1) this.#try()
    else this.#options.clock.after(retryPauseMs * 2 ** (this.count - 2), () => this.#try())
  }

  #leave(): void {
    this.#over = true
    this.#forget()
    if (!this.#entered) this.#options.pool.leave(this.#go)
    // A connection that is on its way takes a place until it is there: agents that come and go would open more than the bound.
    else if (!this.#connecting) this.#giveBack()
  }

  #giveBack(): void {
    if (!this.#entered) return
    this.#entered = false
    this.#options.pool.release()
  }
}

function nothing(): void {}
