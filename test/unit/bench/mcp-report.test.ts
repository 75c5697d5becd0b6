/** The tables of the MCP benchmark: costs are over all rounds, ratios of the same era and cell alone. */
import { describe, expect, it } from 'vitest'
import type { Measured, Scene } from '../../../bench/mcp/measure.ts'
import { rowsOf, textOf } from '../../../bench/mcp/report.ts'

const scene: Scene = { servers: 10, tools: 5, sessions: 4, cells: ['call:300', 'list:50'] }
const sample = (requests: number, cpuUs: number, p50 = 1_000) => ({ requests, us: 1e6, p50, p99: 2 * p50, cpuUs })
const measured: readonly Measured[] = [
  { cell: 'call:300', subject: 'nginx', era: '2025-11-25', samples: [sample(100, 1_000), sample(300, 7_000)] },
  { cell: 'call:300', subject: 'nginx', era: '2026-07-28', samples: [sample(10, 400)] },
  { cell: 'list:50', subject: 'gatehouse', era: '2025-11-25', samples: [sample(10, 1_000)] },
  {
    cell: 'call:300',
    subject: 'gatehouse',
    era: '2025-11-25',
    samples: [sample(10, 1_000, 9_000), sample(10, 1_000, 3_000), sample(10, 1_000, 5_000)],
  },
]
const rows = rowsOf(scene, measured)

describe('a row', () => {
  it('costs what all rounds cost together, not the mean of their costs', () => {
    expect(rows[0]).toMatchObject({ cpu_us_per_call: 20, ratio_nginx: 1 })
  })

  it('is compared with the same era and cell', () => {
    expect(rows[3]).toMatchObject({ cpu_us_per_call: 100, ratio_nginx: 5, ratio_http: null, p50_ms: 5, p99_ms: 10 })
    expect(rows[2]).toMatchObject({ ratio_nginx: null })
  })

  it('says what was asked of how many', () => {
    expect(rows.map(({ scene: words }) => words)).toEqual([
      'tools/call, arguments of 300 B, 10 servers of 5 tools, 4 sessions',
      'tools/call, arguments of 300 B, 10 servers of 5 tools, 4 sessions',
      'tools/list, 10 servers of 5 tools, 4 sessions',
      'tools/call, arguments of 300 B, 10 servers of 5 tools, 4 sessions',
    ])
  })
})

describe('the section of the page', () => {
  const about = { machine: 'one', date: '2026-11-21T00:00:00Z', commit: 'abc' }
  const streams = [
    { subject: 'gatehouse', kind: 'GET of a session', streams: 2_048, beforeMib: 100, openMib: 150 },
  ] as const
  const text = textOf({ about, rounds: 2, rows, streams, notes: ['fastmcp: none'], versions: { node: '24' } })

  it('says where, when and with what', () => {
    expect(text).toContain('Commit abc, 2026-11-21T00:00:00Z, 2 rounds. one; node 24.')
    expect(text).toContain('Note: fastmcp: none.')
  })

  it('has a table a scene, and a ratio that was not measured as a dash', () => {
    expect(text.match(/^subject|^\| subject/gm)).toHaveLength(2)
    expect(text).toContain('| gatehouse, 2025-11-25 | 100.0 | 10 | 5.000 | 10.000 | 5.00 | - |')
  })

  it('has the memory of a stream', () => {
    expect(text).toContain('| gatehouse, GET of a session | 2048 | 100 | 150 | 50 | 25.0 |')
  })
})
