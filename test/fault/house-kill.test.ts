/**
 * The whole program killed under load, again and again, at any instant from the start of the process on: what an agent has read the
 * end of is in the log, the log is whole, and the next start goes on. GATEHOUSE_TEST_KILLS says how often; 200 times where CI is set, else 10.
 */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import { houseProcess, typesByCall } from '../support/house-process.ts'
import { makeFakeIo } from '../support/io.ts'
import { draws } from '../support/random.ts'

/** Two houses at a time, because a start keeps one core busy. */
const houses = 2
const kills = Math.ceil(Number(process.env.GATEHOUSE_TEST_KILLS ?? (process.env.CI === undefined ? 10 : 200)) / houses)
const callers = 8
/** Replies before a kill at most, and milliseconds after the last of them: an instant in the middle of whatever goes on. */
const repliesMax = 80
const delayMsMax = 8
/** One kill of so many comes before the house has said where it listens. */
const earlyKills = 8
/** Milliseconds after which such a kill comes at most: about as long as a start takes. */
const earlyMsMax = 600

type House = Awaited<ReturnType<typeof houseProcess>>

/** Gives the decision ids that agents have read with the end of a reply, and the statuses of all replies. */
async function killed(house: House, replies: number, delayMs: number): Promise<{ ids: string[]; statuses: number[] }> {
  const running = await house.start()
  const ids: string[] = []
  const statuses: number[] = []
  const isOver = (): boolean => running.process.exitCode !== null || running.process.signalCode !== null
  const caller = async (): Promise<void> => {
    while (!isOver()) {
      // A connection that breaks is what a kill looks like from here.
      const reply = await house.call(running).catch(() => undefined)
      if (reply === undefined) continue
      ids.push(reply.decisionId)
      statuses.push(reply.status)
      if (ids.length === replies) void setTimeout(delayMs).then(() => running.process.kill('SIGKILL'))
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return { ids, statuses }
}

it.concurrent.each(Array.from({ length: houses }, (_, place) => place + 1))(
  `house %i: ${kills} kills leave both records of every acknowledged call`,
  { timeout: 30_000 + kills * 6_000 },
  async () => {
    const seed = Number(process.env.GATEHOUSE_TEST_SEED ?? randomInt(2 ** 31))
    process.stdout.write(`house-kill: seed ${seed}\n`)
    const draw = draws(seed)
    await using house = await houseProcess()
    const acknowledged: string[] = []
    for (let round = 0; round < kills; round++) {
      if (round % earlyKills === earlyKills - 1) {
        await house.startAndKill(draw(earlyMsMax))
        continue
      }
      const { ids, statuses } = await killed(house, 1 + draw(repliesMax), draw(delayMsMax))
      expect(new Set(statuses)).toEqual(new Set([200]))
      acknowledged.push(...ids)
    }
    const last = await house.start()
    expect(await last.end('SIGTERM')).toEqual({ status: 0, signal: null })
    // The tree of the log and every checkpoint in it, by the command that an auditor runs.
    const io = makeFakeIo({ directory: house.data })
    const verified = await runWords(['audit', 'verify', '--log', join(house.data, 'log'), '--format', 'json'], io)
    expect([verified, io.stderr.text], io.stdout.text).toEqual([0, ''])
    const records = house.records()
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, place) => place))
    const types = typesByCall(records)
    expect(acknowledged.filter((id) => !isWhole(types.get(id)))).toEqual([])
    expect(acknowledged.length).toBeGreaterThan(kills)
    const recoveries = records.filter(({ event }) => event === 'recovery').length
    const late = kills - Math.floor(kills / earlyKills)
    // One killed before it opened the log leaves nothing to recover from; after any other, the next start says so.
    expect([recoveries >= late, recoveries <= kills]).toEqual([true, true])
  },
)

function isWhole(types: string | undefined): boolean {
  return types === 'decision outcome'
}
