/** Lines for people: aligned, shortened to the terminal, and never obeyed by it. */
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { DecisionRecord, LogRecord, OutcomeRecord } from '../../../src/model/index.ts'
import { type CallFacts, factsOf, formatRecord } from '../../../src/record/index.ts'

const id = '01a1fd63-5abb-7001-bc99-de2fa8235f91'
const decision: DecisionRecord = {
  seq: 1,
  type: 'decision',
  timestamp: '2026-03-02T10:00:00.123456Z',
  decision_id: id,
  call_id: id,
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  labels: {},
  decision: 'deny',
  code: 'amount_over_limit',
  reasons: [],
  rule_ids: [],
  principal: { agent: 'buyer' },
  target: { route: 'erp', upstream: 'erp', tool: 'create_purchase_order' },
  call: { protocol: 'http', method: 'POST', host: 'h', path: '/erp/purchase-orders' },
  requested_by: '192.0.2.7',
  metrics: {},
}
const outcome: OutcomeRecord = {
  seq: 2,
  type: 'outcome',
  timestamp: '2026-03-02T10:00:00.140000Z',
  decision_id: id,
  call_id: id,
  trace_id: decision.trace_id,
  outcome: 'forwarded',
  status: 201,
  request_bytes: 0,
  reply_bytes: 0,
  complete: true,
  upstream_reached: true,
  metrics: { timer_total_ns: 12_400_000 },
}

describe('formatRecord', () => {
  const rows: { note: string; record: LogRecord; facts?: CallFacts; width: number; wanted: string }[] = [
    {
      note: 'a decision with its tool',
      record: decision,
      facts: factsOf(decision),
      width: 0,
      wanted: `03-02 10:00:00.123 deny     buyer        create_purchase_order                    amount_over_limit               ${''.padStart(0)} ${id}`,
    },
    {
      note: 'an outcome of a known call',
      record: outcome,
      facts: factsOf(decision),
      width: 0,
      wanted: `03-02 10:00:00.140 201      buyer        create_purchase_order                    ok                      12.4 ms ${id}`,
    },
    {
      note: 'an outcome of an unknown call, not complete',
      record: { ...outcome, complete: false, code: 'agent_gone' },
      width: 0,
      wanted: `03-02 10:00:00.140 201      -            -                                        agent_gone              12.4 ms ${id}`,
    },
    {
      note: 'a call without a tool, shortened in the middle, the id whole',
      record: decision,
      facts: factsOf({ ...decision, target: { route: 'erp', upstream: 'erp' } }),
      width: 100,
      wanted: `03-02 10:00:00.123 deny     buyer        POST /erp/purchase-… amount_over_limit               ${''.padStart(0)} ${id}`,
    },
    {
      note: 'what an operator did',
      record: { seq: 0, type: 'admin', timestamp: decision.timestamp, event: 'reload', detail: { files: 3 } },
      width: 80,
      wanted: '03-02 10:00:00.123 admin    reload {"files":3}',
    },
    {
      note: 'many faults in one',
      record: {
        seq: 0,
        type: 'fault',
        timestamp: decision.timestamp,
        code: 'refusal_flood',
        detail: 'closed',
        requested_by: '192.0.2.1',
        count: 70,
      },
      width: 80,
      wanted: '03-02 10:00:00.123 fault    refusal_flood x70 192.0.2.1 closed',
    },
  ]
  for (const { note, record, facts, width, wanted } of rows) {
    it(`shows ${note}`, () => {
      const plain = formatRecord(record, facts, { colours: false, width })
      expect(plain.replace(/ +/g, ' ')).toBe(wanted.replace(/ +/g, ' '))
      expect(stripVTControlCharacters(formatRecord(record, facts, { colours: true, width }))).toBe(plain)
    })
  }

  const deny: DecisionRecord = {
    ...decision,
    principal: { agent: 'buyer', subject: 'alice' },
    reasons: [
      { code: 'amount_over_limit', message: 'the order is over 10000', remedy: 'ask finance' },
      { code: 'other', message: 'and more' },
    ],
    rule_ids: ['orders.rego:12', 'orders.rego:20'],
  }
  const why = [
    '                   amount_over_limit: the order is over 10000 (ask finance)',
    '                   other: and more',
    '                   rules orders.rego:12, orders.rego:20',
  ]

  it('says why below a record when it is asked to', () => {
    const [first, ...rest] = formatRecord(deny, factsOf(deny), { colours: false, width: 100, why: true }).split('\n')
    expect(first).toBe(formatRecord(deny, factsOf(deny), { colours: false, width: 100 }))
    expect(rest).toEqual(why)
    const failed: OutcomeRecord = { ...outcome, outcome: 'failed', code: 'upstream_cut', detail: 'after 12 bytes' }
    expect(formatRecord(failed, factsOf(deny), { colours: false, width: 100, why: true }).split('\n')[1]).toBe(
      '                   upstream_cut: after 12 bytes',
    )
  })

  it.each([
    [deny, 'seq=1 subject=alice route=erp from=192.0.2.7 rules=orders.rego:12, orders.rego:20'],
    [{ ...outcome, upstream_status: 201 }, 'seq=2 subject=alice route=erp upstream=201 bytes=0 complete=true'],
    [{ seq: 9, type: 'admin', timestamp: decision.timestamp, event: 'reload', detail: {} }, 'seq=9'],
  ] satisfies [LogRecord, string][])('shows more of %o in the wide view, nothing shortened', (record, more) => {
    const wide = formatRecord(record, factsOf(deny), { colours: false, width: 40, view: 'wide' })
    expect(wide).toBe(`${formatRecord(record, factsOf(deny), { colours: false, width: 0 })} ${more}`)
  })

  it('keeps its columns under each other', () => {
    const lines = [decision, outcome].map((record) =>
      formatRecord(record, factsOf(decision), { colours: false, width: 160 }),
    )
    expect(new Set(lines.map((line) => line.indexOf(id))).size).toBe(1)
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([160]))
  })

  it('shows what an agent wrote without a terminal obeying it', () => {
    const attacks = [
      '\u001b[2J\u001b]0;title\u0007',
      '\u009b31m',
      '\r\nforged',
      '\u202egnp.exe',
      '\u2028',
      '\u200b',
      '\ud800',
      '\u007f',
      '\0',
    ]
    for (const attack of attacks) {
      const hostile: DecisionRecord = {
        ...decision,
        code: attack,
        detail: attack,
        reasons: [{ code: attack, message: attack, remedy: attack }],
        rule_ids: [attack],
        requested_by: attack,
        principal: { agent: attack, subject: attack },
        target: { route: 'r', upstream: 'u', tool: attack },
        decision_id: attack,
      }
      const records: LogRecord[] = [
        hostile,
        { ...outcome, code: attack, decision_id: attack, detail: attack },
        { seq: 0, type: 'admin', timestamp: attack, event: attack, detail: { [attack]: attack } },
        { seq: 0, type: 'fault', timestamp: decision.timestamp, code: attack, detail: attack, requested_by: attack },
      ]
      for (const record of records) {
        for (const width of [0, 40, 200]) {
          for (const view of ['compact', 'wide'] as const) {
            const line = formatRecord(record, factsOf(hostile), { colours: false, width, view })
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
          }
          const lines = formatRecord(record, factsOf(hostile), { colours: false, width, why: true }).split('\n')
          expect(lines.length).toBeLessThan(6)
          for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        }
      }
    }
  })
})
