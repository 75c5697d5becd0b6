/**
 * `npm run bench -- log`: what the decision log costs beside no log and beside pino, alone and in the whole gateway, and how fast it is
 * verified. Measures in turn, prints the tables and the targets, and writes them where it was asked to.
 */
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { inFolder } from '../folder.ts'
import { circumstances, output } from '../machine.ts'
import { readOptions } from '../options.ts'
import { measureVerify } from '../verify.ts'
import { type GatewayPlan, type GatewayResult, measureGateways } from './gateway.ts'
import { type LogPlan, measureLoggers } from './measure.ts'
import { printReport, type Report, writeReport } from './report.ts'
import { judge } from './targets.ts'

const callers = [1, 8, 64, 256]
const small = { bodyBytes: 300, connections: 64 }
const medium = { bodyBytes: 16_000, connections: 64 }

const plans: Record<
  'full' | 'quick',
  { log: LogPlan; gateway: GatewayPlan; verify: { records: number; rounds: number } }
> = {
  full: {
    log: { rounds: 7, callers, ms: 2_000, warmUpMs: 300, settleMs: 4_000 },
    gateway: {
      rounds: 5,
      cells: [
        { ...small, seconds: 3 },
        { ...medium, seconds: 3 },
      ],
      warmUp: { calls: 60_000, secondsMax: 20, secondsOfOtherSizes: 0 },
    },
    verify: { records: 1_000_000, rounds: 5 },
  },
  quick: {
    log: { rounds: 3, callers, ms: 1_000, warmUpMs: 200, settleMs: 2_000 },
    gateway: {
      rounds: 3,
      cells: [
        { ...small, seconds: 2 },
        { ...medium, seconds: 1 },
      ],
      warmUp: { calls: 60_000, secondsMax: 12, secondsOfOtherSizes: 0 },
    },
    verify: { records: 300_000, rounds: 3 },
  },
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  const [load = Number.NaN] = loadavg()
  return await inFolder('log', async (folder) => {
    const plan = options.quick ? plans.quick : plans.full
    const rows = await measureLoggers(folder, plan.log, tell)
    const gateway = await measureGateways(folder, plan.gateway, tell)
    tell('verifying')
    const verified = await measureVerify(join(folder, 'verify'), plan.verify.records, plan.verify.rounds)
    const about = circumstances()
    const report: Report = {
      ...about,
      machine: `${about.machine}; ${versionsOf(gateway)}`,
      load,
      rounds: plan.log.rounds,
      rows,
      gateways: gateway.rows,
      verified,
      targets: judge(rows, gateway.rows, verified),
    }
    process.stdout.write(printReport(report))
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
    if (options.write) writeReport(report)
    return 0
  })
}

function versionsOf({ generator, upstream }: GatewayResult): string {
  const pino = output(process.execPath, ['-p', "require('pino/package.json').version"])
  const wrk = /^wrk \S*?(\d[\w.-]*)/.exec(output('sh', ['-c', 'wrk --version 2>&1 | head -1']) ?? '')?.[1]
  const load = generator === 'wrk' ? `wrk ${wrk}` : 'load by undici'
  return [`node ${process.versions.node}`, `pino ${pino}`, load, `upstream ${upstream}`].join(', ')
}
