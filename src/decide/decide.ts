/**
 * (Call, Principal, Target) -> Decision. One evaluation answers everything; whatever fails in it denies, and the record
 * alone learns how. Nothing passes unless `allow` is true, no `deny` holds, nothing is asked for and every obligation is known.
 */
import {
  type Allow,
  type Call,
  type DecideCall,
  type Decision,
  Fault,
  type FaultRow,
  faults,
  type JsonObject,
  type Labels,
  type Listed,
  type MakeId,
  messageOf,
  type Policy,
  type PolicyAnswer,
  type Principal,
  type Question,
  type Reason,
  type Target,
} from '../model/index.ts'
import {
  allowOf,
  askReasons,
  asksOf,
  ContractError,
  denialsOf,
  labelsOf,
  labelsOfDenied,
  type Said,
  saidOf,
} from './answer.ts'
import { type ParseBody, readContent } from './content.ts'
import { type Content, everything, inputOf, type Needs, needsOf } from './input.ts'
import { obligationsOf } from './obligations.ts'
import { makeSight, type Sight } from './sight.ts'

/**
 * At once where no body is read, else a promise. Faults are the agent's, about its body and arguments (`body_*`,
 * `argument_*`, the objection to a message); whatever is wrong with the policy is a decision that denies.
 */
export type Decide = DecideCall

export interface DeciderOptions {
  readonly policy: Policy
  readonly parseBody: ParseBody
  readonly makeId: MakeId
}

interface Line {
  readonly entrypoint: string
  readonly question: Question
  readonly needs: Needs
  readonly sight: Sight
}

export function makeDecide({ policy, parseBody, makeId }: DeciderOptions): Decide {
  const lines = new Map<string, Line>()
  const { questions, recordRules } = policy
  for (const [entrypoint, question] of questions)
    lines.set(entrypoint, { entrypoint, question, needs: needsOf(question, recordRules), sight: makeSight(question) })

  return function decide(call, principal, target) {
    if (target.document !== undefined) return said(makeId())
    const line = lines.get(target.route.entrypoint)
    // Loading refuses such a route; without a policy there is nothing that could allow.
    if (line === undefined)
      throw new Fault('policy_undefined', `no policy was loaded for the entrypoint \`${target.route.entrypoint}\``)
    const recorded = target.route.recording.level === 'input'
    const content = readContent(call, target, line.needs, recorded, parseBody)
    const decided = (read: Content): Decision => orObjected(judge(line, call, principal, target, read), target)
    return content instanceof Promise ? content.then(decided) : decided(content)
  }

  function judge(line: Line, call: Call, principal: Principal, target: Target, content: Content): Decision {
    const needs = target.route.recording.level === 'input' ? everything : line.needs
    const input = inputOf(call, principal, target, content, needs)
    const { revision, digest } = policy
    const base = { id: makeId(), entrypoint: line.entrypoint, revision, digest, input }
    const frame = content.parsed === undefined ? base : { ...base, body: content.parsed }
    let answer: PolicyAnswer
    let said: Said
    try {
      answer = line.question.ask(input)
      said = saidOf(answer.value)
    } catch (cause) {
      return failed(frame, cause, undefined, none)
    }
    const full = answer.nondeterministic === undefined ? frame : { ...frame, nondeterministic: answer.nondeterministic }
    try {
      const decision = conclude(target, full, said, answer.rules)
      if (isHidden(line, decision, principal, target)) return hidden(decision, full, said, answer.rules)
      const led = decision.kind === 'deny' && isWay(target) ? unlessItLeads(line, decision, said, target) : decision
      return led.kind === 'allow' && target.mcp !== undefined ? withSight(line, led, call, principal, target) : led
    } catch (cause) {
      return failed(full, cause, said, answer.rules)
    }
  }
}

/** What the house says of itself to everybody is no act: there is nothing to ask policy about. */
function said(id: string): Decision {
  return { id, kind: 'allow', reasons: none, ruleIds: none, labels: noLabels, obligations: none }
}

function isWay({ mcp }: Target): boolean {
  return mcp !== undefined && mcp.message.method.weight === 'way'
}

/**
 * Opening a session, listing, keeping up do nothing by themselves, and a policy about tools says nothing about them: they are refused
 * only where nothing behind them could be allowed, or where a `deny` is about them for sure. Obligations hold all the same.
 */
function unlessItLeads(line: Line, denied: Decision, said: Said, target: Target): Decision {
  const { input } = denied
  if (input === undefined) return denied
  // An engine that cannot tell what a `deny` is about has it stand.
  const { leads = () => denialsOf(said).length === 0 } = line.sight
  if (!leads(input)) return denied
  const obligations = obligationsOf(said, target.upstream)
  const result: JsonObject = { ...denied.result, leads: true }
  return { ...denied, kind: 'allow', reasons: none, result, obligations }
}

/**
 * What no list shows is answered like what is not there, whatever the reason. Who may complete arguments of everything may not do so
 * of what he must not know of.
 */
function isHidden(line: Line, decision: Decision, principal: Principal, target: Target): boolean {
  const listed = listedOf(target)
  const completes = target.mcp?.message.method.names === 'completion'
  if (listed === undefined || (decision.kind !== 'deny' && !completes)) return false
  return line.sight.seesOf(principal, target.route)?.(listed) === false
}

function hidden(decision: Decision, frame: Frame, said: Said, ruleIds: Decision['ruleIds']): Decision {
  if (decision.kind === 'deny') return { ...decision, hidden: true }
  const reasons = [rowReason('policy_denied')]
  return {
    ...frame,
    kind: 'deny',
    hidden: true,
    reasons,
    ruleIds,
    labels: labelsOfDenied(said),
    result: said as JsonObject,
  }
}

/** What an act is about, as the list that has it shows it. */
function listedOf({ upstream, mcp }: Target): Listed | undefined {
  if (upstream === undefined || mcp === undefined) return undefined
  const { facts, prompt, resource } = mcp
  if (facts !== undefined) return { upstream, tool: facts.tool }
  if (prompt !== undefined) return { upstream, prompt }
  if (resource === undefined) return undefined
  const isTemplate = mcp.message.method.names === 'completion' && resource.uri.includes('{')
  return isTemplate ? { upstream, any: 'resource' } : { upstream, resource }
}

/** What is wrong with a message is said of tools that the agent may know of: of a hidden one it would tell that there is one. */
function orObjected(decision: Decision, { mcp }: Target): Decision {
  const isHidden = decision.kind === 'deny' && decision.hidden === true
  if (mcp?.objection !== undefined && !isHidden) throw mcp.objection
  return decision
}

/** What the agent may be shown, and told by servers, in the reply. */
function withSight(line: Line, allow: Allow, call: Call, principal: Principal, target: Target): Allow {
  const sees = line.sight.seesOf(principal, target.route)
  return {
    ...allow,
    hears: line.sight.hearsOf(principal, target.route),
    again: (decide) => decide(call, principal, target),
    ...(sees !== undefined && { sees }),
  }
}

/** What every decision of one evaluation has in common. */
type Frame = Pick<Decision, 'id' | 'entrypoint' | 'revision' | 'digest' | 'input' | 'body' | 'nondeterministic'>

/** Deny before allow, allow before ask, and obligations last. Throws `ContractError`. */
function conclude({ upstream }: Target, frame: Frame, said: Said, ruleIds: Decision['ruleIds']): Decision {
  const result = said as JsonObject
  const denials = denialsOf(said)
  if (denials.length > 0)
    return { ...frame, kind: 'deny', reasons: denials, ruleIds, labels: labelsOfDenied(said), result }
  const allow = allowOf(said)
  const labels = labelsOf(said)
  if (allow !== true) {
    const reasons = [rowReason(allow === undefined ? 'policy_undefined' : 'policy_denied')]
    return { ...frame, kind: 'deny', reasons, ruleIds, labels, result }
  }
  const asks = asksOf(said)
  const obligations = obligationsOf(said, upstream)
  if (asks.length > 0) return { ...frame, kind: 'ask', reasons: askReasons(asks), ruleIds, labels, result, asks }
  return { ...frame, kind: 'allow', reasons: none, ruleIds, labels, result, obligations }
}

/** The agent reads the row of the table and nothing else; the record gets what went wrong in `result.error`. */
function failed(frame: Frame, cause: unknown, said: Said | undefined, ruleIds: Decision['ruleIds']): Decision {
  const code = cause instanceof ContractError ? cause.code : 'policy_error'
  const error = messageOf(cause)
  const result: JsonObject = { ...(said as JsonObject | undefined), error: error.slice(0, errorCharsMax) }
  return { ...frame, kind: 'deny', reasons: [rowReason(code)], ruleIds, labels: noLabels, result }
}

/** Characters of an engine's message in the record: it may quote values. */
const errorCharsMax = 4_000
const none: readonly never[] = []
const noLabels: Labels = {}

function rowReason(code: 'policy_denied' | 'policy_undefined' | 'policy_error' | 'obligation_unknown'): Reason {
  const row: FaultRow = faults[code]
  return row.remedy === undefined ? { code, message: row.says } : { code, message: row.says, remedy: row.remedy }
}
