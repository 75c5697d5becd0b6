/** What somebody asks of the decision log, by the names of `tail`'s flags: on the command line, and in a query on the operators' port. */
import { ConditionError, parseCondition, parseDuration, visible } from '../model/index.ts'
import type { ReadOptions } from '../record/index.ts'
import { CommandError } from './io.ts'
import { logChoices } from './log-choices.ts'

/** Records shown before following, where no beginning is named. */
const lastRecords = 10
/** Of `last`: what is shown at once is held in memory. */
const lastRecordsMax = 10_000
/** Conditions of one question. */
const conditionsMax = 32

/** RFC 3339 section 5.6, with a zone: a time without one would mean another moment on another machine. */
const instant = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

const filterNames = ['agent', 'subject', 'tool', 'decision', 'route', 'rule', 'type', 'code'] as const
const beginnings = ['last', 'since', 'from'] as const
/** Every name that a question may have; `where` may come more than once. */
export const questionNames = [...filterNames, ...beginnings, 'until', 'where'] as const
export type QuestionName = (typeof questionNames)[number]

export interface Asked {
  one(name: QuestionName): string | undefined
  all(name: 'where'): readonly string[]
}

export type Question = Pick<ReadOptions, 'from' | 'untilMs' | 'filters'>

/** Throws `CommandError`. */
export function questionOf(asked: Asked, nowMs: number): Question {
  const until = asked.one('until')
  return {
    from: beginning(asked, nowMs),
    untilMs: until === undefined ? undefined : momentOf('until', until, nowMs),
    filters: filtersOf(asked),
  }
}

function beginning(asked: Asked, nowMs: number): Question['from'] {
  const given = beginnings.filter((name) => asked.one(name) !== undefined)
  if (given.length > 1)
    throw new CommandError(
      `${given.map((name) => `\`--${name}\``).join(' and ')} ${given.length === 2 ? 'both' : 'all'} say where to begin; write one of them`,
    )
  const since = asked.one('since')
  const from = asked.one('from')
  if (since !== undefined) return { sinceMs: momentOf('since', since, nowMs) }
  if (from !== undefined) return { seq: wholeNumber('from', from, Number.MAX_SAFE_INTEGER) }
  const last = asked.one('last')
  const count = last === undefined ? lastRecords : wholeNumber('last', last, lastRecordsMax)
  return count === 0 ? { sinceMs: nowMs } : { last: count }
}

function wholeNumber(name: string, text: string, max: number): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!(number <= max))
    throw new CommandError(`\`--${name}\` takes a whole number from 0 to ${max}, not \`${visible(text.slice(0, 60))}\``)
  return number
}

function momentOf(name: string, text: string, nowMs: number): number {
  const ago = parseDuration(text)
  if (ago !== undefined) return nowMs - ago
  const at = instant.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
  if (Number.isNaN(at))
    throw new CommandError(
      `\`--${name}\` takes a time such as \`2026-03-02T10:00:00Z\`, or how long ago: \`15m\`, \`2h\`, \`7d\`; not \`${visible(text.slice(0, 60))}\``,
    )
  return at
}

/** What is chosen from a list: a word that is not in it would find nothing, and say nothing. */
function checkChoices(asked: Asked): void {
  for (const name of ['decision', 'type'] as const) {
    const value = asked.one(name)
    const choices: readonly string[] = logChoices[name]
    if (value !== undefined && !choices.includes(value))
      throw new CommandError(
        `\`--${name}\` takes ${choices.map((one) => `\`${one}\``).join(', ')}; not \`${visible(value.slice(0, 60))}\``,
      )
  }
}

function filtersOf(asked: Asked): Question['filters'] {
  checkChoices(asked)
  const named = Object.fromEntries(
    filterNames.flatMap((name) => {
      const value = asked.one(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const where = asked.all('where')
  if (where.length > conditionsMax)
    throw new CommandError(`\`--where\` comes ${where.length} times; ${conditionsMax} conditions are possible`)
  try {
    return where.length === 0 ? named : { ...named, where: where.map(parseCondition) }
  } catch (cause) {
    throw cause instanceof ConditionError ? new CommandError(`\`--where\`: ${visible(cause.message)}`) : cause
  }
}
