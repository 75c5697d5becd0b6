/**
 * Proves on a server of its own, over loopback, what `http.send` asks for and what it keeps: replies for as long as their headers or the
 * policy say, confirmed by their validators afterwards, with every parameter carried out or refused by name.
 */
import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type BuiltinPorts, type HttpReply, type HttpRequest, prepare, type Query } from '../../../src/rego/index.ts'
import type { Value } from '../../../src/rego/value.ts'

/** What the server is asked, and what it answers. */
const received: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = []
let answer: (reply: ServerResponse, call: number) => void = () => {}
let origin = ''

const server = createServer((incoming, reply) => {
  received.push({ path: incoming.url ?? '', headers: incoming.headers })
  reply.sendDate = false
  incoming.resume().on('end', () => answer(reply, received.length))
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
beforeEach(() => {
  received.length = 0
  answer = (reply) => reply.end('{}')
})

function fetch({ url, method, headers, body, timeoutMs }: HttpRequest): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const sent = sendRequest(url, { method, headers, agent: false, timeout: timeoutMs }, (reply) => {
      const parts: Buffer[] = []
      reply.on('data', (part: Buffer) => parts.push(part))
      reply.on('end', () =>
        resolve({
          status: reply.statusCode ?? 0,
          statusText: reply.statusMessage ?? '',
          headers: Object.fromEntries(Object.entries(reply.headersDistinct).map(([name, list]) => [name, list ?? []])),
          body: Buffer.concat(parts),
        }),
      )
    })
    sent.on('error', reject)
    sent.on('timeout', () => sent.destroy(new Error(`no reply within ${timeoutMs} ms`)))
    sent.end(body)
  })
}

/** 2023-11-14T22:13:20Z, in seconds. */
const start = 1_700_000_000
const startDate = new Date(start * 1000).toUTCString()
const later = (seconds: number): string => new Date((start + seconds) * 1000).toUTCString()

/** A query that sends its input, at a time that the test sets. */
function sender(ports: BuiltinPorts = {}): { readonly query: Query; readonly clock: { seconds: number } } {
  const clock = { seconds: start }
  const query = prepare({
    query: 'data.test.reply',
    modules: { 'test.rego': 'package test\n\nreply := http.send(input)\n' },
    ports: { fetch, ...ports },
    now: () => BigInt(clock.seconds) * 1_000_000_000n,
    strictBuiltinErrors: true,
  })
  return { query, clock }
}

type Parameters = Readonly<Record<string, Value>>

function sent(more: Parameters = {}): Value {
  return { method: 'get', url: `${origin}/x`, ...more }
}

interface Reply {
  readonly status_code: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly error?: { readonly code: string; readonly message: string }
}

async function send(query: Query, input: Value): Promise<Reply> {
  return (await query.valueAsync(input)) as unknown as Reply
}

const dated = (control: string): Record<string, string> => ({ date: startDate, 'cache-control': control })
const forced = (seconds: number): Parameters => ({ force_cache: true, force_cache_duration_seconds: seconds })

/** What a reply says, what the policy asks, seconds between two decisions, and how many requests both make. */
const keeping: readonly (readonly [string, Record<string, string>, Parameters, number, number])[] = [
  ['no caching without being asked', dated('max-age=100'), {}, 0, 2],
  ['max-age, within it', dated('max-age=100'), { cache: true }, 99, 1],
  ['max-age, at its end', dated('max-age=100'), { cache: true }, 100, 2],
  ['max-age among other directives', dated('public, max-age=100, must-revalidate'), { cache: true }, 50, 1],
  ['max-age counts from the date of the reply', { ...dated('max-age=100'), date: later(-60) }, { cache: true }, 50, 2],
  ['max-age without a date', { 'cache-control': 'max-age=100' }, { cache: true }, 0, 2],
  ['max-age that is no number', dated('max-age=soon'), { cache: true }, 0, 2],
  ['max-age of more than all time', dated('max-age=99999999999'), { cache: true }, 1_000_000, 1],
  ['no-store', dated('no-store, max-age=100'), { cache: true }, 0, 2],
  ['an age counts for nothing, as in OPA', { ...dated('max-age=100'), age: '90' }, { cache: true }, 50, 1],
  ['expires, within it', { expires: later(100) }, { cache: true }, 99, 1],
  ['expires, at its end', { expires: later(100) }, { cache: true }, 100, 2],
  ['expires that is no date', { expires: '0' }, { cache: true }, 0, 2],
  ['expires in the form of RFC 850', { expires: 'Tuesday, 14-Nov-23 22:15:00 GMT' }, { cache: true }, 99, 1],
  ['expires in the form of asctime', { expires: 'Tue Nov 14 22:15:00 2023' }, { cache: true }, 99, 1],
  ['max-age wins over expires', { ...dated('max-age=10'), expires: later(100) }, { cache: true }, 50, 2],
  ['nothing about time', {}, { cache: true }, 0, 2],
  ['forced, within it', {}, forced(100), 99, 1],
  ['forced, at its end', {}, forced(100), 100, 2],
  ['forced, whatever the reply says', dated('no-store'), forced(100), 50, 1],
  ['forced, longer than the reply says', dated('max-age=10'), forced(100), 50, 1],
  ['kept as a value', dated('max-age=100'), { cache: true, caching_mode: 'deserialized' }, 50, 1],
  ['kept as text', dated('max-age=100'), { cache: true, caching_mode: 'serialized' }, 50, 1],
]

describe('a reply is kept for as long as it says, or the policy', () => {
  test.each(keeping)('%s', async (_title, headers, parameters, seconds, requests) => {
    answer = (reply) => reply.writeHead(200, { 'content-type': 'application/json', ...headers }).end('{"a": 1}')
    const { query, clock } = sender()
    const first = await send(query, sent(parameters))
    clock.seconds += seconds
    expect(await send(query, sent(parameters))).toEqual(first)
    expect(first.body).toEqual({ a: 1 })
    expect(received).toHaveLength(requests)
  })

  test.each([
    [200, 1],
    [203, 1],
    [204, 1],
    [301, 1],
    [404, 1],
    [501, 1],
    [201, 2],
    [302, 2],
    [400, 2],
    [403, 2],
    [500, 2],
    [503, 2],
  ])('status %d: %d requests for two decisions', async (status, requests) => {
    answer = (reply) => reply.writeHead(status, dated('max-age=100')).end()
    const { query } = sender()
    for (let i = 0; i < 2; i++) expect((await send(query, sent({ cache: true }))).status_code).toBe(status)
    expect(received).toHaveLength(requests)
  })

  test('another request is another reply', async () => {
    answer = (reply) => reply.writeHead(200, dated('max-age=100')).end()
    const { query } = sender()
    for (const more of [{}, { headers: { accept: 'a/b' } }, { url: `${origin}/y` }, { method: 'head' }])
      await send(query, sent({ cache: true, ...more }))
    expect(received).toHaveLength(4)
  })

  test('headers that are ignored make no other request, and are sent', async () => {
    answer = (reply) => reply.writeHead(200, dated('max-age=100')).end()
    const { query } = sender()
    const request = (id: string) =>
      sent({ cache: true, headers: { 'x-id': id, accept: 'a/b' }, cache_ignored_headers: ['x-id'] })
    await send(query, request('one'))
    await send(query, request('two'))
    expect(received.map(({ headers }) => headers['x-id'])).toEqual(['one'])
  })

  test('what is kept is given without waiting', async () => {
    answer = (reply) => reply.writeHead(200, dated('max-age=100')).end('{"a": 1}')
    const { query } = sender()
    expect(() => query.value(sent({ cache: true }))).toThrow(/must wait/)
    const first = await send(query, sent({ cache: true }))
    expect(query.value(sent({ cache: true }))).toEqual(first)
  })

  test('each prepared query keeps its own', async () => {
    answer = (reply) => reply.writeHead(200, dated('max-age=100')).end()
    await send(sender().query, sent({ cache: true }))
    await send(sender().query, sent({ cache: true }))
    expect(received).toHaveLength(2)
  })

  test('more than fits pushes out what was used longest ago, and a reply beyond the bound is not kept', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 32)
    answer = (reply, call) => {
      reply.writeHead(200, dated('max-age=100'))
      for (let i = 0; i < (call === 21 ? 3 : 1); i++) reply.write(megabyte)
      reply.end()
    }
    const { query } = sender()
    const page = (i: number) => sent({ cache: true, url: `${origin}/${i}` })
    for (let i = 0; i < 20; i++) await send(query, page(i))
    await send(query, page(20))
    await send(query, page(20))
    expect(received).toHaveLength(22)
    await send(query, page(19))
    expect(received).toHaveLength(22)
    await send(query, page(0))
    expect(received).toHaveLength(23)
  })
})

describe('a reply whose time is over is asked about', () => {
  const tagged = (seconds: number, etag = '"v1"') => ({ ...dated(`max-age=10`), date: later(seconds), etag })

  test('304: the old body with the new headers, kept for the new time', async () => {
    answer = (reply, call) =>
      call === 1
        ? reply.writeHead(200, { ...tagged(0), 'x-seen': 'first', 'content-type': 'application/json' }).end('{"a": 1}')
        : reply.writeHead(304, { ...tagged(10), 'x-seen': 'second' }).end()
    const { query, clock } = sender()
    await send(query, sent({ cache: true }))
    clock.seconds += 10
    const second = await send(query, sent({ cache: true }))
    expect(second).toMatchObject({ status_code: 200, body: { a: 1 }, headers: { 'x-seen': ['second'] } })
    expect(received[1]?.headers['if-none-match']).toBe('"v1"')
    clock.seconds += 9
    await send(query, sent({ cache: true }))
    expect(received).toHaveLength(2)
    clock.seconds += 1
    await send(query, sent({ cache: true }))
    expect(received).toHaveLength(3)
  })

  test('200: the new reply in place of the old one', async () => {
    answer = (reply, call) =>
      reply
        .writeHead(200, { ...tagged(call === 1 ? 0 : 10, `"v${call}"`), 'content-type': 'application/json' })
        .end(`{"call": ${call}}`)
    const { query, clock } = sender()
    await send(query, sent({ cache: true }))
    clock.seconds += 10
    expect((await send(query, sent({ cache: true }))).body).toEqual({ call: 2 })
    clock.seconds += 5
    expect((await send(query, sent({ cache: true }))).body).toEqual({ call: 2 })
    expect(received).toHaveLength(2)
  })

  test('anything else: the request as it is, once more', async () => {
    answer = (reply, call) => reply.writeHead(call === 2 ? 500 : 200, tagged(0)).end()
    const { query, clock } = sender()
    await send(query, sent({ cache: true }))
    clock.seconds += 10
    expect((await send(query, sent({ cache: true }))).status_code).toBe(200)
    expect(received.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"v1"', undefined])
  })

  test('by its date where it has no tag, and forced for as long as the policy says', async () => {
    answer = (reply, call) => reply.writeHead(call === 1 ? 200 : 304, { 'last-modified': startDate }).end()
    const { query, clock } = sender()
    await send(query, sent(forced(10)))
    clock.seconds += 10
    await send(query, sent(forced(10)))
    expect(received[1]?.headers['if-modified-since']).toBe(startDate)
    clock.seconds += 9
    await send(query, sent(forced(10)))
    expect(received).toHaveLength(2)
  })
})

describe('one evaluation', () => {
  const twice = 'package test\n\nreply := [a, b] if {\n\ta := http.send(input)\n\tb := http.send(input)\n}\n'

  test.each([{}, { cache: true }])('sends equal requests once, with %o', async (more) => {
    answer = (reply) => reply.writeHead(500).end()
    const query = prepare({ query: 'data.test.reply', modules: { 'test.rego': twice }, ports: { fetch } })
    const [a, b] = (await query.valueAsync(sent(more))) as unknown as [Reply, Reply]
    expect(a).toEqual(b)
    expect(received).toHaveLength(1)
  })
})

describe('a request that fails', () => {
  const refusing: (times: number) => BuiltinPorts & { readonly waits: number[] } = (times) => {
    const waits: number[] = []
    let calls = 0
    return {
      waits,
      pause: async (ms) => void waits.push(ms),
      fetch: (request) => (calls++ < times ? Promise.reject(new Error('connection refused')) : fetch(request)),
    }
  }

  test('is sent again as often as it says, with longer and longer waits', async () => {
    const ports = refusing(3)
    expect((await send(sender(ports).query, sent({ max_retry_attempts: 3 }))).status_code).toBe(200)
    expect(ports.waits.map(Math.round)).toEqual([0, 160, 256])
  })

  test('fails when all attempts have failed', async () => {
    const ports = refusing(3)
    const reply = await send(sender(ports).query, sent({ max_retry_attempts: 2, raise_error: false }))
    expect(reply).toEqual({
      status_code: 0,
      error: { code: 'eval_http_send_network_error', message: `Get "${origin}/x": connection refused` },
    })
  })

  test('is not sent again for a status', async () => {
    answer = (reply) => reply.writeHead(503).end()
    const ports = refusing(0)
    expect((await send(sender(ports).query, sent({ max_retry_attempts: 3 }))).status_code).toBe(503)
    expect(received).toHaveLength(1)
  })

  test('is given up after its time', async () => {
    answer = () => {}
    const reply = await send(sender().query, sent({ timeout: '20ms', raise_error: false }))
    expect(reply.error?.message).toBe(`Get "${origin}/x": no reply within 20 ms`)
    server.closeAllConnections()
  })
})

/** Parameters that are wrong or not possible, and what the error says. */
const refused: readonly (readonly [Parameters, string])[] = [
  [{ tls_ca_cert: 'x' }, '`tls_ca_cert` is not possible here'],
  [{ tls_client_cert: 'x', tls_client_key: 'y' }, '`tls_client_cert`, `tls_client_key` is not possible here'],
  [{ tls_insecure_skip_verify: true }, '`tls_insecure_skip_verify` is not possible here'],
  [{ tls_server_name: 'a.test' }, '`tls_server_name` is not possible here'],
  [{ tls_use_system_certs: true }, '`tls_use_system_certs` is not possible here'],
  [{ max_retry_attempts: 1 }, '`max_retry_attempts` is not possible here'],
  [{ max_retry_attempts: -1 }, 'invalid value -1 for field "max_retry_attempts"'],
  [{ max_retry_attempts: '1' }, 'invalid value "1" for field "max_retry_attempts"'],
  [{ max_retry_attempts: 1000 }, '20 attempts'],
  [{ cache: 1 }, 'invalid value for "cache" field'],
  [{ force_cache: 'true' }, 'invalid value for "force_cache" field'],
  [{ force_cache: true }, "'force_cache' set but 'force_cache_duration_seconds' parameter is missing"],
  [{ force_cache: true, force_cache_duration_seconds: '1' }, 'strconv.ParseInt: parsing "\\"1\\"": invalid syntax'],
  [{ cache: true, caching_mode: 'x' }, 'invalid value specified for "caching_mode" field: "x"'],
  [{ cache_ignored_headers: 'x', headers: { a: 'b' } }, 'cache_ignored_headers must be an array of strings'],
  [{ timeout: 'soon' }, 'invalid timeout value "soon"'],
  [{ method: 'g t' }, 'net/http: invalid method "G T"'],
  [{ url: 'http://[::1/' }, `parse "http://[::1/": missing ']' in host`],
  [{ headers: { 'a b': 'c' } }, 'net/http: invalid header field name "a b"'],
  [{ headers: { a: 'b\r\nc: d' } }, 'net/http: invalid header field value for "a"'],
  [{ headers: { a: 1 } }, 'invalid type for headers value "1"'],
  [{ raise_error: 1 }, 'invalid value for raise_error field'],
]

describe('what cannot be done is refused by its name', () => {
  test.each(refused)('%o', async (parameters, message) => {
    await expect(send(sender().query, sent(parameters))).rejects.toThrow(message)
    expect(received).toHaveLength(0)
  })

  test('a port that says so is handed what it can carry out', async () => {
    const asked: HttpRequest[] = []
    const { query } = sender({
      tlsParameters: ['tls_server_name', 'tls_insecure_skip_verify'],
      fetch: (request) => {
        asked.push(request)
        return fetch(request)
      },
    })
    await send(query, sent({ tls_server_name: 'a.test', tls_insecure_skip_verify: false, enable_redirect: true }))
    expect(asked).toMatchObject([{ tls: { tls_server_name: 'a.test' }, followRedirects: true, timeoutMs: 5000 }])
    expect(asked[0]?.tls).not.toHaveProperty('tls_insecure_skip_verify')
  })
})
