/** The whole program told to end under load: what runs is finished, what is new is refused, every call has its two records. */
import { expect, it } from 'vitest'
import { houseProcess, typesByCall } from '../support/house-process.ts'

it('finishes what runs, and loses no acknowledged call', { timeout: 60_000 }, async () => {
  await using house = await houseProcess({
    // A few turns between call and reply, so that some are always under way.
    serve: (request, response) =>
      void request.resume().on('end', () => setTimeout(() => response.end('x'.repeat(200_000)), 5)),
  })
  const running = await house.start()
  const ids: string[] = []
  const statuses = new Set<number>()
  let broken = 0
  const isOver = (): boolean => running.process.exitCode !== null || running.process.signalCode !== null
  const caller = async (): Promise<void> => {
    while (!isOver()) {
      const reply = await house.call(running).catch(() => undefined)
      if (reply === undefined) {
        broken += 1
        continue
      }
      ids.push(reply.decisionId)
      statuses.add(reply.status)
      if (ids.length === 100) running.process.kill('SIGTERM')
    }
  }
  await Promise.all(Array.from({ length: 16 }, caller))
  expect(await running.end()).toEqual({ status: 0, signal: null })
  expect(ids.length).toBeGreaterThanOrEqual(100)
  // Those that met a connection on its way out are not calls; nobody is answered by anything but the two.
  for (const status of statuses) expect([200, 503]).toContain(status)
  expect(broken).toBeGreaterThan(0)
  const records = house.records()
  const types = typesByCall(records)
  expect(ids.filter((id) => types.get(id) !== 'decision outcome')).toEqual([])
  expect([...types.values()].filter((both) => both !== 'decision outcome')).toEqual([])
  const outcomes = records.filter(({ type }) => type === 'outcome')
  expect(new Set(outcomes.map(({ complete }) => complete))).toEqual(new Set([true]))
  expect(records.at(-1)).toMatchObject({ type: 'admin', event: 'stop', detail: { calls_cut: 0 } })
})
