/**
 * `npm run bench -- mcp`: calls and lists of tools through Gatehouse beside nginx, which copies bytes, and other MCP gateways. One
 * upstream, 32 clients with a session each, all subjects in turn; prints the table and writes it where it was asked to.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inFolder } from '../folder.ts'
import { Missing } from '../http/subjects.ts'
import { makeWork, type Work } from '../http/work.ts'
import { type Circumstances, circumstances } from '../machine.ts'
import { type RunOptions, readOptions } from '../options.ts'
import { cpuMicroseconds, freePort, type Subject, start } from '../processes.ts'
import { table, writeSection } from '../readme.ts'
import { median } from '../statistics.ts'
import { erasOf, type Started, type SubjectName, starters, subjectNames } from './subjects.ts'
import { argumentSizes, type Era } from './work.ts'

/**
 * Servers and their lists, and how many clients with a session each, one call at a time; the subjects are started anew for each.
 * `cells` are `call:BYTES` and `list:TOOLS`.
 */
const scenes = [
  {
    servers: 1,
    tools: 10,
    sessions: 32,
    cells: [...Object.values(argumentSizes).map((bytes) => `call:${bytes}`), 'list:10'],
  },
  { servers: 1, tools: 100, sessions: 32, cells: ['list:100'] },
  // Some gateways need seconds for such a list: a slice must be longer than all sessions' first ones.
  { servers: 1, tools: 1_000, sessions: 4, cells: ['list:1000'] },
  { servers: 10, tools: 10, sessions: 32, cells: ['list:100'] },
] as const
type Scene = (typeof scenes)[number]

const plans = {
  full: { rounds: 4, seconds: 3, warmUpSeconds: 6 },
  quick: { rounds: 1, seconds: 1, warmUpSeconds: 1 },
}

export interface Row {
  readonly scene: string
  readonly subject: string
  readonly era: Era
  readonly cpu_us_per_call: number
  readonly calls_per_s: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** Of the same era; null where nginx was not measured. */
  readonly ratio_nginx: number | null
}

interface Sample {
  readonly requests: number
  readonly us: number
  readonly p50: number
  readonly p99: number
  readonly cpuUs: number
}

interface Runner {
  readonly name: SubjectName
  readonly era: Era
  readonly started: Started
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { what: 'subject', names: subjectNames })
  return await inFolder('mcp', (folder) => runIn(folder, options))
}

async function runIn(folder: string, { quick, write, json, only }: RunOptions<SubjectName>): Promise<number> {
  const notes = new Set<string>()
  const about = circumstances()
  const port = await freePort()
  const upstream = await start({
    command: process.execPath,
    args: [join(import.meta.dirname, 'upstream.ts'), String(port)],
    port,
  })
  try {
    const work = makeWork(join(folder, 'work'))
    const plan = quick ? plans.quick : plans.full
    const rows: Row[] = []
    for (const [index, scene] of scenes.entries()) {
      rows.push(
        ...(await measureScene(scene, join(folder, `scene-${index}`), { names: only, plan, work, upstream, notes })),
      )
    }
    const text = reportOf(about, rows, [...notes], plan.rounds)
    process.stdout.write(text)
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...about, rows }, null, 2)}\n`)
    if (write) writeSection('mcp', text)
    return 0
  } finally {
    await upstream.end()
  }
}

async function measureScene(
  scene: Scene,
  folder: string,
  {
    names,
    plan,
    work,
    upstream,
    notes,
  }: {
    readonly names: readonly SubjectName[]
    readonly plan: (typeof plans)['full']
    readonly work: Work
    readonly upstream: Subject
    readonly notes: Set<string>
  },
): Promise<Row[]> {
  mkdirSync(folder)
  const paths = Array.from({ length: scene.servers }, (_, index) => `/${scene.tools}/${index}/mcp`)
  const runners: Runner[] = []
  try {
    for (const name of names) {
      if (name === 'direct' && scene.servers > 1) continue
      try {
        const setting = { folder, work, upstreamPort: upstream.port, paths }
        const started = name === 'direct' ? { subject: upstream, path: paths[0] ?? '' } : await starters[name](setting)
        for (const era of erasOf[name]) runners.push({ name, era, started })
      } catch (cause) {
        if (!(cause instanceof Missing)) throw cause
        notes.add(cause.message)
      }
    }
    const samples = new Map<string, Sample[]>()
    for (const runner of runners)
      await slice(runner, { ...scene, cell: scene.cells[0], seconds: plan.warmUpSeconds }, work)
    for (let round = 1; round <= plan.rounds; round += 1)
      for (const cell of scene.cells)
        for (const runner of runners) {
          process.stderr.write(`${cell}, ${scene.servers} servers, round ${round}: ${runner.name} ${runner.era}\n`)
          const key = keyOf(runner, cell)
          samples.set(key, [
            ...(samples.get(key) ?? []),
            await slice(runner, { ...scene, cell, seconds: plan.seconds }, work),
          ])
        }
    return scene.cells.flatMap((cell) => runners.map((runner) => rowOf(scene, cell, runner, samples)))
  } finally {
    for (const { name, era, started } of runners)
      if (name !== 'direct' && era === erasOf[name][0]) await started.subject.end()
  }
}

function keyOf({ name, era }: Pick<Runner, 'name' | 'era'>, cell: string): string {
  return `${name} ${era} ${cell}`
}

/** Rejects when a call was refused or failed: a measured refusal is no measurement. */
async function slice(
  { name, era, started }: Runner,
  { cell, sessions, seconds }: { readonly cell: string; readonly sessions: number; readonly seconds: number },
  work: Work,
): Promise<Sample> {
  const { subject, path } = started
  const url = `http://127.0.0.1:${subject.port}${path}`
  const words = [join(import.meta.dirname, 'generator.ts'), url, String(sessions), String(seconds), era, cell]
  const before = cpuMicroseconds(subject.pid)
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    env: { ...process.env, TOKENS: work.tokensFile },
  })
  const cpuUs = cpuMicroseconds(subject.pid) - before
  const line = stdout.split('\n').find((one) => one.startsWith('JSON ')) ?? 'JSON {}'
  const got = JSON.parse(line.slice(5)) as Sample & { status: number; sock: number; why: string }
  if (!(got.requests > 0) || got.status > 0 || got.sock > 0)
    throw new Error(
      `${name} ${era} ${cell}: of ${got.requests} calls ${got.status} were refused and ${got.sock} failed: ${got.why}`,
    )
  return { ...got, cpuUs }
}

/** CPU over all rounds together; latencies as the median of the rounds. */
function rowOf(
  scene: Scene,
  cell: string,
  { name, era }: Runner,
  samples: ReadonlyMap<string, readonly Sample[]>,
): Row {
  const own = samples.get(keyOf({ name, era }, cell)) ?? []
  const nginx = samples.get(keyOf({ name: 'nginx', era }, cell))
  const middle = (pick: (sample: Sample) => number): number => median(own.map(pick))
  const cost = costOf(own)
  return {
    scene: sceneWords(scene, cell),
    subject: name,
    era,
    cpu_us_per_call: Number(cost.toFixed(1)),
    calls_per_s: Math.round(middle(({ requests, us }) => (requests * 1e6) / us)),
    p50_ms: Number((middle(({ p50 }) => p50) / 1000).toFixed(3)),
    p99_ms: Number((middle(({ p99 }) => p99) / 1000).toFixed(3)),
    ratio_nginx: nginx === undefined ? null : Number((cost / costOf(nginx)).toFixed(2)),
  }
}

function costOf(samples: readonly Sample[]): number {
  const sum = (pick: (sample: Sample) => number): number => samples.reduce((total, sample) => total + pick(sample), 0)
  return sum(({ cpuUs }) => cpuUs) / sum(({ requests }) => requests)
}

function sceneWords({ servers, tools, sessions }: Scene, cell: string): string {
  const [kind, amount] = cell.split(':')
  const list = servers === 1 ? `${tools} tools` : `${servers} servers of ${tools} tools`
  return `${kind === 'call' ? `tools/call, arguments of ${amount} B` : `tools/list, ${list}`}, ${sessions} sessions`
}

function reportOf(about: Circumstances, rows: readonly Row[], notes: readonly string[], rounds: number): string {
  const { commit, date, machine } = about
  const tables = [...new Set(rows.map(({ scene }) => scene))].map((scene) => {
    const own = rows.filter((row) => row.scene === scene)
    const lines = own.map((row) => [
      `${row.subject}, ${row.era}`,
      row.cpu_us_per_call.toFixed(1),
      String(row.calls_per_s),
      row.p50_ms.toFixed(3),
      row.p99_ms.toFixed(3),
      row.ratio_nginx === null ? '-' : row.ratio_nginx.toFixed(2),
    ])
    const head = ['subject, era', 'CPU us a call', 'calls a second', 'p50 ms', 'p99 ms', 'CPU, nginx = 1']
    return `\n${scene}:\n\n${table(head, lines)}\n`
  })
  const said = notes.map((note) => `\nNote: ${note}.\n`)
  return [
    `Commit ${commit}, ${date}, ${rounds} rounds. ${machine}; node ${process.versions.node}.\n`,
    ...said,
    ...tables,
  ].join('')
}
