/** The header of a reply that the lane writes: byte for byte what node:http writes, and never a line that nobody meant. */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { DateText, replyHead } from '../../../src/receive/lane-reply.ts'

const date = 'Mon, 02 Mar 2026 10:00:00 GMT'
const plain = { closing: false, chunked: false }

/** What node:http writes for the same reply, with its own date replaced. */
function writtenByNode(status: number, headers: readonly string[], closing: boolean, method = 'GET'): string {
  const pieces: Buffer[] = []
  const wire = new Writable({
    write(chunk: Buffer, _encoding, done) {
      pieces.push(chunk)
      done()
    },
  })
  const message = new IncomingMessage(new Socket())
  message.method = method
  message.httpVersionMajor = 1
  message.httpVersionMinor = 1
  const response = new ServerResponse(message)
  response.assignSocket(wire as unknown as Socket)
  response.shouldKeepAlive = !closing
  response.writeHead(status, headers as string[])
  response.flushHeaders()
  const text = Buffer.concat(pieces).toString('latin1')
  return headers.some((name) => name.toLowerCase() === 'date') ? text : text.replace(/Date: [^\r]*/, `Date: ${date}`)
}

describe('the header of a reply', () => {
  it.each<[note: string, status: number, headers: readonly string[], closing: boolean, chunked: boolean]>([
    ['of known length', 200, ['Content-Type', 'a/b', 'Content-Length', '3'], false, false],
    ['that closes', 403, ['Content-Length', '3'], true, false],
    ['in chunks', 200, ['X', 'y'], false, true],
    ['in chunks that closes', 200, [], true, true],
    ['with a date of its own', 200, ['dAtE', 'yesterday', 'Content-Length', '0'], false, false],
    ['without body', 204, ['X', 'y'], false, false],
    ['that was not modified', 304, ['ETag', '"a"'], false, false],
    ['with a status that has no name', 299, ['Content-Length', '0'], false, false],
    ['with the last status', 999, ['Content-Length', '0'], false, false],
    ['with empty values and tabs', 200, ['A', '', 'B', 'c\td', 'Content-Length', '0'], false, false],
    ['with a field twice', 200, ['Set-Cookie', 'a', 'Set-Cookie', 'b', 'Content-Length', '0'], false, false],
  ])('%s is what node:http writes', (_note, status, headers, closing, chunked) => {
    expect(replyHead(status, headers, date, { closing, chunked })).toBe(writtenByNode(status, headers, closing))
  })

  it('has bytes beyond ASCII as the characters that they are in latin1', () => {
    expect(replyHead(200, ['A', '\u00e4'], date, plain)).toContain('A: \u00e4\r\n')
  })

  it.each<[note: string, status: number, headers: readonly string[]]>([
    ['a value with a line of its own', 200, ['A', 'b\r\nEvil: c']],
    ['a value with CR', 200, ['A', 'b\rc']],
    ['a value with LF', 200, ['A', 'b\nc']],
    ['a value with NUL', 200, ['A', 'b\0c']],
    ['a value with a character that no byte is', 200, ['A', 'b\u010ac']],
    ['a name with a line of its own', 200, ['A: b\r\nEvil', 'c']],
    ['a name with a colon', 200, ['A:', 'b']],
    ['a name with a space', 200, ['A b', 'c']],
    ['an empty name', 200, ['', 'b']],
    ['a name without value', 200, ['A']],
    ['another framing', 200, ['Transfer-Encoding', 'chunked']],
    ['another say about the connection', 200, ['connection', 'keep-alive']],
    ['an informational status', 101, []],
    ['a status beyond three digits', 1000, []],
    ['a status that is no number', Number.NaN, []],
    ['half a status', 200.5, []],
  ])('with %s is an error before anything is written', (_note, status, headers) => {
    expect(() => replyHead(status, headers, date, plain)).toThrow()
  })
})

describe('the date', () => {
  it('is that of the second', () => {
    const dates = new DateText()
    const start = Date.UTC(2026, 2, 2, 10)
    expect([0, 999, 1_000, 0].map((ms) => dates.at(start + ms))).toEqual([
      date,
      date,
      'Mon, 02 Mar 2026 10:00:01 GMT',
      date,
    ])
  })
})
