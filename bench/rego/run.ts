/**
 * `npm run bench -- rego`: the Rego engine beside its rivals, and what its compiler and its data cost. Checks that all engines answer alike, measures
 * them in turn, prints the tables and the targets, and writes them where it was asked to.
 */
import { writeFileSync } from 'node:fs'
import { inFolder } from '../folder.ts'
import { circumstances, output } from '../machine.ts'
import { readOptions } from '../options.ts'
import { measureCosts, type Repeats } from './costs.ts'
import { type Engine, Missing, type Setting } from './engine.ts'
import { type EngineName, engineNames, makers } from './engines.ts'
import { measure, type Rounds, type Row, verifyAnswers } from './measure.ts'
import { printReport, type Report, writeReport } from './report.ts'
import { judge } from './targets.ts'
import { makeCases } from './work.ts'

const plans: Record<'full' | 'quick', { rounds: Rounds; repeats: Repeats }> = {
  full: {
    rounds: { count: 15, warmUp: 4, sliceMs: 60, serverSliceMs: 500 },
    repeats: { compile: 5, reloads: 3_000 },
  },
  quick: {
    rounds: { count: 3, warmUp: 2, sliceMs: 40, serverSliceMs: 150 },
    repeats: { compile: 2, reloads: 600 },
  },
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { what: 'engine', names: engineNames })
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  return await inFolder('rego', async (folder) => {
    const plan = options.quick ? plans.quick : plans.full
    const cases = makeCases(folder)
    const { rows, notes } = await measureEngines({ folder, cases }, options.only, plan.rounds, tell)
    const costs = measureCosts(folder, cases, plan.repeats, tell)
    const about = circumstances()
    const targets = judge(rows, costs)
    const machine = `${about.machine}; ${versions()}`
    const report: Report = { ...about, machine, rounds: plan.rounds.count, rows, costs, targets, notes }
    process.stdout.write(printReport(report))
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
    if (options.write) writeReport(report)
    return 0
  })
}

async function measureEngines(
  setting: Setting,
  only: readonly EngineName[],
  rounds: Rounds,
  tell: (line: string) => void,
): Promise<{ rows: Row[]; notes: string[] }> {
  const notes: string[] = []
  const engines = new Map<EngineName, Engine>()
  try {
    for (const name of only) {
      try {
        engines.set(name, await makers[name](setting))
      } catch (cause) {
        if (!(cause instanceof Missing)) throw cause
        notes.push(`\`${name}\` was not measured: ${cause.message}`)
      }
    }
    await verifyAnswers(engines, setting.cases)
    return { rows: await measure(engines, setting.cases, rounds, tell), notes }
  } finally {
    for (const engine of engines.values()) await engine.end()
  }
}

function versions(): string {
  const opa = /^Version: (\S+)/m.exec(output(process.env.OPA ?? 'opa', ['version']) ?? '')?.[1]
  const go = /go version go(\S+)/.exec(output('go', ['version']) ?? '')?.[1]
  return [`node ${process.versions.node}`, opa !== undefined && `opa ${opa}`, go !== undefined && `go ${go}`]
    .filter((part) => part !== false)
    .join(', ')
}
