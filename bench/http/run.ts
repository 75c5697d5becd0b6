/**
 * `npm run bench -- http`: the path of a call beside its rivals. Starts an upstream and all subjects, loads them in turn,
 * prints the table and writes it where it was asked to.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inFolder } from '../folder.ts'
import { circumstances, output } from '../machine.ts'
import { type RunOptions, readOptions } from '../options.ts'
import type { Subject } from '../processes.ts'
import { findGenerator } from './load.ts'
import { type Cell, measure, type WarmUp } from './measure.ts'
import { type MemoryRow, measureMemory } from './memory.ts'
import { printReport, type Report, writeReport } from './report.ts'
import { Missing, type SubjectName, starters, startUpstream, subjectNames } from './subjects.ts'
import { bodySizes, makeWork } from './work.ts'

const { small, medium, large } = bodySizes

/** Rounds, slices and sizes of streamed bodies; the first cell is the one that the targets speak of. */
const plans: Record<
  'full' | 'quick',
  { rounds: number; cells: readonly Cell[]; warmUp: WarmUp; streamedMib: readonly number[] }
> = {
  full: {
    rounds: 3,
    cells: [
      { bodyBytes: small, connections: 32, seconds: 3 },
      { bodyBytes: small, connections: 1, seconds: 3 },
      { bodyBytes: small, connections: 256, seconds: 3 },
      { bodyBytes: medium, connections: 32, seconds: 3 },
      { bodyBytes: medium, connections: 1, seconds: 3 },
      { bodyBytes: medium, connections: 256, seconds: 3 },
      { bodyBytes: large, connections: 32, seconds: 4 },
      { bodyBytes: large, connections: 1, seconds: 3 },
      // A call of this size waits for 255 others: the slice must be longer than that.
      { bodyBytes: large, connections: 256, seconds: 10 },
    ],
    warmUp: { calls: 100_000, secondsMax: 40, secondsOfOtherSizes: 3 },
    streamedMib: [1, 64, 512],
  },
  quick: {
    rounds: 2,
    cells: [
      { bodyBytes: small, connections: 32, seconds: 2 },
      { bodyBytes: medium, connections: 32, seconds: 2 },
      { bodyBytes: small, connections: 1, seconds: 1 },
      { bodyBytes: small, connections: 256, seconds: 1 },
      { bodyBytes: large, connections: 1, seconds: 1 },
    ],
    // Measured: until some 40,000 calls the gateway's young objects are copied twice, which is a tenth of a call more.
    warmUp: { calls: 60_000, secondsMax: 12, secondsOfOtherSizes: 2 },
    streamedMib: [1, 64, 256],
  },
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { what: 'subject', names: subjectNames })
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  return await inFolder('http', async (folder) => {
    const report = await runIn(folder, options, tell)
    process.stdout.write(printReport(report))
    if (options.json !== undefined) {
      const { machine, date, commit, rows } = report
      writeFileSync(options.json, `${JSON.stringify({ machine, date, commit, rows }, null, 2)}\n`)
    }
    if (options.write) writeReport(report)
    return 0
  })
}

async function runIn(folder: string, options: RunOptions<SubjectName>, tell: (line: string) => void): Promise<Report> {
  const plan = options.quick ? plans.quick : plans.full
  const generator = findGenerator()
  const work = makeWork(join(folder, 'work'))
  const notes: string[] = []
  const subjects = new Map<SubjectName, Subject>()
  const { upstream, kind, why } = await startUpstream(folder)
  const setting = { folder, work, upstreamPort: upstream.port }
  let memory: readonly MemoryRow[] = []
  try {
    if (why !== undefined) notes.push(`the upstream is a server on node:http, not nginx (${why})`)
    if (work.source === 'own') notes.push('the work was made by the harness: ../shared/bench is not there')
    for (const name of options.only) {
      try {
        subjects.set(name, name === 'direct' ? upstream : await starters[name](setting))
      } catch (cause) {
        if (!(cause instanceof Missing)) throw cause
        notes.push(cause.message)
      }
    }
    if (!subjects.has('nginx')) notes.push('`ratio_nginx` is null: nginx was not measured')
    const rows = await measure(subjects, { ...plan, generator, work }, tell)
    if (subjects.has('gatehouse')) {
      tell('memory of streamed bodies')
      memory = await measureMemory(setting, plan.streamedMib)
    }
    const { machine, date, commit } = circumstances()
    const versions = versionsOf(generator, kind)
    return { machine: `${machine}; ${versions}`, date, commit, rows, memory, notes, rounds: plan.rounds }
  } finally {
    for (const [name, subject] of subjects) if (name !== 'direct') await subject.end()
    await upstream.end()
  }
}

function versionsOf(generator: 'wrk' | 'own', upstream: 'nginx' | 'node'): string {
  const nginx = /nginx\/(\S+)/.exec(output('sh', ['-c', 'nginx -v 2>&1']) ?? '')?.[1]
  const wrk = /^wrk \S*?(\d[\w.-]*)/.exec(output('sh', ['-c', 'wrk --version 2>&1 | head -1']) ?? '')?.[1]
  const opa = /^Version: (\S+)/m.exec(output(process.env.OPA ?? 'opa', ['version']) ?? '')?.[1]
  return [
    `node ${process.versions.node}`,
    nginx !== undefined && `nginx ${nginx}`,
    generator === 'wrk' ? `wrk ${wrk}` : 'load by undici',
    opa !== undefined && `opa ${opa}`,
    `upstream ${upstream}`,
  ]
    .filter((part) => part !== false)
    .join(', ')
}
