/**
 * Conditions on a record, as people write them on a command line: a path into the record, and what must be there. A path is
 * names with dots between, `[2]` for an element and `[*]` for any: `input.call.arguments.amount>10000`.
 */
import { isJsonObject, type Json } from './json.ts'
import { textOf } from './json-text.ts'

/** Steps of a path at most: no record is deeper. */
const stepsMax = 64
/** Characters of a condition at most. */
const charsMax = 1_024

const comparisons = ['!=', '>=', '<=', '=', '>', '<', '~'] as const
type Comparison = (typeof comparisons)[number]

const any = Symbol('any element')
type Step = string | number | typeof any

export interface Condition {
  readonly path: readonly Step[]
  /** Absent: it is enough that the path leads to something. */
  readonly test?: { readonly comparison: Comparison; readonly wanted: string }
}

/** What is wrong with a condition; the message is for whoever wrote it. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError'
}

/** `PATH`, or `PATH` and one of `= != > >= < <= ~` and a value; `~` is "contains". Throws `ConditionError`. */
export function parseCondition(text: string): Condition {
  if (text.length > charsMax)
    throw new ConditionError(`a condition of ${text.length} characters is too long; ${charsMax} are possible`)
  const end = /[=!<>~]/.exec(text)?.index ?? text.length
  const path = parsePath(text.slice(0, end).trim(), text)
  if (end === text.length) return { path }
  const comparison = comparisons.find((one) => text.startsWith(one, end))
  if (comparison === undefined)
    throw new ConditionError(`\`${text}\` compares with nothing known; write ${comparisons.join(' ')} and a value`)
  return { path, test: { comparison, wanted: text.slice(end + comparison.length).trim() } }
}

function parsePath(text: string, whole: string): readonly Step[] {
  const steps: Step[] = []
  const step = /(?:^|\.)([^.[\]]+)|\[(\d{1,9}|\*)\]/y
  while (step.lastIndex < text.length) {
    const found = step.exec(text)
    if (found === null || steps.length === stepsMax)
      throw new ConditionError(
        `\`${whole}\` has no path that can be followed; write one such as \`input.call.tool.name\``,
      )
    const [, name, element] = found
    if (name !== undefined) {
      if (name !== '$' || steps.length > 0) steps.push(name)
    } else steps.push(element === '*' ? any : Number(element))
  }
  if (steps.length === 0)
    throw new ConditionError(
      `\`${whole}\` has no path; write one such as \`input.call.tool.name=create_purchase_order\``,
    )
  return steps
}

/** Whether it holds anywhere its path leads to. Only own fields are there. */
export function holds(record: object, { path, test }: Condition): boolean {
  return leadsTo(record as Json, path, 0, (value) => test === undefined || compare(value, test.comparison, test.wanted))
}

function leadsTo(value: Json, path: readonly Step[], at: number, accept: (value: Json) => boolean): boolean {
  if (at === path.length) return accept(value)
  const step = path[at] as Step
  if (Array.isArray(value)) {
    if (step === any) return value.some((one) => leadsTo(one, path, at + 1, accept))
    const one = typeof step === 'number' ? value[step] : undefined
    return one !== undefined && leadsTo(one, path, at + 1, accept)
  }
  if (!isJsonObject(value)) return false
  if (step === any) return Object.values(value).some((one) => one !== undefined && leadsTo(one, path, at + 1, accept))
  const name = String(step)
  const one = Object.hasOwn(value, name) ? value[name] : undefined
  return one !== undefined && leadsTo(one, path, at + 1, accept)
}

/** Numbers as numbers where both are; everything else as the text it would have on a command line. */
function compare(value: Json, comparison: Comparison, wanted: string): boolean {
  const text = typeof value === 'string' ? value : textOf(value)
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  const number = isNumber && wanted !== '' ? Number(wanted) : Number.NaN
  const both = !Number.isNaN(number)
  const difference = both ? Number(value) - number : text < wanted ? -1 : text > wanted ? 1 : 0
  switch (comparison) {
    case '=':
      return difference === 0
    case '!=':
      return difference !== 0
    case '>':
      return difference > 0
    case '>=':
      return difference >= 0
    case '<':
      return difference < 0
    case '<=':
      return difference <= 0
    case '~':
      return text.includes(wanted)
  }
}
