/**
 * Retention removes what is older than it is told to keep, nothing else, and nothing that could not be proven afterwards: whatever
 * fails or ends on the way, each line that is gone is covered by a signed record, and the rest verifies, opens and is read.
 */
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AdminRecord } from '../../../src/model/index.ts'
import { parseCheckpoint, parseVerifier, type VerifierKey } from '../../../src/proof/index.ts'
import {
  type DecisionLog,
  findCall,
  LogOpenError,
  nodeFiles,
  proveLines,
  readLog,
  readTileStore,
  recordAt,
  verifyLog,
} from '../../../src/record/index.ts'
import { type Failing, failingFiles, type LogWorld, logWorld, type Operation, proofOf } from '../../support/log.ts'

const hour = 3_600_000

const nobodyWaits = () => Number.POSITIVE_INFINITY

function open(world: LogWorld, { retentionMs, bytesMax, neededFrom = nobodyWaits, ...options }: Options = {}) {
  const isKept = retentionMs !== undefined || bytesMax !== undefined
  const keep = isKept ? { ms: retentionMs, bytes: bytesMax, neededFrom } : undefined
  const clock = withoutSeconds(world.clock)
  return world.open({ segmentMsMax: hour, clock, ...options, proof: { ...proofOf(world), keep } })
}
type Options = Parameters<LogWorld['open']>[0] & {
  retentionMs?: number
  bytesMax?: number
  neededFrom?: () => number
}

/** Hours pass here: what looks at the disk every second would take most of the time. */
function withoutSeconds(clock: LogWorld['clock']): LogWorld['clock'] {
  return { ...clock, every: (ms, run) => (ms < 60_000 ? () => {} : clock.every(ms, run)) }
}

const sizeOf = (world: LogWorld, name: string) => statSync(join(world.directory, name)).size

async function note(log: DecisionLog, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, place) => log.admin('note', { place })))
}

const keyOf = (world: LogWorld) =>
  parseVerifier(readFileSync(join(world.directory, 'checkpoints', 'log.pub'), 'utf8')) as VerifierKey

const verify = (world: LogWorld, checkpoints: { source: string; note: string }[] = []) =>
  verifyLog({ directory: world.directory, files: nodeFiles, key: keyOf(world), checkpoints })

const checkpointNote = (world: LogWorld) => readFileSync(join(world.directory, 'checkpoints', 'checkpoint'), 'utf8')

const retentions = (world: LogWorld) =>
  world.records().filter((record): record is AdminRecord => record.type === 'admin' && record.event === 'retention')

/** Of the line that the log begins with, from its first segment alone: the last one may be cut or removed meanwhile. */
const firstSeq = (world: LogWorld) =>
  Number(/^\{"seq":(\d+),/.exec(readFileSync(join(world.directory, world.segments()[0] ?? ''), 'latin1'))?.[1])

/** One segment of each of these numbers of records, each with a checkpoint at its end, two hours apart. */
async function written(world: LogWorld, segments: readonly number[]): Promise<void> {
  const log = await open(world)
  for (const count of segments) {
    const before = log.stats().nextSeq
    await note(log, count - 1)
    await world.clock.settled(() => log.stats().nextSeq === before + count, 50)
    await world.clock.advance(2 * hour)
  }
  await log.close()
  expect(world.segments()).toHaveLength(segments.length)
}

/** Opens it with retention, and waits for the look of the start. */
async function looked(world: LogWorld, options: Options = {}): Promise<DecisionLog> {
  const log = await open(world, { retentionMs: hour, ...options })
  await world.clock.settled(() => log.stats().retentionLooks === 1, 250)
  return log
}

/** That it is whole, and which lines retention removed. */
async function expectWhole(world: LogWorld, removed: number): Promise<void> {
  const verified = await verify(world)
  expect({ finding: verified.finding, removed: verified.removed?.lines ?? 0 }).toEqual({ finding: undefined, removed })
}

describe('what goes', () => {
  it.each([
    { note: 'nothing while all is young', keepHours: 100, segments: [10, 10, 10], left: 0 },
    { note: 'the oldest', keepHours: 5, segments: [10, 10, 10], left: 10 },
    { note: 'all but the one that is written', keepHours: 1, segments: [10, 11, 10], left: 21 },
    { note: 'a segment that ends within a tile', keepHours: 1, segments: [300, 5], left: 300 },
    { note: 'a segment that ends with a tile', keepHours: 1, segments: [256, 5], left: 256 },
    { note: 'segments of several tiles', keepHours: 1, segments: [700, 600, 5], left: 1_300 },
    { note: 'never the only one', keepHours: 1, segments: [10], left: 0 },
    { note: 'what is exactly so old: not yet', keepHours: 2, segments: [10, 10], left: 10, laterMs: 0 },
  ])('is $note', async ({ keepHours, segments, left }) => {
    await using world = logWorld()
    await written(world, segments)
    const log = await looked(world, { retentionMs: keepHours * hour })
    expect(firstSeq(world)).toBe(left)
    expect(retentions(world)).toHaveLength(left === 0 ? 0 : 1)
    expect(log.stats().retentionFailures).toBe(0)
    await log.close()
    await expectWhole(world, left)
    // And once more from the start: it opens, goes on, and is closed whole.
    const again = await looked(world, { retentionMs: keepHours * hour })
    await note(again, 600)
    await again.close()
    await expectWhole(world, left)
  })

  it('is said by a record that names segments, lines, bytes and the newest time', async () => {
    await using world = logWorld()
    await written(world, [10, 10, 10])
    const [first = 0, second = 0] = world.segments().map((name) => readFileSync(join(world.directory, name)).length)
    const newest = world.records()[19]?.timestamp
    await looked(world)
    expect(retentions(world).map(({ detail }) => detail)).toEqual([
      {
        reason: 'age',
        segments: [1, 2],
        from_seq: 0,
        through_seq: 19,
        bytes: first + second,
        newest_timestamp: newest,
        note: expect.stringContaining('removed by retention\n19\n'),
      },
    ])
  })

  it('is looked for every hour', async () => {
    await using world = logWorld()
    const log = await open(world, { retentionMs: 3 * hour })
    await note(log, 5)
    await world.clock.advance(2 * hour)
    await note(log, 5)
    await world.clock.settled(() => (log.stats().segmentsRemoved ?? 0) > 0, 60_000)
    expect(world.segments()).not.toContain('0000000001.jsonl')
    await log.close()
    await expectWhole(world, firstSeq(world) ?? 0)
  })

  it('is a bounded number of segments at a time, and the rest soon after', async () => {
    await using world = logWorld()
    await written(world, Array(20).fill(3))
    const log = await looked(world)
    expect(log.stats().segmentsRemoved).toBe(16)
    await world.clock.settled(() => log.stats().segmentsRemoved === 19, 1_000)
    expect(retentions(world)).toHaveLength(2)
    await log.close()
    await expectWhole(world, 57)
  })

  it.each([
    { note: 'nothing while there is room', segments: [10, 10, 10], room: 3, left: 0 },
    { note: 'as much as there is no room for', segments: [10, 10, 10], room: 2, left: 10 },
    { note: 'never the segment that is written', segments: [10, 10, 10], room: 0, left: 20 },
    { note: 'young ones too, and old ones with them', segments: [10, 10, 10, 10], room: 2, keepHours: 7, left: 20 },
  ])('is for its size $note', async ({ segments, room, keepHours, left }) => {
    await using world = logWorld()
    await written(world, segments)
    // The last one holds a checkpoint more, or none: a little more than its lines.
    const bytesMax = world
      .segments()
      .toReversed()
      .slice(0, room)
      .reduce((sum, name) => sum + sizeOf(world, name), 500)
    const age = keepHours === undefined ? {} : { retentionMs: keepHours * hour }
    const log = await open(world, { bytesMax, ...age })
    await world.clock.settled(() => log.stats().retentionLooks === 1, 250)
    await log.close()
    await expectWhole(world, left)
    expect(retentions(world).map(({ detail }) => detail.reason)).toEqual(left === 0 ? [] : ['size'])
  })

  it('is looked for when a segment is begun', async () => {
    await using world = logWorld()
    const log = await open(world, { bytesMax: 20_000, segmentBytesMax: 4_000 })
    const names = new Set<string>()
    for (let round = 0; round < 20; round++) {
      await note(log, 25)
      for (const name of world.segments()) names.add(name)
      await world.clock.advance(20_000)
      await world.clock.settled(() => world.segments().length < 10, 100)
    }
    expect(names.size).toBeGreaterThan(15)
    await log.close()
    expect(world.segments().reduce((sum, name) => sum + sizeOf(world, name), 0)).toBeLessThan(32_000)
    await expectWhole(world, firstSeq(world) ?? 0)
  })

  it.each([
    { neededFrom: 0, left: 0 },
    { neededFrom: 9, left: 0 },
    { neededFrom: 10, left: 10 },
    { neededFrom: 25, left: 20 },
    { neededFrom: Number.POSITIVE_INFINITY, left: 20 },
  ])('is nothing that somebody has not had yet: from $neededFrom on', async ({ neededFrom, left }) => {
    await using world = logWorld()
    await written(world, [10, 10, 10])
    const log = await looked(world, { bytesMax: 1, neededFrom: () => neededFrom })
    await log.close()
    await expectWhole(world, left)
  })

  it('has no line that no checkpoint covers', async () => {
    await using world = logWorld()
    await written(world, [10, 10])
    const files = failingFiles()
    const log = await open(world, { files, retentionMs: 5 * hour })
    files.fails = (operation) => (operation === 'replace' ? 'error' : undefined)
    await note(log, 5)
    await world.clock.advance(2 * hour)
    await note(log, 5)
    await world.clock.advance(3 * hour)
    await world.clock.settled(() => retentions(world).length === 1, 60_000)
    expect(log.stats().checkpointLines).toBe(20)
    expect(firstSeq(world), 'a record that no checkpoint covers lets nothing go').toBe(0)
    files.fails = () => undefined
    await world.clock.settled(() => (log.stats().segmentsRemoved ?? 0) > 0, 60_000)
    await log.close()
    await expectWhole(world, firstSeq(world) ?? 0)
  })
})

describe('a look that fails or ends on the way', () => {
  const operations: readonly Operation[] = [
    'list',
    'sizeBytes',
    'read',
    'open',
    'write',
    'sync',
    'close',
    'syncDirectory',
    'replace',
    'remove',
  ]
  const ways: readonly Failing[] = ['error', 'after']
  const rows = operations.flatMap((operation) => ways.map((failing) => ({ operation, failing })))

  it.each(rows)(
    'leaves a whole log and is made good by the next: $operation, $failing',
    async ({ operation, failing }) => {
      for (let number = 1; number <= 2; number++) {
        await using world = logWorld()
        await written(world, [300, 10, 10])
        const files = failingFiles()
        // Nothing is so old at the first look, by hours: the disk may take some minutes of this clock.
        const log = await open(world, { files, retentionMs: 9 * hour })
        await world.clock.settled(() => log.stats().retentionLooks === 1)
        const before = files.counts.get(operation) ?? 0
        files.fails = (made, count) => (made === operation && count === before + number ? failing : undefined)
        await world.clock.advance(3 * hour)
        await world.clock.settled(() => world.segments()[0] !== '0000000001.jsonl', hour / 4)
        files.fails = () => undefined
        await log.close()
        await expectWhole(world, firstSeq(world) ?? 0)
        const again = await looked(world)
        await again.close()
        await expectWhole(world, firstSeq(world) ?? 0)
      }
    },
  )

  it('removes nothing when the record cannot be written', async () => {
    await using world = logWorld()
    await written(world, [10, 10])
    const files = failingFiles()
    const log = await looked(world, { files, retentionMs: 7 * hour })
    files.fails = (operation) => (operation === 'write' ? 'error' : undefined)
    await world.clock.advance(3 * hour)
    await world.clock.settled(() => (log.stats().retentionFailures ?? 0) > 0, hour / 4)
    expect(log.stats().segmentsRemoved).toBe(0)
    expect(world.said.map(({ message }) => message).join()).toMatch(/old segments of the decision log could not be/)
    expect(firstSeq(world)).toBe(0)
  })

  it('is finished after a crash between the record and the removal, and after one in between two', async () => {
    for (const removed of [0, 1]) {
      await using world = logWorld()
      await written(world, [10, 10, 10])
      const files = failingFiles()
      files.fails = (operation, number) => (operation === 'remove' && number > removed ? 'error' : undefined)
      const log = await looked(world, { files })
      expect(retentions(world)).toHaveLength(1)
      expect(firstSeq(world)).toBe(10 * removed)
      await log.close()
      await expectWhole(world, 10 * removed)
      const again = await looked(world)
      expect(firstSeq(world)).toBe(20)
      await again.close()
      await expectWhole(world, 20)
      expect(retentions(world), 'the one record says all').toHaveLength(1)
    }
  })

  it('is finished alone before more goes, so that no two records say the same', async () => {
    await using world = logWorld()
    await written(world, [10, 10, 10])
    const files = failingFiles()
    files.fails = (operation) => (operation === 'remove' ? 'error' : undefined)
    const log = await looked(world, { files, retentionMs: 5 * hour })
    await log.close()
    const again = await looked(world, { retentionMs: hour })
    expect(firstSeq(world)).toBe(10)
    await world.clock.settled(() => again.stats().segmentsRemoved === 2, 1_000)
    await again.close()
    expect(retentions(world).map(({ detail }) => [detail.from_seq, detail.through_seq])).toEqual([
      [0, 9],
      [10, 19],
    ])
    await expectWhole(world, 20)
  })
})

describe('a log that somebody changed besides', () => {
  /** Three segments of 300 and more lines are gone, three of 50 stay. */
  async function retained(world: LogWorld): Promise<void> {
    await written(world, [300, 50, 50, 50])
    const log = await looked(world, { retentionMs: 5 * hour })
    expect(firstSeq(world)).toBe(350)
    await log.close()
    await expectWhole(world, 350)
  }

  const rows: { note: string; change: (world: LogWorld) => void; wanted: object }[] = [
    {
      note: 'one segment more is gone',
      change: (world) => rmSync(join(world.directory, '0000000003.jsonl')),
      wanted: { kind: 'removed', from: 350, to: 350, count: 50 },
    },
    {
      note: 'the record covers more',
      change: (world) => {
        rmSync(join(world.directory, '0000000003.jsonl'))
        edit(world, (text) => text.replaceAll('349', '399'))
      },
      wanted: { kind: 'removed', from: 0 },
    },
    {
      note: 'the record says something else',
      change: (world) => edit(world, (text) => text.replace('"through_seq":349', '"through_seq":348')),
      wanted: { kind: 'changed' },
    },
    {
      note: 'the first line that is there was changed',
      change: (world) => edit(world, (text) => text.replace('{"seq":350,', '{"seq":9,'), '0000000003.jsonl'),
      wanted: { kind: 'changed', from: 350, to: 350 },
    },
  ]
  it.each(rows)('is found out: $note', async ({ change, wanted }) => {
    await using world = logWorld()
    await retained(world)
    change(world)
    expect((await verify(world)).finding).toMatchObject(wanted)
  })

  it.each([
    { note: 'that was not retained before', keepHours: undefined },
    { note: 'whose beginning retention removed', keepHours: 7 },
  ])('does not get a record over lines that others removed from a log $note', async ({ keepHours }) => {
    await using world = logWorld()
    await written(world, [300, 50, 50, 50])
    const before = keepHours === undefined ? 0 : 1
    if (keepHours !== undefined) await (await looked(world, { retentionMs: keepHours * hour })).close()
    rmSync(join(world.directory, world.segments()[0] ?? ''))
    const first = firstSeq(world)
    const log = await looked(world)
    expect(log.stats()).toMatchObject({ segmentsRemoved: 0, retentionFailures: 1 })
    expect(firstSeq(world)).toBe(first)
    await log.close()
    expect(retentions(world)).toHaveLength(before)
    expect((await verify(world)).finding).toMatchObject({ kind: 'removed', from: before === 0 ? 0 : 300 })
  })

  it('is found out where lines were removed without retention', async () => {
    await using world = logWorld()
    await written(world, [300, 50, 50])
    rmSync(join(world.directory, '0000000001.jsonl'))
    expect((await verify(world)).finding).toMatchObject({ kind: 'removed', from: 0, to: 0, count: 300 })
  })

  it.each([
    { note: 'the tiles of lines that are gone', lines: 100 },
    { note: 'the hashes of the last of them', lines: 349 },
    { note: 'any tile', lines: undefined },
  ])('is found out without $note, and does not start', async ({ lines }) => {
    await using world = logWorld()
    await retained(world)
    const path = join(world.directory, 'checkpoints', 'tree', '0')
    if (lines === undefined) rmSync(path)
    else truncateSync(path, 32 * lines)
    await expect(verify(world)).rejects.toMatchObject({
      isChanged: true,
      message: expect.stringContaining('what stands for them cannot be read'),
    })
    await expect(open(world)).rejects.toBeInstanceOf(LogOpenError)
  })

  it('is found out when a tile of lines that are gone was changed', async () => {
    await using world = logWorld()
    await retained(world)
    const path = join(world.directory, 'checkpoints', 'tree', '0')
    const bytes = readFileSync(path)
    bytes[40] = (bytes[40] ?? 0) ^ 1
    writeFileSync(path, bytes)
    expect((await verify(world)).finding).toMatchObject({ from: 0 })
  })

  it('is not removed by retention: neither lines nor tiles that are not what was signed', async () => {
    await using world = logWorld()
    await written(world, [300, 50, 50])
    edit(world, (text) => text.replace('"place":7}', '"place":8}'), '0000000001.jsonl')
    const log = await looked(world)
    expect(log.stats()).toMatchObject({ segmentsRemoved: 0, retentionFailures: 1 })
    expect(firstSeq(world)).toBe(0)
    expect(retentions(world)).toEqual([])
  })

  it('opens again when only tiles above the lowest are missing', async () => {
    await using world = logWorld()
    await retained(world)
    rmSync(join(world.directory, 'checkpoints', 'tree', '1'))
    const log = await open(world)
    await note(log, 10)
    await log.close()
    await expectWhole(world, 350)
  })

  function edit(world: LogWorld, change: (text: string) => string, name = world.segments().at(-1) ?? ''): void {
    const path = join(world.directory, name)
    const before = readFileSync(path, 'latin1')
    const after = change(before)
    expect(after).not.toBe(before)
    writeFileSync(path, after, 'latin1')
  }
})

describe('what is left', () => {
  it('is read, found and proven, and so is a checkpoint of what is gone', async () => {
    await using world = logWorld()
    await written(world, [300, 50, 50])
    const earlier = world.records().findLast((record) => record.type === 'checkpoint' && record.size < 300)
    const log = await looked(world)
    await log.close()
    const { directory } = world
    const reading = { directory, files: nodeFiles, signal: new AbortController().signal }
    expect(await recordAt(299, reading)).toBeUndefined()
    const text = await recordAt(350, reading)
    expect(text).toContain('"seq":350,')
    const { read } = readTileStore(directory, nodeFiles)
    const checkpoint = parseCheckpoint(checkpointNote(world))
    if (checkpoint === undefined || earlier?.type !== 'checkpoint') throw new Error('no checkpoint')
    const proof = await proveLines([{ line: 350, text: text ?? '' }], { read, key: keyOf(world), checkpoint })
    expect(proof.records).toHaveLength(1)
    expect((await verify(world, [{ source: 'kept', note: earlier.note }])).finding).toBeUndefined()
    expect(await findCall('019cae00-0000-7000-8000-000000000000', reading)).toBeUndefined()
    const seqs: number[] = []
    const question = { from: 'start' as const, filters: {}, follow: false, pause: async () => {}, unreadable: () => {} }
    for await (const { record } of readLog({ ...reading, ...question } as Parameters<typeof readLog>[0]))
      seqs.push(record.seq)
    expect(seqs[0]).toBe(350)
    expect(seqs).toEqual(world.records().flatMap(({ seq, type }) => (type === 'checkpoint' ? [] : [seq])))
  })

  it('is read on when the segment that is read goes', async () => {
    await using world = logWorld()
    await written(world, [300, 50])
    const { directory } = world
    const reading = { directory, files: nodeFiles, signal: new AbortController().signal }
    const files = {
      ...nodeFiles,
      async read(...asked: Parameters<typeof nodeFiles.read>) {
        if (existsSync(join(directory, '0000000001.jsonl'))) rmSync(join(directory, '0000000001.jsonl'))
        return nodeFiles.read(...asked)
      },
    }
    const seqs: number[] = []
    const question = { from: 'start' as const, filters: {}, follow: false, pause: async () => {}, unreadable: () => {} }
    for await (const { record } of readLog({ ...reading, ...question, files } as Parameters<typeof readLog>[0]))
      seqs.push(record.seq)
    expect(seqs[0]).toBe(300)
    expect(seqs).toHaveLength(49)
  })
})
