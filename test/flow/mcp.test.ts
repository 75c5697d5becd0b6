/** Messages of both eras through a whole house: from the agent's bytes to the server's and back, with both records. */
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { eventsOf, initialize, legacy, modern, openSession, post } from '../support/mcp-agent.ts'
import { type McpServerOptions, type McpServerScript, mcpServer } from '../support/mcp-server.ts'
import { segmentTexts } from '../support/segment-texts.ts'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

const route = { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp' }] }

async function house(
  server: McpServerOptions = {},
  options: WorldOptions = {},
): Promise<{ world: World; script: McpServerScript }> {
  const script = mcpServer(server)
  const world = await openWorld({ serve: script.serve, ...options, route: { ...route, ...options.route } })
  open.push(world)
  return { world, script }
}

it('carries a modern call of a tool and records it', async () => {
  const { world, script } = await house()
  const reply = await modern(world, {
    method: 'tools/call',
    params: { name: 'echo', arguments: { text: 'hello' } },
    id: 'a-1',
  })
  expect(reply.status).toBe(200)
  expect(reply.json).toEqual({
    jsonrpc: '2.0',
    id: 'a-1',
    result: { resultType: 'complete', content: [{ type: 'text', text: 'hello' }] },
  })
  const sent = script.messages.at(-1)
  expect(sent.params.arguments).toEqual({ text: 'hello' })
  expect(sent.id).not.toBe('a-1')
  expect(script.headers.at(-1)).toMatchObject({
    'mcp-method': 'tools/call',
    'mcp-name': 'echo',
    authorization: 'Bearer upstream-secret-0123456789',
  })
  const { decision, outcome } = world.pair()
  expect(decision).toMatchObject({
    decision: 'allow',
    call: { protocol: 'mcp', method: 'tools/call', path: '/mcp' },
    target: {
      route: 'orders',
      upstream: 'erp',
      tool: 'echo',
      tool_digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    },
    input: {
      call: {
        protocol: 'mcp',
        method: 'tools/call',
        tool: { server: 'erp', name: 'echo' },
        arguments: { text: 'hello' },
      },
    },
  })
  expect(outcome).toMatchObject({ outcome: 'forwarded', status: 200, complete: true })
})

it.each([
  [
    'as they came, numbers and white space and all',
    '{ "n": 1.50, "text" :"\\u00e9" }',
    '{ "n": 1.50, "text" :"\\u00e9" }',
  ],
  ['on one line all the same', '{"n": 1.50,\n"text":"x"}', '{"n":1.5,"text":"x"}'],
  ['wherever they stand in the message', '{"arguments":{"text":"not these"}}', '{"arguments":{"text":"not these"}}'],
])('records the arguments of a call %s', async (_, given, recorded) => {
  const { world } = await house()
  const meta = `{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
  const body = `{"params":{"_meta":${meta},"arguments":${given},"name":"echo"},"method":"tools/call","id":1,"jsonrpc":"2.0"}`
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' }
  expect((await post(world, body, headers)).status).toBe(200)
  const lines = segmentTexts(join(world.folder, 'data/log')).flatMap(({ text }) => text.split('\n'))
  expect(lines.filter((line) => line.includes(`"arguments":${recorded}`))).toHaveLength(1)
})

it('carries a legacy session from its opening to its end', async () => {
  const { world, script } = await house()
  const opened = await initialize(world)
  expect(opened.json).toMatchObject({
    id: 'open',
    result: { protocolVersion: '2025-11-25', instructions: 'be kind', capabilities: { tools: {} } },
  })
  expect(opened.json.result.capabilities.tasks).toBeUndefined()
  const session = String(opened.headers['mcp-session-id'])
  expect(session).not.toMatch(/server-session/)
  expect((await legacy(world, session, { method: 'notifications/initialized' })).status).toBe(202)
  const listed = await legacy(world, session, { method: 'tools/list', id: 7 })
  expect(listed.json).toMatchObject({ id: 7, result: { tools: [{ name: 'echo' }] } })
  const called = await legacy(world, session, {
    method: 'tools/call',
    id: 8,
    params: { name: 'echo', arguments: { text: 'x' } },
  })
  expect(called.json).toEqual({ jsonrpc: '2.0', id: 8, result: { content: [{ type: 'text', text: 'x' }] } })
  expect(script.headers.at(-1)?.['mcp-session-id']).toBe('server-session-1')
  const ended = await world.send({ method: 'DELETE', path: '/mcp', headers: { 'mcp-session-id': session } })
  expect(ended.status).toBe(200)
  await expect.poll(() => script.sessions.size).toBe(0)
  expect((await legacy(world, session, { method: 'ping' })).status).toBe(404)
})

it('gives an event stream as it comes, and its end behind the outcome', async () => {
  const { world } = await house({
    call: ({ message, response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const token = message.params._meta.progressToken
      response.write(
        `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: token, progress: 1 } })}\n\n`,
      )
      response.end(
        `data: {"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{"resultType":"complete","content":[],"structuredContent":{"amount":1.50}}}\n\n`,
      )
      return undefined
    },
  })
  const reply = await modern(world, {
    method: 'tools/call',
    params: { name: 'echo', arguments: { text: 'x' }, _meta: { progressToken: 'p' } },
    id: 3,
  })
  expect(reply.headers['content-type']).toBe('text/event-stream')
  expect(eventsOf(reply)).toMatchObject([{ params: { progressToken: 'p', progress: 1 } }, { id: 3, result: {} }])
  expect(reply.text).toContain('"amount":1.50')
  expect(world.pair().outcome).toMatchObject({ outcome: 'forwarded', complete: true, reply_bytes: reply.text.length })
})

it('refuses a call as a result that the model can read', async () => {
  const policies = {
    'main.rego': `package gatehouse

allow := true

deny contains {"code": "too_much", "message": "that is too much", "remedy": "ask for less"} if input.call.arguments.text == "much"
`,
  }
  const { world, script } = await house({}, { policies })
  const reply = await modern(world, {
    method: 'tools/call',
    params: { name: 'echo', arguments: { text: 'much' } },
    id: 3,
  })
  const { decision, outcome } = world.pair()
  expect(reply.status).toBe(200)
  expect(reply.json.result).toMatchObject({
    resultType: 'complete',
    isError: true,
    _meta: { 'gatehouse/decision': { code: 'too_much', decision_id: decision.decision_id, remedy: 'ask for less' } },
  })
  expect(reply.json.result.content[0].text).toMatch(/that is too much.*ask for less/s)
  expect(script.messages.some(({ method }) => method === 'tools/call')).toBe(false)
  expect(decision).toMatchObject({ decision: 'deny', code: 'too_much' })
  expect(outcome).toMatchObject({ outcome: 'refused', upstream_reached: false })
})

const headerCases = [
  { note: 'no version', headers: { 'mcp-protocol-version': undefined }, code: -32020 },
  { note: 'another version', headers: { 'mcp-protocol-version': '2025-11-25' }, code: -32020 },
  { note: 'no method', headers: { 'mcp-method': undefined }, code: -32020 },
  { note: 'another method', headers: { 'mcp-method': 'tools/list' }, code: -32020 },
  { note: 'the method in other letters', headers: { 'mcp-method': 'Tools/Call' }, code: -32020 },
  { note: 'no name', headers: { 'mcp-name': undefined }, code: -32020 },
  { note: 'another name', headers: { 'mcp-name': 'other' }, code: -32020 },
  { note: 'a broken encoding of the name', headers: { 'mcp-name': '=?base64?%%?=' }, code: -32020 },
] as const

it.each(headerCases)('refuses a message with $note', async ({ headers, code }) => {
  const { world, script } = await house()
  const reply = await modern(world, { method: 'tools/call', params: { name: 'echo', arguments: {} }, id: 9, headers })
  expect([reply.status, reply.json.id, reply.json.error.code]).toEqual([400, 9, code])
  expect(script.messages).toEqual([])
  expect(world.pair().outcome).toMatchObject({ outcome: 'refused', code: 'rpc_header_mismatch' })
})

it('takes a name that is encoded', async () => {
  const { world } = await house()
  const headers = { 'mcp-name': `=?base64?${Buffer.from('echo').toString('base64')}?=` }
  expect(
    (await modern(world, { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, headers })).status,
  ).toBe(200)
})

it('answers an unknown tool and a hidden one byte for byte alike', async () => {
  const policies = {
    'main.rego': 'package gatehouse\n\nallow := true\n\ndeny contains "no" if input.call.tool.name == "secret"\n',
  }
  const tools = [
    { name: 'echo', inputSchema: { type: 'object' } },
    { name: 'secret', inputSchema: { type: 'object' } },
  ]
  const { world } = await house({ tools }, { policies })
  const listed = await modern(world, { method: 'tools/list' })
  expect(listed.json.result.tools.map(({ name }: { name: string }) => name)).toEqual(['echo'])
  const hidden = await modern(world, { method: 'tools/call', params: { name: 'secret', arguments: {} } })
  const unknown = await modern(world, { method: 'tools/call', params: { name: 'nothin', arguments: {} } })
  expect([hidden.status, hidden.text.replace('secret', 'nothin')]).toEqual([unknown.status, unknown.text])
})

it('opens the session of a server again that has lost it', async () => {
  const { world, script } = await house()
  const session = await openSession(world)
  script.sessions.clear()
  const called = await legacy(world, session, {
    method: 'tools/call',
    id: 8,
    params: { name: 'echo', arguments: { text: 'x' } },
  })
  expect(called.json.result.content[0].text).toBe('x')
})

it('has no session for anybody but the principal that opened it', async () => {
  const { world } = await house()
  const session = await openSession(world)
  const token = await world.token({ sub: 'other', client_id: 'other' })
  const stolen = await legacy(world, session, { method: 'tools/list', token })
  expect([stolen.status, stolen.json.error.code]).toEqual([404, 404])
})

it('refuses what two readers could take differently', async () => {
  const { world, script } = await house()
  const twice = await post(world, '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', {})
  expect([twice.status, twice.json.error.code, twice.json.id]).toEqual([400, -32700, null])
  const batch = await post(world, [{ jsonrpc: '2.0', id: 1, method: 'ping' }], {})
  expect([batch.status, batch.json.error.code]).toEqual([400, -32600])
  expect(script.messages).toEqual([])
})

it('says which revisions there are where the server does not speak the era', async () => {
  const { world } = await house({ eras: ['legacy'] })
  const reply = await modern(world, { method: 'tools/list', id: 4 })
  expect([reply.status, reply.json.error.code, reply.json.id]).toEqual([400, -32022, 4])
  expect(reply.json.error.data.supported).toContain('2025-11-25')
  const other = await house({ eras: ['modern'] })
  const opened = await initialize(other.world)
  expect([opened.status, opened.json.error.code]).toEqual([400, -32022])
  expect(opened.json.error.data.supported).toEqual(['2026-07-28'])
})

it('asks for a token as for any other route', async () => {
  const { world } = await house()
  expect((await modern(world, { method: 'tools/list', token: null })).status).toBe(401)
})

it('brings a request of a server to the agent and its answer back, in the words of each hop', async () => {
  const answers: unknown[] = []
  let finish = (): void => undefined
  const { world, script } = await house({
    call: ({ message, response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(
        `id: e1\ndata: {"jsonrpc":"2.0","id":77,"method":"elicitation/create","params":{"message":"sure?"}}\n\n`,
      )
      finish = () =>
        response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } })}\n\n`)
      return undefined
    },
  })
  const session = await openSession(world)
  const running = legacy(world, session, { method: 'tools/call', id: 'c', params: { name: 'echo', arguments: {} } })
  await expect.poll(() => script.messages.at(-1)?.method).toBe('tools/call')
  // The agent is given another id for it, and may answer that one alone.
  const made = await post(world, { jsonrpc: '2.0', id: 77, result: {} }, { 'mcp-session-id': session })
  expect([made.status, made.json.error.code]).toEqual([400, -32602])
  const asked = () => script.messages.length
  const before = asked()
  for (let id = 1; asked() === before && id < 100; id++)
    answers.push(
      (await post(world, { jsonrpc: '2.0', id: `${id}`, result: { action: 'accept' } }, { 'mcp-session-id': session }))
        .status,
    )
  expect(answers.at(-1)).toBe(202)
  expect(script.messages.at(-1)).toEqual({ jsonrpc: '2.0', id: 77, result: { action: 'accept' } })
  finish()
  const events = eventsOf(await running)
  expect(events).toMatchObject([
    { method: 'elicitation/create', params: { message: 'sure?' } },
    { id: 'c', result: { content: [] } },
  ])
  expect(events[0].id).not.toBe(77)
})

it('tells who listens that lists may have changed when the policy did', async () => {
  const stream = { 'content-type': 'text/event-stream' }
  const streams: { end: () => void }[] = []
  const { world } = await house({
    stream: (_, response) => {
      response.writeHead(200, stream).flushHeaders()
      streams.push(response)
    },
    answer: ({ message, response }) => {
      if (message.method !== 'subscriptions/listen') return undefined
      const meta = { 'io.modelcontextprotocol/subscriptionId': message.id }
      const acknowledged = {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: {}, _meta: meta },
      }
      response.writeHead(200, stream).write(`data: ${JSON.stringify(acknowledged)}\n\n`)
      streams.push({
        end: () =>
          response.end(
            `data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { resultType: 'complete', _meta: meta } })}\n\n`,
          ),
      })
      return undefined
    },
  })
  const session = await openSession(world)
  const reading = world.send({ path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-session-id': session } })
  const listening = modern(world, {
    method: 'subscriptions/listen',
    id: 'l',
    params: { notifications: { toolsListChanged: true } },
  })
  await expect.poll(() => streams.length).toBe(2)
  world.write('policies/main.rego', 'package gatehouse\n\nallow if input.call.tool.name != "echo"\n')
  expect(await world.house.reload()).toBeUndefined()
  for (const one of streams) one.end()
  expect(eventsOf(await reading)).toEqual([{ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }])
  const subscription = { 'io.modelcontextprotocol/subscriptionId': 'l' }
  expect(eventsOf(await listening)).toMatchObject([
    { method: 'notifications/subscriptions/acknowledged', params: { _meta: subscription } },
    { method: 'notifications/tools/list_changed', params: { _meta: subscription } },
    { id: 'l', result: { _meta: subscription } },
  ])
  // The session goes on over the reload, under the new policy.
  expect((await legacy(world, session, { method: 'tools/list', id: 2 })).json).toEqual({
    jsonrpc: '2.0',
    id: 2,
    result: { tools: [] },
  })
})

it('says 405 of the stream of a session where its server has none, whatever the server says about it', async () => {
  const { world } = await house({})
  const session = await openSession(world)
  const headers = { accept: 'text/event-stream', 'mcp-session-id': session }
  const reply = await world.send({ path: '/mcp', headers })
  expect({ status: reply.status, allow: reply.headers.allow, text: reply.text }).toEqual({
    status: 405,
    allow: 'POST, DELETE',
    text: '',
  })
})

it('ends streams without an end at once when the house drains', async () => {
  const { world } = await house({
    stream: (_, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
  })
  const session = await openSession(world)
  const reading = world.send({ path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-session-id': session } })
  const broken = expect(reading).rejects.toThrow()
  await expect.poll(() => world.records().filter(({ call }) => call?.method === 'session/stream').length).toBe(1)
  const startedMs = performance.now()
  await world.house.drain()
  expect(performance.now() - startedMs).toBeLessThan(10_000)
  await broken
  expect(
    world
      .records()
      .filter(({ type }) => type === 'outcome')
      .at(-1),
  ).toMatchObject({ outcome: 'failed', code: 'draining' })
})
