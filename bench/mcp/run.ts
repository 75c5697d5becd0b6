/**
 * `npm run bench -- mcp`: calls and lists of tools through Gatehouse beside nginx, which copies bytes, Gatehouse's own HTTP path, and
 * other MCP gateways; then the memory of idle streams. One upstream, clients with a session each, all subjects in turn; prints the
 * tables and writes them where it was asked to.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inFolder } from '../folder.ts'
import { makeWork } from '../http/work.ts'
import { circumstances } from '../machine.ts'
import { type RunOptions, readOptions } from '../options.ts'
import { freePort, type Subject, start } from '../processes.ts'
import { writeSection } from '../readme.ts'
import { measureScene, type Plan, type Scene } from './measure.ts'
import { type Report, type Row, rowsOf, textOf } from './report.ts'
import { measureStreams, type StreamsPlan, type StreamsRow } from './streams.ts'
import { type SubjectName, subjectNames, versionsOf } from './subjects.ts'
import { argumentSizes } from './work.ts'

const calls = Object.values(argumentSizes).map((bytes) => `call:${bytes}`)

/** A slice must be longer than the first calls of all sessions, and some gateways need seconds for a long list: those scenes have fewer. */
const scenes: readonly Scene[] = [
  { servers: 1, tools: 10, sessions: 32, cells: [...calls, 'list:10'] },
  { servers: 1, tools: 100, sessions: 16, cells: ['list:100'] },
  { servers: 1, tools: 1_000, sessions: 4, cells: ['list:1000'] },
  { servers: 10, tools: 10, sessions: 4, cells: ['list:100', `call:${argumentSizes.small}`] },
]

/** `fewer`: by which the sessions of a scene are divided. */
const plans: Record<'full' | 'quick', Plan & { readonly fewer: number; readonly streams: StreamsPlan }> = {
  full: { rounds: 4, seconds: 3, warmUpSeconds: 6, fewer: 1, streams: { count: 2_000, quietMs: 5_000 } },
  // Measured: with half a second of warm-up a call cost the gateway three times what it costs on a warm engine.
  quick: { rounds: 1, seconds: 1, warmUpSeconds: 5, fewer: 2, streams: { count: 500, quietMs: 1_000 } },
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { what: 'subject', names: subjectNames })
  return await inFolder('mcp', async (folder) => {
    const report = await runIn(folder, options)
    const text = textOf(report)
    process.stdout.write(text)
    if (options.json !== undefined) {
      const { about, rows, streams, versions } = report
      writeFileSync(options.json, `${JSON.stringify({ ...about, versions, rows, streams }, null, 2)}\n`)
    }
    if (options.write) writeSection('mcp', text)
    return 0
  })
}

async function runIn(folder: string, { quick, only }: RunOptions<SubjectName>): Promise<Report> {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  const about = circumstances()
  const plan = quick ? plans.quick : plans.full
  const work = makeWork(join(folder, 'work'))
  const notes = new Set<string>()
  const rows: Row[] = []
  const streams: StreamsRow[] = []
  const upstream = await startUpstream()
  try {
    const shared = { names: only, plan, work, upstream, missing: (why: string) => void notes.add(why), tell }
    for (const [index, planned] of scenes.entries()) {
      const scene = { ...planned, sessions: planned.sessions / plan.fewer }
      rows.push(...rowsOf(scene, await measureScene(scene, { ...shared, folder: join(folder, `scene-${index}`) })))
    }
    for (const subject of only) streams.push(...(await measureStreams(subject, { ...shared, folder, ...plan.streams })))
    return { about, rounds: plan.rounds, rows, streams, notes: [...notes], versions: versionsOf(only) }
  } finally {
    await upstream.end()
  }
}

async function startUpstream(): Promise<Subject> {
  const port = await freePort()
  return start({
    command: process.execPath,
    args: [join(import.meta.dirname, 'upstream.ts'), String(port)],
    port,
  })
}
