/** What the MCP benchmark found, as rows and as the tables of the page: cost, latency, and the ratios that compare subjects of one run. */
import type { Circumstances } from '../machine.ts'
import { table } from '../readme.ts'
import { median, rounded } from '../statistics.ts'
import type { Measured, Sample, Scene } from './measure.ts'
import type { StreamsRow } from './streams.ts'
import type { SubjectName } from './subjects.ts'
import type { Era } from './work.ts'

export interface Row {
  readonly scene: string
  readonly subject: SubjectName
  readonly era: Era
  readonly cpu_us_per_call: number
  readonly calls_per_s: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** CPU over that of the named subject in the same era; null where that was not measured. */
  readonly ratio_nginx: number | null
  readonly ratio_http: number | null
}

export interface Report {
  readonly about: Circumstances
  readonly rounds: number
  readonly rows: readonly Row[]
  readonly streams: readonly StreamsRow[]
  readonly notes: readonly string[]
  /** Of the programs that took part, by name. */
  readonly versions: Readonly<Record<string, string>>
}

/** CPU over all rounds together; latencies as the median of the rounds. */
export function rowsOf(scene: Scene, measured: readonly Measured[]): readonly Row[] {
  return measured.map(({ cell, subject, era, samples }) => {
    const cost = costOf(samples)
    const middle = (pick: (sample: Sample) => number): number => median(samples.map(pick))
    const ratioTo = (name: SubjectName): number | null => {
      const other = measured.find((one) => one.subject === name && one.era === era && one.cell === cell)
      return other === undefined ? null : rounded(cost / costOf(other.samples), 2)
    }
    return {
      scene: sceneWords(scene, cell),
      subject,
      era,
      cpu_us_per_call: rounded(cost, 1),
      calls_per_s: Math.round(middle(({ requests, us }) => (requests * 1e6) / us)),
      p50_ms: rounded(middle(({ p50 }) => p50) / 1000, 3),
      p99_ms: rounded(middle(({ p99 }) => p99) / 1000, 3),
      ratio_nginx: ratioTo('nginx'),
      ratio_http: ratioTo('gatehouse-http'),
    }
  })
}

function costOf(samples: readonly Sample[]): number {
  const sum = (pick: (sample: Sample) => number): number => samples.reduce((total, sample) => total + pick(sample), 0)
  return sum(({ cpuUs }) => cpuUs) / sum(({ requests }) => requests)
}

function sceneWords({ servers, tools, sessions }: Scene, cell: string): string {
  const [kind, amount] = cell.split(':')
  const what = kind === 'call' ? `tools/call, arguments of ${amount} B` : 'tools/list'
  const offer = servers === 1 ? `${tools} tools` : `${servers} servers of ${tools} tools`
  return `${what}, ${offer}, ${sessions} sessions`
}

/** The section of the page. */
export function textOf({ about, rounds, rows, streams, notes, versions }: Report): string {
  const { commit, date, machine } = about
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const scenes = [...new Set(rows.map(({ scene }) => scene))]
  return [
    `Commit ${commit}, ${date}, ${rounds} rounds. ${machine}; ${named.join(', ')}.\n`,
    ...notes.map((note) => `\nNote: ${note}.\n`),
    ...scenes.map((scene) => `\n${scene}:\n\n${costs(rows.filter((row) => row.scene === scene))}\n`),
    streams.length === 0 ? '' : `\n${memory(streams)}\n`,
  ].join('')
}

function costs(rows: readonly Row[]): string {
  const ratio = (value: number | null): string => (value === null ? '-' : value.toFixed(2))
  return table(
    [
      'subject, era',
      'CPU us a call',
      'calls a second',
      'p50 ms',
      'p99 ms',
      'CPU, nginx = 1',
      'CPU, gatehouse-http = 1',
    ],
    rows.map((row) => [
      `${row.subject}, ${row.era}`,
      row.cpu_us_per_call.toFixed(1),
      String(row.calls_per_s),
      row.p50_ms.toFixed(3),
      row.p99_ms.toFixed(3),
      ratio(row.ratio_nginx),
      ratio(row.ratio_http),
    ]),
  )
}

function memory(streams: readonly StreamsRow[]): string {
  return table(
    ['idle streams', 'streams', 'MiB before', 'MiB with them', 'MiB more', 'KiB a stream'],
    streams.map(({ subject, kind, streams: count, beforeMib, openMib }) => [
      `${subject}, ${kind}`,
      String(count),
      beforeMib.toFixed(0),
      openMib.toFixed(0),
      (openMib - beforeMib).toFixed(0),
      (((openMib - beforeMib) * 1024) / count).toFixed(1),
    ]),
  )
}
