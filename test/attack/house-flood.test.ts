/**
 * A flood of bad tokens from one address: it is refused a bounded number of times a second, then closed unread and told as a sum,
 * while an agent of another address is served, and its calls alone cost records of their own.
 */
import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { limits } from '../../src/model/index.ts'
import { openWorld, type World } from '../support/world.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const flood = 600
const flooder = '127.0.0.9'

it.each([
  {
    note: 'tokens with bad signatures',
    code: 'token_signature',
    bytes: (token: string) => `GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  },
  { note: 'no tokens', code: 'token_missing', bytes: () => 'GET / HTTP/1.1\r\nHost: h\r\n\r\n' },
  { note: 'bytes that are no HTTP', code: 'http_malformed', bytes: () => '\0\0\0\r\n\r\n' },
])('a flood of $note does not keep others out', async ({ code, bytes }) => {
  // Refusals are counted by the second: it lasts until the flood is over, however slow the machine is.
  let heldMs: number | undefined = systemClock.monotonicMs()
  const here = await openWorld({ clock: { ...systemClock, monotonicMs: () => heldMs ?? systemClock.monotonicMs() } })
  world = here
  const base = (await here.token()).slice(0, -8)
  let unread = 0
  const attack = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port: here.port, host: '127.0.0.1', localAddress: flooder })
      let reply = ''
      socket.on('error', () => undefined)
      socket.on('data', (piece) => {
        reply += piece
        socket.destroy()
      })
      socket.on('close', () => {
        if (reply === '') unread += 1
        resolve()
      })
      socket.write(bytes(`${base}${String(index).padStart(6, 'A')}AA`))
    })
  const statuses: number[] = []
  let over = false
  const honest = (async () => {
    while (!over || statuses.length < 10) statuses.push((await here.send()).status)
  })()
  for (let from = 0; from < flood; from += 50)
    await Promise.all(Array.from({ length: 50 }, (_, index) => attack(from + index)))
  over = true
  heldMs = undefined
  await honest
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(unread).toBeGreaterThan(flood / 2)

  // The sum is told when its second is over.
  const told = (): number =>
    here.records().reduce((sum, record) => sum + (record.code === 'refusal_flood' ? record.count : 0), 0)
  await expect.poll(told, { timeout: 5_000 }).toBe(unread)
  const own = here.records().filter((record) => record.type !== 'outcome' && record.code === code)
  expect(own).toHaveLength(flood - unread)
  // Those of one burst that were on their way when the bound was reached are answered still.
  expect(own.length).toBeGreaterThanOrEqual(limits.refusalsPerAddressPerSecondMax)
  expect(own.length).toBeLessThan(limits.refusalsPerAddressPerSecondMax + 50)
})
