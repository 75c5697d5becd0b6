/** Bodies that are not UTF-8: what a forgiving reader would replace or drop, a policy would compare wrongly. */
import { describe, expect, it } from 'vitest'
import { sendJson } from '../support/json-calls.ts'

const quoted = (...bytes: number[]): Uint8Array => Buffer.from([0x22, ...bytes, 0x22])

describe('a body that is not UTF-8', () => {
  it.each([
    ['a lone continuation byte', quoted(0x80)],
    ['an overlong slash', quoted(0xc0, 0xaf)],
    ['an overlong NUL', quoted(0xc0, 0x80)],
    ['a long overlong slash', quoted(0xe0, 0x80, 0xaf)],
    ['a surrogate', quoted(0xed, 0xa0, 0x80)],
    ['a pair of surrogates (CESU-8)', quoted(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)],
    ['a code point beyond U+10FFFF', quoted(0xf4, 0x90, 0x80, 0x80)],
    ['five bytes', quoted(0xf8, 0x88, 0x80, 0x80, 0x80)],
    ['a character cut off', quoted(0xe2, 0x82)],
    ['0xFF', quoted(0xff)],
    ['Latin-1', Buffer.from('"ä"', 'latin1')],
    ['UTF-16', Buffer.from('"a"', 'utf16le')],
    ['UTF-16 with a mark', Buffer.from('\ufeff"a"', 'utf16le')],
    ['a byte order mark', Buffer.from('\ufeff"a"')],
    ['bytes in a key', Buffer.concat([Buffer.from('{"a'), Buffer.from([0xff]), Buffer.from('":1}')])],
    ['bytes outside of strings', Buffer.from([0x5b, 0x31, 0xa0, 0x5d])],
  ])('because of %s is refused', async (_note, body) => {
    const reply = await sendJson(body)
    expect(reply.status).toBe(400)
    expect(reply.json.code).toBe('body_malformed')
  })

  it('is told from one that is', async () => {
    const body = '"ä€😀\u0000\u007f"'.replace('\u0000', '\\u0000')
    expect((await sendJson(body)).body).toBe(Buffer.from(body).toString('latin1'))
  })
})
