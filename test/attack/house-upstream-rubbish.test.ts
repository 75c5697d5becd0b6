/**
 * Upstreams that send what is no reply, or more than one: the agent gets one well-formed answer, the call its two records, and the
 * next call on the same pool its own reply.
 */
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorld, type World } from '../support/world.ts'

const good = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood'
const ok = (header: string, body = 'ok'): string =>
  `HTTP/1.1 200 OK\r\n${header}content-length: ${body.length}\r\n\r\n${body}`

const rows: { note: string; bytes: string; status: number; code?: string; text?: string }[] = [
  {
    note: 'the status 000',
    bytes: 'HTTP/1.1 000 X\r\ncontent-length: 0\r\n\r\n',
    status: 502,
    code: 'upstream_malformed',
  },
  {
    note: 'the status 99',
    bytes: 'HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n',
    status: 502,
    code: 'upstream_malformed',
  },
  {
    note: 'an upgrade that nobody asked for',
    bytes: 'HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
    status: 502,
    code: 'upstream_malformed',
  },
  { note: 'half an upgrade', bytes: 'HTTP/1.1 101 X\r\n\r\n', status: 502, code: 'upstream_malformed' },
  {
    note: 'two lengths',
    bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!',
    status: 502,
    code: 'upstream_malformed',
  },
  {
    note: 'a length and chunks',
    bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    status: 502,
    code: 'upstream_malformed',
  },
  {
    note: 'a coding nobody knows',
    bytes: 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    status: 502,
    code: 'upstream_malformed',
  },
  { note: 'a control character in a field', bytes: ok('x-a: a\x01b\r\n'), status: 502, code: 'upstream_malformed' },
  { note: 'a NUL in a field', bytes: ok('x-a: a\0b\r\n'), status: 502, code: 'upstream_malformed' },
  {
    note: 'a field without an end',
    bytes: ok(`x-a: ${'a'.repeat(40_000)}\r\n`),
    status: 502,
    code: 'upstream_malformed',
  },
  {
    note: 'a length beyond numbers',
    bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999\r\n\r\nok',
    status: 502,
    code: 'upstream_malformed',
  },
  { note: 'another protocol', bytes: 'SSH-2.0-upstream\r\n\r\n', status: 502, code: 'upstream_malformed' },
  {
    note: 'a second reply behind the first',
    bytes: `${ok('')}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`,
    status: 200,
    text: 'ok',
  },
  { note: 'a body of a 204', bytes: 'HTTP/1.1 204 X\r\ncontent-length: 4\r\n\r\nevil', status: 204, text: '' },
  {
    note: 'a thousand interim replies',
    bytes: `${'HTTP/1.1 103 X\r\nlink: x\r\n\r\n'.repeat(1_000)}${ok('')}`,
    status: 502,
    code: 'upstream_malformed',
  },
  {
    note: 'some interim replies',
    bytes: `${'HTTP/1.1 103 X\r\nlink: x\r\n\r\n'.repeat(16)}${ok('')}`,
    status: 200,
    text: 'ok',
  },
  {
    note: 'a status beyond all classes',
    bytes: 'HTTP/1.1 999 X\r\ncontent-length: 2\r\n\r\nok',
    status: 999,
    text: 'ok',
  },
  { note: 'three hundred fields', bytes: ok('a: b\r\n'.repeat(300)), status: 200, text: 'ok' },
  { note: 'fields of JavaScript', bytes: ok('__proto__: x\r\nconstructor: y\r\n'), status: 200, text: 'ok' },
  {
    note: 'colours in its reason',
    bytes: 'HTTP/1.1 200 \x1b[31mred\r\ncontent-length: 2\r\n\r\nok',
    status: 502,
    code: 'upstream_malformed',
  },
]

describe('an upstream that sends', () => {
  let row = ''
  let world: World
  beforeAll(async () => {
    world = await openWorld({
      upstream: { connections_max: 1 },
      rawUpstream: createServer((socket) => {
        socket.on('error', () => undefined)
        socket.on('data', () => {
          socket.write(Buffer.from(row, 'latin1'))
          // What has no end by itself ends with the connection.
          if (row !== good) setImmediate(() => socket.end())
          row = good
        })
      }),
    })
  })
  afterAll(() => world.close())

  it.each(rows)('$note is $status, and the next call gets its own reply', async ({ bytes, status, code, text }) => {
    row = bytes
    // A method that is not tried again.
    const reply = await world.send({ method: 'POST' })
    expect({ status: reply.status, code: reply.json?.code, ...(text !== undefined && { text: reply.text }) }).toEqual({
      status,
      code,
      ...(text !== undefined && { text }),
    })
    expect(JSON.stringify(reply.headers)).not.toMatch(/[^\u0020-\u007e]/)
    expect(world.pair(String(reply.headers['gatehouse-decision'])).outcome).toMatchObject({ upstream_reached: true })
    expect((await world.send()).text).toBe('good')
  })
})
