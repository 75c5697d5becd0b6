/** TLS rubbish: bytes that are no handshake, handshakes that stop or are reset half-way. None is a call, each is told once, none holds the house up. */

import { readFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { openWorld, type World } from '../support/world.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const pem = (name: string): string => readFileSync(new URL(`../cases/tls/${name}.pem`, import.meta.url), 'utf8')

async function tlsWorld(): Promise<World> {
  world = await openWorld({
    files: { 'certificate.pem': pem('first.certificate'), 'key.pem': pem('first.key') },
    config: {
      listeners: {
        agents: { port: 0, tls: { certificate: 'certificate.pem', key: 'key.pem' } },
        operators: { port: 0 },
      },
    },
  })
  return world
}

/** The status of a good call over TLS. */
async function goodCall(here: World): Promise<string> {
  const token = await here.token()
  return await new Promise((resolve, reject) => {
    const socket = connectTls({ port: here.port, host: '127.0.0.1', rejectUnauthorized: false })
    socket.on('error', reject)
    socket.once('data', (bytes) => {
      socket.destroy()
      resolve(bytes.toString('latin1').slice(9, 12))
    })
    socket.write(`GET /orders HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  })
}

describe('an agents` port with TLS', () => {
  it.each([
    { note: 'plain HTTP', bytes: 'GET / HTTP/1.1\r\nHost: h\r\n\r\n' },
    { note: 'a record that is too long', bytes: `\x16\x03\x01\xff\xff${'a'.repeat(20_000)}` },
    { note: 'a hello of SSL 2', bytes: `\x80\x2e\x01\x03\x01${'\0'.repeat(43)}` },
    { note: 'zeros', bytes: '\0'.repeat(100) },
  ])('refuses $note with one fault record, and goes on', async ({ bytes }) => {
    const here = await tlsWorld()
    await here.raw(Buffer.from(bytes, 'latin1'))
    expect(await goodCall(here)).toBe('200')
    expect(here.records().filter(({ type }) => type === 'fault')).toMatchObject([{ code: 'tls_refused' }])
  })

  it('lives on when handshakes are reset at every byte', async () => {
    const here = await tlsWorld()
    const hello = Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'latin1')
    for (let bytes = 0; bytes <= hello.length; bytes++)
      await new Promise<void>((resolve) => {
        const socket = connectSocket(here.port, '127.0.0.1')
        socket.on('error', () => undefined).on('close', () => resolve())
        socket.write(hello.subarray(0, bytes), () => socket.resetAndDestroy())
      })
    expect(await goodCall(here)).toBe('200')
  })

  it('closes at once although somebody has not begun his handshake', async () => {
    const here = await tlsWorld()
    const silent = connectSocket(here.port, '127.0.0.1')
    const closed = new Promise((resolve) => silent.on('error', () => undefined).once('close', resolve))
    silent.resume()
    expect(await goodCall(here)).toBe('200')
    const begunMs = performance.now()
    await here.house.drain()
    // A handshake may take 10 s.
    expect(performance.now() - begunMs).toBeLessThan(5_000)
    await closed
  })
})
