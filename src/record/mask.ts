/**
 * Masking of what a record holds, by rules as OPA's `data.system.log.mask` gives them: a path is removed, or another value is put
 * there. Values are never changed in place: they are shared with the policy's input.
 *
 *     "/input/call/body/password"                                    removed
 *     {"op": "remove", "path": "/result/labels/card"}                the same
 *     {"op": "upsert", "path": "/input/identity/claims/mail", "value": "***"}
 *
 * and, beyond OPA, two ways to hide a value that is there so that it can be found, or read by those who may:
 *
 *     {"op": "hash", "path": "/input/identity/subject/id"}
 *     {"op": "encrypt", "path": "/input/call/arguments/iban", "subject": "customer-17"}
 */
import {
  comparePlaces,
  elementAt,
  isJsonObject,
  type Json,
  type JsonObject,
  removeAt,
  textOf,
  withField,
} from '../model/index.ts'

/** Rules of one decision: each copies the way to its place. */
const rulesMax = 256
/** Characters of a path. */
const pathCharsMax = 1_024

/** The parts of a record that may be masked, by the names that OPA gives them. */
export const maskable = ['input', 'result', 'nd_builtin_cache'] as const
export type Maskable = { readonly [name in (typeof maskable)[number]]?: Json | undefined }

export interface Masked {
  readonly parts: Maskable
  /** Paths of what was removed, and of what was put in place of something, as the rules wrote them. */
  readonly erased: readonly string[]
  readonly masked: readonly string[]
}

/** A rule that cannot be followed. Whoever catches it must not write what it was meant to hide. */
export class MaskError extends Error {
  override readonly name = 'MaskError'
}

/** How values are hidden that are not simply removed. `text` is the value as JSON. May throw: then nothing is written. */
export interface Conceal {
  hash(text: string): string
  encrypt(subject: string, text: string): JsonObject
}

type Change = (old: Json | undefined) => Json | undefined

interface Rule {
  readonly path: string
  readonly steps: readonly string[]
  /** What comes in place of what is there, if anything is; undefined: it is removed. */
  readonly change: Change | undefined
}

/** `said` is a list or set of rules. What a path does not lead to is left alone. Throws `MaskError`. */
export function mask(parts: Maskable, said: Json, conceal: Conceal): Masked {
  if (!Array.isArray(said)) throw new MaskError('`mask` is no list or set of rules')
  if (said.length > rulesMax) throw new MaskError(`\`mask\` has ${said.length} rules; ${rulesMax} are possible`)
  const rules = said.map((one) => ruleOf(one, conceal))
  const erased: string[] = []
  const masked: string[] = []
  let all: JsonObject = Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== undefined),
  ) as JsonObject
  for (const rule of rules) {
    if (rule.change === undefined) continue
    const next = put(all, rule.steps, 0, rule.change)
    if (next === all) continue
    all = next as JsonObject
    masked.push(rule.path)
  }
  // What is removed must be gone, also where another rule wrote there. Later elements go first: the others keep their places.
  const removals = rules.filter(({ change }) => change === undefined)
  for (const rule of removals.sort((one, other) => comparePlaces(other.steps, one.steps))) {
    const next = removeAt(all, rule.steps)
    if (next === all) continue
    all = next as JsonObject
    erased.push(rule.path)
  }
  return { parts: all, erased: erased.sort(), masked: masked.sort() }
}

function ruleOf(said: Json, conceal: Conceal): Rule {
  if (typeof said === 'string') return { ...placeOf(said), change: undefined }
  if (!isJsonObject(said)) throw new MaskError(`a rule of \`mask\` is ${JSON.stringify(said)}, no path and no object`)
  const { op, path, value, subject } = said
  if (typeof path !== 'string') throw new MaskError('a rule of `mask` has no `path`')
  const place = placeOf(path)
  switch (op) {
    case 'remove':
      return { ...place, change: undefined }
    case 'upsert':
      return { ...place, change: () => value ?? null }
    case 'hash':
      return { ...place, change: (old) => (old === undefined ? undefined : conceal.hash(textOf(old))) }
    case 'encrypt':
      if (typeof subject !== 'string')
        throw new MaskError(`the rule of \`mask\` that encrypts \`${path}\` has no \`subject\` that is a text`)
      return { ...place, change: (old) => (old === undefined ? undefined : conceal.encrypt(subject, textOf(old))) }
    default:
      throw new MaskError(
        `the rule of \`mask\` for \`${path}\` has no \`op\`; it is \`remove\`, \`upsert\`, \`hash\` or \`encrypt\``,
      )
  }
}

/** RFC 6901, and percent encoding as OPA has it. */
function placeOf(path: string): { path: string; steps: readonly string[] } {
  if (path.length > pathCharsMax) throw new MaskError(`a path of \`mask\` has ${path.length} characters`)
  if (!path.startsWith('/')) throw new MaskError(`the path \`${path}\` of \`mask\` does not begin with \`/\``)
  const steps = path.slice(1).split('/').map(decoded)
  if (!maskable.some((name) => name === steps[0]))
    throw new MaskError(`the path \`${path}\` of \`mask\` is not below \`/${maskable.join('`, `/')}\``)
  return { path, steps }
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    throw new MaskError(`\`${step}\` in a path of \`mask\` is no percent encoding`)
  }
}

/** The same value where the way leads through something that is neither object nor list, or `change` gives nothing. */
function put(value: Json | undefined, steps: readonly string[], at: number, change: Change): Json | undefined {
  if (at === steps.length) return change(value)
  const step = steps[at] as string
  if (Array.isArray(value)) {
    const index = elementAt(step, value)
    if (index === -1) return value
    const next = put(value[index], steps, at + 1, change)
    return next === undefined || (next === value[index] && at + 1 < steps.length) ? value : value.with(index, next)
  }
  if (value !== undefined && !isJsonObject(value)) return value
  const old = value !== undefined && Object.hasOwn(value, step) ? value[step] : undefined
  const next = put(old, steps, at + 1, change)
  if (next === undefined || (next === old && at + 1 < steps.length)) return value
  return withField(value ?? {}, step, next)
}
