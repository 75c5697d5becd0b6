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
  type Target,
  toFault,
  type UpstreamReply,
} from '../model/index.ts'
import { CallNotes, type End, type NotePorts, step } from './call-notes.ts'
import { type Hiding, makeContentTexts } from './content.ts'
import { FollowedSource, type StreamEnd } from './followed-source.ts'
import { makeDecisionLines, shortDetail } from './lines.ts'
import type { DecisionLog } from './log.ts'

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
/** `target` as far as the call came. */
export type AnswerFault = (fault: Fault, decisionId: string, target?: Target, call?: Call) => Reply

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

/** Faults after an allow that say that the upstream got nothing of the call; after any other it may have acted. */
const notReached: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'upstream_unreachable',
  'upstream_refused_address',
  'obligation_unknown',
  'tool_changed',
])

/** Faults that withhold what the upstream replied. */
const withheld: ReadonlySet<FaultCode> = new Set<FaultCode>(['reply_not_maskable', 'reply_too_large'])

export function makeRecorder(options: RecorderOptions): OpenEntry {
  const { log, clock, makeId, observe, redact } = options
  const { queue } = log
  const decisionLine = makeDecisionLines(options.labels, makeContentTexts(options.hiding))

  const ports: NotePorts = { clock, makeId, redact, decisionLine }

  class CallEntry implements Entry {
    private readonly notes: CallNotes
    /** Whether a record that allows the call is in the log, or surely will be. */
    private decisionWritten = false
    /** Whether the outcome was made. INVARIANT: set once, and nothing but a correction is recorded after it. */
    private ended = false

    constructor(arrival: Arrival) {
      this.notes = new CallNotes(arrival, ports)
    }

    get decisionId(): string {
      return this.notes.decisionId
    }

    received(call: Call): Call {
      this.notes.received(call)
      return call
    }

    identified(principal: Principal): Principal {
      this.notes.identified(principal)
      return principal
    }

    routed(target: Target): Target {
      this.notes.routed(target)
      return target
    }

    async decided(decision: Decision): Promise<Decision> {
      const { notes } = this
      notes.decided(decision)
      // A refusal goes nowhere: its two records are written together, before the agent hears of it.
      if (decision.kind !== 'allow') return decision
      const line = notes.decisionText('allow', undefined, undefined)
      await (notes.mode === 'strict' ? queue.add(line) : queue.admit(line))
      this.decisionWritten = true
      notes.mark(step.record)
      return decision
    }

    async refused(reply: Reply): Promise<Reply> {
      const code = this.notes.codeOfRefusal()
      await this.recordRefusal(code, undefined, {
        outcome: 'refused',
        status: reply.status,
        code,
        replyBytes: bytesOf(reply),
        complete: this.notes.arrival.departure.reason === undefined,
        upstreamReached: false,
      })
      return reply
    }

    async followed(upstream: UpstreamReply): Promise<Reply> {
      this.notes.mark(step.forward)
      const reply = toReply(upstream, this.decisionId)
      if (reply.body.kind === 'stream' && !isBodiless(this.notes.arrival.method, reply.status)) {
        return { ...reply, body: { kind: 'stream', source: this.follow(upstream, reply.body.source) } }
      }
      const departed = this.notes.arrival.departure.reason
      const kept = this.notes.keeper()
      if (reply.body.kind === 'bytes') kept?.add(reply.body.bytes)
      const end: End = {
        outcome: upstream.fault === undefined ? 'forwarded' : 'failed',
        status: reply.status,
        code: upstream.fault ?? departed,
        upstream,
        reply: kept?.text(reply.headers),
        replyBytes: bytesOf(reply),
        complete: departed === undefined && upstream.fault === undefined,
        upstreamReached: upstream.reached !== false,
      }
      await this.recordEnd(end, faults.log_unavailable.status)
      return reply
    }

    async failed(fault: Fault, answer: AnswerFault): Promise<Reply> {
      const reply = answer(fault, this.decisionId, this.notes.aim, this.notes.read)
      if (this.ended) return reply
      this.notes.mark(this.notes.stepUnderWay(this.decisionWritten))
      const detail = this.notes.detailOf(fault)
      const end: End = {
        outcome: this.decisionWritten ? 'failed' : 'refused',
        status: reply.status,
        code: fault.code,
        // Of a refusal it stands in the decision record.
        detail: this.decisionWritten ? detail : undefined,
        replyBytes: bytesOf(reply),
        complete: this.notes.arrival.departure.reason === undefined && !withheld.has(fault.code),
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
        return answer(ofLog, this.decisionId, this.notes.aim, this.notes.read)
      }
    }

    /** Both records, durable before anything is said. On a rejection nothing was written. */
    private async recordRefusal(code: string, detail: string | undefined, end: End): Promise<void> {
      await queue.addPair(this.notes.refusalText(code, detail), this.notes.outcomeText(end), this.notes.share)
      this.ended = true
      this.notes.mark(step.record)
      this.tell(end.status, code, undefined)
    }

    /** The log cannot take the call's records: they are written when it can again, or at least counted. */
    private recordRefusalLater(ofLog: Fault, detail: string, end: End): void {
      this.ended = true
      const code = this.notes.isRefusal ? this.notes.codeOfRefusal() : (end.code ?? ofLog.code)
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
        ofLog.code === 'log_unavailable' &&
        queue.hold(this.notes.refusalText(code, detail), this.notes.outcomeText(later))
      if (!held) log.omit(ofLog.code, 1)
      this.tell(status, ofLog.code, undefined)
    }

    /** The outcome of a call whose decision is written. When it cannot be durable, `withheldStatus` is what the agent got. */
    private async recordEnd(end: End, withheldStatus: number): Promise<void> {
      this.ended = true
      const text = this.notes.outcomeText(end)
      if (this.notes.mode === 'async') {
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
          void queue.keep('outcome', this.notes.outcomeText(cut))
          this.tell(cut.status, ofLog.code, end.upstream)
          throw ofLog
        }
      }
      this.notes.mark(step.record)
      this.tell(end.status, end.code ?? 'ok', end.upstream)
    }

    private follow(upstream: UpstreamReply, source: ByteSource): ByteSource {
      const kept = this.notes.keeper()
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
          this.notes.mark(step.reply)
          const whole = end(undefined, undefined, replyBytes)
          return this.recordEnd(whole, whole.status)
        },
        broken: (fault, replyBytes) => {
          this.notes.mark(step.reply)
          this.ended = true
          void queue.keep('outcome', this.notes.outcomeText(end(fault.code, this.notes.detailOf(fault), replyBytes)))
          this.tell(upstream.status, fault.code, upstream)
        },
      }
      return new FollowedSource(source, this.notes.arrival.departure, told, kept)
    }

    private tell(status: number, code: string, upstream: UpstreamReply | undefined): void {
      observe(this.notes.summary(this.decisionWritten, status, code, upstream))
    }
  }

  return (arrival) => new CallEntry(arrival)
}

/** What `forward/` gives, as what the agent gets. */
function toReply({ status, headers, body, fault, unidentified, lasting }: UpstreamReply, decisionId: string): Reply {
  const reply = { status, headers, body, decisionId }
  if (fault === undefined && unidentified === undefined && lasting === undefined) return reply
  return {
    ...reply,
    ...(lasting !== undefined && { lasting }),
    ...(fault !== undefined && { fault }),
    ...(unidentified !== undefined && { unidentified }),
  }
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
