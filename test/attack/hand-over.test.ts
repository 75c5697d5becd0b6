/**
 * The place where a connection goes from the lane to node:http: wherever the bytes are split, whatever stands behind a request that
 * the lane took, and whenever the agent leaves, each byte belongs to one message and is read once.
 */
import { connect } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type ByteSink, type ByteSource, limits, type Reply } from '../../src/model/index.ts'
import { selfSigned } from '../support/certificate.ts'
import {
  type Handle,
  jsonReply,
  parseReply,
  RawClient,
  type ReceiverWorld,
  receiverWorld,
} from '../support/receiver.ts'
import { PushedBody } from '../support/upstream.ts'

const hidden = 'GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n'
const last = 'GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
const post = (path: string, body: string, fields = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: h\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
const chunks = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`

/** Path and body of the call. */
const told: Handle = async (call) =>
  jsonReply(call, [call.path, Buffer.from(await call.body.bytes(100_000)).toString('latin1')])

const repliesOf = (text: string): unknown[] =>
  text.split(/(?=HTTP\/1\.1 \d)/).flatMap((reply) => (reply === '' ? [] : [parseReply(reply).json]))

async function quick(world: ReceiverWorld): Promise<RawClient> {
  const client = world.connect()
  client.socket.setNoDelay(true)
  await new Promise((resolve) => client.socket.once('connect', resolve))
  return client
}

describe('a connection that the lane hands over', () => {
  const conversation = `${post('/one', 'hello')}GET /two HTTP/1.1\r\nHost: h\r\n\r\n${chunks('/three')}${post('/four', hidden)}${last}`
  const calls = [
    ['/one', 'hello'],
    ['/two', ''],
    ['/three', 'abc'],
    ['/four', hidden],
    ['/last', ''],
  ]

  it('has the same calls wherever its bytes are split', async () => {
    await using world = await receiverWorld(told, { connectionsMax: 1_000 })
    for (let at = 1; at < conversation.length; at++) {
      const client = await quick(world)
      client.write(conversation.slice(0, at))
      await new Promise(setImmediate)
      client.write(conversation.slice(at))
      await client.closed
      expect(repliesOf(client.text), `split at ${at}`).toEqual(calls)
    }
    expect(world.refused).toEqual([])
  })

  it.each([1, 2, 3, 7, 64])('has the same calls in pieces of %d bytes', async (size) => {
    await using world = await receiverWorld(told)
    const client = await quick(world)
    for (let at = 0; at < conversation.length; at += size) {
      client.write(conversation.slice(at, at + size))
      await new Promise(setImmediate)
    }
    await client.closed
    expect(repliesOf(client.text)).toEqual(calls)
  })

  it('has the same calls under TLS, in one record of it or in many', async () => {
    const certificate = selfSigned({ names: ['localhost'], commonName: 'localhost' })
    await using world = await receiverWorld(told, { tls: certificate })
    for (const size of [5, 100, conversation.length]) {
      const socket = connect({
        port: world.port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: certificate.certificate,
      })
      const client = new RawClient(socket)
      await new Promise((resolve) => socket.once('secureConnect', resolve))
      for (let at = 0; at < conversation.length; at += size) client.write(conversation.slice(at, at + size))
      await client.closed
      expect(repliesOf(client.text)).toEqual(calls)
    }
    expect(world.refused).toEqual([])
  })

  it('answers calls of the lane that run before those of node:http behind them', async () => {
    const end: (() => void)[] = []
    await using world = await receiverWorld(async (call, arrival) =>
      call.path === '/last'
        ? told(call, arrival)
        : new Promise((resolve) => end.push(() => resolve(told(call, arrival)))),
    )
    const client = world.connect()
    client.write(`${post('/one', 'hello')}${post('/two', 'you')}${chunks('/three')}${last}`)
    for (let answered = 0; answered < 3; answered++) {
      await world.clock.settled(() => end.length > answered)
      expect(repliesOf(client.text).length).toBe(answered)
      end[answered]?.()
      await world.clock.settled(() => repliesOf(client.text).length > answered)
    }
    await client.closed
    expect(repliesOf(client.text)).toEqual([
      ['/one', 'hello'],
      ['/two', 'you'],
      ['/three', 'abc'],
      ['/last', ''],
    ])
  })

  it.each([
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 33'],
    ['a length and chunks', 'Content-Length: 33\r\nTransfer-Encoding: chunked'],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 33'],
    ['a folded coding', 'X: y\r\n Transfer-Encoding: chunked'],
    ['a bare LF', 'X: y\nTransfer-Encoding: chunked'],
    ['a bare CR', 'X: y\rTransfer-Encoding: chunked'],
    ['a space before the colon', 'Content-Length : 33'],
    ['a NUL', 'X: \0'],
    ['a length that is no number', 'Content-Length: 33x'],
  ])('takes no hidden request behind one of the lane and %s', async (_note, fields) => {
    for (const wait of [false, true]) {
      await using world = await receiverWorld(told)
      const client = world.connect()
      client.write(post('/one', 'hello'))
      if (wait) await client.until(/"hello"/)
      client.write(`POST /two HTTP/1.1\r\nHost: h\r\n${fields}\r\n\r\n${hidden}`)
      await world.clock.settled(() => client.isClosed, 250)
      expect(world.calls.map(({ path }) => path)).not.toContain('/hidden')
      expect(client.text).not.toContain('/hidden')
    }
  })

  it('in the middle of a header that is refused costs one record and one reply', async () => {
    await using world = await receiverWorld(told)
    const client = await quick(world)
    client.write('GET /a HTTP/1.1\r\nHo')
    await new Promise(setImmediate)
    client.write('st: h\r\nX: \0\r\n\r\n')
    await client.closed
    expect(client.text).toMatch(/^HTTP\/1\.1 400 /)
    expect(client.text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(world.refused).toMatchObject([{ code: 'http_malformed' }])
  })

  it.each([
    ['of the lane', post('/one', 'hello'), [['/one', 'hello']]],
    ['of node:http', chunks('/one'), [['/one', 'abc']]],
    ['of the lane that waits', `${post('/one', 'hello')}${post('/two', 'you')}`, [['/one', 'hello']]],
    ['of node:http that waits', `${post('/one', 'hello')}${chunks('/two')}`, [['/one', 'hello']]],
    ['that was to be the last', last, [['/last', '']]],
  ])('behind a whole call %s costs one record, and the call that runs nothing', async (_note, whole, answered) => {
    let end: (() => void) | undefined
    await using world = await receiverWorld(async (call, arrival) => {
      await new Promise<void>((resolve) => (end = resolve))
      return told(call, arrival)
    })
    const client = world.connect()
    client.write(`${whole}SMUGGLED /hidden HTTP/1.1\0\r\n\r\n${hidden}`)
    await world.clock.settled(() => end !== undefined && world.refused.length > 0)
    const { bytesWritten } = client.socket
    for (let pieces = 1; pieces <= 5; pieces++) {
      client.write('more')
      await world.clock.settled(() => client.socket.bytesWritten === bytesWritten + 4 * pieces)
      await new Promise(setImmediate)
    }
    end?.()
    await client.closed
    expect(repliesOf(client.text)).toEqual(answered)
    expect(client.text).toMatch(/\r\nConnection: close\r\n/)
    expect(world.refused).toMatchObject([{ code: 'http_malformed' }])
    expect(world.faults).toEqual([])
  })

  it('in the body of a call that waits costs one record, and the call that runs nothing', async () => {
    let end: (() => void) | undefined
    await using world = await receiverWorld(async (call, arrival) => {
      await new Promise<void>((resolve) => (end = resolve))
      return told(call, arrival)
    })
    const client = world.connect()
    client.write(`${post('/one', 'hello')}${chunks('/two').replace('3\r\nabc', 'xyz\r\nabc')}${hidden}`)
    await world.clock.settled(() => end !== undefined && world.refused.length > 0)
    end?.()
    await client.closed
    expect(repliesOf(client.text)).toEqual([['/one', 'hello']])
    expect(world.refused).toMatchObject([{ code: 'framing_refused' }])
    expect(world.calls.map(({ path }) => path)).toEqual(['/one'])
  })

  it('behind a call whose reply has said that the connection is kept ends it all the same', async () => {
    const source = new PushedBody(null)
    await using world = await receiverWorld((call) => ({
      status: 200,
      headers: [],
      body: { kind: 'stream', source },
      decisionId: call.id,
    }))
    const client = world.connect()
    client.write('GET /one HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.until(/Connection: keep-alive\r\n/)
    client.write('\0\r\n\r\n')
    await world.clock.settled(() => world.refused.length === 1)
    source.sink?.end()
    await client.until(/0\r\n\r\n$/)
    await world.clock.advance(limits.lingerMsMax + 2 * limits.sweepMs)
    await client.closed
    expect(world.refused).toMatchObject([{ code: 'http_malformed' }])
  })

  it('takes a header up to the bound, whoever reads it, and none beyond it', async () => {
    await using world = await receiverWorld(told)
    const sized = (length: number): string => {
      const bare = last.replace('\r\n\r\n', '\r\nX: \r\n\r\n')
      return bare.replace('X: ', `X: ${'x'.repeat(length - bare.length)}`)
    }
    for (const length of [limits.headerBytesMax - 1, limits.headerBytesMax]) {
      const text = sized(length)
      expect(text.length).toBe(length)
      expect(parseReply(await world.send(text)).status).toBe(200)
    }
    expect(parseReply(await world.send(sized(limits.headerBytesMax + 100))).status).toBe(431)
    expect(world.refused).toMatchObject([{ code: 'header_too_large' }])
  })

  it('leaves nothing behind when the agent resets it at any byte', async () => {
    await using world = await receiverWorld(told, { connectionsMax: 1_000 })
    for (let at = 1; at < conversation.length; at += 3) {
      const client = await quick(world)
      client.write(conversation.slice(0, at))
      if (at % 2 === 0) await new Promise(setImmediate)
      client.socket.resetAndDestroy()
    }
    await world.clock.settled(() => world.receiver.connections === 0 && world.receiver.callsUnderWay === 0)
    expect(repliesOf(await world.send(last))).toEqual([['/last', '']])
  })
})

describe('a body of the lane', () => {
  it('that is shorter than its length is never a call with less', async () => {
    await using world = await receiverWorld(told)
    const client = world.connect()
    client.socket.end('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nshort')
    await client.closed
    await world.clock.settled(() => world.faults.length === 1)
    expect(world.faults[0]?.code).toBe('agent_gone')
    expect(client.text).toBe('')
  })

  it('that is longer than its length is the next request, and ends the connection when it is none', async () => {
    await using world = await receiverWorld(told)
    const client = world.connect()
    client.write(post('/one', 'hello'))
    await client.until(/"hello"/)
    client.write(` more${hidden}`)
    await client.closed
    expect(client.text).toMatch(/HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n$/)
    expect(world.calls.map(({ path }) => path)).toEqual(['/one'])
  })

  it('that nobody reads is kept up to a bound, and thrown away behind the reply', async () => {
    let end: (() => void) | undefined
    await using world = await receiverWorld(async (call, arrival) => {
      if (call.path === '/last') return told(call, arrival)
      await new Promise<void>((resolve) => (end = resolve))
      return jsonReply(call, 'unread')
    })
    const client = world.connect()
    client.socket.setNoDelay(true)
    client.write(`POST /one HTTP/1.1\r\nHost: h\r\nContent-Length: ${limits.discardedBodyBytesMax}\r\n\r\n`)
    await world.clock.settled(() => end !== undefined)
    client.write(Buffer.alloc(limits.discardedBodyBytesMax - 1, 'x'))
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    end?.()
    await client.until(/"unread"/)
    client.write(`x${last}`)
    await client.closed
    expect(repliesOf(client.text)).toEqual(['unread', ['/last', '']])
  })

  it('stops its agent while nobody takes it, also for a call that waits behind another', async () => {
    const end: (() => void)[] = []
    await using world = await receiverWorld(async (call, arrival) => {
      await new Promise<void>((resolve) => end.push(resolve))
      return jsonReply(call, (await call.body.bytes(100_000_000)).length + arrival.body.receivedBytes)
    })
    const size = 30_000_000
    const client = world.connect()
    client.write(
      `GET /one HTTP/1.1\r\nHost: h\r\n\r\nPOST /two HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`,
    )
    client.write(Buffer.alloc(size, 'x'))
    await world.clock.settled(() => end.length === 1)
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
    expect(client.socket.writableLength).toBeGreaterThan(size / 2)
    end[0]?.()
    await world.clock.settled(() => end.length === 2)
    end[1]?.()
    await client.closed
    expect(repliesOf(client.text)).toEqual([0, 2 * size])
  })
})

describe('a connection of the lane that lingers', () => {
  it('keeps nothing of a body whose reader stopped before its reply', async () => {
    const size = 100_000_000
    const keptBytesMax = 20_000_000
    await using world = await receiverWorld(async (call) => {
      const source = call.body.stream(size)
      source.start({ chunk: () => source.pause(), end() {}, fail() {} })
      await new Promise(setImmediate)
      return jsonReply(call, 'early')
    })
    const client = world.connect()
    const bytes = Buffer.alloc(size, 'x')
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const before = process.memoryUsage().arrayBuffers
    client.write(`POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n`)
    client.write(bytes)
    await client.until(/"early"/)
    await world.clock.settled(() => client.socket.writableLength === 0)
    collectGarbage()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(keptBytesMax)
    await world.clock.advance(limits.lingerMsMax + 2 * limits.sweepMs)
    await client.closed
  })
})

describe('a reply of the lane', () => {
  const stream = (
    call: { readonly id: string },
    lengthBytes: number | null,
    began: (sink: ByteSink) => void,
  ): Reply => {
    const source: ByteSource = { lengthBytes, start: began, pause() {}, resume() {}, cancel() {} }
    return { status: 200, headers: [], body: { kind: 'stream', source }, decisionId: call.id }
  }

  it.each([
    ['more', 'abcdef'],
    ['less', 'ab'],
  ])(
    'that has %s bytes than it announced is broken off, and nothing of it can be read as another',
    async (_note, text) => {
      await using world = await receiverWorld((call) =>
        stream(call, 3, (sink) => {
          sink.chunk(Buffer.from(text))
          sink.end()
        }),
      )
      const client = world.connect()
      client.write(`GET /a HTTP/1.1\r\nHost: h\r\n\r\n`)
      await client.closed
      expect(client.text).not.toContain('abcdef')
      expect(world.receiver.callsUnderWay).toBe(0)
    },
  )

  it('has no empty chunk but the last', async () => {
    await using world = await receiverWorld((call) =>
      stream(call, null, (sink) => {
        sink.chunk(new Uint8Array(0))
        sink.chunk(Buffer.from('a'))
        sink.chunk(new Uint8Array(0))
        sink.end()
      }),
    )
    const text = await world.send(last)
    expect(text.slice(text.indexOf('\r\n\r\n'))).toBe('\r\n\r\n1\r\na\r\n0\r\n\r\n')
  })

  it('that is not read holds back the calls that the same agent sends', async () => {
    const size = 4_000_000
    await using world = await receiverWorld((call) => ({
      ...jsonReply(call, ''),
      body: { kind: 'bytes', bytes: Buffer.alloc(size, 'x') },
    }))
    const client = await quick(world)
    client.socket.pause()
    const call = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'
    for (let sent = 0; sent < 12; sent++) {
      client.write(call)
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    }
    expect(world.calls.length).toBeLessThan(5)
    client.socket.resume()
    await world.clock.settled(() => world.calls.length === 12)
    client.destroy()
  })
})
