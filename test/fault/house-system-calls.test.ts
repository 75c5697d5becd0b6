/**
 * The running program whose system calls fail: `strace` makes the kernel refuse, or delay, what the log asks of the disk, again and
 * again, under calls from several agents. What was acknowledged is in the log, the log is whole, and all goes on. Needs `strace` and the right to
 * trace a child. A short write that the kernel really made cannot be had this way: `log-files.test.ts` and the small file systems have those.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import { houseProcess, typesByCall } from '../support/house-process.ts'
import { makeFakeIo } from '../support/io.ts'

function mayTrace(): boolean {
  try {
    execFileSync('strace', ['-D', '-qq', '-o', '/dev/null', '-e', 'trace=getpid', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/**
 * `when` counts the calls of one thread: `3+4` is the third and every fourth after it. Of four threads that write, each has its own count.
 */
const faults: { note: string; inject: readonly string[]; failures: RegExp }[] = [
  { note: 'writes with EIO', inject: ['pwrite64:error=EIO:when=3+9'], failures: /EIO/ },
  { note: 'writes with ENOSPC, several in a row', inject: ['pwrite64:error=ENOSPC:when=4..5'], failures: /ENOSPC/ },
  { note: 'writes with EROFS', inject: ['pwrite64:error=EROFS:when=5+20'], failures: /EROFS/ },
  {
    note: 'writes with EIO, and the cut that follows with EIO too',
    inject: ['pwrite64:error=EIO:when=4+11', 'ftruncate:error=EIO:when=1+2'],
    failures: /EIO/,
  },
  {
    note: 'writes with EIO, and syncs that follow with EIO too',
    inject: ['pwrite64:error=EIO:when=4+11', 'fsync,fdatasync:error=EIO:when=9+2'],
    failures: /EIO/,
  },
]
const callers = 4
const callsEach = 25

describe.skipIf(!mayTrace())('a house whose system calls fail', () => {
  /** Calls until each caller had so many that were allowed; gives all replies. */
  async function underFaults(inject: readonly string[]) {
    const house = await houseProcess()
    const trace = join(house.data, '../trace')
    const names = inject.map((one) => one.split(':')[0]).join(',')
    const options = ['-D', '-f', '--seccomp-bpf', '-qq', '-o', trace, '-e', `trace=${names}`]
    const running = await house.start(['strace', ...options, ...inject.flatMap((one) => ['-e', `inject=${one}`])])
    const replies: { status: number; decisionId: string; tookMs: number }[] = []
    const caller = async (): Promise<void> => {
      for (let allowed = 0; allowed < callsEach; ) {
        const beganMs = performance.now()
        const reply = await house.call(running, { body: 'x'.repeat(500) })
        replies.push({ ...reply, tookMs: performance.now() - beganMs })
        if (reply.status === 200) allowed += 1
        // The log tries again after a tenth of a second at the earliest.
        else await setTimeout(20)
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
    const ended = await running.end()
    return { house, replies, ended, traced: readFileSync(trace, 'utf8') }
  }

  async function isWhole(house: Awaited<ReturnType<typeof houseProcess>>, acknowledged: readonly string[]) {
    const records = house.records()
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, place) => place))
    const types = typesByCall(records)
    expect(acknowledged.filter((id) => types.get(id) !== 'decision outcome')).toEqual([])
    const io = makeFakeIo({ directory: house.data })
    expect([await runWords(['audit', 'verify', '--log', join(house.data, 'log')], io), io.stderr.text]).toEqual([0, ''])
    return records
  }

  it.each(faults)(
    '$note: 503 meanwhile, no acknowledged call lost',
    { timeout: 60_000 },
    async ({ inject, failures }) => {
      const { house, replies, traced } = await underFaults(inject)
      await using _house = house
      expect(traced.match(/INJECTED/g)?.length ?? 0, 'the kernel refused something').toBeGreaterThan(0)
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 503]))
      // A stop may meet a fault too: what it could not write is said by the next start.
      const last = await house.start()
      expect(await last.end()).toEqual({ status: 0, signal: null })
      const records = await isWhole(
        house,
        replies.filter(({ status }) => status === 200).map(({ decisionId }) => decisionId),
      )
      const recoveries = records.filter(({ event }) => event === 'recovery')
      expect(JSON.stringify(recoveries)).toMatch(failures)
    },
  )

  it('a slow disk: every call waits for it, none is refused', { timeout: 60_000 }, async () => {
    const delayMs = 30
    const { house, replies, ended } = await underFaults([`pwrite64:delay_enter=${delayMs * 1_000}`])
    await using _house = house
    expect(ended).toEqual({ status: 0, signal: null })
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: callers * callsEach }, () => 200))
    // Mode `strict`: two durable writes, one after the other.
    expect(Math.min(...replies.map(({ tookMs }) => tookMs))).toBeGreaterThan(2 * delayMs)
    await isWhole(
      house,
      replies.map(({ decisionId }) => decisionId),
    )
  })
})
