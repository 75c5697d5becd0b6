/**
 * Records of calls as text, without what the log puts before them (place, type, time) and without the closing brace. Made
 * by hand in the order of `model/record.ts`: a decision record takes about 3 us this way. Bounded: what is too long is
 * left out, and the record says so.
 */
import {
  type Allow,
  type Arrival,
  type Call,
  type Decision,
  type Json,
  type Labels,
  type ListedServer,
  limits,
  type McpSaid,
  type Principal,
  quote,
  type Reason,
  type SaidMessages,
  type Target,
  textOf,
  type UpstreamReply,
} from '../model/index.ts'
import { bytesMaxOf, type Pieces } from './batch.ts'
import type { ContentText } from './content.ts'
import type { DecisionLine } from './decision-line.ts'
import { recordedCall, recordedTarget } from './recorded-place.ts'

/** Characters of a detail, a path or a name at most: longer ones are cut and end in an ellipsis. */
const detailCharsMax = 2_048
const pathCharsMax = limits.targetCharsMax
const nameCharsMax = 256

/** `instance` are the labels of this gateway: a policy's labels come beside them, never in their place. */
export function makeDecisionLines(instance: Labels, contentOf: ContentText): (line: DecisionLine) => Pieces {
  const instanceLabels = textOf(instance)
  const principals = new WeakMap<Principal, string>()
  const targets = new WeakMap<object, string>()
  let lastBundles: { revision: string; digest: string | undefined; text: string } | undefined

  function labelsOf(decision: Decision | undefined): string {
    if (decision === undefined) return instanceLabels
    for (const _ in decision.labels) return textOf({ ...decision.labels, ...instance })
    return instanceLabels
  }

  function bundlesOf(decision: Decision | undefined): string {
    if (decision?.revision === undefined) return ''
    const { revision, digest } = decision
    if (lastBundles?.revision !== revision || lastBundles.digest !== digest) {
      const bundle = digest === undefined ? { revision } : { revision, digest }
      lastBundles = { revision, digest, text: `,"bundles":${textOf({ policy: bundle })}` }
    }
    return lastBundles.text
  }

  function principalOf(principal: Principal | undefined): string {
    if (principal === undefined) return ''
    let text = principals.get(principal)
    if (text === undefined) {
      text = principalText(principal)
      principals.set(principal, text)
    }
    return text
  }

  /** An operation belongs to one route and upstream, and so does a route without one. */
  function targetOf(target: Target | undefined): string {
    if (target === undefined) return ''
    // A message is known by its tool; without one its upstream may be any of the route's.
    const place = target.mcp === undefined ? (target.operation ?? target.route) : target.mcp.facts
    if (place === undefined) return targetText(target)
    let text = targets.get(place)
    if (text === undefined) {
      text = targetText(target)
      targets.set(place, text)
    }
    return text
  }

  return function decisionLine(line) {
    const { arrival, decision } = line
    const ids = `"decision_id":"${line.id}","call_id":"${arrival.id}","trace_id":"${arrival.trace.traceId}","labels":`
    const what =
      bundlesOf(decision) +
      (decision?.entrypoint === undefined ? '' : `,"path":${quote(decision.entrypoint)}`) +
      `,"decision":"${line.kind}"${line.code === undefined ? '' : `,"code":${quote(line.code)}`}`
    const obligations =
      decision?.kind === 'allow' && decision.obligations.length > 0
        ? `,"obligations":${textOf(decision.obligations as Allow['obligations'] & Json)}`
        : ''
    const who = principalOf(line.principal)
    const where = targetOf(line.target)
    const call = `,"call":${callText(arrival, line.call, line.target)}`
    const tail =
      (line.detail === undefined ? '' : `,"detail":${quote(line.detail)}`) +
      `,"requested_by":${quote(arrival.peer.address)},"metrics":{${line.metrics}}`
    const reasons = decision?.reasons ?? []
    const ruleIds = decision?.ruleIds ?? []
    const before = ids + labelsOf(decision) + what + whyText(reasons, ruleIds) + obligations + who + where + call
    const content = contentOf(line)
    const whole = [before, ...content.whole(), tail]
    if (fits(whole)) return whole

    const shorter = [before, ...content.shorter(), tail]
    if (fits(shorter)) return shorter

    const brief = reasons.slice(0, limits.reasonsMax).map(({ code, message }) => ({
      code: shortName(code),
      message: shortName(message),
    }))
    const names = ruleIds.slice(0, limits.reasonsMax).map((id) => shortName(id))
    return [`${ids}${instanceLabels}${what}${whyText(brief, names)}${who}${where}${call},"input_omitted":"size"${tail}`]
  }
}

function whyText(reasons: readonly Reason[], ruleIds: readonly string[]): string {
  if (reasons.length === 0 && ruleIds.length === 0) return ',"reasons":[],"rule_ids":[]'
  return `,"reasons":${textOf(reasons as readonly Reason[] & Json)},"rule_ids":${textOf(ruleIds)}`
}

/** `,"principal":{...}`, or nothing for a call without a credential. */
function principalText(principal: Principal): string {
  if (!principal.authenticated) return ''
  const { identity, agent } = principal
  const id = agent?.id ?? identity.agent?.id
  const recorded = {
    ...(identity.issuer !== undefined && { issuer: identity.issuer }),
    ...(identity.subject !== undefined && { subject: identity.subject.id }),
    ...(identity.client_id !== undefined && { client_id: identity.client_id }),
    ...(id !== undefined && { agent: id }),
    ...(identity.actors.length > 0 && { actors: identity.actors.map((actor) => actor.id) }),
    ...(identity.scopes.length > 0 && { scopes: identity.scopes }),
  }
  return `,"principal":${textOf(recorded)}`
}

function targetText(target: Target): string {
  return `,"target":${textOf(recordedTarget(target))}`
}

/** Of a call that was refused before it was read: what arrived, without the query, which may hold anything. */
function callText(arrival: Arrival, call: Call | undefined, target: Target | undefined): string {
  if (call !== undefined && target?.mcp !== undefined) return textOf(recordedCall(call, target))
  const host = call?.host ?? shortName(hostField(arrival.rawHeaders))
  const path = call?.path ?? shortened(arrival.rawTarget.split('?', 1)[0] ?? '', pathCharsMax)
  return `{"protocol":"http","method":${quote(shortName(arrival.method))},"host":${quote(host)},"path":${quote(path)}}`
}

function hostField(rawHeaders: readonly string[]): string {
  for (let place = 0; place + 1 < rawHeaders.length; place += 2) {
    if (rawHeaders[place]?.toLowerCase() === 'host') return rawHeaders[place + 1] ?? ''
  }
  return ''
}

/** Whether a record may have this text. A character takes at most three bytes in UTF-8: most need no counting. */
export function fits(pieces: Pieces): boolean {
  if (bytesMaxOf(pieces) <= limits.recordBytesMax) return true
  let bytes = 0
  for (const piece of pieces) bytes += Buffer.byteLength(piece)
  return bytes <= limits.recordBytesMax
}

export function shortDetail(text: string): string {
  return shortened(text, detailCharsMax)
}

export function shortName(text: string): string {
  return shortened(text, nameCharsMax)
}

function shortened(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`
}

export interface OutcomeLine {
  readonly id: string
  readonly arrival: Arrival
  readonly outcome: 'forwarded' | 'refused' | 'failed'
  readonly code: string | undefined
  readonly detail: string | undefined
  readonly status: number
  readonly upstreamStatus: number | undefined
  readonly replyBytes: number
  /** As `KeptReply` prints it. */
  readonly reply: string | undefined
  readonly complete: boolean
  readonly upstreamReached: boolean
  readonly obligationsDone: readonly string[]
  readonly tries: number | undefined
  readonly servers: UpstreamReply['servers']
  readonly said: McpSaid | undefined
  readonly metrics: string
}

function saidText({ tool_error, rpc_error, messages }: McpSaid): string {
  return (
    (tool_error === undefined ? '' : `,"tool_error":${tool_error}`) +
    (rpc_error === undefined ? '' : `,"rpc_error":${rpc_error}`) +
    (messages === undefined ? '' : `,"messages":${textOf(messages as readonly SaidMessages[] & Json)}`)
  )
}

export function outcomeLine(line: OutcomeLine): Pieces {
  const { arrival } = line
  return [
    `"decision_id":"${line.id}","call_id":"${arrival.id}","trace_id":"${arrival.trace.traceId}","outcome":"${line.outcome}"` +
      (line.code === undefined ? '' : `,"code":${quote(line.code)}`) +
      (line.detail === undefined ? '' : `,"detail":${quote(line.detail)}`) +
      `,"status":${line.status}` +
      (line.upstreamStatus === undefined ? '' : `,"upstream_status":${line.upstreamStatus}`) +
      `,"request_bytes":${arrival.body.receivedBytes},"reply_bytes":${line.replyBytes}${line.reply ?? ''}` +
      `,"complete":${line.complete},"upstream_reached":${line.upstreamReached}` +
      (line.obligationsDone.length === 0 ? '' : `,"obligations_done":${textOf(line.obligationsDone)}`) +
      (line.tries === undefined ? '' : `,"tries":${line.tries}`) +
      (line.servers === undefined ? '' : `,"servers":${textOf(line.servers as readonly ListedServer[] & Json)}`) +
      (line.said === undefined ? '' : saidText(line.said)) +
      `,"metrics":{${line.metrics}}`,
  ]
}
