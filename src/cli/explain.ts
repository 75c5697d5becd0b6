/** `gatehouse explain`: why a call, or a recorded decision, is decided as it is: the rules, the conditions that decided, the values that they saw. */

import {
  type DecisionRecord,
  type Json,
  type JsonObject,
  limits,
  type PolicyRule,
  property,
  visible,
} from '../model/index.ts'
import { LoadErrors, questionText, readPolicySources } from '../policy/index.ts'
import { isRecordId } from '../record/index.ts'
import { type Explanation, explain, explanationText, printJson, type Json as RegoJson } from '../rego/index.ts'
import { parseJson } from '../wire/index.ts'
import type { Options, RunCommand } from './command.ts'
import { checkConfig, locateConfig } from './configuration.ts'
import { readInput } from './input-document.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { jsonFor } from './json-output.ts'
import { loadPolicies } from './policy-work.ts'
import { recordedCall, revealer } from './recorded-call.ts'
import { problemsIn, problemsText } from './rego-problems.ts'

/** Lines of text where nobody says: as many as one reads at once. */
const linesDefault = 10

export const runExplain: RunCommand = async (options, io) => {
  const [word = ''] = options.operands
  const id = word.toLowerCase()
  const record = isRecordId(id) ? await recordOf(id, options, io) : undefined
  const policy = await policyOf(options, io)
  const question = record === undefined ? await given(word, options, io) : recorded(record)
  const explanation = explained(question, policy)
  const notes = record === undefined ? [] : notesOn(record, explanation, policy)
  if (options.text('format') === 'json') {
    const about = record === undefined ? {} : { decision_id: record.decision_id, decision: record.decision, notes }
    const named = { ...explanation, documents: withNames(explanation.documents as unknown as Json, policy) }
    await io.out.write(`${jsonFor(io.out, printJson({ ...about, ...named } as unknown as RegoJson))}\n`)
    return exitStatus.done
  }
  const text = explanationText(explanation, {
    linesMax: options.count('lines') ?? linesDefault,
    fileName: policy.nameOf,
    ...(question.entrypoint === undefined ? {} : { inFull: decisive(question.entrypoint, explanation) }),
  })
  // What a policy quotes of a call must not move the cursor.
  await io.out.write([...notes, text].map((part) => `${part.split('\n').map(visible).join('\n')}\n`).join(''))
  return exitStatus.done
}

/** The record of a decision, in clear where that is asked for and the keys are at hand. */
async function recordOf(id: string, options: Options, io: Io): Promise<DecisionRecord> {
  const { decision, decisionText } = await recordedCall(id, house(options), io)
  if (!options.is('reveal')) return decision
  return parseJson(Buffer.from(revealer(house(options), io)(decisionText))) as JsonObject & DecisionRecord
}

interface Question {
  readonly query: string
  /** Present where the query is the gateway's own. */
  readonly entrypoint?: string
  readonly input: RegoJson | undefined
  readonly nondeterministic?: RegoJson
}

interface PolicyFiles {
  readonly modules: { readonly [file: string]: string }
  readonly data: unknown
  readonly nameOf: (file: string) => string
  readonly revision?: string
  readonly digest?: string
}

async function given(word: string, options: Options, io: Io): Promise<Question> {
  const input = (await readInput(options, io, exitStatus.usage)) as RegoJson | undefined
  if (word !== '') return { query: word, input }
  if (input === undefined)
    throw new CommandError(
      'there is nothing to explain; name a call with `--input FILE`, a recorded decision by its id, or write a query',
    )
  const entrypoint = options.text('entrypoint') ?? 'gatehouse'
  return { query: questionText(entrypoint), entrypoint, input }
}

function recorded({
  decision_id: id,
  path,
  input,
  input_omitted: omitted,
  code,
  nd_builtin_cache: used,
}: DecisionRecord): Question {
  if (path === undefined)
    throw new CommandError(
      `\`${visible(id)}\` was refused with \`${visible(code ?? 'a fault')}\` before policy was asked`,
      exitStatus.finding,
    )
  if (input === undefined || omitted !== undefined)
    throw new CommandError(
      `the record of \`${visible(id)}\` does not hold the input in full (${visible(omitted ?? 'it was not kept')}); record input on that route with \`recording: { level: input }\``,
      exitStatus.finding,
    )
  const question = { query: questionText(path), entrypoint: path, input: input as RegoJson }
  return used === undefined ? question : { ...question, nondeterministic: used as RegoJson }
}

/** The files that are named, else the policy of the configuration. */
async function policyOf(options: Options, io: Io): Promise<PolicyFiles> {
  if (options.list('data').length > 0 || options.list('bundle').length > 0) {
    try {
      return { ...loadPolicies(options, io), nameOf: (file) => file }
    } catch (cause) {
      if (!(cause instanceof LoadErrors)) throw cause
      throw new CommandError(problemsText(cause.problems, ' during loading'))
    }
  }
  const config = await checkConfig(locateConfig(house(options), io), io)
  const { modules, names, data, revision, digest } = await readPolicySources(config.policy, { parseJson })
  return { modules, data, revision, digest, nameOf: (file) => names[file] ?? file }
}

/** The options of commands that know the house: there `--data` is the data directory. */
function house(options: Options): Options {
  return { ...options, text: (flag) => (flag === 'data' ? options.text('log') : options.text(flag)) }
}

function explained({ query, input, nondeterministic }: Question, { modules, data }: PolicyFiles): Explanation {
  const bounds = { stepsMax: limits.policyStepsMax, resultValuesMax: limits.policyResultValuesMax }
  try {
    const evaluation = nondeterministic === undefined ? {} : { nondeterministic: nondeterministic as never }
    return explain({ query, modules, data: data as RegoJson, limits: bounds }, input, evaluation)
  } catch (cause) {
    const problems = problemsIn(cause)
    if (problems === undefined) throw cause
    throw new CommandError(problemsText(problems))
  }
}

/** The documents that decided: what denies, else why `allow` is not true, else what asks, else what allows. */
function decisive(entrypoint: string, { value }: Explanation): (document: { readonly name: string }) => boolean {
  const list = (rule: PolicyRule): readonly Json[] => {
    const found = property(value as Json | undefined, rule)
    return Array.isArray(found) ? found : []
  }
  const hasElements = (rule: PolicyRule): boolean => list(rule).some((set) => Array.isArray(set) && set.length > 0)
  const rule: PolicyRule = hasElements('deny')
    ? 'deny'
    : list('allow')[0] !== true
      ? 'allow'
      : hasElements('ask')
        ? 'ask'
        : 'allow'
  const name = `${entrypoint}.${rule}`
  return (document) => document.name === name || document.name.startsWith(`${name}.`)
}

/** What makes the explanation one of another decision than the recorded one. */
function notesOn(
  record: DecisionRecord,
  explanation: Explanation,
  { revision, digest }: PolicyFiles,
): readonly string[] {
  const [bundle] = Object.values(record.bundles ?? {})
  const isOther = bundle?.digest !== undefined && digest !== undefined && bundle.digest !== digest
  const changed = [...(record.erased ?? []), ...(record.masked ?? [])]
  const isNow = decisionIn(explanation)
  const isEncrypted = JSON.stringify(record.input ?? null, (_, each) => (typeof each === 'bigint' ? 0 : each)).includes(
    '"encrypted":',
  )
  return [
    ...(isOther
      ? [`decided by policy ${bundle.revision}, explained with ${revision ?? 'another'}, which is in force`]
      : []),
    ...(bundle?.digest === undefined || digest === undefined
      ? ['whether it was decided by these policies is not known']
      : []),
    ...(changed.length > 0 ? [`the record hides ${changed.join(', ')}: policy saw more than this`] : []),
    ...(isEncrypted ? ['parts of the input are encrypted in the record; `--reveal` shows them to policy'] : []),
    ...(isNow === record.decision ? [] : [`it was \`${record.decision}\`, and is \`${isNow}\` with this policy`]),
  ]
}

function decisionIn({ value }: Explanation): DecisionRecord['decision'] {
  const document = value as Json | undefined
  const first = (rule: PolicyRule): Json | undefined => {
    const list = property(document, rule)
    return Array.isArray(list) ? list[0] : undefined
  }
  const hasElements = (rule: PolicyRule): boolean => {
    const set = first(rule)
    return Array.isArray(set) && set.length > 0
  }
  if (hasElements('deny') || first('allow') !== true) return 'deny'
  return hasElements('ask') ? 'ask' : 'allow'
}

/** Files by the names that records have for them. */
function withNames(value: Json, policy: PolicyFiles): Json {
  if (Array.isArray(value)) return value.map((each) => withNames(each, policy))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === 'file' && typeof each === 'string' ? policy.nameOf(each) : withNames(each as Json, policy),
    ]),
  )
}
