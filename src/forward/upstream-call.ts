/**
 * One call on its way to the upstream and back: waits for a connection, tries, tries again where that is safe, and gives the
 * reply whole when it is small or as a stream when it is not. It ends at once when the agent departs.
 *
 *     waiting -> unsent -> sent -> answered: collecting | streaming -> over
 *                  ^---------'  (a further try)
 */
import {
  type Call,
  type Clock,
  type DepartureReason,
  Fault,
  type HttpTarget,
  limits,
  type UpstreamReply,
} from '../model/index.ts'
import { Gathered, redactBytes } from '../wire/index.ts'
import { callHeaders } from './call-headers.ts'
import { type Progress, upstreamFault } from './failures.ts'
import { refuseNotJson, refuseUnmaskable, tooLargeToMask } from './maskable.ts'
import type { Plan } from './obligations.ts'
import type { UpstreamPool } from './pools.ts'
import { ReplyBody } from './reply-body.ts'
import type { ReplyHead, UpstreamHeaders } from './reply-head.ts'
import { replyHeaders } from './reply-headers.ts'
import { requestHead } from './request-head.ts'
import type { ReplyControl, ReplyReceiver, UpstreamRequest } from './upstream-connection.ts'

/** RFC 9110 section 9.2.1, without TRACE, which is not forwarded. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Milliseconds before the second further try, doubled for each one after it; the first is made at once. */
const retryPauseMs = 50

const noBytes = new Uint8Array(0)

export interface UpstreamCallOptions {
  readonly call: Call
  readonly target: HttpTarget
  readonly plan: Plan
  readonly pool: UpstreamPool
  readonly clock: Clock
  readonly publicUrl: string | undefined
  readonly resolve: (reply: UpstreamReply) => void
  readonly reject: (fault: Fault) => void
}

export class UpstreamCall implements ReplyReceiver {
  readonly #options: UpstreamCallOptions
  readonly #startedMs: number
  readonly #request: UpstreamRequest
  readonly #streamsBody: boolean
  readonly #go: () => void
  readonly #forget: () => void
  #progress: Progress = 'unsent'
  #tries = 0
  /** Whether a connection of the pool is ours. */
  #entered = false
  /** Whether `resolve` or `reject` was called. */
  #settled = false
  #over = false
  #control: ReplyControl | undefined = undefined
  #status = 0
  #headers: UpstreamHeaders = {}
  #headersMs = 0
  #lengthBytes: number | null = null
  #bytesMax = 0
  /** The reply as far as it is held; there from its header on. */
  #collected: Gathered | undefined = undefined
  #collectMax = 0
  #body: ReplyBody | undefined = undefined

  constructor(options: UpstreamCallOptions) {
    const { call, target, plan, pool, clock } = options
    this.#options = options
    this.#startedMs = clock.monotonicMs()
    const held = call.body.held
    this.#streamsBody = held === undefined && call.body.lengthBytes !== 0
    const path = `${target.upstream.basePath}${target.upstreamPath}`
    const bodyBytes = held === undefined ? call.body.lengthBytes : held.length
    this.#request = {
      method: call.method,
      head: requestHead(call.method, path, pool.host, callHeaders(call, target, plan), bodyBytes),
      body: this.#streamsBody ? call.body.stream(target.route.bodyBytesMax) : (held ?? noBytes),
    }
    this.#go = () => {
      this.#entered = true
      this.#try()
    }
    this.#forget = call.departure.onDeparture((reason) => this.#depart(reason))
  }

  start(): void {
    if (!this.#over) this.#options.pool.enter(this.#go)
  }

  // --- what the connection tells -----------------------------------------------------------------------------------------

  sent(control: ReplyControl): void {
    if (this.#over) {
      control.abort(new Error('the call is over'))
      return
    }
    this.#control = control
    this.#progress = 'sent'
  }

  head({ status, headers, lengthBytes, framing }: ReplyHead): void {
    const control = this.#control
    if (this.#over || control === undefined) return
    this.#progress = 'answered'
    this.#headersMs = this.#options.clock.monotonicMs() - this.#startedMs
    this.#status = status
    this.#headers = headers
    this.#lengthBytes = lengthBytes
    const { plan, target } = this.#options
    this.#bytesMax = Math.min(target.upstream.replyBytesMax, plan.replyBytesMax ?? Number.POSITIVE_INFINITY)
    const refusal =
      lengthBytes !== null && lengthBytes > this.#bytesMax
        ? new Fault('reply_too_large', `the reply has ${lengthBytes} bytes, at most ${this.#bytesMax} are passed on`)
        : plan.mask !== undefined && framing !== 'none'
          ? refuseUnmaskable(headers, lengthBytes)
          : undefined
    if (refusal !== undefined) {
      this.#fail(refusal)
      control.abort(refusal)
      return
    }
    this.#collected = new Gathered(lengthBytes)
    if (framing === 'none') return
    if (plan.mask !== undefined || plan.replyBytesMax !== undefined)
      this.#collectMax = Math.min(this.#bytesMax, limits.maskedReplyBytesMax)
    else if (lengthBytes !== null && lengthBytes <= limits.oneWriteReplyBytesMax) this.#collectMax = lengthBytes
    else if (lengthBytes === null) {
      // Of unknown length: when it has ended by the end of what the socket gave just now, it is small and goes out in one
      // write; otherwise it streams from here on, without having waited for anything.
      this.#collectMax = Math.min(this.#bytesMax, limits.oneWriteReplyBytesMax)
      queueMicrotask(() => this.#streamUnlessWhole())
    } else this.#stream(control)
  }

  data(bytes: Buffer): void {
    if (this.#body !== undefined) {
      this.#body.take(bytes)
      return
    }
    const collected = this.#collected
    const control = this.#control
    if (this.#over || collected === undefined || control === undefined) return
    collected.add(bytes)
    if (collected.length <= this.#collectMax) return
    const fault =
      collected.length > this.#bytesMax
        ? new Fault('reply_too_large', `the reply has more than ${this.#bytesMax} bytes`)
        : this.#options.plan.mask !== undefined
          ? tooLargeToMask()
          : undefined
    if (fault === undefined) this.#stream(control)
    else {
      this.#fail(fault)
      control.abort(fault)
    }
  }

  end(): void {
    if (this.#body !== undefined) {
      this.#body.finish()
      this.#leave()
    } else if (!this.#over) this.#resolveWhole()
  }

  failed(error: Error): void {
    const fault = upstreamFault(error, this.#progress, this.#options.target.upstream)
    if (this.#body !== undefined) {
      this.#body.fail(fault)
      this.#leave()
    } else if (!this.#over) {
      if (this.#mayTryAgain(fault)) this.#tryAgain()
      else this.#fail(fault)
    }
  }

  // --- tries -------------------------------------------------------------------------------------------------------------

  #try(): void {
    if (this.#over) return
    this.#tries++
    this.#progress = 'unsent'
    this.#control = undefined
    this.#options.pool.dispatch(this.#request, this)
  }

  /** A streamed body is gone once it was read; a call that may have been acted on is repeated only when that does no harm. */
  #mayTryAgain(fault: Fault): boolean {
    if (this.#streamsBody || this.#tries > this.#options.target.upstream.retriesMax) return false
    if (this.#progress === 'unsent') return fault.code === 'upstream_unreachable'
    return this.#progress === 'sent' && fault.code === 'upstream_cut' && safeMethods.has(this.#options.call.method)
  }

  #tryAgain(): void {
    if (this.#tries === 1) this.#try()
    else this.#options.clock.after(retryPauseMs * 2 ** (this.#tries - 2), () => this.#try())
  }

  // --- the reply ---------------------------------------------------------------------------------------------------------

  #streamUnlessWhole(): void {
    const control = this.#control
    if (!this.#over && this.#body === undefined && control !== undefined) this.#stream(control)
  }

  #stream(control: ReplyControl): void {
    const body = new ReplyBody({
      control,
      lengthBytes: this.#lengthBytes,
      bytesMax: this.#bytesMax,
      secret: this.#options.pool.secret,
    })
    this.#body = body
    if (this.#collected !== undefined && this.#collected.length > 0) body.take(this.#collected.take())
    this.#settled = true
    // From here on the reader cancels the stream; the departure of the agent is told to him.
    this.#forget()
    this.#options.resolve(this.#reply({ kind: 'stream', source: body }))
  }

  #resolveWhole(): void {
    let bytes = this.#collected?.take() ?? Buffer.alloc(0)
    const { mask } = this.#options.plan
    if (mask !== undefined && bytes.length > 0) {
      const fault = refuseNotJson(bytes)
      if (fault !== undefined) {
        this.#fail(fault)
        return
      }
      bytes = mask.apply(bytes)
    }
    const { secret } = this.#options.pool
    if (secret !== undefined) redactBytes(bytes, secret)
    this.#settled = true
    this.#leave()
    this.#options.resolve(this.#reply({ kind: 'bytes', bytes }))
  }

  #reply(body: UpstreamReply['body']): UpstreamReply {
    const { call, target, plan, publicUrl, pool } = this.#options
    const headers = replyHeaders(this.#headers, call, target, {
      publicUrl,
      set: plan.reply,
      rewritten: plan.mask !== undefined,
    })
    const { secretText } = pool
    if (secretText !== undefined)
      for (let at = 1; at < headers.length; at += 2)
        if ((headers[at] as string).includes(secretText))
          headers[at] = (headers[at] as string).replaceAll(secretText, '[redacted]')
    return {
      status: this.#status,
      headers,
      body,
      upstream: { headersMs: this.#headersMs, tries: this.#tries, status: this.#status },
      obligationsDone: plan.types,
    }
  }

  // --- the end -----------------------------------------------------------------------------------------------------------

  #depart(reason: DepartureReason): void {
    const fault = new Fault(
      reason,
      `the call ended while the upstream \`${this.#options.target.upstream.id}\` was working`,
    )
    const control = this.#control
    this.#fail(fault)
    control?.abort(fault)
  }

  #fail(fault: Fault): void {
    if (this.#over) return
    this.#leave()
    if (this.#settled) return
    this.#settled = true
    const { body } = this.#request
    // The connection does it once it has begun to read the body; cancelling twice is nothing more.
    if (!(body instanceof Uint8Array)) body.cancel(fault)
    this.#options.reject(fault)
  }

  #leave(): void {
    if (this.#over) return
    this.#over = true
    this.#forget?.()
    this.#collected = undefined
    if (this.#entered) this.#options.pool.release()
    else this.#options.pool.leave(this.#go)
  }
}
