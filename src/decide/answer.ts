/**
 * What policy said, checked: every rule has the type of the contract, or the call is denied. A rule of a
 * wrong type is never read as if it were absent.
 */
import {
  type Ask,
  type FaultRow,
  faults,
  isJsonObject,
  type Json,
  type JsonObject,
  type Labels,
  limits,
  type PolicyRule,
  policyRules,
  property,
  type Reason,
} from '../model/index.ts'

/** The one value of each rule that is defined. */
export type Said = { readonly [rule in PolicyRule]?: Json }

/** What policy said is not of the contract's types. `code` is a row of the fault table. */
export class ContractError extends Error {
  override readonly name = 'ContractError'
  readonly code: 'policy_error' | 'obligation_unknown'

  constructor(message: string, code: ContractError['code'] = 'policy_error') {
    super(message)
    this.code = code
  }
}

const code = /^[a-z][a-z0-9_]{0,63}$/
const lifetime = /^[1-9][0-9]{0,5}(s|m|h|d)$/
/** Characters of a sentence for the agent, of a label's name and of its value. */
const sentenceCharsMax = 2_000
const labelNameCharsMax = 128
const labelCharsMax = 512
/** RFC 6749 section 3.3. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/
/** Different scopes that one decision names: they all go into one header field of the reply. */
const scopesMax = 32
/** Labels of one decision: they are copied into its record. */
const labelsMax = 64

/** Throws `ContractError` when the query's value is not one list a rule. */
export function saidOf(value: Json | undefined): Said {
  if (!isJsonObject(value)) throw new ContractError('the query has no value')
  const said: { [rule in PolicyRule]?: Json } = {}
  for (const rule of policyRules) {
    const list = property(value, rule)
    if (!Array.isArray(list) || list.length > 1) throw new ContractError(`\`${rule}\` has more than one value`)
    if (list.length === 1) said[rule] = list[0] as Json
  }
  return said
}

export function allowOf({ allow }: Said): boolean | undefined {
  if (allow === undefined || typeof allow === 'boolean') return allow
  throw new ContractError(`\`allow\` is ${kindOf(allow)}, not a boolean`)
}

/** The reasons of `deny`, ascending by code and message, the first `limits.reasonsMax` of them. */
export function denialsOf(said: Said): readonly Reason[] {
  if (said.deny === undefined) return []
  const reasons = elementsOf('deny', said.deny).map((element): Reason => {
    if (typeof element === 'string') return { code: 'policy_denied', message: sentence('deny', element) }
    const fields = fieldsOf('deny', element)
    const stated = fields.code
    if (typeof stated !== 'string' || !code.test(stated))
      throw new ContractError('the `code` of a `deny` is not lower-case words joined by `_`')
    const scopes = scopesOf(stated, fields.scopes)
    return {
      code: stated,
      message: sentence('deny', fields.message),
      ...(fields.remedy !== undefined && { remedy: sentence('deny', fields.remedy) }),
      ...(scopes !== undefined && { scopes }),
    }
  })
  const named = new Set(reasons.flatMap(({ scopes = [] }) => scopes))
  if (named.size > scopesMax) throw new ContractError(`the reasons of \`deny\` name more than ${scopesMax} scopes`)
  if (reasons.length < 2) return reasons
  return reasons
    .sort((one, other) => order(one.code, other.code) || order(one.message, other.message))
    .slice(0, limits.reasonsMax)
}

/** An agent that reads `scope_missing` asks for what is named: the code without scopes, or scopes without the code, help nobody. */
function scopesOf(stated: string, scopes: Json | undefined): readonly string[] | undefined {
  if (stated !== 'scope_missing') {
    if (scopes === undefined) return undefined
    throw new ContractError(`a \`deny\` with the code \`${stated}\` has \`scopes\`, which only \`scope_missing\` has`)
  }
  if (!Array.isArray(scopes) || scopes.length === 0)
    throw new ContractError(`the \`scopes\` of \`scope_missing\` is ${kindOf(scopes)}, not a list or set of scopes`)
  return scopes.map((scope) => {
    if (typeof scope === 'string' && scopeToken.test(scope)) return scope
    throw new ContractError('a scope of `scope_missing` is not printable text without spaces, `"` and `\\`')
  })
}

const askFields = ['chain', 'reason', 'risk', 'ttl', 'summary']

export function asksOf(said: Said): readonly Ask[] {
  if (said.ask === undefined) return []
  const elements = elementsOf('ask', said.ask)
  if (elements.length > limits.reasonsMax)
    throw new ContractError(`\`ask\` has more than ${limits.reasonsMax} elements`)
  return elements.map((element): Ask => {
    const fields = fieldsOf('ask', element)
    // A field that nobody here knows may be a condition that nobody would keep.
    const unknown = Object.keys(fields).find((name) => !askFields.includes(name))
    if (unknown !== undefined) throw new ContractError(`an \`ask\` has the field \`${unknown}\`, which is not known`)
    const { chain, ttl } = fields
    if (ttl !== undefined && (typeof ttl !== 'string' || !lifetime.test(ttl)))
      throw new ContractError('the `ttl` of an `ask` is not a length of time such as `4h`')
    return {
      ...(chain !== undefined && { chain }),
      ...(fields.reason !== undefined && { reason: sentence('ask', fields.reason) }),
      ...(fields.risk !== undefined && { risk: sentence('ask', fields.risk) }),
      ...(ttl !== undefined && { ttl }),
      ...(fields.summary !== undefined && { summary: sentence('ask', fields.summary) }),
    }
  })
}

/** One reason for each different `reason` of the asks; the rest of an ask is for whoever approves. */
export function askReasons(asks: readonly Ask[]): readonly Reason[] {
  const { says, remedy }: FaultRow = faults.approval_required
  const stated = [...new Set(asks.map(({ reason }) => reason))].sort((one, other) => order(one ?? '', other ?? ''))
  return stated.map((reason) => ({
    code: 'approval_required',
    message: reason === undefined ? says : `${says}: ${reason}`,
    ...(remedy !== undefined && { remedy }),
  }))
}

export function labelsOf({ labels }: Said): Labels {
  if (labels === undefined) return {}
  if (!isJsonObject(labels)) throw new ContractError(`\`labels\` is ${kindOf(labels)}, not an object`)
  const names = Object.keys(labels)
  if (names.length > labelsMax) throw new ContractError(`\`labels\` has more than ${labelsMax} entries`)
  for (const name of names) {
    const value = labels[name]
    if (typeof value !== 'string') throw new ContractError(`the label \`${name}\` is ${kindOf(value)}, not text`)
    if (name.length > labelNameCharsMax || value.length > labelCharsMax)
      throw new ContractError(`a label is longer than ${labelNameCharsMax} and ${labelCharsMax} characters`)
  }
  return labels as JsonObject & Labels
}

/** For a call that is denied anyway: what is wrong with its labels must not hide why. */
export function labelsOfDenied(said: Said): Labels {
  try {
    return labelsOf(said)
  } catch (cause) {
    if (cause instanceof ContractError) return {}
    throw cause
  }
}

/** A set as the engine gives it: a list. Throws `ContractError` for anything else. */
export function elementsOf(rule: PolicyRule, value: Json): readonly Json[] {
  if (Array.isArray(value)) return value
  throw new ContractError(`\`${rule}\` is ${kindOf(value)}, not a set`)
}

export function fieldsOf(rule: PolicyRule, element: Json): JsonObject {
  if (isJsonObject(element)) return element
  throw new ContractError(`an element of \`${rule}\` is ${kindOf(element)}, not an object`)
}

function sentence(rule: PolicyRule, value: Json | undefined): string {
  if (typeof value !== 'string' || value === '')
    throw new ContractError(`a sentence of \`${rule}\` is ${kindOf(value)}, not text`)
  return value.length > sentenceCharsMax ? `${value.slice(0, sentenceCharsMax)}...` : value
}

function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (value === '') return 'empty'
  if (Array.isArray(value)) return 'a list or set'
  return isJsonObject(value) ? 'an object' : typeof value === 'string' ? 'text' : `a ${typeof value}`
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
