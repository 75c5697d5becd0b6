/** Messages larger than anybody needs: refused as soon as that is known, without keeping them. */
import { describe, expect, it } from 'vitest'
import { limits } from '../../src/model/index.ts'
import { parseReply, receiverWorld } from '../support/receiver.ts'

const head = 'POST /a HTTP/1.1\r\nHost: h\r\n'

describe('an oversized message', () => {
  it.each([
    ['a header value', `${head}X: ${'y'.repeat(limits.headerBytesMax)}\r\n\r\n`],
    ['a header name', `${head}${'X'.repeat(limits.headerBytesMax)}: y\r\n\r\n`],
    ['a target', `GET /${'a'.repeat(limits.headerBytesMax)} HTTP/1.1\r\nHost: h\r\n\r\n`],
    ['many fields that together are too long', `${head}${'X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(600)}\r\n`],
  ])('by %s is answered 431 and is no call', async (_note, bytes) => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(bytes)
    await world.clock.settled(() => client.isClosed, 250)
    expect(parseReply(client.text).status).toBe(431)
    expect(world.refused.map(({ code }) => code)).toEqual(['header_too_large'])
  })

  it('by the number of fields is refused, not cut to what fits', async () => {
    await using world = await receiverWorld()
    const text = await world.send(`${head}Connection: close\r\n${'a: b\r\n'.repeat(limits.headerFieldsMax)}\r\n`)
    expect(parseReply(text).json.code).toBe('header_too_large')
    expect(world.calls).toEqual([])
  })

  it('by a target within the header`s bound is refused as a call', async () => {
    await using world = await receiverWorld()
    const text = await world.send(
      `GET /${'a'.repeat(limits.targetCharsMax)} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
    )
    expect(parseReply(text).json.code).toBe('target_refused')
  })

  it('by a length that is too large is answered before the body is sent', async () => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(`${head}Content-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n`)
    await world.clock.settled(() => client.isClosed, 250)
    expect(client.text).not.toContain('100 Continue')
    expect(parseReply(client.text).json.code).toBe('body_too_large')
  })

  it('by endless chunks is answered when the bound is passed, and the connection ends', async () => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(`${head}Transfer-Encoding: chunked\r\n\r\n`)
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    for (let sent = 0; sent < 20; sent++) client.write(chunk)
    await world.clock.settled(() => client.isClosed, 250)
    expect(parseReply(client.text).json.code).toBe('body_too_large')
    expect(world.calls[0]?.body.receivedBytes).toBeLessThan(1_200_000)
  })

  it('by a chunk`s endless extension is refused', async () => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(`${head}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(100_000)}\r\nx\r\n0\r\n\r\n`)
    await world.clock.settled(() => client.isClosed, 250)
    expect(parseReply(client.text).json.code).toBe('framing_refused')
  })

  it('by an endless trailer is refused', async () => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(`${head}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n${'X: yyyyyyyy\r\n'.repeat(10_000)}\r\n`)
    await world.clock.settled(() => client.isClosed, 250)
    expect(parseReply(client.text).status).toBe(431)
  })
})
