/** One call told from its records, for a person: who asked what, what was decided and why, what the upstream did, how long it took. */
import { type DecisionRecord, type JsonObject, type OutcomeRecord, type SaidMessages, visible } from '../model/index.ts'
import type { FoundCall } from './find.ts'

const labelColumns = 12

/**
 *     2026-03-02T10:00:00.123456Z  refused: amount_over_limit
 *
 *       who         buyer, for alice, by https://issuer.example
 *       what        create_purchase_order on erp: POST /erp/purchase-orders
 *       ...
 *
 * Ends without a line break. `proof` is what vouches for the records, where that is known.
 */
export function tellCall({ decision, outcome }: FoundCall, proof?: string): string {
  const rows: (readonly [label: string, text: string | undefined])[] = [
    ['who', who(decision)],
    ['from', decision.requested_by],
    ['what', what(decision)],
    ['decision', decided(decision)],
    ...decision.reasons.map(({ code, message, remedy }) => ['reason', sentence(code, message, remedy)] as const),
    ['fault', decision.detail === undefined ? undefined : `${decision.code ?? 'unknown'}: ${decision.detail}`],
    ['rules', listed(decision.rule_ids)],
    ...(decision.obligations ?? []).map((obligation) => ['obligation', obligationText(obligation, outcome)] as const),
    ['policy', policy(decision)],
    ['upstream', upstream(decision, outcome)],
    ['answer', answer(outcome)],
    ...(outcome?.messages ?? []).map((one) => ['heard', heard(one)] as const),
    ['reply', reply(outcome)],
    ['failure', outcome?.detail === undefined ? undefined : `${outcome.code ?? 'unknown'}: ${outcome.detail}`],
    ['times', times(decision, outcome)],
    ['records', outcome === undefined ? `seq ${decision.seq}` : `seq ${decision.seq} and ${outcome.seq}`],
    ['proof', proof],
    ['ids', `decision ${decision.decision_id}, call ${decision.call_id}, trace ${decision.trace_id}`],
  ]
  const lines = rows.flatMap(([label, text]) =>
    text === undefined || text === '' ? [] : [`  ${label.padEnd(labelColumns)}${visible(text)}`],
  )
  return [`${visible(decision.timestamp)}  ${visible(headline(decision, outcome))}`, '', ...lines].join('\n')
}

function headline({ decision, code }: DecisionRecord, outcome: OutcomeRecord | undefined): string {
  if (decision !== 'allow') return `${decision === 'ask' ? 'held for approval' : 'refused'}: ${code ?? 'policy_denied'}`
  if (outcome === undefined) return 'allowed; how it ended is not recorded yet'
  if (outcome.outcome === 'failed') return `allowed, then failed: ${outcome.code ?? 'unknown'}`
  return `allowed and forwarded: ${outcome.status}${outcome.complete ? '' : ', the reply was cut'}`
}

function who({ principal }: DecisionRecord): string {
  if (principal === undefined) return 'nobody who is known'
  const { agent, subject, actors, issuer, scopes } = principal
  const parts = [
    agent ?? subject ?? principal.client_id ?? 'unnamed',
    subject !== undefined && subject !== agent && `for ${subject}`,
    actors !== undefined && `through ${actors.join(', ')}`,
    issuer !== undefined && `by ${issuer}`,
    scopes !== undefined && `scopes ${scopes.join(' ')}`,
  ]
  return parts.filter((part) => part !== false).join(', ')
}

function what({ target, call }: DecisionRecord): string {
  const line = `${call.method} ${call.path}`
  if (target === undefined) return `${line} at ${call.host}, no route`
  const on = `route ${target.route}${target.upstream === undefined ? '' : `, upstream ${target.upstream}`}`
  return target.tool === undefined ? `${line} on ${on}` : `${target.tool} on ${on}: ${line}`
}

function decided({ decision, path }: DecisionRecord): string {
  return path === undefined ? `${decision}, before policy was asked` : `${decision}, by ${path}`
}

function sentence(code: string, message: string, remedy: string | undefined): string {
  return `${code}: ${message}${remedy === undefined ? '' : ` (${remedy})`}`
}

function listed(names: readonly string[]): string {
  return names.join(', ')
}

function obligationText(obligation: JsonObject, outcome: OutcomeRecord | undefined): string {
  const type = typeof obligation.type === 'string' ? obligation.type : 'unnamed'
  const done = outcome?.obligations_done?.includes(type) === true ? 'done' : 'not done'
  return `${type}, ${done}`
}

function policy({ bundles }: DecisionRecord): string {
  const named = Object.entries(bundles ?? {})
  return named.map(([name, { revision, digest }]) => `${name} ${revision}${digest ? ` (${digest})` : ''}`).join(', ')
}

function upstream({ decision }: DecisionRecord, outcome: OutcomeRecord | undefined): string | undefined {
  if (decision !== 'allow') return 'not asked'
  if (outcome === undefined) return undefined
  if (!outcome.upstream_reached) return 'not reached'
  const tries = outcome.tries === undefined || outcome.tries < 2 ? '' : ` after ${outcome.tries} tries`
  return outcome.upstream_status === undefined
    ? 'may have acted; its answer is not known'
    : `answered ${outcome.upstream_status}${tries}`
}

/** Over MCP: what the answer was, where it was no success. */
function answer(outcome: OutcomeRecord | undefined): string | undefined {
  if (outcome?.rpc_error !== undefined) return `an error of the server, ${outcome.rpc_error}`
  return outcome?.tool_error === true ? 'the tool failed' : undefined
}

function heard({ upstream: server, method, passed, withheld }: SaidMessages): string {
  return `${method} from ${server}, ${passed} passed on, ${withheld} withheld`
}

function reply(outcome: OutcomeRecord | undefined): string | undefined {
  if (outcome === undefined) return undefined
  const whole = outcome.complete ? 'whole' : 'not whole'
  return `${outcome.status}, ${outcome.reply_bytes} bytes, ${whole}; the request had ${outcome.request_bytes} bytes`
}

/** `receive 0.1, identify 1.3, ...; 12.4 ms in all` */
function times(decision: DecisionRecord, outcome: OutcomeRecord | undefined): string {
  const { timer_total_ns: total, ...ended } = outcome?.metrics ?? {}
  const steps = Object.entries({ ...decision.metrics, ...ended }).map(
    ([name, ns]) => `${name.replace(/^timer_|_ns$/g, '')} ${milliseconds(ns)}`,
  )
  return `${steps.join(', ')}${total === undefined ? '' : `; ${milliseconds(total)} in all`} (ms)`
}

function milliseconds(ns: number): string {
  return (ns / 1_000_000).toFixed(2)
}
