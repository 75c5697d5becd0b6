/**
 * Bodies in pieces of one byte, both ways: what is kept of them takes about as much memory as their bytes, not hundreds of times
 * as much. (Kept piece by piece, the bodies here took 150 MB each.)
 */
import { connect, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openWorld, type World } from '../support/world.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const pieces = 800_000
const block = Buffer.from('1\r\n \r\n'.repeat(20_000))
const grownBytesMax = 80 * 1024 * 1024

/** What the process holds beyond `before` while the pieces are kept. */
function grown(before: NodeJS.MemoryUsage): number {
  const now = process.memoryUsage()
  return now.heapUsed + now.external - before.heapUsed - before.external
}

describe('pieces of one byte', () => {
  it('of a body that policy reads', async () => {
    const here = await openWorld({ policies: { 'main.rego': 'package gatehouse\n\nallow if input.call.body.a\n' } })
    world = here
    const before = process.memoryUsage()
    const socket = connect(here.port, '127.0.0.1')
    socket.write(
      `POST /orders HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${await here.token()}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    for (let sent = 0; sent < pieces; sent += 20_000)
      if (!socket.write(block)) await new Promise((resolve) => socket.once('drain', resolve))
    expect(grown(before)).toBeLessThan(grownBytesMax)
    const status = new Promise((resolve) => socket.once('data', (bytes) => resolve(bytes.toString().slice(9, 12))))
    socket.write('a\r\n{"a":true}\r\n0\r\n\r\n')
    expect(await status).toBe('200')
    expect(here.received[0]?.body.length).toBe(pieces + 10)
    socket.destroy()
  })

  it('of a reply that is masked', async () => {
    let before = process.memoryUsage()
    let most = 0
    const upstream = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', async () => {
        before = process.memoryUsage()
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n')
        for (let sent = 0; sent < pieces; sent += 20_000)
          if (!socket.write(block)) await new Promise((resolve) => socket.once('drain', resolve))
        most = grown(before)
        socket.end('f\r\n{"iban":"DE01"}\r\n0\r\n\r\n')
      })
    })
    const here = await openWorld({
      rawUpstream: upstream,
      policies: {
        'main.rego':
          'package gatehouse\n\nallow := true\n\nobligations contains {"type": "mask_response", "fields": ["/iban"]}\n',
      },
    })
    world = here
    const reply = await here.send()
    expect(reply.json).toEqual({ iban: '[masked]' })
    expect(most).toBeLessThan(grownBytesMax)
  })
})
