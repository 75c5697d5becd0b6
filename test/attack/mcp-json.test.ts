/** Bodies that two readers could read differently, or that only a reader without bounds would read: no message comes of them. */
import { expect, it } from 'vitest'
import { legacy, modern, openSession, post } from '../support/mcp-agent.ts'
import { mcpHouses, outcomeOf } from '../support/mcp-house.ts'

const house = mcpHouses()
const meta =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
const head = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' }
const called = (params: string, more = '') =>
  `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"},${params}${meta}}${more}}`
const deep = (count: number) => `${'['.repeat(count)}${']'.repeat(count)}`

const bodies: readonly [string, string | Uint8Array, string][] = [
  ['the method twice', called('', ',"method":"tools/list"'), 'body_malformed'],
  ['the method twice, once escaped', called('', ',"\\u006dethod":"tools/list"'), 'body_malformed'],
  ['the id twice', called('', ',"id":6'), 'body_malformed'],
  ['the name twice', called('"name":"other",'), 'body_malformed'],
  ['the arguments twice', called('"arguments":{},'), 'body_malformed'],
  ['an argument twice', called('"x":{"a":1,"\\u0061":2},'), 'body_malformed'],
  ['half a surrogate', called('"x":"\\ud800",'), 'body_malformed'],
  ['a comment', `/* */${called('')}`, 'body_malformed'],
  ['a comma too many', `${called('').slice(0, -1)},}`, 'body_malformed'],
  ['a mark before it', `\uFEFF${called('')}`, 'body_malformed'],
  ['something behind it', `${called('')}{}`, 'body_malformed'],
  ['a zero byte', `${called('')}\0`, 'body_malformed'],
  ['a number that is none', called('"x":NaN,'), 'body_malformed'],
  [
    'bytes that are no text',
    Buffer.concat([Buffer.from(called('"x":"')).subarray(0, -1), Buffer.of(0xc0, 0xaf)]),
    'body_malformed',
  ],
  ['UTF-16', Buffer.from(called(''), 'utf16le'), 'body_malformed'],
  ['too many levels', called(`"x":${deep(200)},`), 'body_too_deep'],
  ['very many levels', called(`"x":${deep(500_000)},`), 'body_too_deep'],
  ['one message in a batch', `[${called('')}]`, 'rpc_malformed'],
  ['a batch of two', `[${called('')},${called('')}]`, 'rpc_malformed'],
  ['a batch of nothing', '[]', 'rpc_malformed'],
  ['a batch with answers', '[{"jsonrpc":"2.0","id":1,"result":{}}]', 'rpc_malformed'],
  ['a batch in a batch', `[[${called('')}]]`, 'rpc_malformed'],
  ['a method and an answer', called('', ',"result":{}'), 'rpc_malformed'],
  ['a method and an error', called('', ',"error":null'), 'rpc_malformed'],
  ['arguments in a list', called('').replace('{"text":"x"}', '["x"]'), 'rpc_params_invalid'],
  ['arguments of null', called('').replace('{"text":"x"}', 'null'), 'rpc_params_invalid'],
  ['a name that is a list', called('').replace('"name":"echo"', '"name":["echo"]'), 'rpc_params_invalid'],
]

it.each(bodies)('makes no message of a body with %s, of either era', async (_note, body, code) => {
  const { world, script } = await house()
  const session = await openSession(world)
  const before = script.messages.length
  const legacyBody = typeof body === 'string' ? body.replaceAll(meta, '"_meta":{}') : body
  const sent = { method: 'POST', path: '/mcp' }
  const common = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
  for (const [bytes, headers] of [
    [body, head],
    [legacyBody, { 'mcp-session-id': session }],
  ] as const) {
    const reply = await world.send({ ...sent, body: bytes, headers: { ...common, ...headers } })
    expect(reply.status).toBe(400)
    expect(reply.json).toMatchObject({ jsonrpc: '2.0', error: { message: expect.any(String) } })
    expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'refused', code, upstream_reached: false })
  }
  expect(script.messages).toHaveLength(before)
})

it('reads what only looks odd as it is written, and changes none of it', async () => {
  const { world } = await house()
  const odd = '{ "n" : 1.0e0 , "big":123456789012345678901234567890,"__proto__" : {"a":1},"constructor":"\\u0041" }'
  const body = called('').replace('{"text":"x"}', odd)
  const reply = await post(world, body, head)
  expect(reply.status).toBe(200)
  expect(world.received.at(-1)?.body.toString('utf8')).toContain(odd)
  const { decision } = world.pair()
  expect(Object.keys(decision.input.call.arguments).sort()).toEqual(['__proto__', 'big', 'constructor', 'n'])
})

it('takes no parameter from where objects get theirs', async () => {
  const { world } = await house()
  const session = await openSession(world)
  const reply = await post(
    world,
    '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"__proto__":{"name":"echo","arguments":{}}}}',
    { 'mcp-session-id': session },
  )
  expect(reply.json.error.code).toBe(-32602)
  for (const method of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    for (const reply of [await legacy(world, session, { method }), await modern(world, { method })])
      expect(reply.json.error.code).toBe(-32601)
})

it('opens a session where a server has a capability that objects have from elsewhere', async () => {
  const odd = '{"constructor":{},"toString":true,"__proto__":{"polluted":true},"tools":{"listChanged":true}}'
  const options = {
    sessions: false,
    answer: ({ message }: { message: { method: string; id: unknown } }) =>
      message.method === 'initialize' || message.method === 'server/discover'
        ? {
            protocolVersion: '2025-11-25',
            supportedVersions: ['2026-07-28'],
            resultType: 'complete',
            capabilities: JSON.parse(odd),
            serverInfo: { name: 'x', version: '1' },
          }
        : undefined,
  }
  const { world } = await house([options, options])
  const session = await openSession(world)
  expect((await legacy(world, session, { method: 'tools/list' })).status).toBe(200)
  const found = await modern(world, { method: 'server/discover' })
  expect(found.status).toBe(200)
  expect(Object.keys(found.json.result.capabilities)).toContain('tools')
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})
