/** Slow headers (slowloris): a connection that sends its header byte by byte must end at the deadline, and cost one record. */
import { describe, expect, it } from 'vitest'
import { receiverWorld } from '../support/receiver.ts'

describe('a slow header', () => {
  it('ends with 408 at its deadline, however regularly bytes arrive', async () => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write('GET /a HTTP/1.1\r\n')
    await world.clock.settled(() => world.receiver.connections === 1)
    for (let sent = 0; sent < 20 && !client.isClosed; sent++) {
      client.write(`X-${sent}: y\r\n`)
      await world.clock.advance(250)
    }
    await world.clock.settled(() => client.isClosed, 250)
    expect(client.text).toMatch(/^HTTP\/1\.1 408 /)
    expect(world.refused.map(({ code }) => code)).toEqual(['request_slow'])
    expect(world.receiver.connections).toBe(0)
  })

  it('ends on a kept connection too', async () => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write('GET /a HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.until(/200 OK/)
    client.write('G')
    await world.clock.settled(() => world.refused.length > 0, 250)
    expect(world.refused.map(({ code }) => code)).toEqual(['request_slow'])
    await world.clock.settled(() => client.isClosed, 250)
  })

  it('of a connection that says nothing at all ends without a record', async () => {
    await using world = await receiverWorld()
    const client = world.connect()
    await world.clock.settled(() => client.isClosed, 250)
    expect(client.text).toBe('')
    expect(world.refused).toEqual([])
  })
})
