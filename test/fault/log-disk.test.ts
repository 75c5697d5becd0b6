/** The decision log on a real file system that is full, or read-only: a tmpfs of 512 KiB, mounted where we may mount. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Fault } from '../../src/model/index.ts'
import type { LogOpenError } from '../../src/record/index.ts'
import { answerFault, arrivalOf, buyer, decisionOf, logWorld, targetOf, upstreamReply } from '../support/log.ts'

const kib = 1024

/** Mounts a small tmpfs; undefined when this process may not. */
function mounted(): (Disposable & { readonly path: string }) | undefined {
  const path = mkdtempSync(join(tmpdir(), 'gatehouse-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${512 * kib}`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    rmSync(path, { recursive: true })
    return undefined
  }
  return {
    path,
    [Symbol.dispose]() {
      execFileSync('umount', ['-l', path])
      rmSync(path, { recursive: true })
    },
  }
}

describe('the log on a small disk', () => {
  it('refuses calls when the disk is full, keeps what it released, and goes on when there is room', async (context) => {
    using disk = mounted()
    if (disk === undefined) return context.skip('mounting a tmpfs needs root')
    await using world = logWorld()
    const directory = join(disk.path, 'log')
    const ballast = join(disk.path, 'ballast')
    writeFileSync(ballast, Buffer.alloc(300 * kib))
    const log = await world.open({ directory })
    const open = world.recorder(log)
    const statuses = new Map<number, number>()
    const released: string[] = []
    const call = async () => {
      const arrival = arrivalOf()
      const entry = open(arrival)
      entry.identified(buyer)
      entry.routed(targetOf())
      try {
        await entry.decided(decisionOf('allow'))
        await entry.followed(upstreamReply())
        released.push(arrival.id)
        return 201
      } catch (cause) {
        return (await entry.failed(cause as Fault, answerFault)).status
      }
    }
    let calls = 0
    while ((statuses.get(503) ?? 0) < 60) {
      const status = await call()
      calls += 1
      expect(calls).toBeLessThan(1_000)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    expect(statuses.get(201)).toBeGreaterThan(20)
    expect(log.readiness()).toContain('ENOSPC')
    rmSync(ballast)
    expect(statfsSync(disk.path).bavail).toBeGreaterThan(0)
    await world.clock.settled(() => log.readiness() === undefined, 500)
    expect(await call()).toBe(201)
    await log.close()
    const { readLog, nodeFiles } = await import('../../src/record/index.ts')
    const seqs: number[] = []
    const ends = new Map<string, number>()
    for await (const { record } of readLog({
      directory,
      from: 'start',
      filters: {},
      follow: false,
      signal: new AbortController().signal,
      files: nodeFiles,
      pause: async () => {},
      unreadable: (path, position) => expect.unreachable(`${path}:${position}`),
    })) {
      seqs.push(record.seq)
      if (record.type === 'outcome') ends.set(record.call_id, record.status)
    }
    expect(seqs).toEqual(seqs.map((_, place) => place))
    expect(released.filter((id) => ends.get(id) !== 201)).toEqual([])
    // Every refused call has its records too: they were held until there was room.
    expect(ends.size).toBe(calls + 1)
  })

  it('says what is wrong with a directory that cannot be written', async (context) => {
    using disk = mounted()
    if (disk === undefined) return context.skip('mounting a tmpfs needs root')
    await using world = logWorld()
    const directory = join(disk.path, 'log')
    mkdirSync(directory)
    execFileSync('mount', ['-o', 'remount,ro', disk.path])
    const failure = (await world.open({ directory }).catch((cause: unknown) => cause)) as LogOpenError
    expect(failure.code).toBe('log_unusable')
    expect(failure.message).toContain(directory)
  })
})
