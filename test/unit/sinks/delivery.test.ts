/**
 * What the engine promises to every sink and its operator: all records in order, none lost whatever fails, the place kept over
 * restarts, refused records set aside and told of once, bounds on everything. The receiver is scripted, time is set by hand.
 */
import { describe, expect, it } from 'vitest'
import { loadRejected } from '../../../src/sinks/rejected.ts'
import { leaveRequest, readAnswer } from '../../../src/sinks/request.ts'
import { BatchRefused, type Item } from '../../../src/sinks/sink.ts'
import { loadState } from '../../../src/sinks/state.ts'
import { type Answer, notes, rising, type SinkWorld, sinkWorld } from '../../support/sink-world.ts'

const fails =
  (message = 'no answer'): Answer =>
  async () => {
    throw new Error(message)
  }
/** Refuses whole batches that hold a record of these numbers. */
const refusesBatch = (...seqs: number[]): Answer => {
  return async (batch) => {
    if (batch.some(({ seq }) => seqs.includes(seq))) throw new BatchRefused('it answered 422')
    return []
  }
}
const always = (world: SinkWorld, answer: Answer, times = 100) => {
  for (let time = 0; time < times; time++) world.answers.push(answer)
}
const events = (world: SinkWorld) => world.recorded.map(({ event }) => event)

describe('a sink', () => {
  it('gets every record in order, in batches of its bounds, and remembers its place', async () => {
    const world = sinkWorld()
    world.add(...notes(25))
    const delivery = world.start()
    await world.until(() => world.taken.length === 26)
    expect(world.seqs()).toEqual(rising(26))
    expect(Math.max(...world.batches)).toBe(10)
    await delivery.close(0)
    expect(await loadState(world.files)).toMatchObject({
      log: 'log.test',
      place: { seq: 26 },
      records: 26,
      active: true,
    })
  })

  it('sends a record at the latest when it has waited its time, and what comes meanwhile with it', async () => {
    const world = sinkWorld()
    const delivery = world.start()
    await world.until(() => world.taken.length === 1)
    world.add(...notes(1))
    await world.clock.advance(0)
    await world.clock.advance(99)
    expect(world.taken).toHaveLength(1)
    world.add(...notes(2))
    await world.clock.advance(0)
    await world.clock.advance(1)
    await world.clock.settled(() => world.taken.length === 4)
    expect(world.batches).toEqual([1, 3])
    await delivery.close(0)
  })

  it('gives the same bytes and ids that stand in the log', async () => {
    const world = sinkWorld()
    world.add({ type: 'outcome', decision_id: 'd-1', call_id: 'c-1', status: 200 } as never)
    const delivery = world.start()
    await world.until(() => world.taken.length === 2)
    await delivery.close(0)
    const [first] = world.taken as [Item]
    expect(first).toMatchObject({ seq: 0, id: 'log.test/0', type: 'outcome', callId: 'c-1' })
    expect(Buffer.from(first.bytes).toString()).toBe(world.lines[0])
    expect(first.record()).toMatchObject({ status: 200 })
  })

  it('closes a batch before it has too many bytes, and sends a record that has more alone', async () => {
    const world = sinkWorld()
    world.add(...notes(2), { type: 'admin', event: 'note', detail: { long: 'x'.repeat(600) } } as never, ...notes(2))
    const delivery = world.start({ batch: { recordsMax: 10, bytesMax: 300, waitMs: 100 } })
    await world.until(() => world.taken.length === 6)
    expect(world.seqs()).toEqual(rising(6))
    for (const [index, size] of world.batches.entries()) {
      const before = world.batches.slice(0, index).reduce((sum, one) => sum + one, 0)
      const bytes = world.taken.slice(before, before + size).reduce((sum, item) => sum + item.bytes.length, 0)
      expect(size === 1 || bytes <= 300).toBe(true)
    }
    await delivery.close(0)
  })

  it('begins with what comes where it is told to, and is told of as added once', async () => {
    const world = sinkWorld()
    world.add(...notes(5))
    const first = world.start({ begin: 'now' })
    await world.until(() => world.taken.length === 1)
    expect(world.seqs()).toEqual([5])
    await first.close(0)
    const second = world.start({ begin: 'now' })
    world.add(...notes(1))
    await world.until(() => world.taken.length === 2)
    await second.close(0)
    expect(world.seqs()).toEqual([5, 6])
    expect(events(world)).toEqual(['sink_added'])
  })
})

describe('after a restart', () => {
  it('goes on where the receiver acknowledged last', async () => {
    const world = sinkWorld()
    world.add(...notes(12))
    const first = world.start()
    await world.until(() => world.taken.length === 13)
    await first.close(0)
    world.add(...notes(3))
    const second = world.start()
    await world.until(() => world.taken.length === 16)
    await second.close(0)
    expect(world.seqs()).toEqual(rising(16))
  })

  it('sends again what was not acknowledged when it was stopped in the middle of a try', async () => {
    const world = sinkWorld()
    world.add(...notes(3))
    world.answers.push(
      (_batch, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut')))),
    )
    const first = world.start()
    await world.until(() => world.batches.length === 1)
    await first.close(0)
    expect(world.taken).toEqual([])
    const second = world.start()
    await world.until(() => world.taken.length === 4)
    await second.close(0)
    expect(world.seqs()).toEqual(rising(4))
  })

  it('does not take up a place in another log, and says what to do', async () => {
    const world = sinkWorld()
    world.add(...notes(3))
    const first = world.start()
    await world.until(() => world.taken.length === 4)
    await first.close(0)
    world.origin.name = 'other.test'
    const delivery = world.start()
    await world.until(() => delivery.status().failing !== undefined)
    expect(delivery.status().failing?.reason).toMatch(
      /in another log, `log\.test`, and this one is `other\.test`: move its folder away/,
    )
    await delivery.close(0)
  })

  it('does not take up a damaged place, and says so', async () => {
    const world = sinkWorld()
    world.folder.set('state.json', Buffer.from('{"log":"log.test","place":{"seq":"1"}}'))
    const delivery = world.start()
    await world.until(() => delivery.status().failing !== undefined)
    expect(delivery.status().failing?.reason).toMatch(/damaged: move its folder away/)
    await delivery.close(0)
  })

  it('tells of records that were removed before the receiver had them', async () => {
    const world = sinkWorld()
    world.add(...notes(3))
    const first = world.start()
    await world.until(() => world.taken.length === 4)
    await first.close(0)
    world.add(...notes(10))
    world.removeBefore(9)
    const second = world.start()
    await world.until(() => world.seqs().includes(14))
    await second.close(0)
    expect(world.seqs()).toEqual([...rising(4), ...rising(6, 9)])
    expect(world.recorded.at(-1)).toEqual({ event: 'sink_gap', detail: { sink: 'siem', from: 4, to: 8 } })
  })
})

describe('when the receiver fails', () => {
  it('sends the same batch again, later and later, and nothing else before it', async () => {
    const world = sinkWorld()
    world.add(...notes(30))
    always(world, fails(), 4)
    const delivery = world.start()
    const failures = () => delivery.status().failures
    const pauses: number[] = []
    let lastMs = 0
    for (let failure = 1; failure <= 4; failure++) {
      await world.clock.settled(() => failures() === failure, 5)
      pauses.push(world.clock.monotonicMs() - lastMs)
      lastMs = world.clock.monotonicMs()
    }
    await world.until(() => world.taken.length === 31)
    expect(world.seqs()).toEqual(rising(31))
    for (const [index, ms] of pauses.slice(1).entries()) expect(ms).toBeGreaterThanOrEqual(125 * 2 ** index)
    await delivery.close(0)
  })

  it('ends a try that takes too long, and gives up a sink that does not even end then', async () => {
    const world = sinkWorld()
    world.answers.push(() => new Promise(() => undefined))
    const delivery = world.start()
    world.add(...notes(2))
    await world.until(() => delivery.status().failures === 1)
    expect(delivery.status().failing?.reason).toMatch(/no answer: it took longer than 5000 ms/)
    await world.until(() => world.taken.length === 3)
    expect(world.opened.count).toBe(2)
    await delivery.close(0)
  })

  it('says so, without secrets, while it lasts; records it once it has lasted, and its end', async () => {
    const world = sinkWorld()
    always(world, fails('password hunter2 is wrong'), 8)
    const delivery = world.start()
    await world.until(() => delivery.status().failing !== undefined)
    expect(delivery.status().failing?.reason).toBe('password [redacted] is wrong')
    expect(events(world)).toEqual(['sink_added'])
    await world.until(() => world.taken.length === 2)
    await world.until(() => world.taken.length === 3)
    expect(delivery.status().failing).toBeUndefined()
    expect(events(world)).toEqual(['sink_added', 'sink_failing', 'sink_recovered'])
    expect(JSON.stringify(world.recorded)).not.toContain('hunter2')
    await delivery.close(0)
  })

  it('counts how far it is behind, in records and in time', async () => {
    const world = sinkWorld()
    always(world, fails(), 1_000)
    const delivery = world.start()
    await world.until(() => delivery.status().failures > 0)
    world.add(...notes(9))
    await world.clock.advance(60_000)
    const { lagRecords, lagMs } = delivery.status()
    expect(lagRecords).toBe(world.lines.length)
    expect(lagMs).toBeGreaterThanOrEqual(60_000)
    world.answers.length = 0
    await world.until(() => delivery.status().lagRecords === 0)
    expect(delivery.status().lagMs).toBe(0)
    await delivery.close(0)
  })

  it('reads no further than the batch that is being gathered', async () => {
    const world = sinkWorld()
    world.add(...notes(1_000))
    let read = 0
    always(world, fails(), 1_000)
    const delivery = world.start(
      { only: { type: 'admin' } },
      {
        ...countingReads(world, () => {
          read += 1
        }),
      },
    )
    await world.clock.advance(30_000)
    expect(read).toBeLessThan(50)
    await delivery.close(0)
  })
})

/** The same source, telling of every line that is read. */
function countingReads(world: SinkWorld, told: () => void) {
  return {
    source: {
      origin: 'log.test',
      durable: () => world.lines.length,
      async *follow() {
        for (const [seq, text] of world.lines.entries()) {
          told()
          yield { segment: 1, lines: [{ seq, bytes: Buffer.from(text), end: seq }] }
        }
      },
      read: (line: Uint8Array) => JSON.parse(Buffer.from(line).toString()),
      filter: () => ({ leadRecords: 0, matches: () => true }),
    },
  }
}

describe('a record that the receiver refuses', () => {
  it.each([
    {
      note: 'by name',
      answer: (async (batch) =>
        batch.filter(({ seq }) => seq === 4).map(({ seq }) => ({ seq, reason: 'it answered 422' }))) as Answer,
    },
    { note: 'with its whole batch', answer: refusesBatch(4) },
  ])('$note is set aside with its line, recorded, and does not stop the rest', async ({ answer }) => {
    const world = sinkWorld()
    world.add(...notes(12))
    always(world, answer)
    const delivery = world.start()
    await world.until(() => world.taken.length === 13)
    expect(world.seqs()).toEqual(rising(14).filter((seq) => seq !== 4))
    const [kept, ...others] = await loadRejected(world.files)
    expect(others).toEqual([])
    expect(kept).toMatchObject({ seq: 4, reason: 'it answered 422' })
    expect(Buffer.from(kept?.line ?? []).toString()).toBe(world.lines[4])
    expect(world.recorded.at(-1)).toEqual({
      event: 'sink_rejected',
      detail: { sink: 'siem', count: 1, records: [{ seq: 4, reason: 'it answered 422' }] },
    })
    expect(delivery.status()).toMatchObject({ rejected: 1, setAside: 1, failures: 0, lagRecords: 0 })
    await delivery.close(0)
  })

  it('is not told of again and again where the receiver refuses the record about it too', async () => {
    const world = sinkWorld()
    world.add(...notes(1))
    always(world, async (batch) => batch.map(({ seq }) => ({ seq, reason: 'never' })), 1_000)
    const delivery = world.start()
    await world.clock.advance(60_000)
    expect(events(world).filter((event) => event === 'sink_rejected').length).toBeLessThanOrEqual(2)
    expect(delivery.status()).toMatchObject({ rejected: world.lines.length, lagRecords: 0 })
    await delivery.close(0)
  })

  it('may be a line that is no record: it is set aside like one that was refused', async () => {
    const world = sinkWorld()
    world.lines.push('{"seq":0,"type":"admin","timestamp":')
    world.add(...notes(2))
    const delivery = world.start({ only: { type: 'admin' } })
    await world.until(() => world.taken.length === 4)
    expect((await loadRejected(world.files)).map(({ seq, line }) => [seq, String(line)])).toEqual([[0, world.lines[0]]])
    expect(delivery.status().setAside).toBe(1)
    await delivery.close(0)
  })

  it('stands still, and says so, when too many are set aside, and goes on when they are dropped', async () => {
    const world = sinkWorld()
    const line = JSON.stringify({
      seq: 0,
      type: 'admin',
      timestamp: '2026-03-02T10:00:00.000Z',
      event: 'note',
      detail: {},
    })
    const many = Array.from(
      { length: 10_000 },
      (_, seq) => `{"seq":${seq},"at":"2026-03-02T10:00:00.000Z","reason":"no","record":${line}}\n`,
    )
    world.folder.set('rejected.jsonl', Buffer.from(many.join('')))
    const delivery = world.start()
    await world.until(() => delivery.status().failing !== undefined)
    expect(delivery.status().failing?.reason).toMatch(/10000 records .* set aside, and no more can be/)
    await leaveRequest(world.files, { id: 'one', action: 'drop' })
    await world.until(() => world.taken.length > 0)
    await world.until(() => delivery.status().failing === undefined)
    expect(delivery.status().rejected).toBe(0)
    await delivery.close(0)
  })
})

describe('records that were set aside', () => {
  const withRejected = async (...refused: number[]) => {
    const world = sinkWorld()
    world.add(...notes(8))
    always(world, refusesBatch(...refused), 40)
    const delivery = world.start()
    await world.until(() => delivery.status().rejected === refused.length && delivery.status().lagRecords === 0)
    world.answers.length = 0
    world.taken.length = 0
    return { world, delivery }
  }

  it('are sent again when an operator asks, and are gone when they are taken', async () => {
    const { world, delivery } = await withRejected(2, 5)
    await leaveRequest(world.files, { id: 'one', action: 'retry' })
    await world.until(() => delivery.status().rejected === 0)
    expect(world.seqs().slice(0, 2)).toEqual([2, 5])
    expect(await readAnswer(world.files, 'one')).toEqual({ id: 'one', done: [2, 5], refused: [] })
    expect(world.recorded.at(-1)).toEqual({
      event: 'sink_retried',
      detail: { sink: 'siem', taken: 2, refused: 0, records: [2, 5] },
    })
    expect(world.folder.has('request.json') || world.folder.has('rejected.jsonl')).toBe(false)
    await delivery.close(0)
  })

  it('stay when they are refused again, with the new reason', async () => {
    const { world, delivery } = await withRejected(2, 5)
    always(
      world,
      async (batch) => batch.filter(({ seq }) => seq === 5).map(({ seq }) => ({ seq, reason: 'still not' })),
      2,
    )
    await leaveRequest(world.files, { id: 'one', action: 'retry' })
    await world.until(() => delivery.status().rejected === 1)
    expect(await loadRejected(world.files)).toMatchObject([{ seq: 5, reason: 'still not' }])
    await delivery.close(0)
  })

  it('stay when the receiver does not answer, and the operator is told', async () => {
    const { world, delivery } = await withRejected(2)
    world.answers.push(fails('connection refused'))
    await leaveRequest(world.files, { id: 'one', action: 'retry', seqs: [2] })
    await world.until(() => world.folder.has('answer.json'))
    expect(await readAnswer(world.files, 'one')).toEqual({
      id: 'one',
      done: [],
      refused: [],
      problem: 'connection refused',
    })
    expect(delivery.status().rejected).toBe(1)
    await delivery.close(0)
  })

  it('are dropped when an operator asks, which is recorded', async () => {
    const { world, delivery } = await withRejected(2, 5)
    await leaveRequest(world.files, { id: 'one', action: 'drop', seqs: [5] })
    await world.until(() => delivery.status().rejected === 1)
    expect((await loadRejected(world.files)).map(({ seq }) => seq)).toEqual([2])
    expect(world.recorded.at(-1)).toMatchObject({ event: 'sink_dropped', detail: { records: [5] } })
    await delivery.close(0)
  })

  it('are still known after a crash in the middle of a line', async () => {
    const { world, delivery } = await withRejected(2)
    await delivery.close(0)
    const whole = world.folder.get('rejected.jsonl') as Buffer
    world.folder.set('rejected.jsonl', Buffer.concat([whole, whole.subarray(0, 30)]))
    const again = world.start()
    always(world, refusesBatch(world.lines.length), 9)
    world.add(...notes(1))
    await world.until(() => again.status().rejected === 2)
    await again.close(0)
    expect((await loadRejected(world.files)).map(({ seq }) => seq)).toEqual([2, world.lines.length - 2])
  })
})

describe('filters, masks and formats of one sink', () => {
  it('pass over what it is not to have, and move its place all the same', async () => {
    const world = sinkWorld()
    world.add(...notes(4), { type: 'fault', code: 'c', detail: 'd' }, ...notes(4))
    const delivery = world.start({ only: { type: 'fault' } })
    await world.until(() => delivery.status().lagRecords === 0)
    expect(world.seqs()).toEqual([4])
    await delivery.close(0)
    expect(await loadState(world.files)).toMatchObject({ place: { seq: 10 }, records: 1 })
  })

  it('take parts out of its records, and name them', async () => {
    const world = sinkWorld()
    world.add({ type: 'outcome', decision_id: 'd', call_id: 'c', metrics: { a: 1 }, list: [1, 2, 3] } as never)
    const delivery = world.start({ mask: ['/metrics/a', '/list/0', '/list/2', '/no/such'] })
    await world.until(() => world.taken.length === 2)
    await delivery.close(0)
    expect(JSON.parse(Buffer.from((world.taken[0] as Item).bytes).toString())).toMatchObject({
      metrics: {},
      list: [2],
      erased: ['/list/0', '/list/2', '/metrics/a'],
    })
  })

  it('write the record in its format', async () => {
    const world = sinkWorld()
    world.add(...notes(1))
    const delivery = world.start({ format: 'cloudevents' })
    await world.until(() => world.taken.length === 2)
    await delivery.close(0)
    expect(JSON.parse(Buffer.from((world.taken[0] as Item).bytes).toString())).toMatchObject({
      specversion: '1.0',
      source: 'log.test',
      data: { event: 'note' },
    })
  })
})
