/**
 * What it costs to write a record in each format of the sinks: CPU microseconds a record (user and system) and its bytes, over
 * a decision and an outcome as the procurement world leaves them. Run: `npm run bench -- formats [seconds a format]`.
 */
import type { DecisionRecord, OutcomeRecord } from '../src/model/index.ts'
import { type FormatName, formatNames, formats } from '../src/sinks/format.ts'
import type { Line } from '../src/sinks/formats/line.ts'
import { parseJson, printJson } from '../src/wire/index.ts'
import { readNumber } from './options.ts'

const ofCall = {
  decision_id: '01a1fd63-4a71-7c30-9b52-5f1f0b6f7a11',
  call_id: '01a1fd63-4a71-7c30-9b52-5f1f0b6f7a12',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
}

const decision: DecisionRecord = {
  seq: 1_204_331,
  type: 'decision',
  timestamp: '2026-03-02T10:00:00.123456Z',
  ...ofCall,
  labels: { environment: 'production' },
  bundles: { policy: { revision: 'r1', digest: `sha256:${'1'.repeat(64)}` } },
  path: 'gatehouse',
  decision: 'deny',
  code: 'vendor_not_listed',
  reasons: [
    { code: 'vendor_not_listed', message: 'the vendor is not on the list', remedy: 'ask procurement to list it' },
  ],
  rule_ids: ['gatehouse.deny#vendor_listed'],
  principal: {
    issuer: 'https://login.example.com',
    subject: 'alice@example.com',
    client_id: 'buyer',
    agent: 'buyer',
    scopes: ['erp.read', 'erp.write'],
  },
  target: { route: 'erp', upstream: 'erp', tool: 'create_purchase_order' },
  call: { protocol: 'http', method: 'POST', host: 'gatehouse.example.com', path: '/erp/purchase-orders' },
  input: {
    call: {
      protocol: 'http',
      tool: { server: 'erp', name: 'create_purchase_order' },
      arguments: {
        vendor_id: 'acme',
        amount: 900,
        currency: 'EUR',
        lines: [{ sku: 'A1', qty: 2, unit_price: 450, text: 'Chairs, oak' }],
      },
    },
  },
  result: { deny: [{ code: 'vendor_not_listed', message: 'the vendor is not on the list' }] },
  requested_by: '192.0.2.7',
  metrics: { timer_receive_ns: 41_000, timer_identify_ns: 12_000, timer_route_ns: 3_000, timer_decide_ns: 9_000 },
}

const outcome: OutcomeRecord = {
  seq: 1_204_332,
  type: 'outcome',
  timestamp: '2026-03-02T10:00:00.124956Z',
  ...ofCall,
  outcome: 'refused',
  code: 'vendor_not_listed',
  status: 403,
  request_bytes: 212,
  reply_bytes: 361,
  complete: true,
  upstream_reached: false,
  metrics: { timer_total_ns: 1_500_000 },
}

export interface FormatCost {
  readonly format: FormatName
  /** CPU microseconds a record, user and system. */
  readonly cpuMicros: number
  /** Bytes of a record, mean of the two. */
  readonly bytes: number
}

/** Reading the line is not counted: every sink does that, whatever its format. */
export function formatCosts(secondsEach: number): FormatCost[] {
  const lines = [decision, outcome].map(lineOf)
  return formatNames.map((name) => {
    const { write } = formats[name]({ log: 'gatehouse.example.com/log', version: '0.1.0', labels: {} })
    const spin = (seconds: number) => {
      const end = performance.now() + seconds * 1_000
      let records = 0
      for (; performance.now() < end; records += 200)
        for (let index = 0; index < 100; index++) for (const line of lines) Buffer.from(write(line))
      return records
    }
    spin(secondsEach / 4)
    const before = process.cpuUsage()
    const records = spin(secondsEach)
    const { user, system } = process.cpuUsage(before)
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(write(line)), 0) / lines.length
    return { format: name, cpuMicros: (user + system) / records, bytes }
  })
}

function lineOf(record: DecisionRecord | OutcomeRecord): Line {
  const text = printJson(record as never)
  return { text, record: parseJson(Buffer.from(text)) as unknown as Line['record'] }
}

export async function run(args: readonly string[]): Promise<number> {
  const secondsEach = readNumber(args, { what: 'seconds', standard: 1, max: 60 })
  process.stdout.write('format        CPU us a record   bytes a record\n')
  for (const { format, cpuMicros, bytes } of formatCosts(secondsEach))
    process.stdout.write(`${format.padEnd(12)} ${cpuMicros.toFixed(2).padStart(16)} ${String(bytes).padStart(16)}\n`)
  return 0
}
