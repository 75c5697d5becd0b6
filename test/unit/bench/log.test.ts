/** What the comparison of loggers is made of: that each writes what it is said to write, and how its rows and targets come about. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gatewayRowsOf } from '../../../bench/log/gateway.ts'
import { loggerNames, openers } from '../../../bench/log/loggers.ts'
import { logRowOf, type Sample } from '../../../bench/log/measure.ts'
import { printReport } from '../../../bench/log/report.ts'
import { judge } from '../../../bench/log/targets.ts'
import { makeCall } from '../../../bench/log/work.ts'
import { withSection } from '../../../bench/readme.ts'

/** Every line of every file below the folder that is one of JSON. */
function recordsIn(folder: string): Record<string, unknown>[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(jsonl|log)$/.test(entry.name))
    .flatMap(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8').trim().split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

describe('each logger', () => {
  it.each(loggerNames)('%s: writes a decision and an outcome a call, with the same content', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-log-'))
    try {
      const own = join(folder, name)
      mkdirSync(own)
      const logger = await openers[name](own)
      const call = makeCall(logger.open, logger.mode)
      for (let count = 0; count < 5; count++) await call()
      await logger.close()
      const records = recordsIn(own).filter(({ type }) => type === 'decision' || type === 'outcome')
      if (name === 'none') return expect(records).toEqual([])
      expect(records.map(({ type }) => type)).toEqual(Array.from({ length: 5 }, () => ['decision', 'outcome']).flat())
      const [decision, outcome] = records
      expect(decision).toMatchObject({
        decision: 'allow',
        path: 'gatehouse',
        rule_ids: ['gatehouse.allow@main.rego:12'],
        principal: { subject: 'buyer', agent: 'buyer', scopes: ['erp.read', 'erp.write'] },
        target: { route: 'erp', upstream: 'erp', tool: 'create_purchase_order' },
        input: { call: { body: { vendor_id: 'acme' } }, identity: { roles: ['buyer'] } },
        result: { allow: true },
      })
      expect(outcome).toMatchObject({ status: 201, complete: true, decision_id: decision?.decision_id })
      expect(logger.written().bytes).toBeGreaterThan(5 * 1_500)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('rows', () => {
  const sample = (parts: Partial<Sample>): Sample => ({
    calls: 1_000,
    tookMs: 500,
    p50Ms: 1,
    p99Ms: 4,
    bytes: 2_000_000,
    writes: 20,
    cpuUs: 24_000,
    ...parts,
  })
  const none = [sample({ cpuUs: 2_000, p50Ms: 0.1, p99Ms: 0.5, writes: undefined })]

  it('take CPU over all rounds, latencies from the median one, and what no log costs off', () => {
    const samples = [sample({}), sample({ p99Ms: 90, cpuUs: 36_000 }), sample({ p50Ms: 2 })]
    expect(logRowOf('durable', 64, samples, none)).toEqual({
      logger: 'durable',
      callers: 64,
      cpu_us_per_record: 14,
      added_cpu_us_per_record: 13,
      calls_per_s: 2_000,
      p50_ms: 1,
      p99_ms: 4,
      added_p50_ms: 0.9,
      added_p99_ms: 3.5,
      bytes_per_record: 1_000,
      records_per_write: 100,
    })
  })

  it('compare a gateway with the one that records nothing, at the same load', () => {
    const row = (subject: string, connections: number, cpu: number, calls: number) => ({
      subject,
      body_bytes: 300,
      connections,
      cpu_us_per_call: cpu,
      calls_per_s: calls,
      p50_ms: 1,
      p99_ms: 2,
      ratio_nginx: null,
    })
    const rows = gatewayRowsOf([row('none', 64, 50, 10_000), row('none', 1, 90, 1_000), row('durable', 64, 70, 8_000)])
    expect(rows.at(-1)).toMatchObject({ logger: 'durable', added_cpu_us_per_record: 10, speed: 0.8 })
  })
})

describe('targets', () => {
  const rows = (added: number) => [
    { ...logRowOf('durable', 64, [], []), added_cpu_us_per_record: added },
    { ...logRowOf('strict', 64, [], []), added_cpu_us_per_record: 99 },
  ]
  const gateway = (added: number, speed: number) => [
    {
      logger: 'durable' as const,
      body_bytes: 300,
      connections: 64,
      cpu_us_per_call: 80,
      added_cpu_us_per_record: added,
      calls_per_s: 1,
      speed,
      p50_ms: 1,
      p99_ms: 1,
    },
  ]
  const verified = (perSecond: number) => [{ records: 1, records_per_s: perSecond, records_per_cpu_s: 1 }]

  it('are met by what is as good as they say, and each is missed by what is worse', () => {
    const met = (log: number, added: number, speed: number, perSecond: number) =>
      judge(rows(log), gateway(added, speed), verified(perSecond)).map((target) => target.met)
    expect(met(12, 12, 0.75, 300_000)).toEqual([true, true, true, true])
    expect(met(12.1, 12.1, 0.749, 299_000)).toEqual([false, false, false, false])
  })

  it('are not judged on a run that left them out', () => {
    expect(() => judge([], gateway(1, 1), verified(1))).toThrow(/was not measured/)
  })

  it('stand in the report, with those that were missed in capitals', () => {
    const report = {
      machine: 'm',
      date: 'd',
      commit: 'c',
      load: 0.25,
      rounds: 1,
      rows: rows(20),
      gateways: gateway(1, 1),
    }
    const text = printReport({
      ...report,
      verified: verified(400_000),
      targets: judge(rows(20), gateway(1, 1), verified(400_000)),
    })
    expect(text).toContain('Targets met: 3 of 4.')
    expect(text).toContain('load of the machine before it 0.3')
    expect(text).toContain('| the log alone, durable, 64 callers: CPU us a record | 20 | at most 12 | NO |')
    const page = readFileSync(join(import.meta.dirname, '../../../bench/README.md'), 'utf8')
    expect(withSection(page, 'log', text)).toContain('Targets met: 3 of 4.')
  })
})
