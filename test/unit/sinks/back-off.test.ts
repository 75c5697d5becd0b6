/** The pauses between tries: doubled up to their bound, and by chance anything from half of it on. */
import { describe, expect, it } from 'vitest'
import { makeBackOff } from '../../../src/sinks/back-off.ts'

describe('pauses', () => {
  it.each([
    { byte: 0, wanted: [125, 250, 500, 1_000, 1_500, 1_500] },
    { byte: 255, wanted: [250, 500, 1_000, 2_000, 3_000, 3_000] },
  ])('double up to their bound, with chance at $byte', ({ byte, wanted }) => {
    const backOff = makeBackOff(3_000, () => Uint8Array.of(byte))
    expect(wanted.map(() => backOff.next())).toEqual(wanted)
    backOff.reset()
    expect(backOff.next()).toBe(wanted[0])
  })
})
