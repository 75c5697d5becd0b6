/** The house while its decision log is down: what operators ask of it is answered, and it ends when it is told to. */
import { afterEach, describe, expect, it } from 'vitest'
import { failingFiles } from '../support/log.ts'
import { allowAll, openWorld, type World } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

/** A house whose log has failed, and cannot even cut off what the failed write left, until `heal`. */
async function houseWithoutLog(): Promise<{ world: World; heal(): void }> {
  const files = failingFiles()
  const world = await openWorld({ logFiles: files })
  open.push(world)
  files.fails = (operation) => (operation === 'write' || operation === 'truncate' ? 'error' : undefined)
  expect((await world.send()).json.code).toBe('log_unavailable')
  return {
    world,
    heal() {
      files.fails = () => undefined
    },
  }
}

const denyAll = 'package gatehouse\n\nallow := false\n'
const events = (world: World): unknown[] =>
  world
    .records()
    .filter(({ type }) => type === 'admin')
    .map(({ event }) => event)

describe('a house whose log cannot be written', () => {
  it('refuses a reload at once, and never records as done what did not come into force', async () => {
    const { world, heal } = await houseWithoutLog()
    world.write('policies/main.rego', denyAll)
    expect(await world.house.reload()).toMatch(/the last change was refused.*the decision log cannot be written/)
    heal()
    await expect.poll(() => events(world), { timeout: 10_000 }).toEqual(['start', 'recovery', 'reload_refused'])
    expect((await world.send()).status).toBe(200)
  })

  it('drains without waiting for the disk', async () => {
    const { world } = await houseWithoutLog()
    expect(await world.house.drain()).toBe(0)
    expect(world.programLog.map(({ message }) => message)).toContain('the stop is not recorded yet')
    expect(events(world)).toEqual(['start'])
  })

  it('records the stop when the disk is well again by then', async () => {
    const { world, heal } = await houseWithoutLog()
    heal()
    await world.house.drain()
    expect(events(world)).toEqual(['start', 'recovery', 'stop'])
  })
})

describe('a house that drains', () => {
  it('takes in no change any more', async () => {
    const world = await openWorld()
    open.push(world)
    const drained = world.house.drain()
    world.write('policies/main.rego', allowAll.replace('true', 'false'))
    expect(await world.house.reload()).toBe('the gateway is shutting down: the change is not taken in')
    await drained
    expect(events(world)).toEqual(['start', 'stop'])
  })
})
