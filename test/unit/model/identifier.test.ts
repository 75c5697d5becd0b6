/** Ids are version 7 UUIDs that rise strictly, whatever the clock does. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { makeIdMaker } from '../../../src/model/index.ts'

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('makeIdMaker', () => {
  it('writes the version, the variant and the milliseconds where RFC 9562 section 5.7 has them', () => {
    const id = makeIdMaker(() => 0x0123456789ab, randomBytes)()
    expect(id).toMatch(form)
    expect(id.replaceAll('-', '').slice(0, 12)).toBe('0123456789ab')
  })

  it.each([
    { note: 'within one millisecond', clock: () => 1_000, count: 300 },
    { note: 'beyond 4,096 ids in one millisecond', clock: () => 1_000, count: 9_000 },
    { note: 'when the clock steps back', clock: stepping([5_000, 4_000, 6_000, 5_999]), count: 100 },
  ])('rises strictly $note', ({ clock, count }) => {
    const make = makeIdMaker(clock, randomBytes)
    let last = ''
    for (let made = 0; made < count; made++) {
      const id = make()
      expect(id).toMatch(form)
      expect(id > last).toBe(true)
      last = id
    }
  })

  it('draws the rest from the random source alone', () => {
    const zeros = makeIdMaker(
      () => 1,
      (count) => new Uint8Array(count),
    )
    expect(zeros()).toBe('00000000-0001-7000-8000-000000000000')
  })
})

function stepping(times: readonly number[]): () => number {
  let asked = 0
  return () => times[asked++ % times.length] as number
}
