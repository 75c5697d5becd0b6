/**
 * Text of an agent that wants to be more than text: in the log it is one line of JSON, on a terminal it moves nothing, in metrics it
 * makes no series, and no secret of the house turns up in any of them, in a reply, or in what the program says of itself.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { visibleJson } from '../../src/model/index.ts'
import { formatRecord } from '../../src/record/index.ts'
import { openWorld, type SendOptions, type World } from '../support/world.ts'

const credential = 'upstream-secret-0123456789'
let world: World
beforeAll(async () => {
  world = await openWorld({
    policies: {
      'main.rego':
        'package gatehouse\n\nallow if not input.call.body.deny\n\nlabels := {"said": input.call.body.say}\n',
    },
    route: { policy_headers: ['x-note', 'authorization', 'cookie'] },
    config: {
      issuers: [
        {
          issuer: 'https://issuer.example.test',
          keys: { file: 'jwks.json' },
          audiences: ['gatehouse'],
          algorithms: ['ES256'],
          claims: ['note'],
        },
      ],
    },
    // An upstream that says everything back that it got, credential included.
    serve: (request, response, body) =>
      void response
        .writeHead(200, {
          'content-type': 'text/plain',
          'x-echo': String(request.headers.authorization),
          link: `<http://x/?c=${credential}>`,
        })
        .end(`${JSON.stringify(request.headers)} ${credential} ${body}`),
  })
})
afterAll(() => world.close())

const evil = '\u001b[2J\u001b]0;owned\u0007\r\n{"seq":1,"type":"decision"}\u2028\u202e\u200b\u0000\u009b31m"\\'

const calls: { note: string; call: () => Promise<SendOptions> | SendOptions }[] = [
  {
    note: 'the body',
    call: () => ({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ say: evil, [evil]: evil }),
    }),
  },
  { note: 'the path', call: () => ({ path: '/orders/%E2%80%AE%C2%9B31m%E2%80%A8/%22%7B' }) },
  { note: 'the query', call: () => ({ path: `/orders?${encodeURIComponent(evil.replaceAll('\0', ''))}=%1B%5B2J` }) },
  { note: 'a refused path', call: () => ({ path: '/orders/%1B%5B2J' }) },
  {
    note: 'a header',
    call: () => ({ headers: { 'x-note': '\u009b31m\u0085"\\', cookie: 'session=secret-of-the-agent' } }),
  },
  { note: 'the host', call: () => ({ headers: { host: '\u009b31m' } }) },
  {
    note: 'the subject',
    call: async () => ({
      token: await world.token({ sub: evil, client_id: evil, act: { sub: evil }, scope: evil, note: evil }),
    }),
  },
  { note: 'an issuer that is refused', call: async () => ({ token: await world.token({ iss: evil }) }) },
  { note: 'a key id that is refused', call: async () => ({ token: await world.token({}, { kid: evil, typ: evil }) }) },
  { note: 'a scheme that is refused', call: () => ({ token: null, headers: { authorization: '\u009b31m x' } }) },
]

/** Every character that moves a cursor, ends a line or turns writing around. */
const control = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

describe('an agent`s text', () => {
  it.each(calls)('in $note stays text, in the log, on the terminal and in the reply`s header', async ({ call }) => {
    const before = world.records().length
    const sent = await call()
    const reply = await world.send(sent)
    const records = world
      .records()
      .slice(before)
      .filter(({ type }) => type !== 'checkpoint')
    expect(records.map(({ type }) => type)).toEqual(['decision', 'outcome'])
    for (const record of records) {
      const facts = { agent: evil, method: 'GET', path: evil, tool: evil }
      for (const width of [0, 80, 200])
        for (const line of [
          formatRecord(record, undefined, { colours: false, width }),
          formatRecord(record, facts as never, { colours: false, width }),
        ])
          expect(line).not.toMatch(control)
      const json = visibleJson(JSON.stringify(record))
      expect(json).not.toMatch(control)
      expect(JSON.parse(json)).toEqual(record)
    }
    expect(Object.values(reply.headers).join('')).not.toMatch(/[^\t\u0020-\u007e]/)
    expect(`${reply.text}${JSON.stringify(reply.headers)}`).not.toContain(credential)
    const told = JSON.stringify(records)
    expect(told).not.toMatch(/eyJhbGciOi|secret-of-the-agent/)
  })

  it('is one line a record, numbered without a gap, with no secret in it', () => {
    const log = join(world.folder, 'data/log')
    const text = readdirSync(log)
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => readFileSync(join(log, name), 'utf8'))
      .join('')
    const lines = text.split('\n').slice(0, -1)
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(lines.map((_, place) => place))
    expect(text).not.toContain(credential)
    expect(JSON.stringify(world.programLog)).not.toContain(credential)
  })

  it('is in no metric, and no secret is', async () => {
    const text = await (await fetch(`${world.house.operatorsUrl}/metrics`)).text()
    expect(text).not.toContain(credential)
    for (const line of text.split('\n')) expect(line).toMatch(/^(#.*|[a-z_][a-z0-9_]*(\{[^{}]*\})? [-+.0-9eNaInf]+|)$/i)
    expect(text).not.toMatch(/owned|31m/)
  })
})
