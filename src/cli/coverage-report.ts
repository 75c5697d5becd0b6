/** Coverage in the forms of `opa`: JSON for programs, one line in a box for people, and what a threshold says that was not met. */
import type { CoverageRange, CoverageReport, FileCoverage } from '../rego/index.ts'
import type { Options } from './command.ts'
import { CommandError } from './io.ts'
import { type Record, record } from './ordered-json.ts'

export function coverageRecord({ files, ...totals }: CoverageReport): Record {
  const told = Object.entries(files).map(([file, report]): [string, Record] => [file, fileRecord(report)])
  return record({ files: new Map(told), ...totals })
}

function fileRecord({ covered, not_covered: missed, ...rest }: FileCoverage): Record {
  return record({ covered: covered?.map(rangeRecord), not_covered: missed?.map(rangeRecord), ...rest })
}

function rangeRecord({ start, end, kinds }: CoverageRange): Record {
  return record({ start: record({ ...start }), end: record({ ...end }), kinds })
}

/** Ends with a line break. */
export function coverageBox({ coverage }: CoverageReport): string {
  const name = 'Overall Coverage'
  const share = String(Number(coverage.toFixed(2)))
  const rule = (left: string, middle: string, right: string): string =>
    `${left}${'─'.repeat(name.length + 2)}${middle}${'─'.repeat(share.length + 2)}${right}\n`
  return `${rule('┌', '┬', '┐')}│ ${name} │ ${share} │\n${rule('└', '┴', '┘')}`
}

/** Per cent, 0 to 100; undefined where none is asked for. Throws `CommandError`. */
export function thresholdOf(options: Options, status: number): number | undefined {
  const text = options.text('threshold')
  if (text === undefined) return undefined
  const share = Number(text)
  if (text.trim() === '' || !(share >= 0 && share <= 100))
    throw new CommandError(`\`--threshold\` takes per cent from 0 to 100, not \`${text}\``, status)
  return share
}

/** What is missing where the coverage is below the threshold, with the lines of each file; undefined where it is not. */
export function belowThreshold(report: CoverageReport, threshold: number): string | undefined {
  if (report.coverage >= threshold) return undefined
  const lines = Object.entries(report.files).flatMap(([file, { not_covered: missed = [] }]) =>
    rowSpans(missed).map(([first, last]) => `\t${file}:${first}${first === last ? '' : `-${last}`}\n`),
  )
  const said = `Code coverage threshold not met: got ${report.coverage.toFixed(2)} instead of ${threshold.toFixed(2)}\n`
  return lines.length === 0 ? said : `${said}Lines not covered:\n${lines.join('')}`
}

/** First and last rows of what is next to each other. */
function rowSpans(ranges: readonly CoverageRange[]): (readonly [number, number])[] {
  const rows = new Set<number>()
  for (const { start, end } of ranges) for (let row = start.row; row <= end.row; row++) rows.add(row)
  const spans: [number, number][] = []
  for (const row of [...rows].sort((a, b) => a - b)) {
    const last = spans.at(-1)
    if (last?.[1] === row - 1) last[1] = row
    else spans.push([row, row])
  }
  return spans
}
