/**
 * What each step of a call found and when, and the texts of its two records made from that. It decides nothing: what is recorded when, and
 * who waits for it, is the entry's.
 */
import {
  type Arrival,
  type Call,
  type CallSummary,
  type Clock,
  type Decision,
  type Fault,
  type MakeId,
  type Principal,
  type Recording,
  steps,
  type Target,
  type UpstreamReply,
} from '../model/index.ts'
import type { Pieces } from './batch.ts'
import type { DecisionLine } from './decision-line.ts'
import { KeptReply } from './kept-reply.ts'
import { outcomeLine, shortDetail, shortName } from './lines.ts'
import type { Share } from './queue.ts'

/** Places of the steps in `steps`. */
export const step = Object.fromEntries(steps.map((name, place) => [name, place])) as Record<
  (typeof steps)[number],
  number
>
const timerNames = steps.map((name) => `"timer_${name}_ns":`)
const nsInMs = 1_000_000

/** What an outcome says that the notes do not hold by itself. */
export interface End {
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

export interface NotePorts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly makeId: MakeId
  /** Takes the values of secrets out of a text. */
  readonly redact: (text: string) => string
  readonly decisionLine: (line: DecisionLine) => Pieces
}

export class CallNotes {
  readonly arrival: Arrival
  private readonly ports: NotePorts
  private readonly stepMs = new Float64Array(steps.length)
  private lastMs: number
  private id: string | undefined
  private call: Call | undefined
  private principal: Principal | undefined
  private target: Target | undefined
  private decision: Decision | undefined

  constructor(arrival: Arrival, ports: NotePorts) {
    this.arrival = arrival
    this.ports = ports
    this.lastMs = arrival.startedMs
  }

  /** The decision's once there is one, else made here; stays the same from the first time it is read. */
  get decisionId(): string {
    this.id ??= this.ports.makeId()
    return this.id
  }

  received(call: Call): void {
    this.call = call
    this.mark(step.receive)
  }

  identified(principal: Principal): void {
    this.principal = principal
    this.mark(step.identify)
  }

  /** The call, once it was strictly received. */
  get read(): Call | undefined {
    return this.call
  }

  /** Where the call was going, as far as it is known. */
  get aim(): Target | undefined {
    return this.target
  }

  routed(target: Target): void {
    this.target = target
    this.mark(step.route)
  }

  decided(decision: Decision): void {
    this.decision = decision
    this.id = decision.id
    this.mark(step.decide)
  }

  /** Adds the time since the last step ended to this one. */
  mark(place: number): void {
    const nowMs = this.ports.clock.monotonicMs()
    this.stepMs[place] = (this.stepMs[place] ?? 0) + nowMs - this.lastMs
    this.lastMs = nowMs
  }

  /** For the body of the reply, where the route records it. */
  keeper(): KeptReply | undefined {
    return this.target?.route.recording.reply === true ? new KeptReply() : undefined
  }

  refusalText(code: string, detail: string | undefined): Pieces {
    const kind = this.decision?.kind === 'ask' ? 'ask' : 'deny'
    return this.decisionText(kind, code, detail)
  }

  decisionText(kind: Decision['kind'], code: string | undefined, detail: string | undefined): Pieces {
    return this.ports.decisionLine({
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

  outcomeText(end: End): Pieces {
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
      servers: end.upstream?.servers,
      said: end.upstream?.said?.(),
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

  /** Of the decision. */
  codeOfRefusal(): string {
    if (this.decision?.kind === 'ask') return 'approval_required'
    return shortName(this.decision?.reasons[0]?.code ?? 'policy_denied')
  }

  /** Refusals before anybody is known by name: a flood of them costs its sender nothing. */
  get share(): Share {
    const known = this.principal?.authenticated === true || this.target !== undefined
    return known ? 'known' : 'unknown'
  }

  /** Secrets come out before it is cut: half a secret would not be recognised. */
  detailOf(fault: Fault): string {
    let text = this.ports.redact(fault.detail)
    const { rawHeaders } = this.arrival
    for (let place = 0; place + 1 < rawHeaders.length; place += 2) {
      if (rawHeaders[place]?.toLowerCase() !== 'authorization') continue
      const credential = (rawHeaders[place + 1] ?? '').replace(/^\S+ +/, '')
      if (credential !== '') text = text.replaceAll(credential, '[redacted]')
    }
    return shortDetail(text)
  }

  get mode(): Recording['mode'] {
    return this.target?.route.recording.mode ?? 'strict'
  }

  /** The step that a fault came out of. */
  stepUnderWay(isDecisionWritten: boolean): number {
    if (isDecisionWritten) return step.forward
    if (this.decision !== undefined) return step.record
    if (this.target !== undefined) return step.decide
    if (this.principal !== undefined) return step.route
    return this.call === undefined ? step.receive : step.identify
  }

  /** Whether policy was asked and refused. */
  get isRefusal(): boolean {
    return this.decision !== undefined && this.decision.kind !== 'allow'
  }

  summary(isDecisionWritten: boolean, status: number, code: string, upstream: UpstreamReply | undefined): CallSummary {
    return {
      decision: isDecisionWritten ? 'allow' : this.decision?.kind === 'ask' ? 'ask' : 'deny',
      code,
      route: this.target?.route.id ?? 'none',
      upstream: this.target?.upstream?.id ?? 'none',
      status,
      upstreamStatus: upstream?.upstream.status,
      stepMs: this.stepMs,
      totalMs: this.lastMs - this.arrival.startedMs,
    }
  }
}
