/**
 * The open place of a call in the log: it notes what each step found and when, and makes the call's two records, each
 * exactly once, whatever happens. How long the agent waits for the disk is the route's mode:
 *
 *     strict   decision durable, then forwarded; outcome durable, then the end of the reply
 *     durable  forwarded at once; both durable, then the end of the reply
 *     async    both on their way, nothing waits
 */
import {
  type Arrival,
  type ByteSource,
  type Call,
  type CallSummary,
  type Clock,
  type Decision,
  type Fault,
  type FaultCode,
  faults,
  type Labels,
  type MakeId,
  type ObserveCall,
  type Principal,
  type Reply,
  steps,
  type Target,
  toFault,
  type UpstreamReply,
} from '../model/index.ts'
import { type Hiding, makeContentTexts } from './content.ts'
import { FollowedSource, type StreamEnd } from './followed-source.ts'
import { KeptReply } from './kept-reply.ts'
import { makeDecisionLines, outcomeLine, shortDetail, shortName } from './lines.ts'
import type { DecisionLog } from './log.ts'
import type { Share } from './queue.ts'

/** One call's entry. Every method notes its argument and the time, and gives the argument back. */
export interface Entry {
  /** The decision's once there is one, else made here; stays the same from the first time it is read. */
  readonly decisionId: string
  received(call: Call): Call
  identified(principal: Principal): Principal
  routed(target: Target): Target
  /** Resolves when the call may go on. Faults: `log_unavailable`, `log_queue_full`. */
  decided(decision: Decision): Promise<Decision>
  /** The end of a call that policy refused. Faults: `log_unavailable`, `log_queue_full`. */
  refused(reply: Reply): Promise<Reply>
  /** The end of a forwarded call; of a streamed reply, its end comes with the outcome. Faults: `log_unavailable`. */
  followed(reply: UpstreamReply): Promise<Reply>
  /** The end of a call that broke. Never rejects: when the log cannot be written either, the reply says that instead. */
  failed(fault: Fault, answer: AnswerFault): Promise<Reply>
}

export type OpenEntry = (arrival: Arrival) => Entry
export type AnswerFault = (fault: Fault, decisionId: string) => Reply

export interface RecorderOptions {
  readonly log: DecisionLog
  readonly clock: Clock
  readonly makeId: MakeId
  /** Called once a call, when it has ended. */
  readonly observe: ObserveCall
  /** Of this gateway, in every decision record. */
  readonly labels: Labels
  /** Takes the values of secrets out of a text; applied to what faults say. */
  readonly redact: (text: string) => string
  /** What is hidden in decision records. Default: nothing but what the route's level leaves out. */
  readonly hiding?: Hiding | undefined
}

const step = Object.fromEntries(steps.map((name, place) => [name, place])) as Record<(typeof steps)[number], number>
const timerNames = steps.map((name) => `"timer_${name}_ns":`)
const nsInMs = 1_000_000

/** Faults after an allow that say that the upstream got nothing of the call; after any other it may have acted. */
const notReached: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'upstream_unreachable',
  'upstream_refused_address',
  'obligation_unknown',
])

/** Faults that withhold what the upstream replied. */
const withheld: ReadonlySet<FaultCode> = new Set<FaultCode>(['reply_not_maskable', 'reply_too_large'])

/** What an outcome says that the entry does not know by itself. */
interface End {
  readonly outcome: 'forwarded' | 'refused' | 'failed'
  readonly status: number
  readonly code?: string | undefined
  readonly detail?: string | undefined
  readonly upstream?: UpstreamReply | undefined
  /** Its body as the record has it, where the route asks for it. */
  readonly reply?: string | undefined
  readonly replyBytes: number
  readonly complete: boolean
  readonly upstreamReached: boolean
}

export function makeRecorder(options: RecorderOptions): OpenEntry {
  const { log, clock, makeId, observe, redact } = options
  const { queue } = log
  const decisionLine = makeDecisionLines(options.labels, makeContentTexts(options.hiding))

  class CallEntry implements Entry {
    private readonly arrival: Arrival
    private readonly stepMs = new Float64Array(steps.length)
    private lastMs: number
    private id: string | undefined
    private call: Call | undefined
    private principal: Principal | undefined
    private target: Target | undefined
    private decision: Decision | undefined
    /** Whether a record that allows the call is in the log, or surely will be. */
    private decisionWritten = false
    /** Whether the outcome was made. INVARIANT: set once, and nothing but a correction is recorded after it. */
    private ended = false

    constructor(arrival: Arrival) {
      this.arrival = arrival
      this.lastMs = arrival.startedMs
    }

    get decisionId(): string {
      this.id ??= makeId()
      return this.id
    }

    received(call: Call): Call {
      this.call = call
      this.mark(step.receive)
      return call
    }

    identified(principal: Principal): Principal {
      this.principal = principal
      this.mark(step.identify)
      return principal
    }

    routed(target: Target): Target {
      this.target = target
      this.mark(step.route)
      return target
    }

    async decided(decision: Decision): Promise<Decision> {
      this.decision = decision
      this.id = decision.id
      this.mark(step.decide)
      // A refusal goes nowhere: its two records are written together, before the agent hears of it.
      if (decision.kind !== 'allow') return decision
      const line = this.decisionText('allow', undefined, undefined)
      await (this.mode === 'strict' ? queue.add(line) : queue.admit(line))
      this.decisionWritten = true
      this.mark(step.record)
      return decision
    }

    async refused(reply: Reply): Promise<Reply> {
      const code = this.codeOfRefusal()
      await this.recordRefusal(code, undefined, {
        outcome: 'refused',
        status: reply.status,
        code,
        replyBytes: bytesOf(reply),
        complete: this.arrival.departure.reason === undefined,
        upstreamReached: false,
      })
      return reply
    }

    async followed(upstream: UpstreamReply): Promise<Reply> {
      this.mark(step.forward)
      const reply = toReply(upstream, this.decisionId)
      if (reply.body.kind === 'stream' && !isBodiless(this.arrival.method, reply.status)) {
        return { ...reply, body: { kind: 'stream', source: this.follow(upstream, reply.body.source) } }
      }
      const departed = this.arrival.departure.reason
      const kept = this.keeper()
      if (reply.body.kind === 'bytes') kept?.add(reply.body.bytes)
      const end: End = {
        outcome: upstream.fault === undefined ? 'forwarded' : 'failed',
        status: reply.status,
        code: upstream.fault ?? departed,
        upstream,
        reply: kept?.text(reply.headers),
        replyBytes: bytesOf(reply),
        complete: departed === undefined && upstream.fault === undefined,
        upstreamReached: true,
      }
      await this.recordEnd(end, faults.log_unavailable.status)
      return reply
    }

    async failed(fault: Fault, answer: AnswerFault): Promise<Reply> {
      const reply = answer(fault, this.decisionId)
      if (this.ended) return reply
      this.mark(this.stepUnderWay())
      const detail = this.detailOf(fault)
      const end: End = {
        outcome: this.decisionWritten ? 'failed' : 'refused',
        status: reply.status,
        code: fault.code,
        // Of a refusal it stands in the decision record.
        detail: this.decisionWritten ? detail : undefined,
        replyBytes: bytesOf(reply),
        complete: this.arrival.departure.reason === undefined && !withheld.has(fault.code),
        upstreamReached: this.decisionWritten && !notReached.has(fault.code),
      }
      try {
        if (this.decisionWritten) await this.recordEnd(end, faults.log_unavailable.status)
        else if (isOfLog(fault)) this.recordRefusalLater(fault, detail, end)
        else await this.recordRefusal(fault.code, detail, end)
        return reply
      } catch (cause) {
        const ofLog = toFault(cause)
        if (!this.ended) this.recordRefusalLater(ofLog, detail, end)
        return answer(ofLog, this.decisionId)
      }
    }

    /** Both records, durable before anything is said. On a rejection nothing was written. */
    private async recordRefusal(code: string, detail: string | undefined, end: End): Promise<void> {
      await queue.addPair(this.refusalText(code, detail), this.outcomeText(end), this.share)
      this.ended = true
      this.mark(step.record)
      this.tell(end.status, code, undefined)
    }

    /** The log cannot take the call's records: they are written when it can again, or at least counted. */
    private recordRefusalLater(ofLog: Fault, detail: string, end: End): void {
      this.ended = true
      const code =
        this.decision === undefined || this.decision.kind === 'allow' ? (end.code ?? ofLog.code) : this.codeOfRefusal()
      const { status } = faults[ofLog.code]
      const later: End = {
        ...end,
        outcome: 'refused',
        status,
        code: ofLog.code,
        detail: shortDetail(ofLog.detail),
        upstreamReached: false,
      }
      const held =
        ofLog.code === 'log_unavailable' && queue.hold(this.refusalText(code, detail), this.outcomeText(later))
      if (!held) log.omit(ofLog.code, 1)
      this.tell(status, ofLog.code, undefined)
    }

    /** The outcome of a call whose decision is written. When it cannot be durable, `withheldStatus` is what the agent got. */
    private async recordEnd(end: End, withheldStatus: number): Promise<void> {
      this.ended = true
      const text = this.outcomeText(end)
      if (this.mode === 'async') {
        void queue.keep('outcome', text)
      } else {
        try {
          await queue.end(text)
        } catch (cause) {
          const ofLog = toFault(cause)
          const cut: End = {
            ...end,
            status: withheldStatus,
            outcome: 'failed',
            code: ofLog.code,
            detail: shortDetail(ofLog.detail),
            complete: false,
          }
          void queue.keep('outcome', this.outcomeText(cut))
          this.tell(cut.status, ofLog.code, end.upstream)
          throw ofLog
        }
      }
      this.mark(step.record)
      this.tell(end.status, end.code ?? 'ok', end.upstream)
    }

    private follow(upstream: UpstreamReply, source: ByteSource): ByteSource {
      const kept = this.keeper()
      const end = (code: FaultCode | undefined, detail: string | undefined, replyBytes: number): End => ({
        outcome: code === undefined ? 'forwarded' : 'failed',
        status: upstream.status,
        code,
        detail,
        upstream,
        reply: kept?.text(upstream.headers),
        replyBytes,
        complete: code === undefined,
        upstreamReached: true,
      })
      const told: StreamEnd = {
        whole: (replyBytes) => {
          this.mark(step.reply)
          const whole = end(undefined, undefined, replyBytes)
          return this.recordEnd(whole, whole.status)
        },
        broken: (fault, replyBytes) => {
          this.mark(step.reply)
          this.ended = true
          void queue.keep('outcome', this.outcomeText(end(fault.code, this.detailOf(fault), replyBytes)))
          this.tell(upstream.status, fault.code, upstream)
        },
      }
      return new FollowedSource(source, this.arrival.departure, told, kept)
    }

    private keeper(): KeptReply | undefined {
      return this.target?.route.recording.reply === true ? new KeptReply() : undefined
    }

    private refusalText(code: string, detail: string | undefined): string {
      const kind = this.decision?.kind === 'ask' ? 'ask' : 'deny'
      return this.decisionText(kind, code, detail)
    }

    private decisionText(kind: Decision['kind'], code: string | undefined, detail: string | undefined): string {
      return decisionLine({
        id: this.decisionId,
        arrival: this.arrival,
        call: this.call,
        principal: this.principal,
        target: this.target,
        decision: this.decision,
        kind,
        code,
        detail,
        level: this.target?.route.recording.level ?? 'metadata',
        metrics: this.timers(step.receive, step.decide),
      })
    }

    private outcomeText(end: End): string {
      const total = Math.round((this.lastMs - this.arrival.startedMs) * nsInMs)
      const timers = this.timers(step.record, step.reply)
      return outcomeLine({
        id: this.decisionId,
        arrival: this.arrival,
        outcome: end.outcome,
        code: end.code,
        detail: end.detail,
        status: end.status,
        upstreamStatus: end.upstream?.upstream.status,
        replyBytes: end.replyBytes,
        reply: end.reply,
        complete: end.complete,
        upstreamReached: end.upstreamReached,
        obligationsDone: end.upstream?.obligationsDone ?? [],
        tries: end.upstream?.upstream.tries,
        metrics: `${timers}${timers === '' ? '' : ','}"timer_total_ns":${total}`,
      })
    }

    private timers(first: number, last: number): string {
      let text = ''
      for (let place = first; place <= last; place++) {
        const ms = this.stepMs[place] ?? 0
        if (ms > 0) text += `${text === '' ? '' : ','}${timerNames[place]}${Math.round(ms * nsInMs)}`
      }
      return text
    }

    private codeOfRefusal(): string {
      if (this.decision?.kind === 'ask') return 'approval_required'
      return shortName(this.decision?.reasons[0]?.code ?? 'policy_denied')
    }

    /** Refusals before anybody is known by name: a flood of them costs its sender nothing. */
    private get share(): Share {
      const known = this.principal?.authenticated === true || this.target !== undefined
      return known ? 'known' : 'unknown'
    }

    /** Secrets come out before it is cut: half a secret would not be recognised. */
    private detailOf(fault: Fault): string {
      let text = redact(fault.detail)
      const { rawHeaders } = this.arrival
      for (let place = 0; place + 1 < rawHeaders.length; place += 2) {
        if (rawHeaders[place]?.toLowerCase() !== 'authorization') continue
        const credential = (rawHeaders[place + 1] ?? '').replace(/^\S+ +/, '')
        if (credential !== '') text = text.replaceAll(credential, '[redacted]')
      }
      return shortDetail(text)
    }

    private tell(status: number, code: string, upstream: UpstreamReply | undefined): void {
      observe({
        decision: this.decisionWritten ? 'allow' : this.decision?.kind === 'ask' ? 'ask' : 'deny',
        code,
        route: this.target?.route.id ?? 'none',
        upstream: this.target?.upstream.id ?? 'none',
        status,
        upstreamStatus: upstream?.upstream.status,
        stepMs: this.stepMs,
        totalMs: this.lastMs - this.arrival.startedMs,
      } satisfies CallSummary)
    }

    private get mode() {
      return this.target?.route.recording.mode ?? 'strict'
    }

    private mark(place: number): void {
      const nowMs = clock.monotonicMs()
      this.stepMs[place] = (this.stepMs[place] ?? 0) + nowMs - this.lastMs
      this.lastMs = nowMs
    }

    /** The step that a fault came out of. */
    private stepUnderWay(): number {
      if (this.decisionWritten) return step.forward
      if (this.decision !== undefined) return step.record
      if (this.target !== undefined) return step.decide
      if (this.principal !== undefined) return step.route
      return this.call === undefined ? step.receive : step.identify
    }
  }

  return (arrival) => new CallEntry(arrival)
}

/** What `forward/` gives, as what the agent gets. */
function toReply({ status, headers, body, fault, unidentified }: UpstreamReply, decisionId: string): Reply {
  const reply = { status, headers, body, decisionId }
  if (fault === undefined && unidentified === undefined) return reply
  return { ...reply, ...(fault !== undefined && { fault }), ...(unidentified !== undefined && { unidentified }) }
}

/** RFC 9110 section 6.4.1: no body follows, so nothing of a stream is read and the reply ends with its header. */
function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

function bytesOf({ body }: Reply): number {
  return body.kind === 'bytes' ? body.bytes.length : 0
}

function isOfLog({ code }: Fault): boolean {
  return code === 'log_unavailable' || code === 'log_queue_full'
}
