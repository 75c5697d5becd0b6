/** The whole program killed under load, again and again: what an agent has read the end of is in the log, and the next start goes on. */
import { expect, it } from 'vitest'
import { houseProcess, typesByCall } from '../support/house-process.ts'

const kills = 10
const callers = 8

/** Gives the decision ids that agents have read with the end of a reply, and the statuses of all replies. */
async function killed(
  house: Awaited<ReturnType<typeof houseProcess>>,
  killAfter: number,
): Promise<{ ids: string[]; statuses: number[] }> {
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
      if (ids.length === killAfter) running.process.kill('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return { ids, statuses }
}

// Two at a time, because a start keeps one core busy.
it.concurrent.each([{ first: 1 }, { first: 4 }])(
  `${kills} kills, the first after reply $first, leave both records of every acknowledged call`,
  { timeout: 120_000 },
  async ({ first }) => {
    await using house = await houseProcess()
    const acknowledged: string[] = []
    for (let round = 0; round < kills; round++) {
      // Another moment each time: after the first replies, and up to some dozens later.
      const { ids, statuses } = await killed(house, first + ((round * 7) % 60))
      expect(new Set(statuses)).toEqual(new Set([200]))
      acknowledged.push(...ids)
    }
    const last = await house.start()
    expect(await last.end('SIGTERM')).toEqual({ status: 0, signal: null })
    const records = house.records()
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, place) => place))
    const types = typesByCall(records)
    expect(acknowledged.filter((id) => types.get(id) !== 'decision outcome')).toEqual([])
    expect(acknowledged.length).toBeGreaterThan(kills)
    expect(records.filter(({ event }) => event === 'recovery')).toHaveLength(kills)
  },
)
