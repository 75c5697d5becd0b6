/**
 * The disk of the running program filled up under load: calls are refused and readiness says why, nothing that was acknowledged is
 * missing, and all goes on when there is room. Needs a small file system of its own, which only root can mount.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { houseProcess, typesByCall } from '../support/house-process.ts'

const mounts: string[] = []
afterEach(() => {
  for (const mount of mounts.splice(0)) {
    execFileSync('umount', ['--lazy', mount])
    rmSync(mount, { recursive: true, force: true })
  }
})

/** An empty file system in memory; undefined where it may not be mounted. */
function smallDisk(): string | undefined {
  const mount = mkdtempSync(join(tmpdir(), 'gatehouse-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', mount], { stdio: 'ignore' })
  } catch {
    rmSync(mount, { recursive: true, force: true })
    return undefined
  }
  mounts.push(mount)
  return mount
}

/** Fills `file` until `bytes` are in it, or the disk is full. */
function fill(file: string, bytes: number): void {
  const piece = Buffer.alloc(1024 * 1024)
  try {
    for (let written = 0; written < bytes; written += piece.length) appendFileSync(file, piece)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) throw cause
  }
}

const mib = 1024 * 1024
const probe = smallDisk()

describe.skipIf(probe === undefined)('a disk', () => {
  it.each([
    { note: 'below the floor', bytes: 48 * mib },
    { note: 'full to the last byte', bytes: 200 * mib },
  ])(
    'that is $note: 503, not ready, no acknowledged call without its records, and all goes on afterwards',
    async ({ bytes }) => {
      const disk = mounts[0] ?? smallDisk()
      if (disk === undefined) throw new Error('the file system could be mounted a moment ago')
      await using house = await houseProcess({
        data: join(disk, 'data'),
        config: { log: { free_disk_min: '64MiB' } },
      })
      const running = await house.start()
      const ready = async (): Promise<{ status: number; text: string }> => {
        const reply = await fetch(`${running.operatorsUrl}/readyz`)
        return { status: reply.status, text: await reply.text() }
      }
      const replies: { status: number; decisionId: string; text: string }[] = []
      let over = false
      const caller = async (): Promise<void> => {
        while (!over) replies.push(await house.call(running, { body: 'x'.repeat(2_000) }))
      }
      const callers = Promise.all([caller(), caller(), caller(), caller()])
      const next = async (status: number): Promise<void> => {
        const from = replies.length
        await expect
          .poll(() => replies.slice(from).some((reply) => reply.status === status), { timeout: 15_000 })
          .toBe(true)
      }
      await next(200)
      expect((await ready()).status).toBe(200)

      fill(join(disk, 'filler'), bytes)
      await next(503)
      await expect
        .poll(ready)
        .toMatchObject({ status: 503, text: expect.stringMatching(/free some space|cannot be written/) })
      expect(replies.find(({ status }) => status === 503)?.text).toContain('log_unavailable')

      rmSync(join(disk, 'filler'))
      await next(200)
      await expect.poll(async () => (await ready()).status, { timeout: 15_000 }).toBe(200)
      over = true
      await callers
      expect(await running.end()).toEqual({ status: 0, signal: null })

      const records = house.records()
      expect(records.map(({ seq }) => seq)).toEqual(records.map((_, place) => place))
      expect(records.some(({ event }) => event === 'recovery')).toBe(true)
      const types = typesByCall(records)
      const acknowledged = replies.filter(({ status }) => status === 200)
      expect(acknowledged.filter(({ decisionId }) => types.get(decisionId) !== 'decision outcome')).toEqual([])
      // What was refused is told too, call by call or as a sum: nothing is half there.
      expect([...types.values()].filter((both) => both !== 'decision outcome')).toEqual([])
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 503]))
    },
    60_000,
  )

  it('that is read-only at the start is said in one sentence', async () => {
    const disk = smallDisk()
    if (disk === undefined) throw new Error('the file system could be mounted a moment ago')
    mkdirSync(join(disk, 'data/log'), { recursive: true })
    execFileSync('mount', ['-o', 'remount,ro', disk])
    await using house = await houseProcess({ data: join(disk, 'data') })
    await expect(house.start()).rejects.toThrow(/ended with status 2: .*data.*(read-only|EROFS)/is)
  })
})
