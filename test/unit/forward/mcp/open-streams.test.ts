/** A stream that stays open ends with the token that it was opened with. */
import { expect, test } from 'vitest'
import { type OpenStream, OpenStreams } from '../../../../src/forward/mcp/open-streams.ts'
import { type Fault, limits } from '../../../../src/model/index.ts'
import { fakeClock } from '../../../support/clock.ts'

function opened(untilMs: number | undefined, clock = fakeClock()) {
  const faults: Fault[] = []
  const stream = { untilMs, servers: [], tell() {}, fail: (fault: Fault) => void faults.push(fault) }
  const takeBack = new OpenStreams().add(stream as unknown as OpenStream, clock)
  return { clock, codes: () => faults.map(({ code }) => code), takeBack }
}

test.each([
  ['in a minute', 60_000, 60_000],
  ['already', -5_000, 0],
])('is broken off when its token expires %s', async (_note, leftMs, afterMs) => {
  const clock = fakeClock()
  const { codes } = opened(clock.nowMs() + leftMs, clock)
  if (afterMs > 0) await clock.advance(afterMs - 1)
  if (afterMs > 0) expect(codes()).toEqual([])
  await clock.advance(1)
  expect(codes()).toEqual(['token_expired'])
})

test('that has ended hears nothing of its token', async () => {
  const clock = fakeClock()
  const { codes, takeBack } = opened(clock.nowMs() + 60_000, clock)
  takeBack()
  await clock.advance(60_000)
  expect(codes()).toEqual([])
})

test.each([
  ['without a token', undefined],
  ['with a token that outlives every stream', Date.UTC(2026, 2, 2, 10) + limits.mcpStreamMsMax],
])('is left alone %s', async (_note, untilMs) => {
  const { clock, codes } = opened(untilMs)
  await clock.advance(limits.mcpStreamMsMax)
  expect(codes()).toEqual([])
})
