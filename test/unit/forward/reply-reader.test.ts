/** Replies as bytes: what is read of them, however they are cut into pieces, and what is refused. */
import { describe, expect, it } from 'vitest'
import { MalformedReply, type ReplyHead } from '../../../src/forward/reply-head.ts'
import { ReplyReader } from '../../../src/forward/reply-reader.ts'
import { keepsConnection, requestHead } from '../../../src/forward/request-head.ts'
import { limits } from '../../../src/model/index.ts'

interface Read {
  readonly heads: ReplyHead[]
  body: string
  ends: number
  /** Bytes that came behind the reply with its last one. */
  surplus: number
  fault: string | undefined
}

/** `pieces` of a connection's bytes, then its end where `closes`. */
function read(pieces: readonly Buffer[], method = 'GET', closes = false): Read {
  const found: Read = { heads: [], body: '', ends: 0, surplus: 0, fault: undefined }
  const reader = new ReplyReader({
    head: (head) => void found.heads.push(head),
    data: (bytes) => {
      found.body += bytes.toString('latin1')
    },
    end: (surplusBytes) => {
      found.ends += 1
      found.surplus = surplusBytes
    },
  })
  reader.begin(method)
  try {
    for (const piece of pieces) reader.take(piece)
    if (closes && found.ends === 0 && !reader.close()) found.fault = 'cut'
  } catch (cause) {
    if (!(cause instanceof MalformedReply)) throw cause
    found.fault = cause.message
  }
  return found
}

/** Whole, in two pieces cut at each place, and byte by byte. */
function cuts(text: string): Buffer[][] {
  const bytes = Buffer.from(text, 'latin1')
  const halves = Array.from({ length: bytes.length }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)])
  return [[bytes], ...halves, Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))]
}

const ok = 'HTTP/1.1 200 OK\r\n'

describe('a reply', () => {
  it.each([
    ['with a length', `${ok}Content-Length: 3\r\n\r\nabc`, 'GET', 200, 'abc', true],
    ['with a length of zero', `${ok}Content-Length: 0\r\n\r\n`, 'GET', 200, '', true],
    ['in chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`, 'GET', 200, 'abcde', true],
    [
      'in chunks with capitals',
      `${ok}Transfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n`,
      'GET',
      200,
      '0123456789',
      true,
    ],
    [
      'in chunks with extensions',
      `${ok}transfer-encoding: chunked\r\n\r\n3;a=b;c="d e"\r\nabc\r\n0;x\r\n\r\n`,
      'GET',
      200,
      'abc',
      true,
    ],
    [
      'in chunks with trailers',
      `${ok}transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n`,
      'GET',
      200,
      'a',
      true,
    ],
    [
      'with line ends in its chunks',
      `${ok}transfer-encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n`,
      'GET',
      200,
      '\r\n\r\n',
      true,
    ],
    ['to HEAD with a length', `${ok}Content-Length: 3\r\n\r\n`, 'HEAD', 200, '', false],
    ['to HEAD in chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n`, 'HEAD', 200, '', false],
    ['without content', 'HTTP/1.1 204 No Content\r\n\r\n', 'GET', 204, '', true],
    ['not modified', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', 'GET', 304, '', true],
    ['without content that announces some', 'HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n', 'GET', 204, '', false],
    ['not modified that announces some', 'HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n', 'GET', 304, '', false],
    ['not modified, in chunks', 'HTTP/1.1 304 X\r\nTransfer-Encoding: chunked\r\n\r\n', 'GET', 304, '', false],
    [
      'behind interim ones',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}Content-Length: 1\r\n\r\na`,
      'POST',
      200,
      'a',
      true,
    ],
    ['without a reason', 'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na', 'GET', 200, 'a', true],
    ['with an empty reason', 'HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na', 'GET', 200, 'a', true],
    ['with a status of its own', 'HTTP/1.1 799 Odd\r\nContent-Length: 1\r\n\r\na', 'GET', 799, 'a', true],
    ['that is the last', `${ok}Connection: close\r\nContent-Length: 1\r\n\r\na`, 'GET', 200, 'a', false],
    [
      'that is the last, among others',
      `${ok}Connection: x, CLOSE\r\nContent-Length: 1\r\n\r\na`,
      'GET',
      200,
      'a',
      false,
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na', 'GET', 200, 'a', false],
    [
      'of HTTP/1.0 that stays',
      'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na',
      'GET',
      200,
      'a',
      true,
    ],
  ])('%s is read, however it is cut', (_note, text, method, status, body, keeps) => {
    for (const pieces of cuts(text)) {
      const found = read(pieces, method)
      expect([
        found.heads.map((head) => [head.status, head.keepsConnection]),
        found.body,
        found.ends,
        found.fault,
      ]).toEqual([[[status, keeps]], body, 1, undefined])
    }
  })

  it.each([
    ['with a length', `${ok}Content-Length: 3\r\n\r\nabc`, 'GET'],
    ['with a length of zero', `${ok}Content-Length: 0\r\n\r\n`, 'GET'],
    ['to HEAD', `${ok}Content-Length: 3\r\n\r\n`, 'HEAD'],
    ['without content', 'HTTP/1.1 204 No Content\r\n\r\n', 'GET'],
    ['in chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, 'GET'],
    ['in chunks with a trailer', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n`, 'GET'],
  ])('%s says how much came behind it', (_note, text, method) => {
    const bytes = Buffer.from(`${text}HTTP/1.1 200 OK`, 'latin1')
    for (let at = 0; at <= text.length; at++) {
      const found = read([bytes.subarray(0, at), bytes.subarray(at)], method)
      // Cut at the very end, nothing is known of it yet.
      expect([found.heads.length, found.ends, found.surplus]).toEqual([1, 1, at === text.length ? 0 : 15])
      expect(found.fault).toMatch(/^15 bytes came that belong to no reply$/)
    }
  })

  it('that nothing delimits ends with its connection', () => {
    for (const pieces of cuts(`${ok}A: b\r\n\r\nabc`)) {
      const found = read(pieces, 'GET', true)
      expect([found.heads[0]?.lengthBytes, found.heads[0]?.keepsConnection, found.body, found.ends]).toEqual([
        null,
        false,
        'abc',
        1,
      ])
    }
  })

  it('has its fields by lower-case name, without white space around them, byte for byte', () => {
    const found = read([
      Buffer.from(`${ok}Content-Length:0\r\nX-A: \t b  c \t\r\nx-a:\xe4\r\nEMPTY:\r\n__proto__: x\r\n\r\n`, 'latin1'),
    ])
    expect(Object.entries(found.heads[0]?.headers ?? {})).toEqual([
      ['content-length', '0'],
      ['x-a', ['b  c', '\xe4']],
      ['empty', ''],
      ['__proto__', 'x'],
    ])
  })

  it.each([
    ['timeout=5', 5_000],
    ['max=100, timeout=15', 15_000],
    ['Timeout = 5', undefined],
    ['max=100', undefined],
  ])('says with `Keep-Alive: %s` how long its connection stays', (value, ms) => {
    const found = read([Buffer.from(`${ok}Content-Length: 0\r\nKeep-Alive: ${value}\r\n\r\n`)])
    expect(found.heads[0]?.keepsMs).toBe(ms)
  })
})

describe('what is no reply', () => {
  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9\r\n\r\n'],
    ['another version', 'HTTP/2 200 OK\r\n\r\n'],
    ['a version with more digits', 'HTTP/1.10 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['a line before the status', `\r\n${ok}\r\n`],
    ['a line feed alone', 'HTTP/1.1 200 OK\nA: b\r\n\r\n'],
    ['a line feed alone behind a field', `${ok}A: b\nC: d\r\n\r\n`],
    ['a carriage return alone', `${ok}A: b\rC: d\r\n\r\n`],
    ['a folded field', `${ok}A: b\r\n c\r\n\r\n`],
    ['white space before a colon', `${ok}A : b\r\n\r\n`],
    ['a field without a name', `${ok}: b\r\n\r\n`],
    ['a field without a colon', `${ok}abc\r\n\r\n`],
    ['a name with a space', `${ok}A B: c\r\n\r\n`],
    ['a name beyond ASCII', `${ok}\xe4: c\r\n\r\n`],
    ['a null character', `${ok}A: b\0\r\n\r\n`],
    ['an escape character', `${ok}A: \x1b[2J\r\n\r\n`],
    ['two lengths', `${ok}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`],
    ['a list of lengths', `${ok}Content-Length: 1, 1\r\n\r\na`],
    ['a signed length', `${ok}Content-Length: +1\r\n\r\na`],
    ['a length in hexadecimal', `${ok}Content-Length: 0x1\r\n\r\na`],
    ['a length that is no exact number', `${ok}Content-Length: 9999999999999999\r\n\r\n`],
    ['an empty length', `${ok}Content-Length:\r\n\r\n`],
    ['a length and chunks', `${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two codings', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunks twice', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['another protocol, switched to', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['interim replies without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(17)],
    ['a chunk without a size', `${ok}Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n`],
    ['a chunk with a signed size', `${ok}Transfer-Encoding: chunked\r\n\r\n-1\r\n`],
    ['a chunk with a prefix', `${ok}Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n`],
    ['a chunk of an enormous size', `${ok}Transfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n`],
    ['a chunk with white space before its size', `${ok}Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n`],
    ['a chunk whose line ends in a line feed', `${ok}Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n`],
    ['a chunk with a carriage return in its line', `${ok}Transfer-Encoding: chunked\r\n\r\n3;a\rb\r\nabc\r\n`],
    ['a chunk longer than its size', `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n`],
    ['a trailer that is no field', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nabc\r\n\r\n`],
    ['a trailer that is folded', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n c\r\n\r\n`],
    ['bytes behind a reply', `${ok}Content-Length: 1\r\n\r\nab`],
    ['a second reply', `${ok}Content-Length: 0\r\n\r\n${ok}\r\n`],
    ['bytes behind the last chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nx`],
    ['bytes behind a reply to HEAD', `${ok}Content-Length: 1\r\n\r\na`, 'HEAD'],
  ])('%s is refused, however it is cut', (_note, text, method = 'GET') => {
    for (const pieces of cuts(text)) {
      const { fault } = read(pieces, method, true)
      expect([typeof fault, fault]).not.toEqual(['undefined', undefined])
      expect(fault).not.toBe('cut')
    }
  })

  it.each([
    ['a header', `${ok}A: ${'b'.repeat(limits.headerBytesMax)}\r\n\r\n`],
    ['a header that does not end', `${ok}A: ${'b'.repeat(2 * limits.headerBytesMax)}`],
    ['a chunk extension', `${ok}Transfer-Encoding: chunked\r\n\r\n1;${'b'.repeat(2_000)}\r\na\r\n`],
    ['trailers', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n${'A: b\r\n'.repeat(limits.headerBytesMax / 5)}\r\n`],
  ])('%s of any length is refused', (_note, text) => {
    const bytes = Buffer.from(text, 'latin1')
    const pieces = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, at) =>
      bytes.subarray(at * 777, at * 777 + 777),
    )
    expect(read([bytes]).fault).toMatch(/bytes|characters/)
    expect(read(pieces).fault).toMatch(/bytes|characters/)
  })

  it.each([
    ['in a header', 'HTTP/1.1 200 OK\r\nCont'],
    ['in a body', `${ok}Content-Length: 3\r\n\r\nab`],
    ['in a chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nab`],
    ['before the last chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`],
    ['in the trailer', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n`],
  ])('an end %s is none of a reply', (_note, text) => {
    for (const pieces of cuts(text)) expect(read(pieces, 'GET', true)).toMatchObject({ ends: 0, fault: 'cut' })
  })
})

describe('a header that is no reply', () => {
  it('is named by its first odd line, however many lines come before it', () => {
    const text = `${ok}${'a:b\r\n'.repeat(3_000)}a b: c\r\nd e: f\r\n\r\n`
    const startedMs = performance.now()
    for (let times = 0; times < 20; times++) expect(read([Buffer.from(text)]).fault).toMatch(/: `a b: c`$/)
    // Linear, it takes some milliseconds; with its square, seconds.
    expect(performance.now() - startedMs).toBeLessThan(1_000)
    expect(read([Buffer.from('HTTP/1.1 20 OK\r\nA: b\r\n\r\n')]).fault).toMatch(/: `HTTP\/1.1 20 OK`$/)
  })
})

describe('the header of a request', () => {
  it.each([
    ['GET', 0, 'keep-alive', ''],
    ['DELETE', 0, 'keep-alive', ''],
    ['POST', 0, 'keep-alive', 'content-length: 0\r\n'],
    ['PUT', 5, 'keep-alive', 'content-length: 5\r\n'],
    ['POST', null, 'keep-alive', 'transfer-encoding: chunked\r\n'],
    ['GET', 5, 'close', 'content-length: 5\r\n'],
    ['HEAD', 0, 'close', ''],
    ['DELETE', null, 'close', 'transfer-encoding: chunked\r\n'],
  ])('of %s with %s bytes says so, and whether another follows it (%s)', (method, bytes, connection, framing) => {
    expect(requestHead(method, '/a?b=c', 'erp:80', ['x-a', '1'], bytes)).toBe(
      `${method} /a?b=c HTTP/1.1\r\nhost: erp:80\r\nconnection: ${connection}\r\nx-a: 1\r\n${framing}\r\n`,
    )
    expect(keepsConnection(method, bytes)).toBe(connection === 'keep-alive')
  })

  it.each([
    ['GET /a HTTP/1.1\r\nx: y\r\n\r\nGET', '/', 'erp', ['a', 'b']],
    ['get', '/', 'erp', ['a', 'b']],
    ['GET', 'a', 'erp', ['a', 'b']],
    ['GET', '/ HTTP/1.1\r\nx: y', 'erp', ['a', 'b']],
    ['GET', '/a b', 'erp', ['a', 'b']],
    ['GET', '/\u{100}', 'erp', ['a', 'b']],
    ['GET', '/', 'erp\r\nx: y', ['a', 'b']],
    ['GET', '/', 'erp', ['a', 'b\r\nc: d']],
    ['GET', '/', 'erp', ['a', 'b\nc: d']],
    ['GET', '/', 'erp', ['a', 'b\0']],
    ['GET', '/', 'erp', ['a', '\u{10a}']],
    ['GET', '/', 'erp', ['a: b\r\nc', 'd']],
    ['GET', '/', 'erp', ['', 'd']],
    ['GET', '/', 'erp', ['a b', 'd']],
  ])('is never made of %j %j %j %j', (method, path, host, fields) => {
    expect(() => requestHead(method, path, host, fields, 0)).toThrow(TypeError)
  })
})
