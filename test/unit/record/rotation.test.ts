/** When the next segment is begun: by size and by age, with the next record, and never with an empty one left behind. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type LogWorld, logWorld } from '../../support/log.ts'

/** Places of the records in each segment. */
function places(world: LogWorld): number[][] {
  return world.segments().map((name) =>
    readFileSync(join(world.directory, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).seq),
  )
}

describe('a segment', () => {
  it('is followed by the next one when its time is up and a record comes', async () => {
    await using world = logWorld()
    const log = await world.open({ segmentMsMax: 60_000 })
    await log.admin('note', {})
    await world.clock.advance(59_999)
    await log.admin('note', {})
    expect(places(world)).toEqual([[0, 1]])
    await world.clock.advance(1)
    expect(places(world), 'nothing came').toEqual([[0, 1]])
    await log.admin('note', {})
    await log.admin('note', {})
    expect(places(world)).toEqual([
      [0, 1],
      [2, 3],
    ])
    await world.clock.advance(600_000)
    await log.admin('note', {})
    expect(places(world)).toEqual([[0, 1], [2, 3], [4]])
  })

  it('is as old as its opening after a restart', async () => {
    await using world = logWorld()
    const first = await world.open({ segmentMsMax: 60_000 })
    await first.admin('note', {})
    await first.close()
    await world.clock.advance(100_000)
    const second = await world.open({ segmentMsMax: 60_000 })
    await second.admin('note', {})
    expect(places(world)).toEqual([[0, 1]])
    await world.clock.advance(60_000)
    await second.admin('note', {})
    expect(places(world)).toEqual([[0, 1], [2]])
  })
})
