/** The profile of an evaluation in the forms of `opa eval --profile`: which rows are told of in which order, JSON for programs, a table for people. */
import { nearest } from '../model/index.ts'
import type { ProfiledRow } from '../rego/index.ts'
import { boxTable } from './box-table.ts'
import type { Options } from './command.ts'
import { goDuration } from './go-duration.ts'
import { CommandError } from './io.ts'
import { type Record, record } from './ordered-json.ts'
import { statisticColumns, statisticsOf } from './timers.ts'

/** A row as one evaluation came to it, or with the statistics of its time over several. */
export interface ReportedRow extends ProfiledRow {
  readonly times?: Record
}

/** Rows that are told of where nobody says how many; 0 is all. */
const limitDefault = 10

/** Positive where the first row comes behind the second: what is larger comes first. */
const criteria: { readonly [name: string]: (one: ProfiledRow, other: ProfiledRow) => number } = {
  total_time_ns: (one, other) => other.timeNs - one.timeNs,
  num_eval: (one, other) => other.evalCount - one.evalCount,
  num_redo: (one, other) => other.redoCount - one.redoCount,
  num_gen_expr: (one, other) => other.expressionCount - one.expressionCount,
  file: (one, other) => (one.file === other.file ? 0 : one.file < other.file ? 1 : -1),
  line: (one, other) => other.row - one.row,
}

/** `--profile-limit` and `--profile-sort` ask for a profile, too. */
export function wantsProfile(options: Options): boolean {
  const isShaped = options.text('profile-limit') !== undefined || options.list('profile-sort').length > 0
  return options.is('profile') || isShaped
}

/** Throws `CommandError` where `--profile-sort` names what rows cannot be sorted by. */
export function checkProfileSort(options: Options, status: number): void {
  for (const name of options.list('profile-sort')) {
    if (Object.hasOwn(criteria, name)) continue
    const names = Object.keys(criteria)
    const meant = nearest(name, names)
    const offer = meant === undefined ? '' : `; did you mean \`${meant}\`?`
    throw new CommandError(`\`--profile-sort\` takes ${names.join(', ')}, not \`${name}\`${offer}`, status)
  }
}

/** The rows of one evaluation or of several, in the order asked for, as many as are. The counts are those of the first. */
export function reportedRows(profiles: readonly (readonly ProfiledRow[])[], options: Options): readonly ReportedRow[] {
  const [first = [], ...others] = profiles
  const rows = others.length === 0 ? first : first.map((row) => withStatistics(row, others))
  // What is asked for goes first; the rest decides between equals.
  const compares = [...options.list('profile-sort'), ...Object.keys(criteria)].flatMap((name) => criteria[name] ?? [])
  const sorted = [...rows].sort((one, other) => {
    for (const compare of compares) {
      const order = compare(one, other)
      if (order !== 0) return order
    }
    return 0
  })
  const limit = options.count('profile-limit') ?? limitDefault
  return limit === 0 ? sorted : sorted.slice(0, limit)
}

function withStatistics(row: ProfiledRow, others: readonly (readonly ProfiledRow[])[]): ReportedRow {
  const times = others.flatMap((rows) =>
    rows.filter((other) => other.file === row.file && other.row === row.row).map(({ timeNs }) => timeNs),
  )
  return { ...row, times: statisticsOf([row.timeNs, ...times]) }
}

export function profileRecord({ times, timeNs, evalCount, redoCount, expressionCount, ...at }: ReportedRow): Record {
  return record({
    total_time_ns: times === undefined ? timeNs : undefined,
    total_time_ns_stats: times,
    num_eval: evalCount,
    num_redo: redoCount,
    num_gen_expr: expressionCount,
    location: record({ file: at.file, row: at.row, col: at.col }),
  })
}

/** Ends with a line break. */
export function profileTable(rows: readonly ReportedRow[]): string {
  const isOne = rows.every(({ times }) => times === undefined)
  const titles = isOne ? ['Time'] : statisticColumns.map(({ title }) => title)
  return boxTable(
    [...titles, 'Num Eval', 'Num Redo', 'Num Gen Expr', 'Location'],
    rows.map(({ times, timeNs, ...row }) => [
      ...(times === undefined ? [timeNs] : statisticColumns.map(({ name }) => Number(times.get(name)))).map((ns) =>
        goDuration(Math.round(ns)),
      ),
      String(row.evalCount),
      String(row.redoCount),
      String(row.expressionCount),
      row.file === '' ? row.text.replaceAll(/\s+/g, ' ') : `${row.file}:${row.row}`,
    ]),
  )
}
