/** Slow bodies: a call whose body trickles in must end at the deadline with a reply and a decision. */
import { describe, expect, it } from 'vitest'
import type { Reply } from '../../src/model/index.ts'
import { jsonReply, parseReply, receiverWorld } from '../support/receiver.ts'

describe('a slow body', () => {
  it.each([
    ['with a length', 'Content-Length: 1000', 'x'],
    ['in chunks', 'Transfer-Encoding: chunked', '1\r\nx\r\n'],
  ])('%s ends with 408 at its deadline, however regularly bytes arrive', async (_note, framing, piece) => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(`POST /a HTTP/1.1\r\nHost: h\r\n${framing}\r\n\r\n`)
    await world.clock.settled(() => world.calls.length === 1)
    for (let sent = 0; sent < 40; sent++) {
      client.write(piece)
      await world.clock.advance(250)
    }
    await world.clock.settled(() => client.isClosed, 250)
    const reply = parseReply(client.text)
    expect(reply.status).toBe(408)
    expect(reply.json.code).toBe('body_slow')
    expect(reply.header).toContain('Connection: close')
    expect(world.receiver.callsUnderWay).toBe(0)
  })

  it('that is streamed ends for its reader too', async () => {
    const codes: string[] = []
    await using world = await receiverWorld(
      (call) =>
        new Promise<Reply>((resolve) => {
          call.body.stream(1_000_000).start({
            chunk() {},
            end() {},
            fail(fault) {
              codes.push(fault.code)
              resolve(jsonReply(call, fault.code))
            },
          })
        }),
    )
    const client = world.connect()
    client.write('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nx')
    await world.clock.settled(() => codes.length > 0, 250)
    expect(codes).toEqual(['body_slow'])
    await world.clock.settled(() => client.isClosed, 250)
  })

  it('that nobody read, and that ends behind its reply, leaves a connection that is idle and not slow', async () => {
    await using world = await receiverWorld((call) => jsonReply(call, 'unread'))
    const client = world.connect()
    client.write('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx')
    await client.until(/"unread"/)
    client.write('x')
    await world.clock.advance(10_000)
    expect(client.isClosed).toBe(false)
    await world.clock.advance(15_000)
    await client.closed
    expect(client.text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(world.refused).toEqual([])
  })
})
