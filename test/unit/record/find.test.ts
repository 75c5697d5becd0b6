/** One call by its id: found over segments, told as a story, and never another one. */
import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/model/index.ts'
import { findCall, isRecordId, nodeFiles, tellCall } from '../../../src/record/index.ts'
import {
  answerFault,
  arrivalOf,
  buyer,
  decisionOf,
  type LogWorld,
  logWorld,
  targetOf,
  upstreamReply,
} from '../../support/log.ts'

const find = (world: LogWorld, id: string) =>
  findCall(id, { directory: world.directory, files: nodeFiles, signal: new AbortController().signal })

describe('findCall', () => {
  it.each([1 << 20, 2_000])('finds every call by both of its ids, in segments of %i bytes', async (segmentBytesMax) => {
    await using world = logWorld()
    const log = await world.open({ segmentBytesMax })
    const open = world.recorder(log)
    for (let count = 0; count < 30; count++) {
      await world.clock.advance(40_000)
      const entry = open(arrivalOf())
      entry.identified(buyer)
      entry.routed(targetOf())
      await entry.decided(decisionOf('allow'))
      if (count % 7 !== 0) await entry.followed(upstreamReply())
    }
    const records = world.records()
    const decisions = records.filter((record) => record.type === 'decision')
    expect(decisions).toHaveLength(30)
    for (const decision of decisions) {
      const outcome = records.find((record) => record.type === 'outcome' && record.decision_id === decision.decision_id)
      for (const id of [decision.decision_id, decision.call_id]) {
        const found = await find(world, id)
        expect(found?.decision).toEqual(decision)
        expect(found?.outcome).toEqual(outcome)
        expect(JSON.parse(found?.decisionText ?? '')).toEqual(decision)
      }
    }
  })

  it.each([
    '01a1fdfb-0eb1-7005-aca6-382e97f20405',
    'ffffffff-ffff-7fff-bfff-ffffffffffff',
    '00000000-0000-7000-8000-000000000000',
  ])('finds nothing for %s, which no call has', async (id) => {
    await using world = logWorld()
    const log = await world.open()
    await world.recorder(log)(arrivalOf()).failed(new Fault('token_missing', id), answerFault)
    expect(await find(world, id)).toBeUndefined()
  })

  it.each([
    ['01a1fdfb-0eb1-7005-aca6-382e97f20405', true],
    ['01a1fdfb-0eb1-4005-aca6-382e97f20405', false],
    ['01a1fdfb-0eb1-7005-aca6-382e97f2040', false],
    ['', false],
    ['../../etc/passwd', false],
  ])('knows whether %s can be an id', (id, wanted) => {
    expect(isRecordId(id)).toBe(wanted)
  })
})

describe('the story of a call', () => {
  it('says all that is known of one that was forwarded', async () => {
    await using world = logWorld()
    const log = await world.open()
    const entry = world.recorder(log)(arrivalOf())
    entry.identified(buyer)
    entry.routed(targetOf())
    const { id } = await entry.decided(decisionOf('allow'))
    await entry.followed(upstreamReply())
    const found = await find(world, id)
    const text = tellCall(found ?? expect.fail('the call is there'))
    expect(text).toMatch(/^\S+Z {2}allowed and forwarded: 201\n\n/)
    for (const row of [
      / {2}who +buyer/,
      / {2}what +create_purchase_order on route erp, upstream erp-upstream: POST \/erp\/purchase-orders/,
      / {2}decision +allow, by gatehouse\n/,
      / {2}policy +policy r1 \(sha256:1\)\n/,
      / {2}upstream +answered 201\n/,
      / {2}reply +201, \d+ bytes, whole; the request had \d+ bytes\n/,
      / {2}records +seq 0 and 1\n/,
      new RegExp(` {2}ids +decision ${id}, call `),
    ])
      expect(text).toMatch(row)
  })

  it.each([
    [{ tool_error: true }, 'the tool failed'],
    [{ rpc_error: -32603 }, 'an error of the server, -32603'],
  ])('says of an answer that was no success %j, and what else was heard', async (said, answer) => {
    await using world = logWorld()
    const log = await world.open()
    const entry = world.recorder(log)(arrivalOf())
    entry.routed(targetOf())
    const { id } = await entry.decided(decisionOf('allow'))
    const messages = [{ upstream: 'erp', method: 'notifications/message', passed: 2, withheld: 1 }]
    await entry.followed({ ...upstreamReply(), said: () => ({ ...said, messages }) })
    const text = tellCall((await find(world, id)) ?? expect.fail('the call is there'))
    expect(text).toContain(`  answer      ${answer}\n`)
    expect(text).toContain('  heard       notifications/message from erp, 2 passed on, 1 withheld\n')
  })

  it('says why one was refused, and lets no text steer the terminal', async () => {
    await using world = logWorld()
    const log = await world.open()
    const { decisionId } = await world
      .recorder(log)(arrivalOf())
      .failed(new Fault('token_malformed', 'bad\u001b[2J\u202e'), answerFault)
    const found = await find(world, decisionId)
    const text = tellCall(found ?? expect.fail('the call is there'))
    expect(text).toContain('refused: token_malformed\n')
    expect(text).toContain('  who         nobody who is known\n')
    expect(text).toContain('  decision    deny, before policy was asked\n')
    expect(text).toContain('  fault       token_malformed: bad\\u{1b}[2J\\u{202e}\n')
    expect(text).toContain('  upstream    not asked\n')
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it('says that the end of one under way is not known', async () => {
    await using world = logWorld()
    const log = await world.open()
    const entry = world.recorder(log)(arrivalOf())
    entry.routed(targetOf())
    const { id } = await entry.decided(decisionOf('allow'))
    const found = await find(world, id)
    expect(tellCall(found ?? expect.fail('the call is there'))).toMatch(/allowed; how it ended is not recorded yet/)
  })
})
