/**
 * One call on its way to the upstream and back: waits for a connection, tries, tries again where that is safe, and gives the
 * reply whole when it is small or as a stream when it is not. It ends at once when the agent departs.
 *
 *     waiting -> unsent -> sent -> answered: collecting | streaming -> over
 *                  ^---------'  (a further try)
 */
import type { Dispatcher } from 'undici'
import {
  type Call,
  type Clock,
  type DepartureReason,
  Fault,
  limits,
  type Target,
  type UpstreamReply,
} from '../model/index.ts'
import { Gathered, redactBytes } from '../wire/index.ts'
import { CallBodyStream } from './call-body.ts'
import { callHeaders } from './call-headers.ts'
import { type Progress, upstreamFault } from './failures.ts'
import { refuseNotJson, refuseUnmaskable, tooLargeToMask } from './maskable.ts'
import type { Plan } from './obligations.ts'
import type { UpstreamPool } from './pools.ts'
import { ReplyBody } from './reply-body.ts'
import { replyHeaders, type UpstreamHeaders } from './reply-headers.ts'

/** RFC 9110 section 9.2.1, without TRACE, which is not forwarded. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Milliseconds before the second further try, doubled for each one after it; the first is made at once. */
const retryPauseMs = 50

export interface UpstreamCallOptions {
  readonly call: Call
  readonly target: Target
  readonly plan: Plan
  readonly pool: UpstreamPool
  readonly clock: Clock
  readonly publicUrl: string | undefined
  readonly resolve: (reply: UpstreamReply) => void
  readonly reject: (fault: Fault) => void
}

export class UpstreamCall implements Dispatcher.DispatchHandler {
  readonly #options: UpstreamCallOptions
  readonly #startedMs: number
  readonly #request: Dispatcher.DispatchOptions
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
  #controller: Dispatcher.DispatchController | null = null
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
    const { call, target, plan, clock } = options
    this.#options = options
    this.#startedMs = clock.monotonicMs()
    const held = call.body.held
    this.#streamsBody = held === undefined && call.body.lengthBytes !== 0
    this.#request = {
      method: call.method as Dispatcher.HttpMethod,
      path: `${target.upstream.basePath}${target.upstreamPath}`,
      headers: callHeaders(call, target, plan),
      body: this.#streamsBody ? new CallBodyStream(call.body.stream(target.route.bodyBytesMax)) : (held ?? null),
      blocking: false,
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

  // --- what undici tells -------------------------------------------------------------------------------------------------

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) {
      controller.abort(new Error('the call is over'))
      return
    }
    this.#controller = controller
    this.#progress = 'sent'
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    // Interim replies (RFC 9110 section 15.2) are not for the agent: the gateway answers for itself.
    if (status < 200 || this.#over) return
    this.#progress = 'answered'
    this.#headersMs = this.#options.clock.monotonicMs() - this.#startedMs
    this.#status = status
    this.#headers = headers
    const fault = this.#readFraming(headers)
    if (fault !== undefined) {
      this.#fail(fault)
      controller.abort(fault)
      return
    }
    this.#collected = new Gathered(this.#lengthBytes)
    const { plan } = this.#options
    if (plan.mask !== undefined && !this.#isBodiless()) {
      const refusal = refuseUnmaskable(headers, this.#lengthBytes)
      if (refusal !== undefined) {
        this.#fail(refusal)
        controller.abort(refusal)
      } else this.#collectMax = Math.min(this.#bytesMax, limits.maskedReplyBytesMax)
    } else if (plan.replyBytesMax !== undefined) this.#collectMax = Math.min(this.#bytesMax, limits.maskedReplyBytesMax)
    else if (this.#lengthBytes !== null && this.#lengthBytes <= limits.oneWriteReplyBytesMax)
      this.#collectMax = this.#lengthBytes
    else if (this.#lengthBytes === null) {
      // Of unknown length: when it has ended by the end of what the socket gave just now, it is small and goes out in one
      // write; otherwise it streams from here on, without having waited for anything.
      this.#collectMax = Math.min(this.#bytesMax, limits.oneWriteReplyBytesMax)
      queueMicrotask(() => this.#streamUnlessWhole())
    } else this.#stream(controller)
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#body !== undefined) {
      this.#body.take(bytes)
      return
    }
    const collected = this.#collected
    if (this.#over || collected === undefined) return
    collected.add(bytes)
    if (collected.length <= this.#collectMax) return
    const fault =
      collected.length > this.#bytesMax
        ? new Fault('reply_too_large', `the reply has more than ${this.#bytesMax} bytes`)
        : this.#options.plan.mask !== undefined
          ? tooLargeToMask()
          : undefined
    if (fault === undefined) this.#stream(controller)
    else {
      this.#fail(fault)
      controller.abort(fault)
    }
  }

  onResponseEnd(): void {
    if (this.#body !== undefined) {
      this.#body.finish()
      this.#leave()
    } else if (!this.#over) this.#resolveWhole()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
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
    this.#controller = null
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

  #readFraming(headers: UpstreamHeaders): Fault | undefined {
    const { target, plan } = this.#options
    const coding = headers['transfer-encoding']
    if (coding !== undefined && (typeof coding !== 'string' || coding.toLowerCase() !== 'chunked'))
      return new Fault('upstream_malformed', `the reply's transfer coding is \`${String(coding).slice(0, 80)}\``)
    const length = headers['content-length']
    if (Array.isArray(length)) return new Fault('upstream_malformed', 'the reply names its length twice')
    this.#lengthBytes = this.#isBodiless() ? 0 : length === undefined ? null : Number(length)
    this.#bytesMax = Math.min(target.upstream.replyBytesMax, plan.replyBytesMax ?? Number.POSITIVE_INFINITY)
    if (this.#lengthBytes !== null && this.#lengthBytes > this.#bytesMax)
      return new Fault(
        'reply_too_large',
        `the reply has ${this.#lengthBytes} bytes, at most ${this.#bytesMax} are passed on`,
      )
    return undefined
  }

  /** RFC 9112 section 6.3: replies that end with their header. */
  #isBodiless(): boolean {
    return this.#options.call.method === 'HEAD' || this.#status === 204 || this.#status === 304
  }

  #streamUnlessWhole(): void {
    const controller = this.#controller
    if (!this.#over && this.#body === undefined && controller !== null) this.#stream(controller)
  }

  #stream(controller: Dispatcher.DispatchController): void {
    const body = new ReplyBody({
      controller,
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
    const controller = this.#controller
    this.#fail(fault)
    controller?.abort(fault)
  }

  #fail(fault: Fault): void {
    if (this.#over) return
    this.#leave()
    if (this.#settled) return
    this.#settled = true
    const { body } = this.#request
    if (body instanceof CallBodyStream) body.destroy()
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
