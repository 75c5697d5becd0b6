/** Calls to real upstreams: what reaches them, what comes back, and what happens when they misbehave. */
import { describe, expect, it } from 'vitest'
import { Fault, limits } from '../../../src/model/index.ts'
import { allowing, fakeCall, forwardWorld, PushedBody, textOf } from '../../support/upstream.ts'

const valuesOf = (headers: readonly string[], name: string): string[] =>
  headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name)

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
    return 'no fault'
  } catch (cause) {
    if (cause instanceof Fault) return cause.code
    throw cause
  }
}

describe('a call', () => {
  it('arrives with its method, path, query and body', async () => {
    await using world = await forwardWorld((request, response) => request.pipe(response), {
      upstream: { basePath: '/base' },
    })
    const reply = await world.send(fakeCall({ method: 'PUT', path: '/orders/a%20b?x=1&y=%C3%A4', body: '{"a":1}' }))
    expect(world.requests[0]?.method).toBe('PUT')
    expect(world.requests[0]?.url).toBe('/base/orders/a%20b?x=1&y=%C3%A4')
    expect(await textOf(reply)).toBe('{"a":1}')
    expect(reply.upstream).toMatchObject({ status: 200, tries: 1 })
  })

  it('loses what ends here, what authenticates the agent, and what speaks for a proxy', async () => {
    await using world = await forwardWorld((_request, response) => response.end())
    await world.send(
      fakeCall({
        headers: [
          ...['Authorization', 'Bearer agent-token', 'Cookie', 'a=b', 'DPoP', 'x', 'Proxy-Authorization', 'Basic x'],
          ...['Connection', 'keep-alive, X-Private', 'X-Private', '1', 'Keep-Alive', 'timeout=5', 'TE', 'trailers'],
          ...[
            'X-Forwarded-For',
            '1.2.3.4',
            'X-Forwarded-Whatever',
            '1',
            'X_Forwarded_For',
            '1.2.3.4',
            'X_Kept',
            'no',
            'X.Kept',
            'no',
            'Forwarded',
            'for=1',
          ],
          ...[
            'X-Real-IP',
            '1.2.3.4',
            'Via',
            '1.0 evil',
            'X-HTTP-Method-Override',
            'DELETE',
            'X-Original-URL',
            '/admin',
          ],
          ...[
            'Expect',
            'x',
            'Gatehouse-Decision',
            'x',
            'traceparent',
            'x',
            'Accept',
            'application/json',
            'X-Kept',
            'yes',
          ],
        ],
      }),
    )
    expect(world.requests[0]?.headers).toEqual({
      host: new URL(world.upstream.origin).host,
      connection: 'keep-alive',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'x-kept': 'yes',
      via: '1.1 gatehouse',
      forwarded: 'for=192.0.2.7;host=agents.example;proto=http',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      authorization: 'Bearer upstream-secret',
    })
  })

  it('carries the configured credential under its own name, and then no agent can set that name', async () => {
    await using world = await forwardWorld((_request, response) => response.end(), {
      upstream: { credential: { header: 'X-Api-Key', value: 'upstream-key' } },
    })
    await world.send(fakeCall({ headers: ['x-api-key', 'agents-own', 'Authorization', 'Bearer agent'] }))
    expect(valuesOf(world.requests[0]?.rawHeaders ?? [], 'x-api-key')).toEqual(['upstream-key'])
    expect(world.requests[0]?.headers.authorization).toBeUndefined()
  })

  it('passes cookies in both directions only where the route says so', async () => {
    for (const cookies of [true, false]) {
      await using world = await forwardWorld(
        (_request, response) => response.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'] }).end(),
        { route: { cookies } },
      )
      const reply = await world.send(fakeCall({ headers: ['Cookie', 'c=3'] }))
      expect(world.requests[0]?.headers.cookie).toBe(cookies ? 'c=3' : undefined)
      expect(valuesOf(reply.headers, 'set-cookie')).toEqual(cookies ? ['a=1', 'b=2'] : [])
    }
  })

  it('streams a body with its length, or in chunks, and holds the agent back', async () => {
    for (const length of [5, null]) {
      await using world = await forwardWorld((request, response) => request.pipe(response))
      const body = new PushedBody(length)
      const sent = world.send(fakeCall({ body }))
      await world.clock.settled(() => body.sink !== undefined)
      body.sink?.chunk(Buffer.from('ab'))
      body.sink?.chunk(Buffer.from('cde'))
      body.sink?.end()
      expect(await textOf(await sent)).toBe('abcde')
      expect(world.requests[0]?.headers['content-length']).toBe(length === null ? undefined : '5')
      expect(world.requests[0]?.headers['transfer-encoding']).toBe(length === null ? 'chunked' : undefined)
    }
  })

  it('holds the source of its body while the upstream does not read', async () => {
    await using world = await forwardWorld((request) => request.pause())
    const body = new PushedBody(null)
    const call = fakeCall({ body })
    const sent = codeOf(world.send(call))
    await world.clock.settled(() => body.sink !== undefined)
    const piece = Buffer.alloc(1 << 16)
    for (let pieces = 0; body.paused === 0 && pieces < 1_000; pieces++) body.sink?.chunk(piece)
    expect(body.paused).toBeGreaterThan(0)
    call.depart('agent_gone')
    expect(await sent).toBe('agent_gone')
    expect(body.cancelled).toBeDefined()
  })

  it.each([
    ['GET', '{}', 'close', 2],
    ['DELETE', '{}', 'close', 2],
    ['HEAD', undefined, 'close', 2],
    ['DELETE', undefined, 'keep-alive', 1],
    ['GET', undefined, 'keep-alive', 1],
    ['POST', '{}', 'keep-alive', 1],
    ['PUT', '{}', 'keep-alive', 1],
  ] as const)(
    'is asked %s with the body %s on a connection that is lent again only where nothing can be left on it',
    async (method, body, connection, sockets) => {
      await using world = await forwardWorld((_request, response) => response.end('ok'), {
        upstream: { connectionsMax: 1 },
      })
      await world.send(fakeCall({ method, ...(body !== undefined && { body }) })).then(textOf)
      await world.send(fakeCall()).then(textOf)
      expect(world.requests[0]?.headers.connection).toBe(connection)
      expect(world.sockets.length).toBe(sockets)
    },
  )

  it('fails with the fault of its own body, and the upstream sees no whole request', async () => {
    await using world = await forwardWorld((request, response) => {
      request.on('end', () => response.end('whole'))
      request.resume()
    })
    const body = new PushedBody(10)
    const sent = codeOf(world.send(fakeCall({ body })))
    await world.clock.settled(() => body.sink !== undefined)
    body.sink?.chunk(Buffer.from('ab'))
    await world.clock.settled(() => world.requests.length === 1)
    body.sink?.fail(new Fault('body_slow', 'too slow'))
    expect(await sent).toBe('body_slow')
    await world.clock.settled(() => world.requests[0]?.destroyed === true)
    expect(world.requests[0]?.complete).toBe(false)
  })
})

describe('a reply', () => {
  it('comes whole when it is small, known length or not, and as a stream when it is not', async () => {
    const rows: readonly [note: string, length: number, chunked: boolean, kind: string][] = [
      ['empty', 0, false, 'bytes'],
      ['small', 100, false, 'bytes'],
      ['the largest in one write', limits.oneWriteReplyBytesMax, false, 'bytes'],
      ['one byte more', limits.oneWriteReplyBytesMax + 1, false, 'stream'],
      ['small in chunks', 100, true, 'bytes'],
      ['large in chunks', 1_000_000, true, 'stream'],
    ]
    for (const [note, length, chunked, kind] of rows) {
      await using world = await forwardWorld((_request, response) => {
        response.writeHead(200, chunked ? {} : { 'Content-Length': length })
        response.end(Buffer.alloc(length, 'x'))
      })
      const reply = await world.send(fakeCall())
      expect([note, reply.body.kind]).toEqual([note, kind])
      if (reply.body.kind === 'stream') expect(reply.body.source.lengthBytes).toBe(chunked ? null : length)
      expect((await textOf(reply)).length).toBe(length)
    }
  })

  it('of unknown length is given on before it ends', async () => {
    let end: (() => void) | undefined
    await using world = await forwardWorld((_request, response) => {
      response.write('data: one\n\n')
      end = () => response.end('data: two\n\n')
    })
    const reply = await world.send(fakeCall())
    expect(reply.body.kind).toBe('stream')
    end?.()
    expect(await textOf(reply)).toBe('data: one\n\ndata: two\n\n')
  })

  it('is read no faster than it is taken', async () => {
    let written = 0
    await using world = await forwardWorld((_request, response) => {
      const more = (): void => {
        while (written < 40_000_000) {
          written += 1 << 16
          if (!response.write(Buffer.alloc(1 << 16))) {
            response.once('drain', more)
            return
          }
        }
        response.end()
      }
      more()
    })
    const reply = await world.send(fakeCall())
    for (let turn = 0; turn < 20; turn++) await world.clock.advance(0)
    expect(written).toBeLessThan(20_000_000)
    expect((await textOf(reply)).length).toBe(written)
  })

  it('loses what ends at this hop and what speaks of the upstream', async () => {
    await using world = await forwardWorld((_request, response) => {
      response.sendDate = false
      response.writeHead(401, {
        Connection: 'keep-alive, X-Internal',
        'X-Internal': '1',
        'Keep-Alive': 'timeout=9',
        Trailer: 'X',
        'WWW-Authenticate': 'Basic',
        Server: 'erp/1.2',
        'X-Powered-By': 'PHP',
        'Alt-Svc': 'h3=":443"',
        'Strict-Transport-Security': 'max-age=1',
        'Gatehouse-Decision': 'mine',
        'X-Kept': ['1', '2'],
        ETag: '"a"',
      })
      response.end('{}')
    })
    const reply = await world.send(fakeCall())
    expect(reply.status).toBe(401)
    expect(reply.headers).toEqual(['x-kept', '1', 'x-kept', '2', 'etag', '"a"', 'via', '1.1 gatehouse'])
  })

  it('to HEAD keeps the length that the upstream named', async () => {
    await using world = await forwardWorld((_request, response) =>
      response.writeHead(200, { 'Content-Length': 77 }).end(),
    )
    const reply = await world.send(fakeCall({ method: 'HEAD' }))
    expect(valuesOf(reply.headers, 'content-length')).toEqual(['77'])
    expect(await textOf(reply)).toBe('')
  })

  it('does not give the credential back, in the body, in pieces of it, or in the header', async () => {
    await using world = await forwardWorld((request, response) => {
      response.setHeader('X-Echo', request.headers.authorization ?? '')
      if (request.url === '/whole') response.end(JSON.stringify(request.headers))
      else {
        response.write('a upstream-')
        setImmediate(() => response.end(request.url === '/pieces' ? 'secret b' : 'sec'))
      }
    })
    const whole = await world.send(fakeCall({ path: '/whole' }))
    expect(await textOf(whole)).toContain('"authorization":"Bearer ***************')
    expect(valuesOf(whole.headers, 'x-echo')).toEqual(['Bearer [redacted]'])
    expect(await textOf(await world.send(fakeCall({ path: '/pieces' })))).toBe(`a ${'*'.repeat(15)} b`)
    expect(await textOf(await world.send(fakeCall({ path: '/begun' })))).toBe('a upstream-sec')
  })

  it('is not preceded by the upstream`s interim replies', async () => {
    await using world = await forwardWorld((_request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' })
      response.end('final')
    })
    const reply = await world.send(fakeCall())
    expect(reply.status).toBe(200)
    expect(await textOf(reply)).toBe('final')
  })

  it('that redirects is given on, never followed', async () => {
    await using world = await forwardWorld((_request, response) =>
      response.writeHead(307, { Location: '/other' }).end(),
    )
    const reply = await world.send(fakeCall({ body: '{}' }))
    expect(reply.status).toBe(307)
    expect(valuesOf(reply.headers, 'location')).toEqual(['http://agents.example/erp/other'])
    expect(world.requests.length).toBe(1)
  })
})

describe('an upstream that misbehaves', () => {
  const raw = (bytes: string, end = true) => ({
    raw: (socket: import('node:net').Socket) => {
      socket.once('data', () => (end ? socket.end(bytes) : socket.write(bytes)))
    },
  })
  const never = (): void => {}

  it.each([
    ['is not there', { absent: true }, 'upstream_unreachable'],
    ['closes without a word', raw(''), 'upstream_cut'],
    ['closes in the header', raw('HTTP/1.1 200 OK\r\nContent-'), 'upstream_cut'],
    ['cuts a small body off', raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'), 'upstream_cut'],
    ['does not speak HTTP', raw('SSH-2.0-OpenSSH_9\r\n'), 'upstream_malformed'],
    ['sends a broken header', raw('HTTP/1.1 200 OK\r\nA B: 1\r\n\r\n'), 'upstream_malformed'],
    [
      'names two lengths',
      raw('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
      'upstream_malformed',
    ],
    [
      'names a length and chunks',
      raw('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
      'upstream_malformed',
    ],
    [
      'uses a coding we do not know',
      raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'),
      'upstream_malformed',
    ],
    ['sends an endless header', raw(`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(20_000)}\r\n`), 'upstream_malformed'],
    ['does not answer in time', raw('', false), 'upstream_timeout'],
    ['stops in the header', raw('HTTP/1.1 200 OK\r\n', false), 'upstream_timeout'],
    ['stops in a small body', raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', false), 'upstream_timeout'],
    [
      'switches protocols unasked',
      raw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
      'upstream_malformed',
    ],
  ])('which %s', async (_note, options, code) => {
    await using world = await forwardWorld(never, {
      ...options,
      upstream: { retriesMax: 0, headersMsMax: 300, idleMsMax: 300 },
    })
    let found: string | undefined
    void codeOf(world.send(fakeCall({ body: '{}' }))).then((one) => (found = one))
    await world.clock.settled(() => found !== undefined, code === 'upstream_timeout' ? 50 : 0)
    expect(found).toBe(code)
  })

  it('which cuts a stream off, so that the agent does not take it for whole', async () => {
    await using world = await forwardWorld(never, {
      raw: (socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
          setImmediate(() => setImmediate(() => socket.destroy()))
        })
      },
    })
    const reply = await world.send(fakeCall({ body: '{}' }))
    expect(await codeOf(textOf(reply))).toBe('upstream_cut')
  })

  it('which sends bytes behind a reply, so that they are the reply of no call that waits', async () => {
    const one = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`
    await using world = await forwardWorld(never, {
      raw: (socket) => {
        socket.on('data', (bytes) => {
          const path = /^GET (\S+)/.exec(bytes.toString('latin1'))?.[1] ?? ''
          socket.write(path === '/first' ? one('first') + one('evil') : one(path))
        })
      },
      upstream: { connectionsMax: 1 },
    })
    const replies = await Promise.all(['/first', '/second'].map((path) => world.send(fakeCall({ path })).then(textOf)))
    expect(replies).toEqual(['first', '/second'])
    expect(world.sockets.length).toBe(2)
  })

  it('which sends a body behind the reply to HEAD gives it to nobody', async () => {
    const one = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`
    await using world = await forwardWorld(never, {
      raw: (socket) => {
        socket.on('data', (bytes) => {
          const [, method, path = ''] = /^(\S+) (\S+)/.exec(bytes.toString('latin1')) ?? []
          const reply = one(method === 'HEAD' ? one('/uploaded') : path)
          const end = method === 'HEAD' ? reply.indexOf('\r\n\r\n') + 4 : reply.length
          socket.write(reply.slice(0, end))
          if (end < reply.length) setImmediate(() => setImmediate(() => socket.write(reply.slice(end))))
        })
      },
      upstream: { connectionsMax: 1 },
    })
    const calls = [fakeCall({ method: 'HEAD' }), fakeCall({ path: '/other' })]
    expect(await Promise.all(calls.map((call) => world.send(call).then(textOf)))).toEqual(['', '/other'])
  })

  it('which reads the body of a GET as a request answers it to nobody', async () => {
    const one = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`
    await using world = await forwardWorld(never, {
      // Knows no bodies: each empty line is the end of a request. It answers the second one when the first has been passed on.
      raw: (socket) => {
        socket.on('data', (bytes) => {
          const [first = '', second] = [...bytes.toString('latin1').matchAll(/^GET (\S+)/gm)].map(([, path]) => path)
          socket.write(one(first))
          if (second !== undefined) setImmediate(() => setImmediate(() => socket.write(one(second))))
        })
      },
      upstream: { connectionsMax: 1 },
    })
    const smuggler = fakeCall({ method: 'GET', path: '/own', body: 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n' })
    const replies = [smuggler, fakeCall({ path: '/other' })].map((call) => world.send(call).then(textOf))
    expect(await Promise.all(replies)).toEqual(['/own', '/other'])
  })

  it('which sends more than it may, known before or not', async () => {
    await using known = await forwardWorld((_request, response) => response.end(Buffer.alloc(2_000)), {
      upstream: { replyBytesMax: 1_000 },
    })
    expect(await codeOf(known.send(fakeCall()))).toBe('reply_too_large')
    await using unknown = await forwardWorld(
      (_request, response) => {
        response.write(Buffer.alloc(500))
        setImmediate(() => response.end(Buffer.alloc(1_500)))
      },
      { upstream: { replyBytesMax: 1_000 } },
    )
    expect(await codeOf(unknown.send(fakeCall()).then(textOf))).toBe('reply_too_large')
    await unknown.clock.settled(() => unknown.sockets[0]?.destroyed === true)
  })
})

describe('tries', () => {
  const cutFirst = (count: number) => {
    let seen = 0
    return (request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse): void => {
      if (seen++ < count) request.socket.destroy()
      else response.end('ok')
    }
  }

  it.each([
    ['GET', undefined, 1, 1, 'ok', 2],
    ['GET', undefined, 2, 1, 'upstream_cut', 2],
    ['GET', undefined, 2, 2, 'ok', 3],
    ['GET', undefined, 1, 0, 'upstream_cut', 1],
    ['POST', '{}', 1, 3, 'upstream_cut', 1],
    ['PUT', '{}', 1, 3, 'upstream_cut', 1],
    ['DELETE', undefined, 1, 3, 'upstream_cut', 1],
  ] as const)(
    'of %s with body %s, cut %i times with %i further tries',
    async (method, body, cuts, retriesMax, wanted, seen) => {
      await using world = await forwardWorld(cutFirst(cuts), { upstream: { retriesMax } })
      const sent = world.send(fakeCall({ method, ...(body === undefined ? {} : { body }) })).then(async (reply) => {
        expect(reply.upstream.tries).toBe(seen)
        return await textOf(reply)
      })
      let result: string | undefined
      void sent.then(
        (text) => (result = text),
        (fault: Fault) => (result = fault.code),
      )
      await world.clock.settled(() => result !== undefined, 50)
      expect(result).toBe(wanted)
      expect(world.requests.length).toBe(seen)
    },
  )

  it('are made for any method when no connection came about', async () => {
    await using world = await forwardWorld(() => {}, { absent: true, upstream: { retriesMax: 2 } })
    let code: string | undefined
    void codeOf(world.send(fakeCall({ body: '{}' }))).then((one) => (code = one))
    await world.clock.settled(() => code !== undefined, 50)
    expect(code).toBe('upstream_unreachable')
  })

  it('are not made of a streamed body', async () => {
    await using world = await forwardWorld(cutFirst(1), { upstream: { retriesMax: 3 } })
    const body = new PushedBody(2)
    const sent = codeOf(world.send(fakeCall({ method: 'GET', body })))
    await world.clock.settled(() => body.sink !== undefined)
    body.sink?.chunk(Buffer.from('ab'))
    body.sink?.end()
    expect(await sent).toBe('upstream_cut')
    expect(world.requests.length).toBe(1)
  })
})

describe('departure', () => {
  it.each(['agent_gone', 'call_timeout', 'draining'] as const)(
    'by %s ends the call at the upstream too',
    async (reason) => {
      await using world = await forwardWorld(() => {})
      const call = fakeCall({ body: '{}' })
      const sent = codeOf(world.send(call))
      await world.clock.settled(() => world.requests.length === 1)
      call.depart(reason)
      expect(await sent).toBe(reason)
      await world.clock.settled(() => world.sockets[0]?.destroyed === true)
    },
  )

  it('before the call was sent sends nothing', async () => {
    await using world = await forwardWorld((_request, response) => response.end())
    const call = fakeCall({ body: '{}' })
    call.depart('agent_gone')
    expect(await codeOf(world.send(call))).toBe('agent_gone')
    expect(world.requests).toEqual([])
  })

  it('leaves the queue for a connection, and those behind it go on', async () => {
    const end: (() => void)[] = []
    await using world = await forwardWorld((_request, response) => end.push(() => response.end('ok')), {
      upstream: { connectionsMax: 1 },
    })
    const first = world.send(fakeCall())
    const second = fakeCall()
    const left = codeOf(world.send(second))
    const third = world.send(fakeCall())
    await world.clock.settled(() => end.length === 1)
    second.depart('agent_gone')
    expect(await left).toBe('agent_gone')
    end[0]?.()
    expect(await textOf(await first)).toBe('ok')
    await world.clock.settled(() => end.length === 2)
    end[1]?.()
    expect(await textOf(await third)).toBe('ok')
    expect(world.requests.length).toBe(2)
    expect(world.sockets.length).toBe(1)
  })

  it('while a connection is made keeps its place: agents that come and go open no more connections than the bound', async () => {
    const found: (() => void)[] = []
    await using world = await forwardWorld((_request, response) => response.end('ok'), {
      upstream: { connectionsMax: 2 },
      lookup: (_name, _options, callback) =>
        void found.push(() => callback(null, [{ address: '127.0.0.1', family: 4 }])),
    })
    for (let calls = 0; calls < 10; calls++) {
      const call = fakeCall()
      const left = codeOf(world.send(call))
      await world.clock.settled(() => found.length > Math.min(calls, 1))
      call.depart('agent_gone')
      expect(await left).toBe('agent_gone')
    }
    expect(found.length).toBe(2)
    const last = world.send(fakeCall())
    for (const go of found) go()
    expect(await textOf(await last)).toBe('ok')
    expect(world.requests.length).toBe(1)
    expect(found.length).toBe(2)
  })

  it('while a connection is made that then fails gives the place back', async () => {
    const found: (() => void)[] = []
    await using world = await forwardWorld((_request, response) => response.end('ok'), {
      upstream: { connectionsMax: 1 },
      lookup: (_name, _options, callback) =>
        void found.push(() =>
          found.length === 1
            ? callback(new Error('no such name'), [])
            : callback(null, [{ address: '127.0.0.1', family: 4 }]),
        ),
    })
    const call = fakeCall()
    const left = codeOf(world.send(call))
    await world.clock.settled(() => found.length === 1)
    call.depart('agent_gone')
    expect(await left).toBe('agent_gone')
    const next = world.send(fakeCall())
    found[0]?.()
    await world.clock.settled(() => found.length === 2)
    found[1]?.()
    expect(await textOf(await next)).toBe('ok')
  })

  it('of a stream`s reader gives the connection back for others', async () => {
    await using world = await forwardWorld(
      (request, response) => (request.url === '/small' ? response.end('ok') : response.write('x')),
      {
        upstream: { connectionsMax: 1 },
      },
    )
    const reply = await world.send(fakeCall())
    if (reply.body.kind !== 'stream') throw new Error('expected a stream')
    reply.body.source.cancel(new Error('gone'))
    expect(await textOf(await world.send(fakeCall({ path: '/small' })))).toBe('ok')
  })
})

describe('a mistake of ours', () => {
  it.each([
    ['small', Buffer.from('ok'), 2],
    ['of unknown length', Buffer.alloc(200_000), undefined],
    ['a long stream', Buffer.alloc(200_000), 200_000],
  ])('met with a reply that is %s costs its call, and nothing else', async (_note, bytes, length) => {
    await using world = await forwardWorld(
      (_request, response) => {
        response.setHeader('Set-Cookie', 'a=1')
        if (length !== undefined) response.setHeader('Content-Length', length)
        response.end(bytes)
      },
      { upstream: { connectionsMax: 1 } },
    )
    // Whether cookies pass is asked only when the reply has come.
    const target = Object.defineProperty(world.target(), 'route', {
      get: () => {
        throw new TypeError('a mistake')
      },
    })
    expect(await codeOf(world.forwarding.forward(fakeCall(), target, allowing([])))).toBe('internal')
    expect(await textOf(await world.send(fakeCall()))).toBe(bytes.toString())
  })
})

describe('closing', () => {
  it('waits for the calls that run and those that wait for a connection, and still serves one that comes late', async () => {
    const end: (() => void)[] = []
    await using world = await forwardWorld((_request, response) => end.push(() => response.end('ok')), {
      upstream: { connectionsMax: 1 },
    })
    const calls = [world.send(fakeCall()), world.send(fakeCall())]
    let closed = false
    const closing = world.forwarding.close().then(() => (closed = true))
    await world.clock.settled(() => end.length === 1)
    end[0]?.()
    await world.clock.settled(() => end.length === 2)
    expect(closed).toBe(false)
    end[1]?.()
    expect(await Promise.all(calls.map(async (call) => await textOf(await call)))).toEqual(['ok', 'ok'])
    await closing
    const late = world.send(fakeCall())
    await world.clock.settled(() => end.length === 3)
    end[2]?.()
    expect(await textOf(await late)).toBe('ok')
  })
})
