/** The results as Markdown, for the terminal and for bench/README.md. */
import { table, writeSection } from '../readme.ts'
import type { Row } from './measure.ts'
import type { MemoryRow } from './memory.ts'

export interface Report {
  readonly machine: string
  readonly date: string
  readonly commit: string
  readonly rows: readonly Row[]
  readonly memory: readonly MemoryRow[]
  /** What a reader must know: rivals that are missing, an upstream that is another one. */
  readonly notes: readonly string[]
  readonly rounds: number
}

export function printReport({ machine, date, commit, rows, memory, notes, rounds }: Report): string {
  const cells = [...new Set(rows.map((row) => `${row.body_bytes} ${row.connections}`))]
  const tables = cells.map((cell) => {
    const own = rows.filter((row) => `${row.body_bytes} ${row.connections}` === cell)
    const [bytes, connections] = cell.split(' ')
    return `\nBody of ${bytes} B, ${connections === '1' ? 'one connection' : `${connections} connections`}:\n\n${callTable(own)}\n`
  })
  const parts = [
    `Commit ${commit}, ${date}, ${rounds} rounds. ${machine}.\n`,
    ...notes.map((note) => `\nNote: ${note}.\n`),
    ...tables,
    memory.length === 0 ? '' : `\n${memoryTable(memory)}\n`,
  ]
  return parts.join('')
}

/** Replaces the part of bench/README.md that this runner writes. */
export function writeReport(report: Report): void {
  writeSection('http', printReport(report))
}

function callTable(rows: readonly Row[]): string {
  return table(
    ['subject', 'CPU us a call', 'calls a second', 'p50 ms', 'p99 ms', 'CPU, nginx = 1'],
    rows.map((row) => [
      row.subject,
      row.cpu_us_per_call.toFixed(1),
      String(row.calls_per_s),
      row.p50_ms.toFixed(3),
      row.p99_ms.toFixed(3),
      row.ratio_nginx === null ? '-' : row.ratio_nginx.toFixed(2),
    ]),
  )
}

function memoryTable(rows: readonly MemoryRow[]): string {
  const sizes = [...new Set(rows.map((row) => row.bodyMib))]
  const directions = { up: 'sent by the agent', down: 'sent by the upstream' }
  return table(
    ['streamed body, peak memory in MiB', ...sizes.map((size) => `${size} MiB`)],
    Object.entries(directions).map(([direction, words]) => [
      words,
      ...sizes.map((size) =>
        String(rows.find((row) => row.direction === direction && row.bodyMib === size)?.peakMib ?? '-'),
      ),
    ]),
  )
}
