/**
 * The header that the lane takes: a table of what is in the subset and what is not, every beginning of a header, and random ones
 * beside node:http's parser, which must read whatever the lane reads in the same way. The seed is printed; `GATEHOUSE_SEED`
 * chooses another and `GATEHOUSE_FUZZ_RUNS` how many headers there are.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/index.ts'
import { type LaneHead, readHead } from '../../../src/receive/lane-head.ts'
import { makeRandom, type Random } from '../../agree/differential/random.ts'

const seed = Number(process.env.GATEHOUSE_SEED ?? 1)
const runs = Number(process.env.GATEHOUSE_FUZZ_RUNS ?? (process.env.CI === 'true' ? 20_000 : 3_000))

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')
const get = (fields: string): string => `GET /a HTTP/1.1\r\n${fields}\r\n`

/** What node:http says of the same bytes: the requests that it emits, or the code of its error. */
interface Parsed {
  readonly method: string
  readonly rawTarget: string
  readonly rawHeaders: readonly string[]
  readonly saysClose: boolean
  body: string
  complete: boolean
}

async function parsedByNode(
  bytes: Buffer,
): Promise<{ readonly requests: Parsed[]; readonly error: string | undefined }> {
  const requests: Parsed[] = []
  let error: string | undefined
  const server = createServer({ requireHostHeader: false, maxHeaderSize: limits.headerBytesMax })
  server.maxHeadersCount = 0
  const take = (message: IncomingMessage, response: { readonly shouldKeepAlive: boolean }): void => {
    const { method = '', url = '', rawHeaders } = message
    const parsed = {
      method,
      rawTarget: url,
      rawHeaders,
      saysClose: !response.shouldKeepAlive,
      body: '',
      complete: false,
    }
    requests.push(parsed)
    message.on('data', (chunk: Buffer) => {
      parsed.body += chunk.toString('latin1')
    })
    message.on('end', () => {
      parsed.complete = true
    })
  }
  server.on('request', take)
  server.on('checkContinue', take)
  server.on('checkExpectation', take)
  server.on('connect', () => {
    error = 'CONNECT'
  })
  server.on('clientError', (cause: Error & { code?: string }) => {
    error ??= cause.code ?? cause.name
  })
  const wire = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  server.emit('connection', wire)
  wire.push(bytes)
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  wire.destroy()
  return { requests, error }
}

describe('the header of the lane', () => {
  it.each<[note: string, text: string, wanted: Partial<LaneHead>]>([
    ['with no field', get(''), { method: 'GET', rawTarget: '/a', rawHeaders: [], lengthBytes: 0, saysClose: false }],
    ['with fields', get('Host: h\r\nX-a:1\r\n'), { rawHeaders: ['Host', 'h', 'X-a', '1'] }],
    [
      'with white space around values',
      get('A: \t b c \t\r\nB:\r\nC:   \r\n'),
      { rawHeaders: ['A', 'b c', 'B', '', 'C', ''] },
    ],
    ['with a length', get('cOnTent-LENGTH: 007\r\n'), { lengthBytes: 7 }],
    ['with a length of 0', get('Content-Length:0\r\n'), { lengthBytes: 0 }],
    ['with the longest length', get('Content-Length: 999999999999999\r\n'), { lengthBytes: 999_999_999_999_999 }],
    ['that keeps the connection', get('Connection: Keep-Alive\r\n'), { saysClose: false }],
    ['that closes the connection', get('Connection: CLOSE\r\n'), { saysClose: true }],
    [
      'with a query',
      'HEAD /a%20b/?c=d&e=%2F:@!$ HTTP/1.1\r\n\r\n',
      { method: 'HEAD', rawTarget: '/a%20b/?c=d&e=%2F:@!$' },
    ],
    ['with a long value', get(`T: ${'x'.repeat(8_000)}\r\n`), { rawHeaders: ['T', 'x'.repeat(8_000)] }],
    [
      'with as many fields as are accepted',
      get('A: b\r\n'.repeat(limits.headerFieldsMax)),
      { rawHeaders: Array.from({ length: limits.headerFieldsMax }, () => ['A', 'b']).flat() },
    ],
    ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].map(
      (method): [string, string, Partial<LaneHead>] => [`of ${method}`, `${method} / HTTP/1.1\r\n\r\n`, { method }],
    ),
  ])('%s is taken', async (_note, text, wanted) => {
    const read = readHead(bytesOf(text), 0)
    expect(read).toMatchObject({ ...wanted, end: text.length })
    expect(readHead(bytesOf(`xyz${text}body`), 3)).toEqual({ ...(read as LaneHead), end: text.length + 3 })
    for (let length = 1; length < text.length && length < 300; length++)
      expect(readHead(bytesOf(text.slice(0, length)), 0), JSON.stringify(text.slice(0, length))).toBe('partial')
    const { requests } = await parsedByNode(bytesOf(text))
    const { lengthBytes: _announced, ...same } = wanted
    expect(requests[0]).toMatchObject(same)
  })

  it.each([
    ['an unknown method', 'XYZ / HTTP/1.1\r\n\r\n'],
    ['the beginning of an unknown method', 'GEX'],
    ['a method in lower case', 'get / HTTP/1.1\r\n\r\n'],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\n\r\n'],
    ['TRACE', 'TRACE / HTTP/1.1\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an empty line before it', '\r\nGET / HTTP/1.1\r\n\r\n'],
    ['a space before it', ' GET / HTTP/1.1\r\n\r\n'],
    ['two spaces', 'GET  / HTTP/1.1\r\n\r\n'],
    ['a tab', 'GET\t/ HTTP/1.1\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
    ['HTTP/1.1 in lower case', 'GET / http/1.1\r\n\r\n'],
    ['a space behind the version', 'GET / HTTP/1.1 \r\n\r\n'],
    ['the absolute form', 'GET http://h/ HTTP/1.1\r\n\r\n'],
    ['the asterisk form', 'OPTIONS * HTTP/1.1\r\n\r\n'],
    ['a fragment', 'GET /#a HTTP/1.1\r\n\r\n'],
    ['a quote in the target', 'GET /" HTTP/1.1\r\n\r\n'],
    ['a byte beyond ASCII in the target', 'GET /\xe4 HTTP/1.1\r\n\r\n'],
    ['a bare LF behind the version', 'GET / HTTP/1.1\n\r\n'],
    ['a bare LF behind a field', get('A: b\n')],
    ['a bare CR behind a field', get('A: b\rC: d\r\n')],
    ['a bare LF at the end', 'GET / HTTP/1.1\r\nA: b\r\n\n'],
    ['a folded line', get('A: b\r\n c\r\n')],
    ['a folded line with a tab', get('A: b\r\n\tc\r\n')],
    ['a space before the colon', get('A : b\r\n')],
    ['a space before the name', get(' A: b\r\n')],
    ['no name', get(': b\r\n')],
    ['no colon', get('A\r\n')],
    ['a NUL in a name', get('A\0: b\r\n')],
    ['a NUL in a value', get('A: b\0\r\n')],
    ['a control in a value', get('A: b\x01\r\n')],
    ['a DEL in a value', get('A: b\x7f\r\n')],
    ['obs-text in a value', get('A: \xe4\r\n')],
    ['a signed length', get('Content-Length: +1\r\n')],
    ['a negative length', get('Content-Length: -1\r\n')],
    ['a hexadecimal length', get('Content-Length: 0x1\r\n')],
    ['an empty length', get('Content-Length:\r\n')],
    ['a list of lengths', get('Content-Length: 1, 1\r\n')],
    ['two lengths', get('Content-Length: 1\r\nContent-Length: 1\r\n')],
    ['a length of sixteen digits', get('Content-Length: 1000000000000000\r\n')],
    ['white space behind a length', get('Content-Length: 1 \r\n')],
    ['the beginning of a bad length', 'GET / HTTP/1.1\r\nContent-Length: 1x'],
    ['chunks', get('Transfer-Encoding: chunked\r\n')],
    ['chunks in another case', get('tRANSFER-eNCODING: chunked\r\n')],
    ['the beginning of a coding', 'GET / HTTP/1.1\r\nTransfer-Encoding: chu'],
    ['a length and chunks', get('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n')],
    ['an upgrade', get('Connection: upgrade\r\nUpgrade: websocket\r\n')],
    ['an upgrade that Connection does not name', get('Upgrade: websocket\r\n')],
    ['an expectation', get('Expect: 100-continue\r\n')],
    ['trailers', get('Trailer: A\r\n')],
    ['an old name of Connection', get('Proxy-Connection: close\r\n')],
    ['a list in Connection', get('Connection: keep-alive, A\r\n')],
    ['an empty Connection', get('Connection:\r\n')],
    ['two Connections', get('Connection: close\r\nConnection: close\r\n')],
    ['more fields than are accepted', get('A: b\r\n'.repeat(limits.headerFieldsMax + 1))],
    ['a header beyond the bound', get(`A: ${'x'.repeat(limits.headerBytesMax)}\r\n`)],
    ['the beginning of one beyond the bound', `GET / HTTP/1.1\r\nA: ${'x'.repeat(limits.headerBytesMax)}`],
    ['TLS', '\x16\x03\x01\x02\0\x01'],
  ])('with %s is left to node:http', (_note, text) => {
    expect(readHead(bytesOf(text), 0)).toBe('strange')
  })

  it('is taken up to one byte below the bound, and left to node:http from it on', () => {
    const of = (length: number): string => {
      const bare = get('A: \r\n').length
      return get(`A: ${'x'.repeat(length - bare)}\r\n`)
    }
    expect(readHead(bytesOf(of(limits.headerBytesMax - 1)), 0)).toMatchObject({ end: limits.headerBytesMax - 1 })
    expect(readHead(bytesOf(of(limits.headerBytesMax)), 0)).toBe('strange')
    const longer = of(2 * limits.headerBytesMax)
    expect(readHead(bytesOf(longer.slice(0, limits.headerBytesMax - 1)), 0)).toBe('partial')
    expect(readHead(bytesOf(longer.slice(0, limits.headerBytesMax)), 0)).toBe('strange')
  })

  it(`that the lane takes is read by node:http in the same way, and what is partial is so for both (GATEHOUSE_SEED=${seed})`, async () => {
    const random = makeRandom(seed)
    let taken = 0
    let partial = 0
    for (let run = 0; run < runs; run++) {
      const bytes = mutilated(random, randomHead(random))
      const shown = JSON.stringify(bytes.toString('latin1'))
      const read = readHead(bytes, 0)
      if (read === 'strange') continue
      const { requests, error } = await parsedByNode(bytes)
      if (read === 'partial') {
        partial++
        expect({ requests, error }, shown).toEqual({ requests: [], error: undefined })
        continue
      }
      taken++
      const { method, rawTarget, rawHeaders, saysClose, lengthBytes, end } = read
      const body = bytes.toString('latin1', end, Math.min(end + lengthBytes, bytes.length))
      const complete = body.length === lengthBytes
      expect(requests[0], shown).toEqual({ method, rawTarget, rawHeaders, saysClose, body, complete })
    }
    // Otherwise the comparison would be of nothing.
    expect(taken).toBeGreaterThan(runs / 20)
    expect(partial).toBeGreaterThan(runs / 100)
  }, 120_000)
})

function randomHead({ pick, below, chance }: Random): string {
  const common = chance(0.7)
  const method = pick(
    common ? ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] : ['TRACE', 'CONNECT', 'PRI', 'QUERY', 'Get'],
  )
  const target = pick(['/', '/a', '//', '/a?b=c', '/%41', '/a/../b', '/?', '*', 'http://h/a', '/a#b', '/[', '/a b', ''])
  const name = (): string =>
    pick([
      'Host',
      'a',
      'X-B',
      'content-type',
      'Cookie',
      'Connection',
      'Content-Length',
      'Keep-Alive',
      'TE',
      'Expect',
      'Upgrade',
      'Transfer-Encoding',
      'Proxy-Connection',
      'Trailer',
      'X_Y',
      '~',
    ])
  const value = (): string =>
    pick([
      '',
      'h',
      'a b',
      ' a',
      '\ta \t',
      '3',
      '0',
      '12',
      'close',
      'keep-alive',
      'Keep-Alive',
      'chunked',
      '100-continue',
      'a, b',
      '"x"',
      'é',
      'x'.repeat(70),
    ])
  let text = `${method} ${target} HTTP/1.1\r\n`
  for (let fields = below(5); fields > 0; fields--) text += `${name()}:${pick(['', ' ', '  ', '\t'])}${value()}\r\n`
  if (chance(0.3)) text += `Content-Length: ${below(6)}\r\n`
  return `${text}\r\n${pick(['', 'abc', 'abcdef', 'GET /b HTTP/1.1\r\n\r\n', '\r\n', '0\r\n\r\n'])}`
}

/** Leaves a header as it is half of the time; otherwise a few bytes are changed, doubled, taken out, or all behind one. */
function mutilated({ below, chance, pick }: Random, text: string): Buffer {
  let bytes = bytesOf(text)
  if (chance(0.5)) return bytes
  for (let times = 1 + below(2); times > 0; times--) {
    const at = below(bytes.length)
    const way = below(5)
    const odd = pick([0, 9, 10, 13, 32, 35, 44, 58, 64, 96, 127, 128, 255, below(256)])
    if (way === 0) bytes[at] = odd
    else if (way === 1) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([odd]), bytes.subarray(at)])
    else if (way === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
    else if (way === 3) bytes = Buffer.concat([bytes.subarray(0, at + 1), bytes.subarray(at)])
    else if (at > 0) bytes = bytes.subarray(0, at)
    if (bytes.length === 0) bytes = bytesOf('G')
  }
  return bytes
}
