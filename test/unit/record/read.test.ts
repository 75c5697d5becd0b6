/** Reading: what `tail` shows, from either end, over rotation, restarts and torn lines, without missing or doubling a line. */
import { appendFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Fault, type JsonObject, parseCondition } from '../../../src/model/index.ts'
import { type Filters, type Logged, nodeFiles, type ReadOptions, readLog } from '../../../src/record/index.ts'
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

interface Reading {
  readonly got: Logged[]
  readonly unreadable: string[]
  readonly done: Promise<void>
  stop(): void
}

function read(world: LogWorld, options: Partial<ReadOptions> = {}): Reading {
  const stop = new AbortController()
  const got: Logged[] = []
  const unreadable: string[] = []
  const records = readLog({
    directory: world.directory,
    from: 'start',
    filters: {},
    follow: false,
    signal: stop.signal,
    files: nodeFiles,
    pause: async () => {
      await setImmediate()
    },
    unreadable: (path, position) => void unreadable.push(`${path.slice(-16)}:${position}`),
    ...options,
  })
  const done = (async () => {
    for await (const logged of records) got.push(logged)
  })()
  return { got, unreadable, done, stop: () => stop.abort() }
}

async function all(world: LogWorld, options: Partial<ReadOptions> = {}): Promise<Logged[]> {
  const reading = read(world, options)
  await reading.done
  return reading.got
}

const seqs = (logged: readonly Logged[]) => logged.map(({ record }) => record.seq)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, place) => from + place)

/** 0 start; 1, 2 buyer allowed; 3, 4 nobody refused; 5, 6 buyer denied; 7 fault; 8 reload; 9 a decision whose outcome is missing */
async function sample(world: LogWorld, segmentBytesMax: number): Promise<void> {
  const log = await world.open({ segmentBytesMax })
  const open = world.recorder(log)
  await log.admin('start', {})
  const begin = () => {
    const entry = open(arrivalOf())
    entry.identified(buyer)
    entry.routed(targetOf())
    return entry
  }
  const allowed = begin()
  await allowed.decided(decisionOf('allow'))
  await allowed.followed(upstreamReply())
  await open(arrivalOf()).failed(new Fault('token_missing', 'x'), answerFault)
  const denied = begin()
  const { id: decisionId } = await denied.decided(decisionOf('deny'))
  await denied.refused({ status: 403, headers: [], body: { kind: 'bytes', bytes: Buffer.from('') }, decisionId })
  log.fault('http_malformed', 'x')
  await log.admin('reload', {})
  await begin().decided(decisionOf('allow'))
  await log.close()
}

describe('what matches', () => {
  const rows: { filters: Filters; wanted: number[] }[] = [
    { filters: {}, wanted: range(0, 10) },
    { filters: { agent: 'buyer' }, wanted: [1, 2, 5, 6, 9] },
    { filters: { agent: 'finance' }, wanted: [] },
    { filters: { decision: 'allow' }, wanted: [1, 2, 9] },
    { filters: { decision: 'deny' }, wanted: [3, 4, 5, 6] },
    { filters: { decision: 'deny', agent: 'buyer' }, wanted: [5, 6] },
    { filters: { route: 'erp' }, wanted: [1, 2, 5, 6, 9] },
    { filters: { type: 'admin' }, wanted: [0, 8] },
    { filters: { type: 'outcome', agent: 'buyer' }, wanted: [2, 6] },
    { filters: { code: 'token_missing' }, wanted: [3, 4] },
    { filters: { code: 'http_malformed' }, wanted: [7] },
    { filters: { code: 'amount_over_limit', type: 'decision' }, wanted: [5] },
    { filters: { tool: 'create_purchase_order' }, wanted: [1, 2, 5, 6, 9] },
    { filters: { tool: 'other' }, wanted: [] },
    { filters: { subject: 'buyer' }, wanted: [1, 2, 5, 6, 9] },
    { filters: { rule: 'erp.rego:3' }, wanted: [1, 2, 5, 6, 9] },
    { filters: { rule: 'erp.rego:4' }, wanted: [] },
    { filters: { where: [parseCondition('decision=deny')] }, wanted: [3, 4, 5, 6] },
    { filters: { where: [parseCondition('status>=400')] }, wanted: [4, 6] },
    { filters: { where: [parseCondition('status>=400'), parseCondition('principal.agent=buyer')] }, wanted: [6] },
    { filters: { where: [parseCondition('event=reload')] }, wanted: [8] },
  ]
  for (const segmentBytesMax of [1 << 20, 1_000]) {
    it(`is the same from the start, from the end and since, in segments of ${segmentBytesMax} bytes`, async () => {
      await using world = logWorld()
      await sample(world, segmentBytesMax)
      expect(world.segments().length > 1).toBe(segmentBytesMax === 1_000)
      for (const { filters, wanted } of rows) {
        expect(seqs(await all(world, { filters })), JSON.stringify(filters)).toEqual(wanted)
        const sinceMs = world.clock.nowMs() - 1
        expect(seqs(await all(world, { filters, from: { sinceMs } }))).toEqual(wanted)
        for (const seq of [0, 2, 5, 10])
          expect(seqs(await all(world, { filters, from: { seq } }))).toEqual(wanted.filter((one) => one >= seq))
        for (const last of [1, 2, 3, 10, 100]) {
          const newest = await all(world, { filters, from: { last } })
          expect(seqs(newest), `${JSON.stringify(filters)} ${last}`).toEqual(wanted.slice(-last))
        }
      }
    })
  }

  it('tells with an outcome what its decision said, from either end', async () => {
    await using world = logWorld()
    await sample(world, 1_000)
    // The eighth from the end is an outcome, and its decision the ninth: it is looked for all the same.
    const fromEnd = await all(world, { from: { last: 8 } })
    expect(seqs(fromEnd)).toEqual(range(2, 10))
    expect(fromEnd.find(({ record }) => record.seq === 2)?.facts).toMatchObject({
      agent: 'buyer',
      tool: 'create_purchase_order',
      decision: 'allow',
      route: 'erp',
    })
    expect((await all(world)).find(({ record }) => record.seq === 2)?.facts?.agent).toBe('buyer')
  })

  it('gives the line as it stands in the file', async () => {
    await using world = logWorld()
    const log = await world.open()
    await log.admin('note', { big: 12345678901234567890n } as JsonObject)
    const [logged] = await all(world)
    expect(logged?.text).toContain('"big":12345678901234567890}')
  })
})

it('reads a key that is written with escapes as that key, whatever records came before', async () => {
  await using world = logWorld()
  const log = await world.open()
  await log.admin('note', {})
  await log.close()
  const line = (seq: number, detail: string) =>
    `{"seq":${seq},"type":"admin","timestamp":"2026","event":"note","detail":${detail}}\n`
  appendFileSync(
    join(world.directory, '0000000001.jsonl'),
    line(1, '{"a":1,"\\\\u0061":2}') + line(2, '{"a":1,"\\u0061mount":2}'),
  )
  const records = (await all(world)).map(({ record }) => record as { detail?: object })
  expect(Object.keys(records[2]?.detail ?? {})).toEqual(['a', 'amount'])
})

describe('reading long logs', () => {
  it('finds the newest records and those since a time without reading all', async () => {
    await using world = logWorld()
    const log = await world.open({ segmentBytesMax: 3 << 20 })
    for (let minute = 0; minute < 100; minute++) {
      await world.clock.advance(60_000)
      for (let count = 0; count < 50; count++) void log.admin('note', { minute, text: 'é'.repeat(500) })
      await log.admin('minute', { minute })
    }
    let readBytes = 0
    const files = {
      ...nodeFiles,
      async read(path: string, position: number, lengthBytes: number) {
        const bytes = await nodeFiles.read(path, position, lengthBytes)
        readBytes += bytes.length
        return bytes
      },
    }
    expect(seqs(await all(world, { files, from: { last: 10 } }))).toEqual(range(5_090, 5_100))
    expect(readBytes).toBeLessThan(300_000)
    for (const last of [1, 77, 600, 5_099, 5_100, 9_999]) {
      expect(seqs(await all(world, { from: { last } }))).toEqual(range(Math.max(0, 5_100 - last), 5_100))
    }
    for (const minutes of [0, 1, 17, 50, 99, 100]) {
      const sinceMs = world.clock.nowMs() - minutes * 60_000
      expect(seqs(await all(world, { from: { sinceMs } })), String(minutes)).toEqual(
        range(Math.max(0, 5_100 - 51 * (minutes + 1)), 5_100),
      )
    }
    expect(await all(world, { from: { sinceMs: world.clock.nowMs() + 1 } })).toEqual([])
    for (const seq of [0, 1, 2_500, 5_099, 5_100]) {
      expect(seqs(await all(world, { from: { seq } })), String(seq)).toEqual(range(seq, 5_100))
    }
    for (const minutes of [0, 1, 50, 100]) {
      const untilMs = world.clock.nowMs() - minutes * 60_000
      const wanted = range(0, Math.max(0, 5_100 - 51 * (minutes + 1)))
      expect(seqs(await all(world, { untilMs })), String(minutes)).toEqual(wanted)
      expect(seqs(await all(world, { untilMs, from: { last: 7 } }))).toEqual(wanted.slice(-7))
      const sinceMs = untilMs - 120_000
      expect(seqs(await all(world, { untilMs, from: { sinceMs } }))).toEqual(wanted.slice(-102))
    }
  })

  it('reads a record that is larger than a chunk, in both directions', async () => {
    await using world = logWorld()
    const log = await world.open()
    await log.admin('note', {})
    await log.admin('large', { text: 'x'.repeat(900_000) })
    await log.admin('note', {})
    expect(seqs(await all(world))).toEqual([0, 1, 2])
    expect(seqs(await all(world, { from: { last: 3 } }))).toEqual([0, 1, 2])
    expect(seqs(await all(world, { from: { last: 1 } }))).toEqual([2])
  })

  it('names a line that is no record and goes on', async () => {
    await using world = logWorld()
    const log = await world.open()
    await log.admin('note', {})
    await log.close()
    const at = (await import('node:fs')).statSync(join(world.directory, '0000000001.jsonl')).size
    appendFileSync(
      join(world.directory, '0000000001.jsonl'),
      'rubbish\n\n{"seq":1,"type":"admin","timestamp":"2026","event":"note","detail":{}}\n',
    )
    for (const from of ['start', { last: 5 }] as const) {
      const reading = read(world, { from })
      await reading.done
      expect(seqs(reading.got)).toEqual([0, 1])
      expect(new Set(reading.unreadable)).toEqual(new Set([`0000000001.jsonl:${at}`, `0000000001.jsonl:${at + 8}`]))
    }
  })
})

describe('following', () => {
  it('ends at the time until which records are wanted', async () => {
    await using world = logWorld()
    const log = await world.open()
    await log.admin('note', {})
    const untilMs = world.clock.nowMs() + 1_000
    const readings = [read(world, { follow: true, untilMs }), read(world, { follow: true, untilMs, from: { last: 3 } })]
    for (const reading of readings) await world.clock.settled(() => reading.got.length === 1)
    await world.clock.advance(1_000)
    await log.admin('note', {})
    for (const reading of readings) {
      await reading.done
      expect(seqs(reading.got)).toEqual([0])
    }
    const late = read(world, { follow: true, untilMs, from: { last: 3 } })
    await late.done
    expect(seqs(late.got)).toEqual([0])
  })

  it('shows every line once, over rotation and restart, from the newest ten on', async () => {
    await using world = logWorld()
    let log = await world.open({ segmentBytesMax: 800 })
    for (let count = 0; count < 20; count++) await log.admin('note', { count })
    const reading = read(world, { from: { last: 10 }, follow: true })
    for (let restart = 0; restart < 3; restart++) {
      for (let count = 0; count < 20; count++) {
        await log.admin('note', { count })
        if (count % 7 === 0) await setImmediate()
      }
      await log.close()
      log = await world.open({ segmentBytesMax: 800 })
    }
    const total = log.stats().nextSeq
    await world.clock.settled(() => reading.got.at(-1)?.record.seq === total - 1)
    reading.stop()
    await reading.done
    const [start] = seqs(reading.got)
    expect(start).toBeGreaterThanOrEqual(10)
    expect(seqs(reading.got)).toEqual(range(start ?? 0, total))
  })

  it('waits for a log that is not there yet', async () => {
    await using world = logWorld()
    const log = await world.open()
    const reading = read(world, { from: { last: 10 }, follow: true })
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    await log.admin('start', {})
    await world.clock.settled(() => reading.got.length === 1)
    reading.stop()
    await reading.done
  })

  it('waits for the rest of a torn line, and forgets one that is cut off', async () => {
    await using world = logWorld()
    const log = await world.open()
    await log.admin('note', {})
    await log.close()
    const path = join(world.directory, '0000000001.jsonl')
    const whole = (await import('node:fs')).statSync(path).size
    const reading = read(world, { follow: true })
    await world.clock.settled(() => reading.got.length === 1)
    appendFileSync(path, '{"seq":1,"type":"admin","timest')
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    appendFileSync(path, 'amp":"2026","event":"note","detail":{}}\n')
    await world.clock.settled(() => reading.got.length === 2)
    appendFileSync(path, '{"seq":2,"ty')
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    truncateSync(path, whole + '{"seq":1,"type":"admin","timestamp":"2026","event":"note","detail":{}}\n'.length)
    appendFileSync(path, '{"seq":2,"type":"admin","timestamp":"2027","event":"note","detail":{}}\n')
    await world.clock.settled(() => reading.got.length === 3)
    reading.stop()
    await reading.done
    expect(seqs(reading.got)).toEqual([0, 1, 2])
    expect(reading.unreadable).toEqual([])
  })
})
