/** TLS on the agents' port: versions, HTTP/1.1 only, handshakes that fail, certificates that change while connections are open. */
import { connect as connectTcp } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { selfSigned } from '../../support/certificate.ts'
import { echo, parseReply, RawClient, receiverWorld } from '../../support/receiver.ts'

const first = selfSigned({ names: ['localhost'], commonName: 'first' })
const second = selfSigned({ names: ['localhost'], commonName: 'second' })
const call = 'GET /a HTTP/1.1\r\nHost: h:443\r\n\r\n'

function secure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port, host: '127.0.0.1', servername: 'localhost', ca: [first.certificate, second.certificate], ...options },
      () => resolve(socket),
    )
    socket.on('error', reject)
  })
}

describe('a listener with TLS', () => {
  it('serves calls over TLS 1.2 and 1.3, whose scheme is https', async () => {
    await using world = await receiverWorld(echo, { tls: first })
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await secure(world.port, { minVersion: version, maxVersion: version })
      const client = new RawClient(socket)
      client.write(call)
      await client.until(/200 OK/)
      expect(parseReply(client.text).json.host).toBe('h')
      socket.destroy()
    }
    expect(world.calls.map(({ scheme }) => scheme)).toEqual(['https', 'https'])
  })

  it('speaks HTTP/1.1 also to those who would rather have HTTP/2', async () => {
    await using world = await receiverWorld(echo, { tls: first })
    const socket = await secure(world.port, { ALPNProtocols: ['h2', 'http/1.1'] })
    expect(socket.alpnProtocol).toBe('http/1.1')
    socket.destroy()
  })

  it('refuses older versions, other protocols and plain HTTP, each with one record', async () => {
    await using world = await receiverWorld(echo, { tls: first })
    await expect(
      secure(world.port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow()
    await world.clock.settled(() => world.refused.length === 1)
    await expect(secure(world.port, { ALPNProtocols: ['h2'] })).rejects.toThrow()
    await world.clock.settled(() => world.refused.length === 2)
    const plain = new RawClient(connectTcp(world.port, '127.0.0.1'))
    plain.write(call)
    await plain.closed
    await world.clock.settled(() => world.refused.length === 3)
    expect(world.refused.map(({ code }) => code)).toEqual(['tls_refused', 'tls_refused', 'tls_refused'])
    expect(plain.text).not.toContain('200 OK')
    expect(world.calls).toEqual([])
  })

  it('takes a new certificate for new handshakes, while open connections go on', async () => {
    await using world = await receiverWorld(echo, { tls: first })
    const old = await secure(world.port)
    expect(old.getPeerCertificate().subject.CN).toBe('first')
    world.receiver.reloadCertificate(second)
    const young = await secure(world.port)
    expect(young.getPeerCertificate().subject.CN).toBe('second')
    const client = new RawClient(old)
    client.write(call)
    await client.until(/200 OK/)
    old.destroy()
    young.destroy()
  })

  it('refuses a key that does not fit and goes on with the last good one', async () => {
    await using world = await receiverWorld(echo, { tls: first })
    expect(() => world.receiver.reloadCertificate({ certificate: second.certificate, key: first.key })).toThrow()
    expect(() => world.receiver.reloadCertificate({ certificate: 'nothing', key: second.key })).toThrow()
    const socket = await secure(world.port)
    expect(socket.getPeerCertificate().subject.CN).toBe('first')
    socket.destroy()
  })

  it('without TLS has no certificate to reload', async () => {
    await using world = await receiverWorld()
    expect(() => world.receiver.reloadCertificate(first)).toThrow('has no TLS')
  })
})
