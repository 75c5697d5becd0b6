/** What the numbers must show, each target as a row: what was measured, what is wanted, and whether it was met. */
import { median } from '../statistics.ts'
import type { VerifyRow } from '../verify.ts'
import type { GatewayRow } from './gateway.ts'
import type { LogRow } from './measure.ts'

export interface Target {
  readonly title: string
  readonly measured: number
  readonly wanted: { readonly least: number } | { readonly most: number }
  readonly met: boolean
}

/** Of mode durable, with so many callers and, through the gateway, bodies of so many bytes. */
const callers = 64
const bodyBytes = 300
const wanted = { cpuUsMost: 12, speedLeast: 0.75, verifiedLeast: 300_000 }

/** Throws when a row that a target speaks of was not measured. */
export function judge(
  rows: readonly LogRow[],
  gateways: readonly GatewayRow[],
  verified: readonly VerifyRow[],
): Target[] {
  const alone = found(rows.find((row) => row.logger === 'durable' && row.callers === callers))
  const whole = found(
    gateways.find((row) => row.logger === 'durable' && row.connections === callers && row.body_bytes === bodyBytes),
  )
  const most = { most: wanted.cpuUsMost }
  return [
    targetOf(`the log alone, durable, ${callers} callers: CPU us a record`, alone.added_cpu_us_per_record, most),
    targetOf(`the gateway, durable, ${callers} connections: CPU us a record`, whole.added_cpu_us_per_record, most),
    targetOf(`the gateway, durable, ${callers} connections: calls a second, no audit = 1`, whole.speed, {
      least: wanted.speedLeast,
    }),
    targetOf('verify: records a second', median(verified.map((row) => row.records_per_s)), {
      least: wanted.verifiedLeast,
    }),
  ]
}

function found<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('a row that a target needs was not measured')
  return row
}

function targetOf(title: string, measured: number, wanted: Target['wanted']): Target {
  const met = 'least' in wanted ? measured >= wanted.least : measured <= wanted.most
  return { title, measured: Number(measured.toPrecision(3)), wanted, met }
}
