/**
 * Kafka, NATS and Redis send nothing to a server that they cannot verify: not the records, and not the password. The servers here
 * speak TLS (NATS after the greeting of its protocol) and note whether anybody came through the handshake.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { kindOf } from '../../../src/sinks/kinds.ts'
import type { SinkPorts } from '../../../src/sinks/sink.ts'
import { selfSigned } from '../../support/certificate.ts'
import { itemOf } from '../../support/sink-ports.ts'

const item = itemOf(7)

const greeting = `INFO ${JSON.stringify({ server_id: 'A', version: '2.15.1', proto: 1, headers: true, max_payload: 1_048_576, tls_required: true })}\r\n`

const servers: Server[] = []
const sockets = new Set<Socket>()
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

/** A server on loopback with a certificate, and the plain text that it was sent. */
async function tlsServer(names: readonly string[], first: string) {
  const { certificate, key } = selfSigned({ names })
  const secureContext = createSecureContext({ cert: certificate, key })
  const heard: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write(first)
    const secure = new TLSSocket(socket, { isServer: true, secureContext })
    secure.on('error', () => undefined)
    secure.on('data', (bytes: Buffer) => {
      heard.push(bytes.toString('latin1'))
      socket.destroy()
    })
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a server without a port')
  return { certificate, heard, port: address.port }
}

const lookedUp: string[] = []
const checked: string[] = []
const ports = {
  id: 'siem',
  contentType: 'application/json',
  checkHost: async (host: string) => {
    checked.push(host)
  },
  lookup: ((host: string, options: { all?: boolean }, done: (...found: unknown[]) => void) => {
    lookedUp.push(host)
    if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }])
    else done(null, '127.0.0.1', 4)
  }) as SinkPorts['lookup'],
} as SinkPorts

const kinds = [
  {
    kind: 'kafka',
    first: '',
    settings: (host: string, port: number) => ({
      brokers: [`${host}:${port}`],
      topic: 'gatehouse',
      key: 'log',
      compression: 'none',
      sasl: { mechanism: 'PLAIN', username: 'gatehouse', password: 'never-told' },
    }),
  },
  {
    kind: 'nats',
    first: greeting,
    settings: (host: string, port: number) => ({
      servers: [`${host}:${port}`],
      subject: 'gatehouse.log',
      user: 'gatehouse',
      password: 'never-told',
    }),
  },
  {
    kind: 'redis',
    first: '',
    settings: (host: string, port: number) => ({
      server: `${host}:${port}`,
      stream: 'gatehouse:log',
      database: 0,
      password: 'never-told',
    }),
  },
]

async function deliverTo(kind: string, settings: object): Promise<string> {
  const sink = await kindOf(kind).open(settings, ports)
  try {
    await sink.deliver([item], AbortSignal.timeout(10_000))
    return ''
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  } finally {
    await sink.close()
  }
}

describe.each(kinds)('$kind', ({ kind, first, settings }) => {
  it('tells nothing to a server with an unknown certificate', async () => {
    const { heard, port } = await tlsServer(['localhost'], first)
    expect(await deliverTo(kind, { ...settings('localhost', port), tls: {} })).toMatch(/self-signed certificate/)
    expect(heard).toEqual([])
  })

  it('tells nothing to a server with the certificate of another', async () => {
    const { certificate, heard, port } = await tlsServer(['other.example.com'], first)
    const tls = { authorities: certificate }
    expect(await deliverTo(kind, { ...settings('localhost', port), tls })).toMatch(/does not match certificate/)
    expect(heard).toEqual([])
  })

  it('speaks to a server that it can verify, at an address that was looked at', async () => {
    lookedUp.length = 0
    checked.length = 0
    const { certificate, heard, port } = await tlsServer(['localhost'], first)
    await deliverTo(kind, { ...settings('localhost', port), tls: { authorities: certificate } })
    expect(heard).not.toEqual([])
    expect([...lookedUp, ...checked]).toContain('localhost')
  })
})
