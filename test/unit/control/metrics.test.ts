/** The figures, read as a scraper reads them: from the text. */
import { describe, expect, it } from 'vitest'
import { logFigures, makeMetrics, sinkFigures } from '../../../src/control/index.ts'
import type { CallSummary, SinkStatus } from '../../../src/model/index.ts'

function summary(change: Partial<CallSummary> = {}): CallSummary {
  return {
    decision: 'allow',
    code: 'ok',
    route: 'erp',
    upstream: 'erp',
    status: 201,
    upstreamStatus: 201,
    stepMs: Float64Array.of(0.04, 0.3, 0.02, 0.1, 0.6, 12, 0.2),
    totalMs: 13.26,
    ...change,
  }
}

/** Series to value: `name{a="b"}` to number. Fails on a line that is not of the format. */
function series(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const match = /^([a-z_][a-z0-9_]*(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)$/i.exec(line)
    if (match === null) throw new Error(`not a sample: ${line}`)
    if (found.has(match[1] as string)) throw new Error(`comes twice: ${line}`)
    found.set(match[1] as string, Number(match[2]))
  }
  return found
}

describe('metrics', () => {
  it('count calls, decisions, steps and upstream replies', async () => {
    const metrics = makeMetrics()
    metrics.observe(summary())
    metrics.observe(summary())
    metrics.observe(
      summary({
        decision: 'deny',
        code: 'token_missing',
        route: 'none',
        upstream: 'none',
        status: 401,
        upstreamStatus: undefined,
        stepMs: Float64Array.of(0.04, 0, 0, 0, 0.5, 0, 0.1),
        totalMs: 0.64,
      }),
    )
    const found = series(await metrics.text())
    const wanted = {
      'gatehouse_calls_total{route="erp",decision="allow",status="201"}': 2,
      'gatehouse_calls_total{route="none",decision="deny",status="401"}': 1,
      'gatehouse_decisions_total{decision="allow",code="ok"}': 2,
      'gatehouse_decisions_total{decision="deny",code="token_missing"}': 1,
      'gatehouse_upstream_replies_total{upstream="erp",status="201"}': 2,
      'gatehouse_call_duration_seconds_count{route="erp"}': 2,
      'gatehouse_call_duration_seconds_bucket{route="erp",le="0.01"}': 0,
      'gatehouse_call_duration_seconds_bucket{route="erp",le="0.025"}': 2,
      'gatehouse_call_duration_seconds_bucket{route="erp",le="+Inf"}': 2,
      'gatehouse_step_duration_seconds_count{step="receive"}': 3,
      'gatehouse_step_duration_seconds_count{step="identify"}': 2,
      'gatehouse_upstream_duration_seconds_count{upstream="erp"}': 2,
    }
    for (const [name, value] of Object.entries(wanted)) expect([name, found.get(name)]).toEqual([name, value])
    expect(found.get('gatehouse_call_duration_seconds_sum{route="erp"}')).toBeCloseTo(0.02652, 9)
    expect(found.has('gatehouse_upstream_replies_total{upstream="none",status="undefined"}')).toBe(false)
    expect(found.get('process_start_time_seconds'), 'the process is there too').toBeGreaterThan(0)
  })

  it('puts a time on a bound into the bucket of that bound, and one above all into +Inf', async () => {
    const metrics = makeMetrics()
    for (const totalMs of [0.05, 0.0500001, 30_000, 30_001]) metrics.observe(summary({ totalMs }))
    const found = series(await metrics.text())
    const bucket = (le: string) => found.get(`gatehouse_call_duration_seconds_bucket{route="erp",le="${le}"}`)
    expect([bucket('0.00005'), bucket('0.0001'), bucket('10'), bucket('30'), bucket('+Inf')]).toEqual([1, 2, 2, 3, 4])
  })

  it('stay bounded whatever codes a policy makes up, and lose no call', async () => {
    const metrics = makeMetrics()
    const count = 6_000
    for (let index = 0; index < count; index++) metrics.observe(summary({ decision: 'deny', code: `made_up_${index}` }))
    const found = series(await metrics.text())
    const decisions = [...found].filter(([name]) => name.startsWith('gatehouse_decisions_total{'))
    expect(decisions.length).toBeLessThanOrEqual(257)
    expect(decisions.reduce((sum, [, value]) => sum + value, 0)).toBe(count)
    expect(found.get('gatehouse_decisions_total{decision="deny",code="other"}')).toBeGreaterThan(4_000)
    metrics.observe(summary({ decision: 'deny', code: 'made_up_5999' }))
    // What the gateway itself refuses is still told apart.
    metrics.observe(summary({ decision: 'deny', code: 'token_missing' }))
    expect(series(await metrics.text()).get('gatehouse_decisions_total{decision="deny",code="token_missing"}')).toBe(1)
    expect(series(await metrics.text()).get('gatehouse_calls_total{route="erp",decision="deny",status="201"}')).toBe(
      count + 2,
    )
  })

  it('write labels so that no text can forge a sample', async () => {
    const metrics = makeMetrics()
    metrics.observe(summary({ code: 'a"} 1\nforged{b="c\\' }))
    const found = series(await metrics.text())
    expect(found.has('gatehouse_decisions_total{decision="allow",code="a\\"} 1\\nforged{b=\\"c\\\\"}')).toBe(true)
  })

  it('show what other rooms hand in, read at each scrape', async () => {
    const metrics = makeMetrics()
    let waiting = 3
    const stats = () => ({
      queueRecords: waiting,
      queueBytes: 9,
      heldRecords: 0,
      batches: 1,
      records: 2,
      bytes: 3,
      failures: 0,
      omitted: 0,
      segment: 1,
      segmentBytes: 3,
      nextSeq: 2,
      checkpointLines: 6,
      checkpointFailures: 0,
      anchorFailures: 0,
      packLooks: undefined,
      segmentsPacked: undefined,
      packFailures: undefined,
      retentionLooks: undefined,
      segmentsRemoved: undefined,
      retentionFailures: undefined,
      anchorLagLines: undefined,
      freeDiskBytes: undefined,
    })
    metrics.show(logFigures(stats))
    metrics.show([{ name: 'gatehouse_pool', help: 'h', type: 'gauge', read: () => 4 }])
    expect(series(await metrics.text()).get('gatehouse_log_queue_records')).toBe(3)
    waiting = 5
    const text = await metrics.text()
    const found = series(text)
    expect(found.get('gatehouse_log_queue_records')).toBe(5)
    expect(found.get('gatehouse_pool')).toBe(4)
    expect(found.has('gatehouse_log_free_disk_bytes'), 'what cannot be told is left out').toBe(false)
    expect(text).toContain('# TYPE gatehouse_log_batches_total counter\n')
    expect(() => metrics.show(logFigures(stats))).toThrow(/comes twice/)
  })

  it('show each sink by its name, whatever that is, and nothing where there is none', async () => {
    const metrics = makeMetrics()
    const idle = { kind: 'file', required: false, nextSeq: 9, lagRecords: 0, lagMs: 0, lagMsMax: 1, batches: 3 }
    const counts = { records: 8, failures: 2, setAside: 1, rejected: 1 }
    let sinks: readonly SinkStatus[] = []
    metrics.show(sinkFigures(() => sinks))
    expect(await metrics.text()).not.toContain('gatehouse_sink_')
    const failing = { since: '2026-03-02T10:00:00.000Z', reason: 'no answer' }
    sinks = [
      { ...idle, ...counts, id: 'one' },
      { ...idle, ...counts, id: 'a"b', lagRecords: 7, lagMs: 1_500, failing },
    ]
    const found = series(await metrics.text())
    expect(found.get('gatehouse_sink_records_total{sink="one"}')).toBe(8)
    expect(found.get('gatehouse_sink_lag_seconds{sink="a\\"b"}')).toBe(1.5)
    expect(found.get('gatehouse_sink_failing{sink="one"}')).toBe(0)
    expect(found.get('gatehouse_sink_failing{sink="a\\"b"}')).toBe(1)
  })
})
