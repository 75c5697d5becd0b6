/** What the rows of the comparison are made of, and the page that they are written into. */
import { describe, expect, it } from 'vitest'
import { rowOf } from '../../../bench/http/measure.ts'
import { printReport } from '../../../bench/http/report.ts'
import { table, withSection } from '../../../bench/readme.ts'

const cell = { bodyBytes: 300, connections: 32, seconds: 1 }
const sample = (calls: number, cpuUs: number, p50Ms = 1): Parameters<typeof rowOf>[2][number] => ({
  calls,
  cpuUs,
  callsPerS: calls,
  p50Ms,
  p99Ms: p50Ms * 2,
})

describe('a row', () => {
  it('weighs rounds by their calls and compares with nginx over the same rounds', () => {
    const nginx = [sample(1_000, 10_000), sample(3_000, 30_000)]
    const row = rowOf('gatehouse', cell, [sample(1_000, 100_000), sample(3_000, 100_000)], nginx)
    expect(row).toMatchObject({
      subject: 'gatehouse',
      body_bytes: 300,
      connections: 32,
      cpu_us_per_call: 50,
      ratio_nginx: 5,
    })
  })

  it('takes latencies of the round in the middle, so that one disturbed round does not count', () => {
    const row = rowOf('gatehouse', cell, [sample(10, 10, 1), sample(10, 10, 900), sample(10, 10, 2)], undefined)
    expect([row.p50_ms, row.p99_ms]).toEqual([2, 4])
  })

  it('has no ratio where nginx was not measured', () => {
    expect(rowOf('direct', cell, [sample(10, 10)], undefined).ratio_nginx).toBeNull()
  })
})

describe('the page', () => {
  it('is replaced between its marks and nowhere else', () => {
    const page = 'before\n<!-- http -->\nold\n<!-- /http -->\nafter'
    expect(withSection(page, 'http', 'new\n')).toBe('before\n<!-- http -->\nnew\n<!-- /http -->\nafter')
  })

  it('must have the marks', () => {
    expect(() => withSection('<!-- /http -->\n<!-- http -->', 'http', 'new')).toThrow(/no part/)
    expect(() => withSection('', 'wire', 'new')).toThrow(/<!-- wire -->/)
  })

  it('aligns numbers', () => {
    expect(table(['a', 'b'], [['x', '1']])).toBe('| a | b |\n| --- | ---: |\n| x | 1 |')
  })

  it('says what is missing and on what it was measured', () => {
    const text = printReport({
      machine: '2 x something; node 24',
      date: '2026-11-21T10:00:00Z',
      commit: 'abc1234',
      rows: [rowOf('direct', cell, [sample(10, 10)], undefined)],
      memory: [{ direction: 'up', bodyMib: 64, peakMib: 90 }],
      notes: ['nginx: the command is not installed'],
      rounds: 2,
    })
    expect(text).toContain('Note: nginx: the command is not installed.')
    expect(text).toContain('Commit abc1234, 2026-11-21T10:00:00Z, 2 rounds. 2 x something; node 24.')
    expect(text).toContain('| direct | 1.0 | 10 | 1.000 | 2.000 | - |')
    expect(text).toContain('| sent by the agent | 90 |')
  })
})
