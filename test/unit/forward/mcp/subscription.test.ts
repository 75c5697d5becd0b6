/** A server that cannot be asked is asked again, later each time and never later than the bound, and no more once nobody listens. */
import { expect, it } from 'vitest'
import { Subscription, type SubscriptionPorts } from '../../../../src/forward/mcp/subscription.ts'
import { Fault } from '../../../../src/model/index.ts'
import { fakeClock } from '../../../support/clock.ts'

function world(ports: Partial<SubscriptionPorts> = {}) {
  const clock = fakeClock()
  const askedMs: number[] = []
  const told: string[] = []
  const subscription = new Subscription({
    clock,
    ask: () => {
      askedMs.push(clock.monotonicMs())
      return Promise.reject(new Fault('upstream_unreachable', 'nobody is there'))
    },
    isOpen: () => true,
    acknowledged: () => told.push('acknowledged'),
    heard: () => told.push('heard'),
    missing: () => told.push('missing'),
    none: () => told.push('none'),
    broken: ({ code }) => told.push(`broken ${code}`),
    ...ports,
  })
  return { clock, askedMs, told, subscription }
}

it('waits twice as long after each failure, and at most half a minute', async () => {
  const { clock, askedMs, told, subscription } = world()
  subscription.start()
  // Until it has been asked for the first time.
  await clock.advance(0)
  await clock.advance(180_000)
  const waits = askedMs.map((ms, at) => ms - (askedMs[at - 1] ?? 0)).slice(1)
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000])
  // That it is missing is said once.
  expect(told).toEqual(['missing'])
})

it('asks nobody any more once it is stopped, or its servers are not in force', async () => {
  let open = true
  const { clock, askedMs, subscription } = world({ isOpen: () => open })
  subscription.start()
  await clock.advance(0)
  await clock.advance(3_500)
  const before = askedMs.length
  open = false
  await clock.advance(60_000)
  // The one that was due came, and no other behind it.
  expect(askedMs.length).toBe(before + 1)
  const stopped = world()
  stopped.subscription.start()
  await stopped.clock.advance(500)
  stopped.subscription.stop()
  await stopped.clock.advance(60_000)
  expect(stopped.askedMs).toEqual([0])
})

it('tells of a mistake of ours, and stops', async () => {
  const { clock, told, subscription } = world({ ask: () => Promise.reject(new TypeError('a mistake')) })
  subscription.start()
  await clock.advance(60_000)
  expect(told).toEqual(['broken internal'])
})
