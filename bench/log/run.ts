/**
 * `npm run bench -- log`: what the decision log costs beside no log and beside pino, alone and in the whole gateway, and how fast it is
 * verified. Measures in turn, prints the tables and the targets, and writes them where it was asked to.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { circumstances, output, root } from '../machine.ts'
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
      warmUp: { calls: 60_000, secondsMax: 20 },
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
      warmUp: { calls: 20_000, secondsMax: 5 },
    },
    verify: { records: 300_000, rounds: 3 },
  },
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`)
    return 2
  }
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  // The checkout's disk, not the system's temp folder: that is often memory, where a sync costs nothing.
  const parent = join(root, '.cache/bench')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'log-'))
  const [load = Number.NaN] = loadavg()
  try {
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
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface RunOptions {
  readonly quick: boolean
  readonly write: boolean
  readonly json: string | undefined
}

function readOptions(args: readonly string[]): RunOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        json: { type: 'string' },
      },
    })
    return { ...values, json: values.json }
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

function versionsOf({ generator, upstream }: GatewayResult): string {
  const pino = output(process.execPath, ['-p', "require('pino/package.json').version"])
  const wrk = /^wrk \S*?(\d[\w.-]*)/.exec(output('sh', ['-c', 'wrk --version 2>&1 | head -1']) ?? '')?.[1]
  const load = generator === 'wrk' ? `wrk ${wrk}` : 'load by undici'
  return [`node ${process.versions.node}`, `pino ${pino}`, load, `upstream ${upstream}`].join(', ')
}
