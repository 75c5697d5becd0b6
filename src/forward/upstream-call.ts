/**
 * One call at its upstream: what is sent of it, and its reply as the obligations want it, whole when it is small or a stream when it is
 * not. How often it is tried is `Tries`'.
 *
 *     no header -> collecting | streaming -> over
 */
import { type Call, type Clock, Fault, type HttpTarget, limits, toFault, type UpstreamReply } from '../model/index.ts'
import { Gathered, redactBytes } from '../wire/index.ts'
import { callHeaders } from './call-headers.ts'
import { refuseNotJson, refuseUnmaskable, tooLargeToMask } from './maskable.ts'
import type { Plan } from './obligations.ts'
import type { UpstreamPool } from './pools.ts'
import { ReplyBody } from './reply-body.ts'
import type { ReplyHead, UpstreamHeaders } from './reply-head.ts'
import { replyHeaders } from './reply-headers.ts'
import { keepsConnection, requestHead } from './request-head.ts'
import { type ReplyReader, Tries } from './tries.ts'
import type { ReplyControl, UpstreamRequest } from './upstream-connection.ts'

/** RFC 9110 section 9.2.1, without TRACE, which is not forwarded. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

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

export class UpstreamCall implements ReplyReader {
  readonly #options: UpstreamCallOptions
  readonly #body: UpstreamRequest['body']
  readonly #tries: Tries
  #control: ReplyControl | undefined = undefined
  #status = 0
  #headers: UpstreamHeaders = {}
  #lengthBytes: number | null = null
  #bytesMax = 0
  /** The reply as far as it is held; there from its header on. */
  #collected: Gathered | undefined = undefined
  #collectMax = 0
  #stream: ReplyBody | undefined = undefined

  constructor(options: UpstreamCallOptions) {
    const { call, target, plan, pool, clock } = options
    this.#options = options
    const held = call.body.held
    const streams = held === undefined && call.body.lengthBytes !== 0
    const path = `${target.upstream.basePath}${target.upstreamPath}`
    const bodyBytes = held === undefined ? call.body.lengthBytes : held.length
    const head = requestHead(call.method, path, pool.host, callHeaders(call, target, plan), bodyBytes)
    this.#body = streams ? call.body.stream(target.route.bodyBytesMax) : (held ?? noBytes)
    const request = {
      method: call.method,
      keepsConnection: keepsConnection(call.method, bodyBytes),
      head,
      body: this.#body,
    }
    const repeatable = streams ? 'never' : safeMethods.has(call.method) ? 'safe' : 'unsent'
    this.#tries = new Tries({ request, repeatable, pool, clock, departure: call.departure }, this)
  }

  start(): void {
    this.#tries.start()
  }

  // --- what comes back ---------------------------------------------------------------------------------------------------

  head({ status, headers, lengthBytes, framing }: ReplyHead, control: ReplyControl): void {
    this.#control = control
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
      this.#tries.giveUp(refusal)
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
      queueMicrotask(() => this.#streamUnlessOver(control))
    } else this.#beginStream(control)
  }

  data(bytes: Buffer): void {
    if (this.#stream !== undefined) {
      this.#stream.take(bytes)
      return
    }
    const collected = this.#collected
    const control = this.#control
    if (collected === undefined || control === undefined) return
    collected.add(bytes)
    if (collected.length <= this.#collectMax) return
    if (collected.length > this.#bytesMax)
      this.#tries.giveUp(new Fault('reply_too_large', `the reply has more than ${this.#bytesMax} bytes`))
    else if (this.#options.plan.mask !== undefined) this.#tries.giveUp(tooLargeToMask())
    else this.#beginStream(control)
  }

  end(): void {
    if (this.#stream !== undefined) this.#stream.finish()
    else this.#resolveWhole()
  }

  failed(fault: Fault): void {
    if (this.#stream !== undefined) {
      this.#stream.fail(fault)
      return
    }
    this.#collected = undefined
    // The connection does it once it has begun to read the body; cancelling twice is nothing more.
    if (!(this.#body instanceof Uint8Array)) this.#body.cancel(fault)
    this.#options.reject(fault)
  }

  // --- the reply ---------------------------------------------------------------------------------------------------------

  #streamUnlessOver(control: ReplyControl): void {
    if (this.#collected === undefined || this.#stream !== undefined) return
    try {
      this.#beginStream(control)
    } catch (cause) {
      // Nobody is above a microtask: a mistake of ours would end the process.
      this.#tries.giveUp(toFault(cause))
    }
  }

  #beginStream(control: ReplyControl): void {
    const body = new ReplyBody({
      control,
      lengthBytes: this.#lengthBytes,
      bytesMax: this.#bytesMax,
      secret: this.#options.pool.secret,
    })
    const reply = this.#reply({ kind: 'stream', source: body })
    this.#stream = body
    if (this.#collected !== undefined && this.#collected.length > 0) body.take(this.#collected.take())
    // From here on the reader cancels the stream; the departure of the agent is told to him.
    this.#tries.leaveDepartureToReader()
    this.#options.resolve(reply)
  }

  #resolveWhole(): void {
    let bytes = this.#collected?.take() ?? Buffer.alloc(0)
    this.#collected = undefined
    const { mask } = this.#options.plan
    if (mask !== undefined && bytes.length > 0) {
      const fault = refuseNotJson(bytes)
      if (fault !== undefined) {
        this.#options.reject(fault)
        return
      }
      bytes = mask.apply(bytes)
    }
    const { secret } = this.#options.pool
    if (secret !== undefined) redactBytes(bytes, secret)
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
      upstream: { headersMs: this.#tries.headersMs, tries: this.#tries.count, status: this.#status },
      obligationsDone: plan.types,
    }
  }
}
