/** What a log makes of what a crash, a power cut or a person left in its directory, and how segments follow each other. */
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AdminRecord, LogRecord } from '../../../src/model/index.ts'
import { LogOpenError, nodeFiles } from '../../../src/record/index.ts'
import { type LogWorld, logWorld } from '../../support/log.ts'

const first = '0000000001.jsonl'

/** A log with these many records, closed in order. */
async function written(world: LogWorld, count: number, segmentBytesMax = 1 << 20): Promise<void> {
  const log = await world.open({ segmentBytesMax })
  for (let place = 0; place < count; place++) await log.admin('note', { place })
  await log.close()
}

const eventsOf = (records: readonly LogRecord[]) => records.map((record) => (record as AdminRecord).event)
const gapless = (records: readonly LogRecord[]) =>
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, place) => place))

describe('opening after a crash', () => {
  const line = (seq: number) =>
    `{"seq":${seq},"type":"admin","timestamp":"2026-03-02T10:00:00.000000Z","event":"late","detail":{}}\n`
  const rows: { note: string; tail: string; kept?: number; cutBytes: number; saved?: boolean }[] = [
    { note: 'the start of a line', tail: '{"seq":3,"type":"adm', cutBytes: 20 },
    { note: 'one byte', tail: '{', cutBytes: 1 },
    { note: 'zeros where the size grew before the bytes came', tail: '\0'.repeat(4096), cutBytes: 4096 },
    {
      note: 'a hole before whole lines',
      tail: `${'\0'.repeat(100)}\n${line(4)}`,
      cutBytes: 101 + line(4).length,
      saved: true,
    },
    { note: 'whole lines, and then a torn one', tail: `${line(3)}{"seq":4`, kept: 1, cutBytes: 8 },
    {
      note: 'a whole line with a hole in it',
      tail: line(3).replace('admin', '\0\0\0\0\0'),
      cutBytes: line(3).length,
      saved: true,
    },
  ]
  for (const { note, tail, kept = 0, cutBytes, saved = false } of rows) {
    it(`cuts ${note}, and says so`, async () => {
      await using world = logWorld()
      await written(world, 3)
      appendFileSync(join(world.directory, first), tail)
      const log = await world.open()
      await log.admin('start', {})
      const records = world.records()
      gapless(records)
      expect(eventsOf(records)).toEqual(['note', 'note', 'note', ...Array(kept).fill('late'), 'recovery', 'start'])
      const { detail } = records[3 + kept] as AdminRecord
      expect(detail).toMatchObject({ reason: 'torn_write', segment: 1, cut_bytes: cutBytes })
      expect('saved_as' in detail).toBe(saved)
      if (saved) expect(readFileSync(join(world.directory, String(detail.saved_as)), 'utf8')).toBe(tail)
    })
  }

  it('goes on in the same segment, and says nothing, when it was closed in order', async () => {
    await using world = logWorld()
    await written(world, 3)
    await written(world, 2)
    expect(world.segments()).toEqual([first])
    expect(eventsOf(world.records())).toEqual(Array(5).fill('note'))
    gapless(world.records())
  })

  it('goes on from the segment before when the last one is empty, or holds only a torn line', async () => {
    for (const content of ['', '{"seq":']) {
      await using world = logWorld()
      await written(world, 3)
      writeFileSync(join(world.directory, '0000000002.jsonl'), content)
      await written(world, 2)
      expect(world.segments()).toEqual([first, '0000000002.jsonl'])
      gapless(world.records())
    }
  })

  it('leaves files that are not its own alone', async () => {
    await using world = logWorld()
    mkdirSync(world.directory, { recursive: true })
    const others = ['1.jsonl', '00000000009.jsonl', '0000000009.jsonl.gz', 'README']
    for (const name of others) writeFileSync(join(world.directory, name), 'x')
    const log = await world.open()
    await log.admin('start', {})
    expect(log.stats().segment).toBe(1)
    for (const name of others) expect(readFileSync(join(world.directory, name), 'utf8')).toBe('x')
  })

  it('refuses what no crash explains, changes nothing, and names the place', async () => {
    const damages: { note: string; damage: (path: string, text: string) => void; says: RegExp }[] = [
      {
        note: 'a line taken out',
        damage: (path, text) => writeFileSync(path, text.split('\n').toSpliced(1, 1).join('\n')),
        says: /damaged at byte \d+: it has seq `2` where `1` must stand/,
      },
      {
        note: 'a line put in twice',
        damage: (path, text) => appendFileSync(path, `${text.split('\n')[0]}\n`),
        says: /it has seq `0` where `9` must stand/,
      },
      {
        note: 'a broken line with more behind it than one write can be',
        damage: (path, text) =>
          writeFileSync(path, `${text}broken\n${`{"seq":9,"x":"${'x'.repeat(1 << 20)}"}\n`.repeat(5)}`),
        says: /cannot be read, and whole ones follow/,
      },
    ]
    for (const { damage, says } of damages) {
      await using world = logWorld()
      await written(world, 9)
      const path = join(world.directory, first)
      damage(path, readFileSync(path, 'utf8'))
      const before = readFileSync(path)
      const failure = (await world.open().catch((cause: unknown) => cause)) as LogOpenError
      expect(failure).toBeInstanceOf(LogOpenError)
      expect(failure.code).toBe('log_damaged')
      expect(failure.message).toContain(path)
      expect(failure.message).toMatch(says)
      expect(readFileSync(path).equals(before)).toBe(true)
    }
  })

  it('refuses a segment that was put in behind the last one, before it numbers others from there', async () => {
    for (const name of ['9999999999.jsonl', '0000000003.jsonl']) {
      await using world = logWorld()
      await written(world, 9)
      writeFileSync(join(world.directory, name), '')
      const failure = (await world.open().catch((cause: unknown) => cause)) as LogOpenError
      expect(failure.code).toBe('log_damaged')
      expect(failure.message).toMatch(
        /` is damaged at byte 0: it does not follow `0000000001\.jsonl`: one between them/,
      )
      expect(failure.message).toContain(name)
    }
  })

  it('leaves a file alone that is numbered like no segment', async () => {
    await using world = logWorld()
    await written(world, 9)
    const name = join(world.directory, '0000000000.jsonl')
    writeFileSync(name, 'of somebody else\n')
    const log = await world.open()
    await log.admin('note', {})
    await log.close()
    expect(readFileSync(name, 'utf8')).toBe('of somebody else\n')
    expect(world.segments()).not.toContain('0000000002.jsonl')
  })
})

describe('segments', () => {
  it('begin anew before they grow beyond the size, and no line is split', async () => {
    await using world = logWorld()
    await written(world, 60, 1_500)
    const names = world.segments()
    expect(names.length).toBeGreaterThan(3)
    expect(names).toEqual(names.map((_, place) => `${String(place + 1).padStart(10, '0')}.jsonl`))
    for (const name of names) expect(statSync(join(world.directory, name)).size).toBeLessThanOrEqual(1_500)
    gapless(world.records())
  })

  it('take a record that is larger than they are', async () => {
    await using world = logWorld()
    const log = await world.open({ segmentBytesMax: 100 })
    for (let place = 0; place < 3; place++) await log.admin('note', { text: 'x'.repeat(500) })
    expect(world.segments()).toHaveLength(3)
    gapless(world.records())
  })

  it('are readable by their owner alone', async () => {
    await using world = logWorld()
    await written(world, 1)
    expect(statSync(join(world.directory, first)).mode & 0o777).toBe(0o600)
    expect(statSync(world.directory).mode & 0o777).toBe(0o700)
  })
})

describe('the floor of free space', () => {
  it('refuses new calls below it, lets running ones end, recovers, and says so', async () => {
    await using world = logWorld()
    let freeBytes = 1_000
    const files = { ...nodeFiles, freeBytes: async () => freeBytes }
    const log = await world.open({ files, freeDiskBytesMin: 500 })
    expect(log.readiness()).toBeUndefined()
    freeBytes = 400
    await world.clock.settled(() => log.readiness() !== undefined, 250)
    expect(log.readiness()).toMatch(/0 MiB free, fewer than the floor.*free some space/)
    await expect(log.queue.add(['"x":1'])).rejects.toMatchObject({ code: 'log_unavailable' })
    expect(log.queue.hold(['"held":1'], ['"held":2'])).toBe(true)
    await log.queue.end(['"x":2'])
    freeBytes = 600
    await world.clock.settled(() => log.readiness() === undefined, 250)
    await log.queue.add(['"x":3'])
    const records = world.records()
    gapless(records)
    expect(records.map(({ type }) => type)).toEqual(['outcome', 'admin', 'decision', 'outcome', 'decision'])
    expect(records[1]).toMatchObject({ event: 'recovery', detail: { reason: 'disk_short' } })
    expect(log.stats().freeDiskBytes).toBe(600)
  })

  it('is red from the start when there is too little', async () => {
    await using world = logWorld()
    const log = await world.open({ files: { ...nodeFiles, freeBytes: async () => 1 }, freeDiskBytesMin: 500 })
    expect(log.readiness()).toBeDefined()
    await expect(log.queue.add(['"x":1'])).rejects.toMatchObject({ code: 'log_unavailable' })
  })

  it('is what a full disk must rise above before a failed log is tried again', async () => {
    await using world = logWorld()
    let full = false
    const files = {
      ...nodeFiles,
      freeBytes: async () => (full ? 0 : 1_000),
      async open(path: string, how: 'create' | 'extend') {
        const file = await nodeFiles.open(path, how)
        const write: typeof file.write = (...given) => {
          if (full) given[4](new Error('ENOSPC: no space left on device, write'), 0)
          else file.write(...given)
        }
        return { ...file, write }
      },
    }
    const log = await world.open({ files, freeDiskBytesMin: 500 })
    await log.admin('start', {})
    full = true
    await expect(log.queue.add(['"x":1'])).rejects.toMatchObject({ code: 'log_unavailable' })
    await world.clock.advance(60_000)
    expect(log.stats().failures).toBe(1)
    expect(world.segments()).toEqual([first])
    full = false
    await world.clock.settled(() => log.readiness() === undefined, 500)
    await log.close()
    gapless(world.records())
    const recoveries = world.records().filter((record) => record.type === 'admin' && record.event === 'recovery')
    expect(recoveries.map((record) => (record as AdminRecord).detail.reason)).toEqual(['write_failed', 'disk_short'])
  })
})

describe('records that are not of calls', () => {
  it('keeps faults, and counts those beyond their share', async () => {
    await using world = logWorld()
    const log = await world.open()
    log.fault('http_malformed', 'an \u001b[31m escape', '192.0.2.1')
    log.fault('refusal_flood', 'closed unread', '192.0.2.2', 70)
    for (let count = 0; count < 2_000; count++) log.fault('tls_refused', 'no shared cipher')
    await world.clock.settled(() => log.stats().queueRecords === 0)
    await world.clock.advance(1_000)
    await log.close()
    const records = world.records()
    gapless(records)
    expect(records[0]).toMatchObject({
      type: 'fault',
      code: 'http_malformed',
      detail: 'an \u001b[31m escape',
      requested_by: '192.0.2.1',
    })
    expect(records[1]).toMatchObject({ count: 70 })
    const counted = records.reduce(
      (sum, record) => sum + (record.type === 'fault' && record.code === 'tls_refused' ? (record.count ?? 1) : 0),
      0,
    )
    expect(counted).toBe(2_000)
    expect(records.length).toBeLessThan(1_100)
  })

  it('formats times with six digits, rising as the clock does', async () => {
    await using world = logWorld()
    const log = await world.open()
    await log.admin('one', {})
    await world.clock.advance(999.999)
    await log.admin('two', {})
    await world.clock.advance(0.001)
    await log.admin('three', {})
    expect(world.records().map(({ timestamp }) => timestamp)).toEqual([
      '2026-03-02T10:00:00.000000Z',
      '2026-03-02T10:00:00.999999Z',
      '2026-03-02T10:00:01.000000Z',
    ])
  })
})
