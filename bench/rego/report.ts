/** The results as Markdown, for the terminal and for bench/README.md. */
import { table, writeSection } from '../readme.ts'
import type { CostRow } from './costs.ts'
import { type EngineName, engineNames } from './engines.ts'
import type { Row } from './measure.ts'
import type { Target } from './targets.ts'
import { caseNames } from './work.ts'

export interface Report {
  readonly machine: string
  readonly date: string
  readonly commit: string
  readonly rounds: number
  readonly rows: readonly Row[]
  readonly costs: readonly CostRow[]
  readonly targets: readonly Target[]
  /** What a reader must know: rivals that are missing. */
  readonly notes: readonly string[]
}

export function printReport({ machine, date, commit, rounds, rows, costs, targets, notes }: Report): string {
  const missed = targets.filter(({ met }) => met === false).length
  const judged = targets.filter(({ met }) => met !== null).length
  return [
    `Commit ${commit}, ${date}, ${rounds} rounds. ${machine}.`,
    ...notes.map((note) => `Note: ${note}.`),
    'CPU microseconds a decision, median of the rounds (least in brackets):',
    table(
      ['engine', ...caseNames],
      engineNames.map((name) => [name, ...cells(rows, name, costCell)]),
    ),
    'The same as times of `gatehouse` (`gatehouse-bytes` for what begins with bytes):',
    table(
      ['engine', ...caseNames],
      engineNames.map((name) => [name, ...cells(rows, name, (row) => ratioCell(rows, row))]),
    ),
    table(
      ['cost', 'value', 'beside'],
      costs.map(({ title, value, unit, beside }) => [title, `${value} ${unit}`, beside]),
    ),
    `Targets met: ${judged - missed} of ${judged}.`,
    table(
      ['target', 'measured', 'wanted', 'met'],
      targets.map(({ title, measured, wanted, met }) => [
        title,
        measured === null ? '-' : String(measured),
        'least' in wanted ? `at least ${wanted.least}` : `at most ${wanted.most}`,
        met === null ? '-' : met ? 'yes' : 'NO',
      ]),
    ),
    '',
  ].join('\n\n')
}

/** Replaces the part of bench/README.md that this runner writes. */
export function writeReport(report: Report): void {
  writeSection('rego', printReport(report))
}

function cells(rows: readonly Row[], engine: EngineName, print: (row: Row) => string): string[] {
  return caseNames.map((name) => {
    const row = rows.find((one) => one.engine === engine && one.case === name)
    return row === undefined ? '-' : print(row)
  })
}

function costCell({ median_us, min_us }: Row): string {
  return median_us === null || min_us === null ? '-' : `${shown(median_us)} (${shown(min_us)})`
}

const fromBytes: readonly EngineName[] = [
  'gatehouse-bytes',
  'by-hand-bytes',
  'opa-wasm-bytes',
  'wire-json',
  'json-parse',
]

function ratioCell(rows: readonly Row[], row: Row): string {
  const base = fromBytes.includes(row.engine) ? 'gatehouse-bytes' : 'gatehouse'
  const own = rows.find((one) => one.engine === base && one.case === row.case)?.median_us ?? null
  return row.median_us === null || own === null ? '-' : shown(row.median_us / own)
}

/** Three digits that say something. */
function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
