/**
 * The syslog sink against receivers made here: one that reads to the end, and ones that break off in every way that must not be taken
 * for that. rsyslog itself is met in the suite of all sinks.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { guardedLookup } from '../../../src/forward/index.ts'
import type { Item, SinkPorts } from '../../../src/sinks/sink.ts'
import { syslog } from '../../../src/sinks/syslog.ts'
import { selfSigned } from '../../support/certificate.ts'
import { refusingPorts } from '../../support/sink-ports.ts'
import { nativeItem, sender, wholeRecords } from '../../support/sink-records.ts'
import { readSyslog } from '../../support/syslog-reader.ts'

const { certificate, key } = selfSigned({ names: ['localhost', '127.0.0.1'] })
const foreign = selfSigned({ names: ['localhost', '127.0.0.1'] })
const elsewhere = selfSigned({ names: ['syslog.example.com'] })

const ports: SinkPorts = { ...refusingPorts('syslog', sender), lookup: guardedLookup() }
const items = wholeRecords.map(nativeItem)

interface Heard {
  readonly bytes: Buffer[]
  /** Of each connection, whether it took up the session of an earlier one. */
  readonly resumed: boolean[]
  /** What lies below TLS. */
  readonly transports: Socket[]
}
type Plan = (socket: Socket, heard: Heard) => void

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function receiver(plan: Plan, tls?: { readonly cert: string; readonly key: string }) {
  const heard: Heard = { bytes: [], resumed: [], transports: [] }
  const taken = (socket: Socket) => {
    socket.on('error', () => undefined)
    plan(socket, heard)
  }
  const server =
    tls === undefined
      ? createServer({ allowHalfOpen: true }, taken)
      : createTlsServer({ ...tls, allowHalfOpen: true }, (socket: TLSSocket) => {
          heard.resumed.push(socket.isSessionReused())
          taken(socket)
        })
  servers.push(server)
  server.on('connection', (transport: Socket) => heard.transports.push(transport))
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { heard, server: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Reads everything, then ends without a word of TLS, as the kernel does for a process that was killed. */
const dies: Plan = (socket, { transports }) => {
  socket.resume()
  socket.on('end', () => transports.at(-1)?.destroy())
}

const readsAll: Plan = (socket, { bytes }) => {
  socket.on('data', (piece: Buffer) => bytes.push(piece))
  socket.on('end', () => socket.end())
}

async function open(settings: z.input<typeof syslog.settings>) {
  return await syslog.open(syslog.settings.parse(settings), ports)
}

/** The frames of RFC 6587 section 3.4.1. */
function framesIn({ bytes }: Heard): string[] {
  let rest = Buffer.concat(bytes)
  const frames: string[] = []
  while (rest.length > 0) {
    const space = rest.indexOf(' ')
    const end = space + 1 + Number(rest.subarray(0, space).toString())
    frames.push(rest.subarray(space + 1, end).toString())
    rest = rest.subarray(end)
  }
  return frames
}

const soon = () => new AbortController().signal
const trusted = { tls: { authorities: certificate } }

describe('the syslog sink', () => {
  it.each([
    { note: 'TLS', tls: { cert: certificate, key }, settings: trusted },
    { note: 'plain TCP', tls: undefined, settings: {} },
  ])('sends every record in order over $note, and waits until it was read', async ({ tls, settings }) => {
    const { heard, server } = await receiver(readsAll, tls)
    const sink = await open({ server, ...settings })
    expect(await sink.deliver(items, soon())).toEqual([])
    const messages = framesIn(heard).map(readSyslog)
    expect(messages.map(({ body }) => body)).toEqual(items.map(({ bytes }) => Buffer.from(bytes).toString()))
    expect(messages[0]).toMatchObject({
      priority: 13 * 8 + 5,
      hostname: 'gw-7',
      application: 'gatehouse',
      process: 'gatehouse.example.com/log',
      messageId: 'decision',
    })
    await sink.close()
  })

  it('takes up the session of the connection before', async () => {
    const { heard, server } = await receiver(readsAll, { cert: certificate, key })
    const sink = await open({ server, ...trusted })
    await sink.deliver(items, soon())
    await sink.deliver(items, soon())
    expect(heard.resumed).toEqual([false, true])
  })

  it('sets aside what is longer than the receiver takes whole, and sends the rest', async () => {
    const { heard, server } = await receiver(readsAll)
    const long = { ...(items[0] as Item), seq: 7, bytes: Buffer.alloc(2_000, 'x') }
    const sink = await open({ server, message_max: '2000B' })
    const rejected = await sink.deliver([long, ...items.slice(2)], soon())
    expect(rejected).toEqual([
      { seq: 7, reason: expect.stringMatching(/^the message has 2\d{3} bytes, and `message_max` is 2000$/) },
    ])
    expect(framesIn(heard).map((text) => readSyslog(text).messageId)).toEqual(['admin', 'fault', 'checkpoint'])
  })

  it('connects to nobody when nothing is left to send', async () => {
    const sink = await open({ server: '127.0.0.1:1', message_max: '480B' })
    expect(await sink.deliver(items.slice(0, 1), soon())).toHaveLength(1)
  })

  const broken: readonly {
    readonly note: string
    readonly plan: Plan
    readonly tls?: { readonly cert: string; readonly key: string }
    readonly settings?: object
    readonly says: RegExp
  }[] = [
    {
      note: 'one that is killed when it has read everything and kept nothing',
      plan: dies,
      tls: { cert: certificate, key },
      settings: trusted,
      says: /without `close_notify`.*RFC 5425.*`confirmed_by: close`/,
    },
    {
      note: 'one that resets the connection',
      plan: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
      says: /ECONNRESET|EPIPE/,
    },
    {
      note: 'one that ends the connection before anything came',
      plan: (socket) => void socket.end(),
      tls: { cert: certificate, key },
      settings: trusted,
      says: /by itself, before it was given all|ECONNRESET|EPIPE/,
    },
    {
      note: 'one whose authority is not trusted',
      plan: readsAll,
      tls: { cert: foreign.certificate, key: foreign.key },
      settings: trusted,
      says: /self-signed certificate/,
    },
    {
      note: 'one with the certificate of another name',
      plan: readsAll,
      tls: { cert: elsewhere.certificate, key: elsewhere.key },
      settings: { tls: { authorities: elsewhere.certificate } },
      says: /IP: 127.0.0.1 is not in the cert's list/,
    },
  ]
  it.each(broken)('takes nothing for delivered by $note', async ({ plan, tls, settings, says }) => {
    const { server } = await receiver(plan, tls)
    const sink = await open({ server, message_max: '2MiB', ...settings })
    // More than what fits between two sockets that nobody reads.
    const large = { ...(items[0] as Item), bytes: Buffer.alloc(1024 * 1024, 'x') }
    const many = Array.from({ length: 24 }, () => large)
    await expect(sink.deliver(many, soon())).rejects.toThrow(says)
  })

  it('believes the end of TCP where `confirmed_by: close` says so', async () => {
    const { server } = await receiver(dies, { cert: certificate, key })
    const sink = await open({ server, ...trusted, confirmed_by: 'close' })
    expect(await sink.deliver(items, soon())).toEqual([])
  })

  it('waits no longer than it is told to, and delivers over another connection then', async () => {
    let mayRead = false
    const { heard, server } = await receiver((socket, all) => {
      if (mayRead) readsAll(socket, all)
    })
    const sink = await open({ server })
    const limit = new AbortController()
    const delivering = sink.deliver(items, limit.signal)
    limit.abort(new Error('it took longer than 5 ms'))
    await expect(delivering).rejects.toThrow('it took longer than 5 ms')
    mayRead = true
    expect(await sink.deliver(items, soon())).toEqual([])
    expect(framesIn(heard)).toHaveLength(items.length)
  })
})

describe('the settings of syslog', () => {
  it.each([
    { note: 'plain text elsewhere', value: { server: 'syslog.example.com:514' }, says: /without TLS/ },
    {
      note: 'a `close_notify` without TLS',
      value: { server: '127.0.0.1:514', confirmed_by: 'close_notify' },
      says: /without TLS/,
    },
    { note: 'a facility that is none', value: { server: '127.0.0.1:514', facility: 24 }, says: /23/ },
    {
      note: 'a name of an application with a space',
      value: { server: '127.0.0.1:514', application: 'a b' },
      says: /visible/,
    },
    {
      note: 'messages shorter than any receiver takes',
      value: { server: '127.0.0.1:514', message_max: '100B' },
      says: /480B/,
    },
  ])('refuse $note', ({ value, says }) => {
    const { success, error } = syslog.settings.safeParse(value)
    expect(success).toBe(false)
    expect(error?.issues.map(({ message }) => message).join('\n')).toMatch(says)
  })
})
