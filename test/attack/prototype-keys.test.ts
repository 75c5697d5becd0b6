/** Keys that are names of JavaScript's own: they are data, in bodies, headers and queries, and reach no prototype. */
import { describe, expect, it } from 'vitest'
import { isJsonObject, property } from '../../src/model/index.ts'
import { parseBody } from '../../src/wire/index.ts'
import { sendJson } from '../support/json-calls.ts'
import { receiverWorld } from '../support/receiver.ts'

const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'toJSON', 'then']

describe('a prototype key', () => {
  it.each(names)('`%s` in a body is a key like any other', async (name) => {
    const text = `{"${name}":{"admin":true},"a":1}`
    expect((await sendJson(text)).body).toBe(text)
    const { value } = parseBody(Buffer.from(text))
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(isJsonObject(property(value, name))).toBe(true)
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })

  it.each(names)('`%s` is not there when nobody sent it', (name) => {
    expect(property(parseBody(Buffer.from('{"a":1}')).value, name)).toBeUndefined()
  })

  it('in a header or a query is a name like any other', async () => {
    await using world = await receiverWorld()
    await world.send(
      'GET /a?__proto__=1&constructor=2 HTTP/1.1\r\nHost: h\r\n__proto__: 3\r\nConnection: close\r\n\r\n',
    )
    expect(world.calls[0]?.queryPairs).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
    expect(world.calls[0]?.headers.get('__proto__')).toBe('3')
    expect(world.calls[0]?.headers.get('constructor')).toBeUndefined()
  })
})
