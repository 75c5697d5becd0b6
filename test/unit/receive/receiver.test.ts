/** The agents' server on real sockets: framing of replies, bodies, bounds, deadlines, drain. Time is the test's own. */
import { describe, expect, it } from 'vitest'
import { type ByteSink, type ByteSource, limits, type Reply } from '../../../src/model/index.ts'
import { bytesReply, echo, jsonReply, parseReply, receiverWorld } from '../../support/receiver.ts'

const get = 'GET /a HTTP/1.1\r\nHost: h\r\n'
const close = 'Connection: close\r\n\r\n'

/** A source whose bytes the test pushes. */
class Pushed implements ByteSource {
  lengthBytes: number | null = null
  sink: ByteSink | undefined
  paused = 0
  resumed = 0
  cancelled: Error | undefined
  start(sink: ByteSink): void {
    this.sink = sink
  }
  pause(): void {
    this.paused++
  }
  resume(): void {
    this.resumed++
  }
  cancel(cause: Error): void {
    this.cancelled = cause
  }
}

const streamed = (id: string, source: ByteSource, status = 200): Reply => ({
  status,
  headers: [],
  body: { kind: 'stream', source },
  decisionId: id,
})

describe('replies', () => {
  it('carry the decision and their length, whoever made them', async () => {
    await using world = await receiverWorld()
    const ok = parseReply(await world.send(`POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n${close}hi`))
    expect(ok.status).toBe(200)
    expect(ok.header).toContain(`Gatehouse-Decision: ${world.calls[0]?.id}`)
    expect(ok.header).toContain(`Content-Length: ${ok.body.length}`)
    expect(ok.json).toEqual({ method: 'POST', host: 'h', path: '/a', body: 'hi' })
    const refused = parseReply(await world.send(`GET /.. HTTP/1.1\r\nHost: h\r\n${close}`))
    expect(refused.status).toBe(400)
    expect(refused.header).toMatch(/Gatehouse-Decision: [0-9a-f-]{36}/)
    expect(refused.header).toContain('Content-Type: application/problem+json')
    expect(refused.json.code).toBe('target_refused')
  })

  it('to HEAD, and with 204 or 304, have no body', async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      await using world = await receiverWorld((call) => ({ ...bytesReply(call, 'body'), status }))
      const reply = parseReply(await world.send(`${method} /a HTTP/1.1\r\nHost: h\r\n${close}`))
      expect(reply.status).toBe(status)
      expect(reply.body).toBe('')
      if (status !== 200) expect(reply.header).not.toMatch(/content-length|transfer-encoding/i)
    }
  })

  it('to HEAD keep the length that the upstream named', async () => {
    await using world = await receiverWorld((call) => bytesReply(call, '', ['content-length', '77']))
    const reply = parseReply(await world.send(`HEAD /a HTTP/1.1\r\nHost: h\r\n${close}`))
    expect(reply.header.match(/content-length: .*/gi)).toEqual(['content-length: 77'])
  })

  it('that stream go out as they come: the header at once, then each piece, then the end', async () => {
    const source = new Pushed()
    await using world = await receiverWorld((call) => streamed(call.id, source))
    const client = world.connect()
    client.write(`${get}${close}`)
    await client.until(/\r\n\r\n$/)
    source.sink?.chunk(Buffer.from('one'))
    await client.until(/3\r\none\r\n$/)
    source.sink?.end()
    await client.closed
    expect(client.text).toMatch(/Transfer-Encoding: chunked/)
    expect(client.text).toMatch(/3\r\none\r\n0\r\n\r\n$/)
  })

  it('that stream with a known length name it', async () => {
    const source = new Pushed()
    source.lengthBytes = 3
    await using world = await receiverWorld((call) => streamed(call.id, source))
    const client = world.connect()
    client.write(`${get}${close}`)
    await client.until(/\r\n\r\n$/)
    source.sink?.chunk(Buffer.from('one'))
    source.sink?.end()
    await client.closed
    expect(client.text).toMatch(/Content-Length: 3\r\n/)
    expect(client.text).toMatch(/\r\n\r\none$/)
  })

  it('that break off in the middle are cut, never ended as if they were whole', async () => {
    const source = new Pushed()
    await using world = await receiverWorld((call) => streamed(call.id, source))
    const client = world.connect()
    client.write(`${get}\r\n`)
    await client.until(/\r\n\r\n$/)
    source.sink?.chunk(Buffer.from('one'))
    await client.until(/one\r\n$/)
    const { Fault } = await import('../../../src/model/index.ts')
    source.sink?.fail(new Fault('upstream_cut', 'the upstream is gone'))
    await client.closed
    expect(client.text).not.toContain('0\r\n\r\n')
  })

  it('stop their source while the agent does not read, and start it again', async () => {
    const source = new Pushed()
    await using world = await receiverWorld((call) => streamed(call.id, source))
    const client = world.connect()
    client.socket.pause()
    client.write(`${get}\r\n`)
    await world.clock.settled(() => source.sink !== undefined)
    const piece = Buffer.alloc(1 << 16, 'x')
    while (source.paused === 0) {
      source.sink?.chunk(piece)
      await world.clock.settled(() => true)
    }
    expect(source.resumed).toBe(0)
    client.socket.resume()
    await world.clock.settled(() => source.resumed > 0)
  })

  it('cancel their source when the agent goes away', async () => {
    const source = new Pushed()
    await using world = await receiverWorld((call) => streamed(call.id, source))
    const client = world.connect()
    client.write(`${get}\r\n`)
    await client.until(/\r\n\r\n$/)
    client.destroy()
    await world.clock.settled(() => source.cancelled !== undefined)
    expect(world.receiver.callsUnderWay).toBe(0)
  })
})

describe('connections', () => {
  it('are kept, and calls on one are answered in order, one at a time', async () => {
    const running: string[] = []
    let most = 0
    await using world = await receiverWorld(async (call) => {
      running.push(call.path)
      most = Math.max(most, running.length)
      await new Promise((resolve) => setImmediate(resolve))
      running.pop()
      return jsonReply(call, call.path)
    })
    const paths = Array.from({ length: 10 }, (_, i) => `/p${i}`)
    const text = await world.send(
      paths
        .map((path, i) => `GET ${path} HTTP/1.1\r\nHost: h\r\n${i === 9 ? 'Connection: close\r\n' : ''}\r\n`)
        .join(''),
    )
    expect([...text.matchAll(/"(\/p\d)"/g)].map((match) => match[1])).toEqual(paths)
    expect(most).toBe(1)
  })

  it('that send too many calls ahead are cut', async () => {
    await using world = await receiverWorld(() => new Promise(() => {}))
    await world.send(`${get}\r\n`.repeat(limits.pipelinedCallsMax + 2))
    expect(world.refused[0]?.code).toBe('overloaded')
  })

  it('beyond the bound are dropped and told', async () => {
    await using world = await receiverWorld(echo, { connectionsMax: 1 })
    const first = world.connect()
    first.write(`${get}\r\n`)
    await first.until(/200 OK/)
    expect(await world.send(`${get}\r\n`)).toBe('')
    expect(world.refused[0]?.code).toBe('connection_limit')
  })

  it('idle beyond the bound are closed without a word', async () => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(`${get}\r\n`)
    await client.until(/200 OK/)
    await world.clock.advance(19_000)
    expect(client.isClosed).toBe(false)
    await world.clock.advance(2_000)
    await client.closed
    expect(world.refused).toEqual([])
  })

  it('speak HTTP/1.1 only', async () => {
    await using world = await receiverWorld()
    expect(await world.send('GET /a HTTP/1.0\r\nHost: h\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
    expect(await world.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
    expect(world.refused.map(({ code }) => code)).toEqual(['http_malformed', 'http_malformed'])
    expect(world.calls).toEqual([])
  })
})

describe('bodies', () => {
  it('are read whole in pieces, chunked or with a length', async () => {
    await using world = await receiverWorld()
    const chunked = await world.send(
      `POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n${close}2\r\nab\r\n3\r\ncde\r\n0\r\nX-Trailer: 1\r\n\r\n`,
    )
    expect(parseReply(chunked).json.body).toBe('abcde')
    const client = world.connect()
    client.write(`POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n${close}ab`)
    await world.clock.settled(() => world.calls.length === 2)
    client.write('cde')
    await client.closed
    expect(parseReply(client.text).json.body).toBe('abcde')
  })

  it('are streamed with the agent held back while nobody takes them', async () => {
    let source: ByteSource | undefined
    let taken = 0
    let ended = false
    await using world = await receiverWorld(
      (call) =>
        new Promise<Reply>((resolve) => {
          source = call.body.stream(100_000_000)
          source.start({
            chunk(bytes) {
              taken += bytes.length
              source?.pause()
            },
            end() {
              ended = true
              resolve(jsonReply(call, taken))
            },
            fail: () => resolve(jsonReply(call, 'failed')),
          })
        }),
    )
    const size = 30_000_000
    const client = world.connect()
    client.write(`POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n${close}`)
    client.write(Buffer.alloc(size, 'x'))
    await world.clock.settled(() => taken > 0)
    for (let turn = 0; turn < 5; turn++) await world.clock.advance(0)
    expect(taken).toBeLessThan(10_000_000)
    while (!ended) {
      source?.resume()
      await world.clock.settled(() => true)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await client.closed
    expect(parseReply(client.text).json).toBe(size)
  })

  it('are not asked for until somebody wants them', async () => {
    await using world = await receiverWorld((call) => (call.path === '/no' ? jsonReply(call, 'no') : echo(call, call)))
    const expecting = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n${path === '/no' ? '\r\n' : close}`
    const refused = world.connect()
    refused.write(expecting('/no'))
    await refused.until(/"no"/)
    expect(refused.text).not.toContain('100 Continue')
    expect(refused.text).toContain('Connection: close')
    const client = world.connect()
    client.write(expecting('/a'))
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
    client.write('hi')
    await client.closed
    expect(client.text).toContain('"body":"hi"')
  })

  it('that nobody reads do not disturb the next call', async () => {
    await using world = await receiverWorld((call) => jsonReply(call, call.path))
    const client = world.connect()
    client.write(`POST /one HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n${'GET /evil '.repeat(100)}`)
    client.write(`GET /two HTTP/1.1\r\nHost: h\r\n${close}`)
    await client.closed
    expect(world.calls.map(({ path }) => path)).toEqual(['/one', '/two'])
  })

  it('that are large and unread let the reply through and then end the connection', async () => {
    await using world = await receiverWorld((call) => jsonReply(call, call.path))
    const client = world.connect()
    client.write(`POST /one HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n`)
    client.write(Buffer.alloc(1_000_000))
    await client.until(/"\/one"/)
    expect(client.text).toContain('Connection: close')
    await world.clock.advance(limits.lingerMsMax + 2 * limits.sweepMs)
    await client.closed
    expect(world.receiver.connections).toBe(0)
  })
})

describe('deadlines', () => {
  it('end a call that takes too long, and its connection when nobody listens to that', async () => {
    const reasons: string[] = []
    await using world = await receiverWorld((call) => {
      call.departure.onDeparture((reason) => reasons.push(reason))
      return new Promise(() => {})
    })
    const client = world.connect()
    client.write(`${get}\r\n`)
    await world.clock.settled(() => world.calls.length === 1)
    await world.clock.advance(30_500)
    expect(reasons).toEqual(['call_timeout'])
    expect(client.isClosed).toBe(false)
    await world.clock.advance(limits.departedMsMax + limits.sweepMs)
    await client.closed
  })

  it('answer in time with what the house says, and start no stream after them', async () => {
    const source = new Pushed()
    let end: ((reply: Reply) => void) | undefined
    await using world = await receiverWorld(() => new Promise((resolve) => (end = resolve)))
    const late = world.connect()
    late.write(`${get}\r\n`)
    await world.clock.settled(() => end !== undefined)
    await world.clock.advance(30_500)
    end?.(streamed('01900000-0000-7000-8000-000000000000', source))
    await late.closed
    expect(source.sink).toBeUndefined()
    expect(source.cancelled).toBeDefined()
    expect(late.text).toBe('')
    expect(world.receiver.callsUnderWay).toBe(0)
  })

  it('tell whoever works for a call that the agent went away', async () => {
    const reasons: string[] = []
    await using world = await receiverWorld((call) => {
      call.departure.onDeparture((reason) => reasons.push(reason))
      const forget = call.departure.onDeparture(() => reasons.push('forgotten'))
      forget()
      return new Promise(() => {})
    })
    const client = world.connect()
    client.write(`${get}\r\n`)
    await world.clock.settled(() => world.calls.length === 1)
    client.destroy()
    await world.clock.settled(() => reasons.length > 0)
    expect(reasons).toEqual(['agent_gone'])
    expect(world.calls[0]?.departure.reason).toBe('agent_gone')
  })
})

describe('CONNECT, upgrades and expectations', () => {
  it.each([
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n', 501, 'method_refused'],
    ['TRACE', `TRACE /a HTTP/1.1\r\nHost: h\r\n${close}`, 501, 'method_refused'],
    [
      'a WebSocket',
      'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n',
      501,
      'method_refused',
    ],
    [
      'HTTP/2 by upgrade',
      'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n',
      501,
      'method_refused',
    ],
    [
      'an unknown expectation',
      `POST /a HTTP/1.1\r\nHost: h\r\nExpect: wonders\r\nContent-Length: 0\r\n${close}`,
      417,
      'expectation_refused',
    ],
  ])('refuses %s as a call with a decision', async (_note, bytes, status, code) => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(bytes)
    await client.until(/"code"/)
    const reply = parseReply(client.text)
    expect(reply.status).toBe(status)
    expect(reply.json.code).toBe(code)
    expect(reply.header).toMatch(/Gatehouse-Decision: /)
    expect(world.faults.map((fault) => fault.code)).toEqual([code])
    await client.closed
  })

  it('takes OPTIONS as a call like any other', async () => {
    await using world = await receiverWorld()
    expect(parseReply(await world.send(`OPTIONS /a HTTP/1.1\r\nHost: h\r\n${close}`)).json.method).toBe('OPTIONS')
  })
})

describe('too much', () => {
  it('refuses calls beyond the bound with a record each', async () => {
    const end: (() => void)[] = []
    await using world = await receiverWorld(
      (call) => new Promise((resolve) => end.push(() => resolve(jsonReply(call, 1)))),
      { callsMax: 2 },
    )
    const clients = [world.connect(), world.connect()]
    for (const client of clients) client.write(`${get}\r\n`)
    await world.clock.settled(() => world.receiver.callsUnderWay === 2)
    const reply = parseReply(await world.send(`${get}${close}`))
    expect(reply.status).toBe(503)
    expect(reply.header).toContain('Retry-After: 1')
    expect(reply.json.code).toBe('overloaded')
    for (const one of end) one()
    for (const client of clients) await client.until(/200 OK/)
  })

  it('closes sockets of an address that floods with refusals unread, until the second is over, and says how many', async () => {
    await using world = await receiverWorld()
    const bad = 'GET /.. HTTP/1.1\r\nHost: h\r\n\r\n'
    const client = world.connect()
    for (let sent = 0; sent < limits.refusalsPerAddressPerSecondMax; sent++) {
      client.write(bad)
      await world.clock.settled(() => world.faults.length === sent + 1)
    }
    client.write(bad)
    await client.closed
    expect(await world.send(`${get}${close}`)).toBe('')
    expect(world.faults.length).toBe(limits.refusalsPerAddressPerSecondMax)
    await world.clock.advance(1_250)
    expect(world.floods).toEqual([{ closed: 2, addresses: ['127.0.0.1'] }])
    expect(await world.send(`${get}${close}`)).toContain('200 OK')
  })
})

describe('drain', () => {
  it('finishes what runs, refuses what is new, and closes', async () => {
    let end: (() => void) | undefined
    await using world = await receiverWorld(
      (call) => new Promise((resolve) => (end = () => resolve(jsonReply(call, 'done')))),
    )
    const idle = world.connect()
    const busy = world.connect()
    busy.write(`${get}\r\n`)
    await world.clock.settled(() => end !== undefined && world.receiver.connections === 2)
    const drained = world.receiver.drain(5_000)
    await idle.closed
    busy.write(`${get}\r\n`)
    await world.clock.settled(() => true)
    end?.()
    expect(await drained).toBe(0)
    await busy.closed
    expect(busy.text).toContain('"done"')
    expect(busy.text).toContain('Connection: close')
    await expect(world.send(get)).resolves.toBe('')
  })

  it('cuts what has not ended at its deadline and says how many', async () => {
    const reasons: string[] = []
    await using world = await receiverWorld((call) => {
      call.departure.onDeparture((reason) => reasons.push(reason))
      return new Promise(() => {})
    })
    const client = world.connect()
    client.write(`${get}\r\n`)
    await world.clock.settled(() => world.calls.length === 1)
    const drained = world.receiver.drain(5_000)
    await world.clock.advance(5_000)
    expect(await drained).toBe(1)
    expect(reasons).toEqual(['draining'])
    await client.closed
  })
})
