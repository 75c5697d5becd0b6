/** The results of a query in the forms of `opa eval`. What is printed to standard output and what to standard error. */
import type { Json } from '../model/index.ts'
import { type Answer, type CoverageReport, printJson, type TraceEvent, traceText } from '../rego/index.ts'
import { boxTable } from './box-table.ts'
import { coverageBox, coverageRecord } from './coverage-report.ts'
import { orderedJson, type Printed, type Record, record } from './ordered-json.ts'
import { profileRecord, profileTable, type ReportedRow } from './profile-report.ts'
import { type Problems, problemsJson, problemsText } from './rego-problems.ts'
import { statisticsTable, type Timings, timingsTable } from './timers.ts'

export interface Evaluated {
  readonly answers: readonly Answer[]
  /** Empty when all went well; errors of built-in functions stand beside answers. */
  readonly problems: Problems
  readonly timings?: Timings
  /** In place of `timings` when the query was evaluated several times. */
  readonly statistics?: ReadonlyMap<string, Record>
  /** Rows that evaluation came to, with statistics where the query was evaluated several times. */
  readonly profile?: readonly ReportedRow[]
  readonly coverage?: CoverageReport
  /** What evaluation came through, as far as it is shown. */
  readonly trace?: readonly TraceEvent[]
}

export interface Text {
  readonly out: string
  readonly err: string
}

export type Format = (evaluated: Evaluated) => Text

export const formats: { readonly [name: string]: Format } = {
  json: (evaluated) => ({ out: `${orderedJson(wholeOf(evaluated))}\n`, err: '' }),
  discard: (evaluated) => {
    const whole = wholeOf(evaluated)
    const fields = [...whole].map(([name, value]): [string, Printed] => [name, name === 'result' ? 'discarded' : value])
    return { out: `${orderedJson(new Map(fields.sort(([one], [other]) => (one < other ? -1 : 1))))}\n`, err: '' }
  },
  values: orProblems(({ answers }) =>
    answers.map(({ expressions }) => line(expressions.map(({ value }) => value as Json))).join(''),
  ),
  bindings: orProblems(({ answers }) => answers.map(({ bindings }) => line(bindings as Json)).join('')),
  raw: orProblems(({ answers }) =>
    answers.map(({ expressions }) => `${expressions.map(({ value }) => rawText(value as Json)).join(' ')}\n`).join(''),
  ),
  pretty: (evaluated) => {
    const { timings, statistics, profile = [], coverage, trace = [] } = evaluated
    const result = orProblems(({ answers }) => prettyText(answers))(evaluated)
    const tables = [
      ...(timings === undefined || timings.size === 0 ? [] : [timingsTable(timings)]),
      ...(statistics === undefined ? [] : [statisticsTable(statistics)]),
      ...(profile.length === 0 ? [] : [profileTable(profile)]),
      ...(coverage === undefined ? [] : [coverageBox(coverage)]),
    ]
    return { out: [traceText(trace), result.out, ...tables].join(''), err: result.err }
  },
}

/** Where something is wrong only that is told. */
function orProblems(print: (evaluated: Evaluated) => string): Format {
  return (evaluated) =>
    evaluated.problems.length > 0
      ? { out: '', err: `${problemsText(evaluated.problems)}\n` }
      : { out: print(evaluated), err: '' }
}

function wholeOf({ answers, problems, timings, statistics, profile = [], coverage, trace }: Evaluated): Record {
  const rows = profile.length === 0 ? undefined : profile.map(profileRecord)
  return record({
    errors: problems.length === 0 ? undefined : problemsJson(problems),
    result: answers.length === 0 ? undefined : answers.map(answerRecord),
    metrics: timings === undefined ? undefined : timings,
    aggregated_metrics: statistics,
    explanation: trace === undefined || trace.length === 0 ? undefined : trace.map(eventRecord),
    [statistics === undefined ? 'profile' : 'aggregated_profile']: rows,
    coverage: coverage === undefined ? undefined : coverageRecord(coverage),
  })
}

function eventRecord({ op, query, parent, node, text, message, at }: TraceEvent): Record {
  return record({
    op,
    query_id: query,
    parent_id: parent,
    type: node,
    text,
    message,
    location: record({ ...at }),
  })
}

function answerRecord({ expressions, bindings }: Answer): Record {
  return record({
    expressions: expressions.map(({ value, text, row, col }) =>
      record({ value: value as Json, text, location: record({ row, col }) }),
    ),
    bindings: Object.keys(bindings).length === 0 ? undefined : (bindings as Json),
  })
}

function line(value: Json): string {
  return `${orderedJson(value)}\n`
}

function rawText(value: Json): string {
  return typeof value === 'string' ? value : printJson(value as never)
}

function prettyText(answers: readonly Answer[]): string {
  const [first] = answers
  if (first === undefined) return 'undefined\n'
  const isPlain = answers.length === 1 && Object.keys(first.bindings).length === 0
  const isOne = first.expressions.length === 1 || first.expressions.every(({ value }) => typeof value === 'boolean')
  if (isPlain && isOne) return line((first.expressions[0]?.value ?? null) as Json)
  const columns = columnsOf(first)
  return boxTable(
    columns.map(({ title }) => title),
    answers.map((answer) => columns.map(({ valueIn }) => printJson(valueIn(answer) as never))),
  )
}

interface Column {
  readonly title: string
  valueIn(answer: Answer): unknown
}

/** Expressions in their order, then variables in alphabetical order; truths only where there are no variables. */
function columnsOf({ expressions, bindings }: Answer): readonly Column[] {
  const names = Object.keys(bindings).sort()
  const shown = expressions.flatMap(({ text, value }, i): Column[] =>
    typeof value === 'boolean' && names.length > 0
      ? []
      : [{ title: text, valueIn: (answer) => answer.expressions[i]?.value }],
  )
  return [...shown, ...names.map((name): Column => ({ title: name, valueIn: (answer) => answer.bindings[name] }))]
}
