/** The results as Markdown, for the terminal and for bench/README.md. */
import { table, writeSection } from '../readme.ts'
import type { VerifyRow } from '../verify.ts'
import type { GatewayRow } from './gateway.ts'
import type { LogRow } from './measure.ts'
import type { Target } from './targets.ts'

export interface Report {
  readonly machine: string
  readonly date: string
  readonly commit: string
  /** Load average of the minute before it began: what else the machine did. */
  readonly load: number
  readonly rounds: number
  readonly rows: readonly LogRow[]
  readonly gateways: readonly GatewayRow[]
  readonly verified: readonly VerifyRow[]
  readonly targets: readonly Target[]
}

export function printReport({
  machine,
  date,
  commit,
  load,
  rounds,
  rows,
  gateways,
  verified,
  targets,
}: Report): string {
  return [
    `Commit ${commit}, ${date}, ${rounds} rounds, load of the machine before it ${load.toFixed(1)}. ${machine}.`,
    'The log alone, two records a call:',
    ...groups(rows, ({ callers }) => (callers === 1 ? 'One caller' : `${callers} callers`), alone),
    'The gateway with it:',
    ...groups(gateways, (row) => `${row.connections} connections, bodies of ${row.body_bytes} B`, whole),
    table(
      ['verified records', 'a second', 'a second of CPU'],
      verified.map((row) => [row.records, row.records_per_s, row.records_per_cpu_s].map(String)),
    ),
    `Targets met: ${targets.filter(({ met }) => met).length} of ${targets.length}.`,
    table(
      ['target', 'measured', 'wanted', 'met'],
      targets.map(({ title, measured, wanted, met }) => [
        title,
        String(measured),
        'least' in wanted ? `at least ${wanted.least}` : `at most ${wanted.most}`,
        met ? 'yes' : 'NO',
      ]),
    ),
    '',
  ].join('\n\n')
}

/** Replaces the part of bench/README.md that this runner writes. */
export function writeReport(report: Report): void {
  writeSection('log', printReport(report))
}

function groups<Row>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  print: (rows: readonly Row[]) => string,
): string[] {
  return [...Map.groupBy(rows, nameOf)].flatMap(([name, own]) => [`${name}:`, print(own)])
}

function alone(rows: readonly LogRow[]): string {
  return table(
    [
      'logger',
      'CPU us a record',
      'added by the log',
      'calls a second',
      'added p50 ms',
      'added p99 ms',
      'records a write',
      'bytes a record',
    ],
    rows.map((row) => [
      row.logger,
      row.cpu_us_per_record.toFixed(1),
      row.added_cpu_us_per_record.toFixed(1),
      String(row.calls_per_s),
      row.added_p50_ms.toFixed(2),
      row.added_p99_ms.toFixed(2),
      row.records_per_write === null ? '-' : row.records_per_write.toFixed(0),
      String(row.bytes_per_record),
    ]),
  )
}

function whole(rows: readonly GatewayRow[]): string {
  return table(
    [
      'logger',
      'CPU us a call',
      'CPU us a record added',
      'calls a second',
      'calls a second, none = 1',
      'p50 ms',
      'p99 ms',
    ],
    rows.map((row) => [
      row.logger,
      row.cpu_us_per_call.toFixed(1),
      row.added_cpu_us_per_record.toFixed(1),
      String(row.calls_per_s),
      row.speed.toFixed(2),
      row.p50_ms.toFixed(2),
      row.p99_ms.toFixed(2),
    ]),
  )
}
