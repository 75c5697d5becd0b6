/** The published schema takes every line that the log writes, and nothing that lacks a part of one. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { Fault, type LogRecord } from '../../../src/model/index.ts'
import { decisionLogSchema } from '../../../src/record/index.ts'
import {
  answerFault,
  arrivalOf,
  buyer,
  callOf,
  decisionOf,
  logWorld,
  targetOf,
  upstreamReply,
} from '../../support/log.ts'

const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(decisionLogSchema())

async function lines(): Promise<LogRecord[]> {
  await using world = logWorld()
  const log = await world.open()
  const open = world.recorder(log)
  await log.admin('start', { version: '0.1.0' })
  log.fault('http_malformed', 'x', '192.0.2.1', 3)
  log.fault('tls_refused', 'x')
  for (const kind of ['allow', 'deny', 'ask'] as const) {
    const arrival = arrivalOf()
    const entry = open(arrival)
    entry.received(callOf(arrival))
    entry.identified(buyer)
    entry.routed(targetOf())
    const obligations = [{ type: 'limit', response_bytes: 10 }] as const
    const decision = await entry.decided(
      decisionOf(kind, { nondeterministic: { 'time.now_ns': {} }, ...(kind === 'allow' && { obligations }) }),
    )
    if (kind === 'allow') await entry.followed({ ...upstreamReply(), obligationsDone: ['limit'] })
    else
      await entry.refused({
        status: 403,
        headers: [],
        body: { kind: 'bytes', bytes: Buffer.from('') },
        decisionId: decision.id,
      })
  }
  const entry = open(arrivalOf())
  entry.routed(targetOf('strict', 'none'))
  await entry.decided(decisionOf('allow'))
  await entry.failed(new Fault('upstream_cut', 'x'), answerFault)
  await open(arrivalOf()).failed(new Fault('token_missing', 'x'), answerFault)
  return world.records()
}

describe('the schema of the log', () => {
  it('takes every kind of line', async () => {
    const records = await lines()
    expect(records).toHaveLength(13)
    for (const record of records) expect(validate(record), JSON.stringify([record, validate.errors])).toBe(true)
  })

  it('refuses a line without one of its parts, or with one that does not belong', async () => {
    const needed = [
      'seq',
      'type',
      'timestamp',
      'decision_id',
      'call_id',
      'decision',
      'outcome',
      'status',
      'complete',
      'event',
      'code',
      'call',
      'metrics',
    ]
    for (const record of await lines()) {
      expect(validate({ ...record, password: 'x' })).toBe(false)
      for (const name of needed) {
        if (!(name in record) || (name === 'code' && record.type !== 'fault')) continue
        expect(validate({ ...record, [name]: undefined }), `${record.type} without ${name}`).toBe(false)
      }
    }
  })
})
