/** Following the log for those who must have every line: over segments, while it grows, from a place, past what was removed. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type FollowOptions, followLog, nodeFiles } from '../../../src/record/index.ts'
import { type LogWorld, logWorld } from '../../support/log.ts'

type Chunk = { segment: number; lines: readonly { seq: number; bytes: Buffer; end: number }[] }

interface Followed {
  readonly chunks: Chunk[]
  seqs(): number[]
  readonly failure: Promise<unknown>
  stop(): Promise<void>
}

function follow(world: LogWorld, options: Partial<FollowOptions> & Pick<FollowOptions, 'durable'>): Followed {
  const stop = new AbortController()
  const chunks: Chunk[] = []
  const run = async () => {
    const lines = followLog({
      directory: world.directory,
      files: nodeFiles,
      from: 'start',
      signal: stop.signal,
      pause: async () => void (await setImmediate()),
      ...options,
    })
    for await (const chunk of lines) chunks.push(chunk)
  }
  const failure = run().then(
    () => undefined,
    (cause: unknown) => cause,
  )
  return {
    chunks,
    seqs: () => chunks.flatMap(({ lines }) => lines.map(({ seq }) => seq)),
    failure,
    async stop() {
      stop.abort()
      await failure
    },
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, seq) => seq)
const fill = (log: Awaited<ReturnType<LogWorld['open']>>, count: number, padding = 0) =>
  Promise.all(Array.from({ length: count }, (_, place) => log.admin('note', { place, text: 'x'.repeat(padding) })))

describe('following the log', () => {
  it('gives what is there and what comes, over many segments, each line once and as it stands', async () => {
    await using world = logWorld()
    const log = await world.open({ segmentBytesMax: 20_000 })
    await fill(log, 300, 100)
    const followed = follow(world, { durable: () => log.stats().nextSeq })
    await world.clock.settled(() => followed.seqs().length === 300)
    for (let round = 0; round < 5; round++) await fill(log, 40, 100)
    await world.clock.settled(() => followed.seqs().length === 500)
    await followed.stop()
    expect(followed.seqs()).toEqual(upTo(500))
    expect(world.segments().length).toBeGreaterThan(2)
    const texts = followed.chunks.flatMap(({ lines }) => lines.map(({ bytes }) => bytes.toString()))
    expect(texts.map((text) => JSON.parse(text))).toEqual(world.records())
  })

  it('goes on at any place that it gave, by its bytes and also where those are wrong', async () => {
    await using world = logWorld()
    const log = await world.open({ segmentBytesMax: 20_000 })
    await fill(log, 200, 100)
    const durable = () => log.stats().nextSeq
    const all = follow(world, { durable })
    await world.clock.settled(() => all.seqs().length === 200)
    await all.stop()
    const places = all.chunks.flatMap(({ segment, lines }) =>
      lines.map(({ seq, end }) => ({ seq: seq + 1, segment, bytes: end })),
    )
    for (const place of [places[0], places[57], places[120], places[198]]) {
      if (place === undefined) throw new Error('there are 200 places')
      for (const from of [place, { ...place, bytes: place.bytes + 3 }, { seq: place.seq, segment: 99, bytes: 0 }]) {
        const rest = follow(world, { durable, from })
        await world.clock.settled(() => rest.seqs().length === 200 - place.seq)
        await rest.stop()
        expect(rest.seqs()[0]).toBe(place.seq)
      }
    }
  })

  it('shows nothing that is not durable, though it stands in the file', async () => {
    await using world = logWorld()
    const log = await world.open()
    await fill(log, 50)
    let durable = 20
    const followed = follow(world, { durable: () => durable })
    await world.clock.settled(() => followed.seqs().length === 20)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expect(followed.seqs()).toEqual(upTo(20))
    durable = 50
    await world.clock.settled(() => followed.seqs().length === 50)
    await followed.stop()
    expect(followed.seqs()).toEqual(upTo(50))
  })

  it('reads a line that is longer than a piece', async () => {
    await using world = logWorld()
    const log = await world.open()
    await fill(log, 3, 700_000)
    const followed = follow(world, { durable: () => log.stats().nextSeq })
    await world.clock.settled(() => followed.seqs().length === 3)
    await followed.stop()
    expect(followed.chunks.flatMap(({ lines }) => lines.map(({ bytes }) => bytes.length > 700_000))).toEqual([
      true,
      true,
      true,
    ])
  })

  it('goes on behind segments that were removed', async () => {
    await using world = logWorld()
    const log = await world.open({ segmentBytesMax: 20_000 })
    await fill(log, 300, 100)
    await fill(log, 300, 100)
    const [first] = readdirSync(world.directory)
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
    rmSync(join(world.directory, first as string))
    const followed = follow(world, { durable: () => log.stats().nextSeq })
    await world.clock.settled(() => followed.seqs().at(-1) === 599)
    await followed.stop()
    const seqs = followed.seqs()
    expect(seqs[0]).toBeGreaterThan(0)
    expect(seqs).toEqual(upTo(600).slice(seqs[0]))
  })

  it('shows a line that somebody changed under the number that it had', async () => {
    await using world = logWorld()
    const log = await world.open()
    await fill(log, 5)
    const path = join(world.directory, '0000000001.jsonl')
    const lines = readFileSync(path, 'utf8').split('\n')
    lines[2] = 'this is no record'
    writeFileSync(path, lines.join('\n'))
    const followed = follow(world, { durable: () => log.stats().nextSeq })
    await world.clock.settled(() => followed.seqs().length === 5)
    await followed.stop()
    expect(followed.seqs()).toEqual(upTo(5))
    expect(followed.chunks[0]?.lines[2]?.bytes.toString()).toBe('this is no record')
  })

  it('refuses a place that lies behind the end of the log', async () => {
    await using world = logWorld()
    const log = await world.open()
    await fill(log, 5)
    const followed = follow(world, { durable: () => log.stats().nextSeq, from: { seq: 9, segment: 1, bytes: 0 } })
    expect(await followed.failure).toMatchObject({
      name: 'LogSetBack',
      message: expect.stringMatching(/ends with line 4, and line 8 was delivered/),
    })
  })
})
