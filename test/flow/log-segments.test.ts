/** What the configuration says of segments, in a whole house over a log that is there: compressed, bounded, or left as they are. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseVerifier, type VerifierKey } from '../../src/proof/index.ts'
import { nodeFiles, verifyLog } from '../../src/record/index.ts'
import { type LogWorld, logWorld, proofOf } from '../support/log.ts'
import { openWorld, type World } from '../support/world.ts'

const mib = 1024 * 1024

/** Five segments of about a MiB. */
async function filled(): Promise<LogWorld> {
  const made = logWorld()
  const log = await made.open({ segmentBytesMax: mib, proof: proofOf(made) })
  const text = 'x'.repeat(8_000)
  for (let wave = 0; wave < 9; wave++)
    await Promise.all(Array.from({ length: 64 }, (_, place) => log.admin('note', { wave, place, text })))
  await log.close()
  return made
}

function house(made: LogWorld, log: object, more: object = {}): Promise<World> {
  const { keyFile } = proofOf(made)
  return openWorld({
    files: { siem: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
    config: { log: { directory: made.directory, segment_max: '1MiB', ...log }, audit: { key: keyFile }, ...more },
  })
}

const names = (made: LogWorld) => readdirSync(made.directory).filter((name) => name.includes('.jsonl'))
const bytes = (made: LogWorld) => names(made).reduce((sum, name) => sum + statSync(join(made.directory, name)).size, 0)

async function expectWhole(made: LogWorld, removed: boolean): Promise<void> {
  const key = parseVerifier(readFileSync(join(made.directory, 'checkpoints/log.pub'), 'utf8')) as VerifierKey
  const verified = await verifyLog({ directory: made.directory, files: nodeFiles, key, checkpoints: [] })
  expect(verified.finding).toBeUndefined()
  expect(verified.removed !== undefined).toBe(removed)
}

async function figure(world: World, name: string): Promise<number> {
  const text = await (await fetch(`${world.house.operatorsUrl}/metrics`)).text()
  return Number(new RegExp(`^gatehouse_log_${name} (\\d+)$`, 'm').exec(text)?.[1])
}

describe('log.total_max', () => {
  it('removes the oldest segments, on record', async () => {
    await using made = await filled()
    const before = names(made)
    expect(bytes(made)).toBeGreaterThan(4 * mib)
    const world = await house(made, { total_max: '2MiB', compression: 'none' })
    try {
      await expect.poll(() => bytes(made), { timeout: 20_000 }).toBeLessThanOrEqual(2 * mib + 100_000)
      await expect.poll(() => figure(world, 'segments_removed_total'), { timeout: 20_000 }).toBeGreaterThan(1)
      expect(names(made)).not.toContain(before[0])
    } finally {
      await world.close()
    }
    const retention = made.records().filter((record) => record.type === 'admin' && record.event === 'retention')
    expect(retention).toMatchObject([{ detail: { reason: 'size', from_seq: 0 } }])
    await expectWhole(made, true)
  })

  it('keeps what a required sink has not had', async () => {
    await using made = await filled()
    const before = names(made)
    const sinks = [{ id: 'siem', webhook: { url: 'http://127.0.0.1:9/log', secret: 'file:siem' }, required: true }]
    const world = await house(made, { total_max: '2MiB', compression: 'none' }, { sinks })
    try {
      await expect.poll(() => figure(world, 'retention_looks_total'), { timeout: 20_000 }).toBeGreaterThan(0)
      expect(names(made)).toEqual(expect.arrayContaining(before))
    } finally {
      await world.close()
    }
    expect(names(made)).toEqual(expect.arrayContaining(before))
    await expectWhole(made, false)
  })
})

describe('log.compression', () => {
  it.each([
    { note: 'nothing, segments are compressed', compression: undefined, packed: true },
    { note: 'zstd, segments are compressed', compression: 'zstd', packed: true },
    { note: 'none, segments stay as they are', compression: 'none', packed: false },
  ])('where it says $note, but for the one that is written', async ({ compression, packed }) => {
    await using made = await filled()
    const before = names(made)
    const world = await house(made, compression === undefined ? {} : { compression })
    try {
      const plain = () => names(made).filter((name) => !name.endsWith('.zst'))
      if (packed) await expect.poll(() => plain().length, { timeout: 20_000 }).toBe(1)
      const packedTotal = () => figure(world, 'segments_packed_total')
      if (packed) await expect.poll(packedTotal, { timeout: 20_000 }).toBeGreaterThanOrEqual(before.length - 1)
      else expect(await packedTotal()).toBeNaN()
      expect((await world.send()).status).toBe(200)
    } finally {
      await world.close()
    }
    if (!packed) expect(names(made)).toEqual(before)
    await expectWhole(made, false)
  })
})
