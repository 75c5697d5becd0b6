/**
 * Request smuggling: messages whose end two servers would find in different places. Each is sent with a second request hidden
 * behind it; the hidden one must never become a call, and the connection must end.
 */
import { describe, expect, it } from 'vitest'
import { parseReply, receiverWorld } from '../support/receiver.ts'

const hidden = 'GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n'
const post = (header: string, body: string): string => `POST /a HTTP/1.1\r\nHost: h\r\n${header}\r\n\r\n${body}`

const rows: readonly [note: string, bytes: string][] = [
  ['a length and chunks (CL.TE)', post('Content-Length: 6\r\nTransfer-Encoding: chunked', `0\r\n\r\n${hidden}`)],
  [
    'chunks and a length (TE.CL)',
    post('Transfer-Encoding: chunked\r\nContent-Length: 4', `5\r\nabcde\r\n0\r\n\r\n${hidden}`),
  ],
  ['two lengths', post('Content-Length: 0\r\nContent-Length: 39', hidden)],
  ['two equal lengths', post('Content-Length: 1\r\nContent-Length: 1', `x${hidden}`)],
  ['two lengths in one field', post('Content-Length: 0, 39', hidden)],
  ['a signed length', post('Content-Length: +0', hidden)],
  ['a negative length', post('Content-Length: -1', hidden)],
  ['a hexadecimal length', post('Content-Length: 0x0', hidden)],
  ['a length with text', post('Content-Length: 0abc', hidden)],
  ['a length beyond 64 bits', post('Content-Length: 18446744073709551616', hidden)],
  ['an empty length', post('Content-Length:', hidden)],
  ['a space before the colon', post('Content-Length : 0', hidden)],
  ['a space before the colon of the coding', post('Transfer-Encoding : chunked', `0\r\n\r\n${hidden}`)],
  ['a coding that is not chunked', post('Transfer-Encoding: identity', hidden)],
  ['a coding behind chunked', post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${hidden}`)],
  ['a coding before chunked', post('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${hidden}`)],
  ['chunked twice', post('Transfer-Encoding: chunked, chunked', `0\r\n\r\n${hidden}`)],
  ['two coding fields', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', `0\r\n\r\n${hidden}`)],
  ['a coding in quotes', post('Transfer-Encoding: "chunked"', `0\r\n\r\n${hidden}`)],
  ['a coding with a vertical tab', post('Transfer-Encoding: \x0bchunked', `0\r\n\r\n${hidden}`)],
  ['a coding with a NUL', post('Transfer-Encoding: chunked\0', `0\r\n\r\n${hidden}`)],
  ['an obsolete line folding', post('X: y\r\n Transfer-Encoding: chunked', hidden)],
  ['a folded coding', post('Transfer-Encoding:\r\n chunked', `0\r\n\r\n${hidden}`)],
  ['a bare LF between fields', post('X: y\nTransfer-Encoding: chunked', `0\r\n\r\n${hidden}`)],
  ['a bare CR between fields', post('X: y\rTransfer-Encoding: chunked', `0\r\n\r\n${hidden}`)],
  ['a bare LF after a chunk`s size', post('Transfer-Encoding: chunked', `5\nabcde\r\n0\r\n\r\n${hidden}`)],
  ['a chunk`s size with a sign', post('Transfer-Encoding: chunked', `+5\r\nabcde\r\n0\r\n\r\n${hidden}`)],
  ['a chunk`s size with a prefix', post('Transfer-Encoding: chunked', `0x5\r\nabcde\r\n0\r\n\r\n${hidden}`)],
  ['a chunk`s size with an underscore', post('Transfer-Encoding: chunked', `0_5\r\nabcde\r\n0\r\n\r\n${hidden}`)],
  [
    'a chunk`s size that overflows',
    post('Transfer-Encoding: chunked', `fffffffffffffffff5\r\nabcde\r\n0\r\n\r\n${hidden}`),
  ],
  ['a chunk longer than its size', post('Transfer-Encoding: chunked', `3\r\nabcde\r\n0\r\n\r\n${hidden}`)],
  ['a bare CR in a chunk`s extension', post('Transfer-Encoding: chunked', `5;a\rb\r\nabcde\r\n0\r\n\r\n${hidden}`)],
  ['a bare LF in a chunk`s extension', post('Transfer-Encoding: chunked', `5;a\nb\r\nabcde\r\n0\r\n\r\n${hidden}`)],
  ['a request line with a bare LF', `POST /a HTTP/1.1\nHost: h\r\n\r\n${hidden}`],
  ['a second version in the request line', `GET /a HTTP/1.1 HTTP/1.1\r\nHost: h\r\n\r\n${hidden}`],
]

describe('smuggling', () => {
  it.each(rows)('with %s ends the connection, and the hidden request is no call', async (_note, bytes) => {
    await using world = await receiverWorld()
    const client = world.connect()
    client.write(bytes)
    await client.until(/^HTTP\/1\.1 \d/)
    // The reply ends the connection; what is not read within the linger is cut.
    await world.clock.settled(() => client.isClosed, 250)
    expect(parseReply(client.text).status).toBe(400)
    expect(client.text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    expect(world.calls.map(({ path }) => path)).not.toContain('/hidden')
    expect([...world.faults.map(({ code }) => code), ...world.refused.map(({ code }) => code)]).toEqual([
      expect.stringMatching(/^(framing_refused|http_malformed|header_refused)$/),
    ])
  })

  it('by a body that nobody reads leaves no byte of it for the next call', async () => {
    await using world = await receiverWorld((call) => ({
      status: 200,
      headers: [],
      body: { kind: 'bytes', bytes: Buffer.from(call.path) },
      decisionId: call.id,
    }))
    const text = await world.send(
      `${post(`Content-Length: ${hidden.length}`, hidden)}GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
    )
    expect(world.calls.map(({ path }) => path)).toEqual(['/a', '/next'])
    expect(text).not.toContain('/hidden')
  })

  it('by trailers that look like framing or identity changes nothing', async () => {
    await using world = await receiverWorld()
    await world.send(
      post(
        'Transfer-Encoding: chunked\r\nConnection: close',
        '1\r\nx\r\n0\r\nContent-Length: 100\r\nAuthorization: Bearer evil\r\nHost: evil\r\n\r\n',
      ),
    )
    expect(world.calls[0]?.host).toBe('h')
    expect(world.calls[0]?.headers.has('authorization')).toBe(false)
  })
})
