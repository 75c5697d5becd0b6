import { describe, expect, test } from 'vitest'
import type { HttpReply, HttpRequest } from '../../../../src/rego/builtins/builtin.ts'
import { jsonText, type Value } from '../../../../src/rego/value.ts'
import { contextOf, resultOf } from './calls.ts'

describe('http.send', () => {
  const reply: HttpReply = {
    status: 200,
    statusText: 'OK',
    headers: { 'content-type': ['application/json'] },
    body: new TextEncoder().encode('{"a": [1, 2]}'),
  }

  /** Calls as the engine does: once until the call waits, then again with the reply. */
  async function send(request: Value, fetch: (request: HttpRequest) => Promise<HttpReply>): Promise<string> {
    const waiting: (() => Promise<Value>)[] = []
    const replies: Value[] = []
    const context = contextOf({
      ports: { fetch },
      wait: (_key, perform) => {
        const known = replies[0]
        if (known !== undefined) return known
        waiting.push(perform)
        throw new Error('suspended')
      },
    })
    expect(() => resultOf('http.send', [request], context)).toThrow('suspended')
    for (const perform of waiting) replies.push(await perform())
    return resultOf('http.send', [request], context)
  }

  test('gives the reply with its body parsed', async () => {
    const asked: HttpRequest[] = []
    const result = await send({ method: 'post', url: 'http://a.test/x', body: { k: 'v' } }, async (request) => {
      asked.push(request)
      return reply
    })
    expect(JSON.parse(result)).toEqual({
      body: { a: [1, 2] },
      headers: { 'content-type': ['application/json'] },
      raw_body: '{"a": [1, 2]}',
      status: '200 OK',
      status_code: 200,
    })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ method: 'POST', url: 'http://a.test/x', body: '{"k":"v"}' })
  })

  test('tells of a failure in the reply when the request asks for that', async () => {
    const refuse = () => Promise.reject(new Error('connection refused'))
    const request = { method: 'get', url: 'http://a.test' }
    expect(JSON.parse(await send({ ...request, raise_error: false }, refuse))).toMatchObject({
      status_code: 0,
      error: { code: 'eval_http_send_network_error' },
    })
    expect(await send(request, refuse)).toContain('connection refused')
  })

  test('fails without a port', () => {
    expect(resultOf('http.send', [{ method: 'get', url: 'http://a.test' }])).toContain('eval_builtin_error')
  })
})

describe('chance and clock', () => {
  test('rand.intn gives one number for one key in one evaluation', () => {
    let asked = 0
    const context = contextOf({
      random: (size) => {
        asked += 1
        return new Uint8Array(size).fill(37 * asked)
      },
    })
    const first = resultOf('rand.intn', ['a', 1000], context)
    resultOf('rand.intn', ['b', 1000], context)
    expect(resultOf('rand.intn', ['a', 1000], context)).toBe(first)
    expect(Number(first)).toBeLessThan(1000)
  })

  test('uuid.rfc4122 gives one identifier of version 4 for one key', () => {
    const context = contextOf()
    const first = resultOf('uuid.rfc4122', ['a'], context)
    expect(first).toMatch(/^"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$/)
    expect(resultOf('uuid.rfc4122', ['a'], context)).toBe(first)
  })

  test('time.now_ns is the clock of the evaluation', () => {
    expect(resultOf('time.now_ns', [])).toBe('1700000000000000000')
  })
})

describe('tokens', () => {
  const key = { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA' }
  const secret = 'secret-secret-secret-secret-secret'

  const signed = (payload: Value): string =>
    JSON.parse(resultOf('io.jwt.encode_sign', [{ alg: 'HS256', typ: 'JWT' }, payload, key])) as string

  test('what is signed is verified, and read again', () => {
    const token = signed({ iss: 'me', exp: 1_700_000_100 })
    expect(resultOf('io.jwt.verify_hs256', [token, secret])).toBe('true')
    expect(resultOf('io.jwt.verify_hs256', [token, 'other'])).toBe('false')
    expect(resultOf('io.jwt.decode_verify', [token, { secret, iss: 'me' }])).toBe(
      jsonText([true, { alg: 'HS256', typ: 'JWT' }, { exp: 1_700_000_100, iss: 'me' }]),
    )
  })

  test.each([
    ['an expired token', { exp: 1_699_999_999 }, {}],
    ['a token of tomorrow', { nbf: 1_700_086_400 }, {}],
    ['a token of another issuer', { iss: 'you' }, { iss: 'me' }],
    ['a token for another audience', { aud: ['x'] }, { aud: 'y' }],
    ['a token for an audience that nobody asked for', { aud: 'x' }, {}],
    ['a token by another algorithm', {}, { alg: 'HS512' }],
  ] satisfies [string, Value, Record<string, Value>][])('%s is refused', (_what, payload, constraints) => {
    expect(resultOf('io.jwt.decode_verify', [signed(payload), { secret, ...constraints }])).toBe('[false,{},{}]')
  })
})
