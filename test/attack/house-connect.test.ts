/**
 * CONNECT, which node:http hands over with its own listeners taken off: whatever comes behind it, and however the agent leaves,
 * the process lives, the refusal is recorded and the next agent is served.
 */
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openWorld, type World } from '../support/world.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const tunnel = 'CONNECT inside:22 HTTP/1.1\r\nHost: inside:22\r\n\r\n'

const leavings: { note: string; leave: (socket: Socket) => void }[] = [
  { note: 'resets the connection before the reply', leave: (socket) => socket.resetAndDestroy() },
  { note: 'resets it after the reply', leave: (socket) => socket.once('data', () => socket.resetAndDestroy()) },
  { note: 'sends bytes of another protocol', leave: (socket) => socket.write('SSH-2.0-agent\r\n') },
  { note: 'sends a second CONNECT', leave: (socket) => socket.write(tunnel) },
  { note: 'half-closes', leave: (socket) => socket.end() },
]

describe('CONNECT', () => {
  it.each(leavings)('is refused and recorded when the agent $note', async ({ leave }) => {
    const here = await openWorld()
    world = here
    const socket = connect(here.port, '127.0.0.1')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => undefined).resume()
    socket.write(tunnel, () => leave(socket))
    await closed
    expect((await here.send()).status).toBe(200)
    const refused = here.records().filter(({ code }) => code === 'method_refused')
    expect(refused.map(({ type }) => type)).toEqual(['decision', 'outcome'])
  })

  it.each([
    { note: 'one', calls: 1 },
    { note: 'three', calls: 3 },
  ])(
    'behind $note unanswered ends the connection; what ran has its two records, and a fault record tells why',
    async ({ calls }) => {
      const here = await openWorld()
      world = here
      const call = `GET /orders HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${await here.token()}\r\n\r\n`
      await here.raw(call.repeat(calls) + tunnel)
      expect((await here.send()).status).toBe(200)
      const records = here.records()
      expect(records.filter(({ type }) => type === 'fault')).toMatchObject([{ code: 'method_refused' }])
      const count = (type: string) => records.filter((record) => record.type === type).length
      expect(count('outcome')).toBe(count('decision'))
    },
  )
})
