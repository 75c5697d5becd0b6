/**
 * Segments that are compressed once they are rotated out: every reader gives the same answer before and after, nothing that fails or ends
 * on the way loses a line, and whoever changes a packed segment is found out.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { AdminRecord } from '../../../src/model/index.ts'
import { parseVerifier, type VerifierKey } from '../../../src/proof/index.ts'
import {
  type DecisionLog,
  findCall,
  firstOf,
  followLog,
  newestRecorded,
  nodeFiles,
  readLog,
  recordAt,
  verifyLog,
} from '../../../src/record/index.ts'
import { frameBytes, packFrame, readTable, SegmentDamaged, tableText } from '../../../src/record/packed-file.ts'
import { unpacked } from '../../../src/record/unpacked.ts'
import {
  arrivalOf,
  buyer,
  decisionOf,
  type Failing,
  failingFiles,
  type LogWorld,
  logWorld,
  type Operation,
  proofOf,
  targetOf,
  upstreamReply,
} from '../../support/log.ts'

const open = (world: LogWorld, options: Parameters<LogWorld['open']>[0] = {}) =>
  world.open({ segmentMsMax: 3_600_000, packs: true, proof: proofOf(world), ...options })

async function note(log: DecisionLog, count: number, text = ''): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, place) => log.admin('note', { place, text })))
}

const packed = (number: number) => `${String(number).padStart(10, '0')}.jsonl.zst`
const plain = (number: number) => `${String(number).padStart(10, '0')}.jsonl`
const names = (world: LogWorld) => readdirSync(world.directory).filter((name) => name.includes('.jsonl'))

/** Three segments of a call and some notes each, not packed; the bytes of each by its name, and the id of the first call. */
async function written(world: LogWorld, notes = 300): Promise<{ bytes: Map<string, Buffer>; id: string }> {
  let id = ''
  for (let segment = 0; segment < 3; segment++) {
    const log = await open(world, { packs: false, segmentBytesMax: 1 << 28 })
    const entry = world.recorder(log)(arrivalOf())
    entry.identified(buyer)
    entry.routed(targetOf())
    const decided = await entry.decided(decisionOf('allow'))
    await entry.followed(upstreamReply())
    if (segment === 0) id = decided.id
    await note(log, notes)
    await log.close()
    if (segment < 2) await rotate(world)
  }
  return { bytes: new Map(names(world).map((name) => [name, readFileSync(join(world.directory, name))])), id }
}

/** As if the age of the segment had ended it: the next one is there, and empty. */
async function rotate(world: LogWorld): Promise<void> {
  writeFileSync(join(world.directory, plain(names(world).length + 1)), '', { mode: 0o600 })
}

/** Packs what there is to pack. */
async function pack(world: LogWorld, options: Parameters<typeof open>[1] = {}): Promise<void> {
  const log = await open(world, options)
  await world.clock.settled(() => log.stats().packLooks === 1, 5)
  await log.close()
}

const keyOf = (world: LogWorld) =>
  parseVerifier(readFileSync(join(world.directory, 'checkpoints', 'log.pub'), 'utf8')) as VerifierKey

const verify = (world: LogWorld) =>
  verifyLog({ directory: world.directory, files: nodeFiles, key: keyOf(world), checkpoints: [] })

const signal = () => new AbortController().signal

async function seqsFrom(world: LogWorld, from: Parameters<typeof readLog>[0]['from'], files = nodeFiles) {
  const pause = async () => {}
  const seqs: number[] = []
  const question = { directory: world.directory, from, filters: {}, follow: false, signal: signal(), pause, files }
  for await (const { record } of readLog({ ...question, unreadable: () => {} })) seqs.push(record.seq)
  return seqs
}

/** What every reader says. */
async function answers(world: LogWorld, id: string) {
  const reading = { directory: world.directory, files: nodeFiles, signal: signal() }
  const followed: string[] = []
  const stop = new AbortController()
  const lines = (await verify(world)).lines
  const following = { directory: world.directory, files: nodeFiles, from: 'start', durable: () => lines } as const
  for await (const { segment, lines: some } of followLog({
    ...following,
    signal: stop.signal,
    pause: async () => {},
  })) {
    const seqs = some.map(({ seq }) => seq)
    followed.push(...some.map(({ seq, end }) => `${segment} ${seq} ${end}`))
    if (seqs.at(-1) === lines - 1) stop.abort()
  }
  return {
    all: await seqsFrom(world, 'start'),
    last: await seqsFrom(world, { last: 700 }),
    behind: await seqsFrom(world, { seq: 250 }),
    since: await seqsFrom(world, { sinceMs: 0 }),
    call: await findCall(id, reading),
    line: await recordAt(123, reading),
    first: await firstOf(nodeFiles, world.directory),
    newest: await newestRecorded(nodeFiles, world.directory),
    verified: await verify(world).then(({ finding, lines }) => ({ finding, lines })),
    lines,
    followed,
  }
}

describe('a packed log', () => {
  it('gives every reader the answers of the plain one', async () => {
    await using world = logWorld()
    const { bytes, id } = await written(world)
    const before = await answers(world, id)
    expect(before.followed.length).toBe(before.lines)
    expect(before.call?.outcome).toBeDefined()
    await pack(world)
    expect(names(world)).toEqual([packed(1), packed(2), plain(3)])
    expect(statSync(join(world.directory, packed(1))).size).toBeLessThan((bytes.get(plain(1))?.length ?? 0) / 3)
    expect(statSync(join(world.directory, packed(1))).mode & 0o777).toBe(0o600)
    expect(await answers(world, id)).toEqual(before)
  })

  it('is unpacked by any zstd, byte for byte', async () => {
    await using world = logWorld()
    const { bytes } = await written(world, 9_000)
    await pack(world)
    for (const number of [1, 2]) {
      const path = join(world.directory, packed(number))
      const table = await readTable(nodeFiles, path)
      expect(table.plain.length, 'more than one frame').toBeGreaterThan(2)
      expect(zstdDecompressSync(readFileSync(path)).equals(bytes.get(plain(number)) as Buffer)).toBe(true)
      const tool = spawnSync('zstd', ['-dc', path], { maxBuffer: 1 << 28 })
      // Where the tool is not installed Node's own decoder has read it, above.
      if (tool.error === undefined) expect(tool.stdout.equals(bytes.get(plain(number)) as Buffer)).toBe(true)
    }
  })

  it('goes on: after a restart in the segment that is written, or in a new one where that is packed', async () => {
    await using world = logWorld()
    await written(world)
    await pack(world)
    const again = await open(world)
    await note(again, 5)
    await again.close()
    expect((await verify(world)).finding).toBeUndefined()
    // As a crash leaves it that comes while the next segment is begun.
    writeFileSync(join(world.directory, plain(4)), '', { mode: 0o600 })
    await pack(world)
    rmSync(join(world.directory, plain(4)))
    expect(names(world)).toEqual([packed(1), packed(2), packed(3)])
    const third = await open(world)
    await note(third, 5)
    await third.close()
    expect(names(world)).toEqual([packed(1), packed(2), packed(3), plain(4)])
    const seqs = await seqsFrom(world, 'start')
    expect((await verify(world)).finding).toBeUndefined()
    expect(seqs.length).toBeGreaterThan(900)
  })

  it('is packed as it rotates, while it is written and read', async () => {
    await using world = logWorld()
    const log = await open(world, { segmentBytesMax: 20_000 })
    const stop = new AbortController()
    const followed: number[] = []
    const following = (async () => {
      const question = {
        directory: world.directory,
        from: 'start',
        filters: {},
        follow: true,
        files: nodeFiles,
      } as const
      const pause = () => new Promise<void>((resolve) => setImmediate(resolve))
      for await (const { record } of readLog({ ...question, signal: stop.signal, pause, unreadable: () => {} }))
        followed.push(record.seq)
    })()
    for (let round = 0; round < 12; round++) {
      await note(log, 60)
      await world.clock.advance(100)
    }
    await world.clock.settled(() => names(world).filter((name) => name.endsWith('.jsonl')).length === 1, 20)
    const seqs = await seqsFrom(world, 'start')
    await log.close()
    await world.clock.settled(() => followed.length >= seqs.length)
    stop.abort()
    await following
    expect(followed.slice(0, seqs.length), 'one who follows').toEqual(seqs)
    expect(log.stats().segmentsPacked).toBeGreaterThan(3)
    expect(log.stats().packFailures).toBe(0)
    expect(seqs.length).toBeGreaterThanOrEqual(720)
    expect((await verify(world)).finding).toBeUndefined()
  })

  it('is read on where a segment is packed between two reads of it', async () => {
    await using world = logWorld()
    await written(world)
    const wanted = await seqsFrom(world, 'start')
    await pack(world)
    const beside = join(world.directory, '..', 'packed')
    for (const at of [1, 2, 3, 5]) {
      // Plain again, and packed at the read with that number.
      copyFileSync(join(world.directory, packed(1)), beside)
      writeFileSync(join(world.directory, plain(1)), zstdDecompressSync(readFileSync(beside)))
      rmSync(join(world.directory, packed(1)))
      let reads = 0
      const read: typeof nodeFiles.read = (...asked) => {
        reads += 1
        if (reads === at) {
          copyFileSync(beside, join(world.directory, packed(1)))
          rmSync(join(world.directory, plain(1)))
        }
        return nodeFiles.read(...asked)
      }
      expect(await seqsFrom(world, 'start', { ...nodeFiles, read })).toEqual(wanted)
      if (!existsSync(join(world.directory, packed(1)))) copyFileSync(beside, join(world.directory, packed(1)))
    }
  })

  it('is bounded by what it takes on the disk, and removed as it lies there', async () => {
    await using world = logWorld()
    await written(world, 3_000)
    await pack(world)
    const [one = 0, two = 0, three = 0] = names(world).map((name) => statSync(join(world.directory, name)).size)
    const look = async (bytes: number) => {
      const keep = { bytes, neededFrom: () => Number.POSITIVE_INFINITY }
      const log = await open(world, { proof: { ...proofOf(world), keep } })
      await world.clock.settled(() => log.stats().retentionLooks === 1, 250)
      await log.close()
    }
    await look(one + two + three + 2_000)
    expect(names(world)).toEqual([packed(1), packed(2), plain(3)])
    await look(two + three + 2_000)
    expect(names(world)).toEqual([packed(2), plain(3)])
    const [record] = world.records().filter((one) => one.type === 'admin' && one.event === 'retention')
    expect((record as AdminRecord).detail).toMatchObject({ segments: [1], from_seq: 0 })
    expect((await verify(world)).finding).toBeUndefined()
  })
})

describe('packing that fails or ends on the way', () => {
  const operations: readonly Operation[] = [
    'list',
    'sizeBytes',
    'read',
    'open',
    'write',
    'close',
    'rename',
    'syncDirectory',
    'remove',
  ]
  const ways: readonly Failing[] = ['error', 'after']
  it.each(operations.flatMap((operation) => ways.map((failing) => ({ operation, failing }))))(
    'loses nothing, and is made good: $operation, $failing',
    async ({ operation, failing }) => {
      for (let number = 1; number <= 2; number++) {
        await using world = logWorld()
        const { bytes } = await written(world, 30)
        const all = [...bytes.values()].join('')
        const files = failingFiles()
        const log = await open(world, { files, packs: false })
        await log.close()
        const before = new Map(files.counts)
        // The same again, now with the packer: what it does begins behind what opening did.
        const opened = { ...Object.fromEntries(before) } as Record<string, number>
        files.counts.clear()
        files.fails = (made, count) =>
          made === operation && count === (opened[operation] ?? 0) - 1 + number ? failing : undefined
        const again = await open(world, { files }).catch(() => undefined)
        if (again === undefined) continue
        await world.clock.settled(() => (again.stats().packLooks ?? 0) > 0, 5)
        const text = (await seqsFrom(world, 'start')).length
        expect(text, 'every line is there').toBe(all.split('\n').filter((line) => line !== '').length)
        files.fails = () => undefined
        await world.clock.settled(() => names(world).join() === [packed(1), packed(2), plain(3)].join(), 600_000)
        await again.close()
        expect((await verify(world)).finding).toBeUndefined()
      }
    },
  )

  it.each([
    {
      note: 'a file that was not finished',
      left: (bytes: Buffer) => ({ [`${packed(1)}.new`]: bytes.subarray(0, 100) }),
    },
    { note: 'one that was not given its name', left: (bytes: Buffer) => ({ [`${packed(1)}.new`]: bytes }) },
    { note: 'both of them', left: (bytes: Buffer) => ({ [packed(1)]: bytes }) },
  ])('is taken up where a crash left $note', async ({ left }) => {
    await using world = logWorld()
    const { bytes } = await written(world, 30)
    const whole = bytes.get(plain(1)) as Buffer
    const frame = await packFrame(whole)
    const made = Buffer.concat([frame, tableText([{ plainBytes: whole.length, packedBytes: frame.length }])])
    for (const [name, content] of Object.entries(left(made))) writeFileSync(join(world.directory, name), content)
    const seqs = await seqsFrom(world, 'start')
    expect(new Set(seqs).size).toBe(seqs.length)
    await pack(world)
    expect(names(world)).toEqual([packed(1), packed(2), plain(3)])
    expect(await seqsFrom(world, 'start')).toEqual(seqs)
    expect((await verify(world)).finding).toBeUndefined()
  })

  it('keeps both where the packed one holds something else, and says so', async () => {
    await using world = logWorld()
    const { bytes } = await written(world, 30)
    const other = Buffer.from((bytes.get(plain(1)) as Buffer).toString().replace('"place":7', '"place":8'))
    const frame = await packFrame(other)
    const table = tableText([{ plainBytes: other.length, packedBytes: frame.length }])
    writeFileSync(join(world.directory, packed(1)), Buffer.concat([frame, table]))
    await pack(world)
    expect(names(world), 'the other one is packed').toEqual([plain(1), packed(1), packed(2), plain(3)])
    expect(world.said.map(({ message }) => message).join()).toMatch(/could not be compressed; it stays as it is/)
    expect((await verify(world)).finding).toBeUndefined()
  })

  it('ends at once when the log is closed, and goes on after the next start', async () => {
    await using world = logWorld()
    await written(world, 9_000)
    const log = await open(world)
    // No time passes: the packer waits behind its first piece.
    await log.close()
    expect(names(world)).toContain(plain(1))
    await pack(world)
    expect(names(world)).toEqual([packed(1), packed(2), plain(3)])
  })
})

describe('a packed segment that somebody changed', () => {
  it('is found out at every byte', { timeout: 60_000 }, async () => {
    await using world = logWorld()
    await written(world, 3)
    await pack(world)
    const path = join(world.directory, packed(1))
    const bytes = readFileSync(path)
    const unseen: number[] = []
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      writeFileSync(path, changed)
      const found = await verify(world).then(
        ({ finding }) => finding !== undefined,
        (cause: { isChanged?: boolean }) => cause.isChanged === true,
      )
      if (!found) unseen.push(at)
    }
    writeFileSync(path, bytes)
    expect((await verify(world)).finding).toBeUndefined()
    // What the decoder does not look at carries no line: then the lines are as they were.
    for (const at of unseen) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      expect(zstdDecompressSync(changed).equals(zstdDecompressSync(bytes)), `byte ${at}`).toBe(true)
    }
    expect(unseen.length).toBeLessThan(bytes.length / 50)
  })

  it('is found out where it was packed anew with another line, and the line is named', async () => {
    await using world = logWorld()
    await written(world, 20)
    await pack(world)
    const path = join(world.directory, packed(1))
    const other = Buffer.from(zstdDecompressSync(readFileSync(path)).toString().replace('"place":7', '"place":8'))
    const frame = await packFrame(other)
    const table = tableText([{ plainBytes: other.length, packedBytes: frame.length }])
    writeFileSync(path, Buffer.concat([frame, table]))
    expect((await verify(world)).finding).toMatchObject({ kind: 'changed', from: 9, to: 9 })
  })

  it.each([
    { note: 'nothing', content: Buffer.alloc(0) },
    { note: 'no table', content: zstdCompressSync(Buffer.from('{}\n')) },
    {
      note: 'a table of more frames than there are',
      content: tableOf((table) => table.writeUInt32LE(3, table.length - 9)),
    },
    {
      note: 'a table with a flag that it does not know',
      content: tableOf((table) => table.writeUInt8(1, table.length - 5)),
    },
    {
      note: 'more frames than a file may have',
      content: tableOf((table) => table.writeUInt32LE(1e9, table.length - 9)),
    },
    { note: 'a frame of more than 1 MiB', content: tableOf((table) => table.writeUInt32LE(frameBytes + 1, 12)) },
    { note: 'a frame of nothing', content: tableOf((table) => table.writeUInt32LE(0, 12)) },
    { note: 'a frame that is longer than the file', content: tableOf((table) => table.writeUInt32LE(9_999, 8)) },
    { note: 'a frame that holds more than the table says', content: tableOf((table) => table.writeUInt32LE(2, 12)) },
    { note: 'a frame that holds far more', content: bomb() },
  ])('is refused: $note', async ({ content }) => {
    await using world = logWorld()
    await written(world, 20)
    rmSync(join(world.directory, plain(1)))
    writeFileSync(join(world.directory, packed(1)), content)
    const path = join(world.directory, plain(1))
    await expect(unpacked(nodeFiles).read(path, 0, 100)).rejects.toBeInstanceOf(SegmentDamaged)
    await expect(verify(world)).rejects.toMatchObject({
      isChanged: true,
      message: expect.stringMatching(
        /0000000001\.jsonl\.zst` is damaged.*none of the lines in it can be read, restore/,
      ),
    })
  })

  function tableOf(change: (table: Buffer) => void): Buffer {
    const frame = zstdCompressSync(Buffer.from('{}\n'))
    const table = tableText([{ plainBytes: 3, packedBytes: frame.length }])
    change(table)
    return Buffer.concat([frame, table])
  }

  function bomb(): Buffer {
    const frame = zstdCompressSync(Buffer.alloc(64 * frameBytes))
    return Buffer.concat([frame, tableText([{ plainBytes: frameBytes, packedBytes: frame.length }])])
  }
})
