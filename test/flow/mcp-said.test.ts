/**
 * What servers say by themselves: to agents it passes as far as the policy lets it, it is about what they may know of, and the call's
 * record tells each that passed and each that did not. An answer that is a failure is recorded as one.
 */
import type { ServerResponse } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { eventsOf, initialize, legacy, modern, openSession } from '../support/mcp-agent.ts'
import { libraryServer } from '../support/mcp-library.ts'
import { type McpServerOptions, type McpServerScript, mcpServer } from '../support/mcp-server.ts'
import { openWorld, type ReadRecord, type World } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

async function house(
  server: McpServerOptions,
  rules = '',
  selects: object = {},
): Promise<{ world: World; script: McpServerScript }> {
  const script = mcpServer(server)
  const world = await openWorld({
    serve: script.serve,
    policies: { 'main.rego': `package gatehouse\n\nallow := true\n\n${rules}\n` },
    route: { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp', ...selects }] },
  })
  open.push(world)
  return { world, script }
}

const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } }
const head = { 'content-type': 'text/event-stream' }
const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`

/** Says all of it during a call, then answers. */
const saying =
  (...messages: readonly object[]): NonNullable<McpServerOptions['call']> =>
  ({ message, response }) => {
    response.writeHead(200, head)
    for (const one of messages) response.write(event(one))
    response.end(event({ id: message.id, result: { content: [] } }))
    return undefined
  }

function outcomeOf(world: World, reply: { headers: { [name: string]: unknown } }): ReadRecord {
  return world.pair(String(reply.headers['gatehouse-decision'])).outcome
}

it.each([
  ['a tool that failed', { result: { content: [], isError: true } }, { tool_error: true }],
  ['an error of the server', { error: { code: -32603, message: 'no' } }, { rpc_error: -32603 }],
  ['a success', { result: { content: [] } }, {}],
])('says in the record what the answer was: %s', async (_note, answer, recorded) => {
  for (const events of [false, true]) {
    const { world } = await house({
      call: ({ message, response }) => {
        const text = { jsonrpc: '2.0', id: message.id, ...answer }
        response.writeHead(200, events ? head : { 'content-type': 'application/json' })
        response.end(events ? event(text) : JSON.stringify(text))
        return undefined
      },
    })
    const { tool_error, rpc_error, outcome } = outcomeOf(world, await modern(world, call))
    expect({ outcome, tool_error, rpc_error }).toEqual({
      outcome: 'forwarded',
      tool_error: undefined,
      rpc_error: undefined,
      ...recorded,
    })
  }
})

it('counts every message that a server sent by itself, passed or not', async () => {
  const { world } = await house(
    {
      call: saying(
        { method: 'notifications/message', params: { level: 'info', data: 'one' } },
        { method: 'notifications/message', params: { level: 'info', data: 'two' } },
        { method: 'notifications/progress', params: { progressToken: 'of nobody', progress: 1 } },
        { method: 'notifications/invented', params: { text: 'x' } },
        { method: 'notifications/tools/list_changed' },
        { method: 'notifications/resources/updated', params: { uri: 'file:///secret' } },
        { method: 'notifications/resources/updated', params: { uri: 'file:///open' } },
      ),
    },
    'deny contains "no" if input.call.resource.uri == "file:///secret"\n\ndeny contains "no" if input.call.method == "notifications/tools/list_changed"',
  )
  const reply = await modern(world, call)
  expect(
    eventsOf(reply).flatMap(({ method, params }) => (method ? [[method, params.data ?? params.uri]] : [])),
  ).toEqual([
    ['notifications/message', 'one'],
    ['notifications/message', 'two'],
    ['notifications/resources/updated', 'file:///open'],
  ])
  const line = (method: string, passed: number, withheld: number) => ({ upstream: 'erp', method, passed, withheld })
  expect(outcomeOf(world, reply).messages).toEqual([
    line('notifications/message', 2, 0),
    line('notifications/progress', 0, 1),
    line('notifications/invented', 0, 1),
    line('notifications/tools/list_changed', 0, 1),
    line('notifications/resources/updated', 1, 1),
  ])
})

it('bounds what a record tells of a server that invents methods', async () => {
  const { world } = await house({
    call: saying(...Array.from({ length: 200 }, (_, at) => ({ method: `notifications/${'x'.repeat(100)}${at}` }))),
  })
  const { messages } = outcomeOf(world, await modern(world, call))
  expect(messages).toHaveLength(65)
  expect(messages.at(-1)).toEqual({ upstream: 'erp', method: 'others', passed: 0, withheld: 136 })
})

it('answers a server whose question the policy does not let it ask', async () => {
  const { world, script } = await house(
    { call: saying({ id: 77, method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } }) },
    'deny contains "no sampling" if input.call.method == "sampling/createMessage"',
  )
  const session = await openSession(world)
  const reply = await legacy(world, session, call)
  expect(eventsOf(reply).map(({ id, method }) => [id, method])).toEqual([[1, undefined]])
  await expect.poll(() => script.messages.at(-1)).toMatchObject({ id: 77, error: { code: 403 } })
  expect(outcomeOf(world, reply).messages).toEqual([
    { upstream: 'erp', method: 'sampling/createMessage', passed: 0, withheld: 1 },
  ])
})

it('lets the same question pass where the policy speaks of tools alone, and takes it back by the id that the agent has', async () => {
  const { world } = await house(
    {
      call: saying(
        { id: 77, method: 'elicitation/create', params: { message: 'sure?', requestedSchema: {} } },
        { method: 'notifications/cancelled', params: { requestId: 77, reason: 'too late' } },
        { method: 'notifications/cancelled', params: { requestId: 78 } },
      ),
    },
    'deny contains "no" if input.call.tool.name == "other"',
  )
  const session = await openSession(world)
  const reply = await legacy(world, session, call)
  const [asked, cancelled, answer, ...more] = eventsOf(reply)
  expect(asked).toMatchObject({ method: 'elicitation/create', params: { message: 'sure?' } })
  expect(asked.id).not.toBe(77)
  expect(cancelled).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: asked.id, reason: 'too late' },
  })
  expect([answer.id, more]).toEqual([1, []])
  expect(outcomeOf(world, reply).messages).toEqual([
    { upstream: 'erp', method: 'elicitation/create', passed: 1, withheld: 0 },
    { upstream: 'erp', method: 'notifications/cancelled', passed: 1, withheld: 1 },
  ])
})

it('records what a session heard on its own stream, and tells it nothing of what the route does not offer', async () => {
  let stream: ServerResponse | undefined
  const { world } = await house(
    {
      ...libraryServer(),
      stream: (_, response) => {
        stream = response.writeHead(200, head)
        for (const uri of ['file:///books/1', 'file:///books/../secret', 'file:///secret'])
          response.write(event({ method: 'notifications/resources/updated', params: { uri } }))
        response.write(event({ method: 'notifications/prompts/list_changed' }))
        response.end(event({ method: 'notifications/tools/list_changed' }))
      },
    },
    '',
    { prompts: [], resources: ['file:///books/{id}'] },
  )
  const session = await openSession(world)
  const reply = await world.send({ path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-session-id': session } })
  expect(stream).toBeDefined()
  expect(eventsOf(reply)).toEqual([
    { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'file:///books/1' } },
    { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
  ])
  expect(outcomeOf(world, reply)).toMatchObject({
    outcome: 'forwarded',
    messages: [
      { method: 'notifications/resources/updated', passed: 1, withheld: 2 },
      { method: 'notifications/prompts/list_changed', passed: 0, withheld: 1 },
      { method: 'notifications/tools/list_changed', passed: 1, withheld: 0 },
    ],
  })
})

it('shows only the capabilities of which the agent could use anything', async () => {
  const capabilities = { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} }
  const server: McpServerOptions = {
    answer: ({ message }) =>
      message.method === 'server/discover' ? { supportedVersions: ['2026-07-28'], capabilities } : undefined,
  }
  const shown = async (rules: string, selects: object = {}) => {
    const { world } = await house(server, rules, selects)
    return Object.keys((await modern(world, { method: 'server/discover' })).json.result.capabilities).sort()
  }
  const all = ['completions', 'logging', 'prompts', 'resources', 'tools']
  expect(await shown('')).toEqual(all)
  expect(await shown('deny contains "no" if input.call.tool.name == "echo"')).toEqual(all)
  expect(await shown('deny contains "no" if input.call.method == "tools/call"')).toEqual(all.slice(0, 4))
  expect(await shown('', { tools: [] })).toEqual(all.slice(0, 4))
  expect(await shown('deny contains "no" if input.call.method == "resources/read"', { prompts: [] })).toEqual([
    'logging',
    'tools',
  ])
  const { world } = await house({}, 'deny contains "no" if input.call.method == "tools/call"')
  expect((await initialize(world)).json.result.capabilities).toEqual({})
})

it('decides an open stream again when the policy changes: it hears under the new one, or ends', async () => {
  const streams: ServerResponse[] = []
  const { world } = await house({
    stream(_, response) {
      response.writeHead(200, head).flushHeaders()
      streams.push(response)
    },
  })
  const session = await openSession(world)
  const reading = world.send({ path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-session-id': session } })
  const broken = expect(reading).rejects.toThrow()
  await expect.poll(() => streams.length).toBe(1)
  world.write(
    'policies/main.rego',
    'package gatehouse\n\nallow := true\n\ndeny contains "no" if input.call.method == "session/stream"\n',
  )
  expect(await world.house.reload()).toBeUndefined()
  await broken
  await expect
    .poll(() => world.records().findLast(({ type }) => type === 'outcome'))
    .toMatchObject({ outcome: 'failed', code: 'policy_denied' })
})
