/** The whole gateway with each logger, under load from outside: what the log costs a call, and of the calls a second. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findGenerator, type LoadGenerator } from '../http/load.ts'
import { type Cell, measure, type WarmUp } from '../http/measure.ts'
import { startGatehouse, startOtherLog, startUpstream } from '../http/subjects.ts'
import { makeWork, type Work } from '../http/work.ts'
import type { Subject } from '../processes.ts'

const gatewayNames = ['none', 'pino-sync', 'pino-async', 'async', 'durable', 'strict'] as const
export type GatewayName = (typeof gatewayNames)[number]

export interface GatewayPlan {
  readonly rounds: number
  readonly cells: readonly Cell[]
  readonly warmUp: WarmUp
}

export interface GatewayRow {
  readonly logger: GatewayName
  readonly body_bytes: number
  readonly connections: number
  readonly cpu_us_per_call: number
  /** What of it the log costs: half of what a call costs more than with `none`. */
  readonly added_cpu_us_per_record: number
  readonly calls_per_s: number
  /** Calls a second, those of `none` = 1. */
  readonly speed: number
  readonly p50_ms: number
  readonly p99_ms: number
}

export interface GatewayResult {
  readonly rows: readonly GatewayRow[]
  readonly generator: LoadGenerator
  readonly upstream: 'nginx' | 'node'
}

/** Rejects when a call is refused. All processes have ended when it is done. */
export async function measureGateways(
  folder: string,
  plan: GatewayPlan,
  tell: (line: string) => void,
): Promise<GatewayResult> {
  const own = join(folder, 'gateways')
  mkdirSync(own)
  const generator = findGenerator()
  const work: Work = makeWork(join(own, 'work'))
  const { upstream, kind } = await startUpstream(own)
  const setting = { folder: own, work, upstreamPort: upstream.port }
  const subjects = new Map<GatewayName, Subject>()
  try {
    for (const name of gatewayNames) {
      const isOurs = name === 'async' || name === 'durable' || name === 'strict'
      subjects.set(name, await (isOurs ? startGatehouse(name, setting) : startOtherLog(name, setting)))
    }
    const rows = await measure(subjects, { ...plan, generator, work }, (line) => tell(`the gateway, ${line}`))
    return { rows: gatewayRowsOf(rows), generator, upstream: kind }
  } finally {
    for (const subject of subjects.values()) await subject.end()
    await upstream.end()
  }
}

export function gatewayRowsOf(rows: Awaited<ReturnType<typeof measure>>): GatewayRow[] {
  return rows.flatMap((row) => {
    const logger = gatewayNames.find((name) => name === row.subject)
    const none = rows.find(
      ({ subject, body_bytes, connections }) =>
        subject === 'none' && body_bytes === row.body_bytes && connections === row.connections,
    )
    if (logger === undefined || none === undefined) return []
    const { body_bytes, connections, cpu_us_per_call, calls_per_s, p50_ms, p99_ms } = row
    return {
      logger,
      body_bytes,
      connections,
      cpu_us_per_call,
      added_cpu_us_per_record: Number(((cpu_us_per_call - none.cpu_us_per_call) / 2).toFixed(2)),
      calls_per_s,
      speed: Number((calls_per_s / none.calls_per_s).toFixed(3)),
      p50_ms,
      p99_ms,
    }
  })
}
