/**
 * Attacks over MCP, by agents on each other and by tool servers on agents and on the gateway: each is refused, and the log says so.
 */
import { afterEach, expect, it } from 'vitest'
import { limits } from '../../src/model/index.ts'
import { eventsOf, legacy, modern, openSession } from '../support/mcp-agent.ts'
import { echoTool, type McpServerOptions, type McpServerScript, mcpServer } from '../support/mcp-server.ts'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

async function house(
  server: McpServerOptions = {},
  options: WorldOptions = {},
): Promise<{ world: World; script: McpServerScript }> {
  const script = mcpServer(server)
  const world = await openWorld({
    serve: script.serve,
    ...options,
    route: { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp' }] },
  })
  open.push(world)
  return { world, script }
}

const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 5 }
const stream = { 'content-type': 'text/event-stream' }
const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`

it('gives two calls with one id each its own answer', async () => {
  const waiting: (() => void)[] = []
  const { world, script } = await house({
    call: ({ message, response }) => {
      const answer = {
        jsonrpc: '2.0',
        id: message.id,
        result: { content: [{ type: 'text', text: message.params.arguments.text }] },
      }
      waiting.push(() => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)))
      return undefined
    },
  })
  const session = await openSession(world)
  const one = legacy(world, session, { ...call, params: { name: 'echo', arguments: { text: 'one' } } })
  const two = legacy(world, session, { ...call, params: { name: 'echo', arguments: { text: 'two' } } })
  await expect.poll(() => waiting.length).toBe(2)
  for (const answer of waiting.reverse()) answer()
  expect((await one).json).toMatchObject({ id: 5, result: { content: [{ text: 'one' }] } })
  expect((await two).json).toMatchObject({ id: 5, result: { content: [{ text: 'two' }] } })
  const ids = script.messages.filter(({ method }) => method === 'tools/call').map(({ id }) => id)
  expect(new Set(ids).size).toBe(2)
})

it('takes request state back from whom it was given to, for what it was given, and unchanged', async () => {
  const { world, script } = await house({
    tools: [echoTool, { ...echoTool, name: 'other' }],
    call: ({ message }) => ({
      resultType: 'input_required',
      requestState: 'state of the server',
      inputRequests: {},
      was: message.params.requestState ?? null,
    }),
  })
  const first = await modern(world, call)
  const { requestState } = first.json.result
  expect(requestState).not.toContain('state of the server')
  const again = (changes: object, token?: string) =>
    modern(world, {
      ...call,
      params: { ...call.params, requestState, ...changes },
      ...(token !== undefined && { token }),
    })
  expect((await again({})).json.result.was).toBe('state of the server')
  const before = script.messages.length
  const other = await world.token({ sub: 'thief', client_id: 'thief' })
  for (const [changes, token] of [
    [{ requestState: `${requestState}x` }],
    [{ requestState: requestState.replace(/^./, (one: string) => (one === 'W' ? 'X' : 'W')) }],
    [{ requestState: requestState.split('.')[0] }],
    [{ requestState: '' }],
    [{ requestState: { state: requestState } }],
    [{ name: 'other' }],
    [{}, other],
  ] as const) {
    const refused = await again(changes, token)
    expect([refused.status, refused.json.error.code]).toEqual([400, -32602])
    expect(world.pair(String(refused.headers['gatehouse-decision'])).outcome).toMatchObject({
      outcome: 'refused',
      code: 'rpc_params_invalid',
    })
  }
  expect(script.messages.slice(before).some(({ method }) => method === 'tools/call')).toBe(false)
})

it('gives a task to the principal that began it alone', async () => {
  const { world, script } = await house({
    call: () => ({
      resultType: 'task',
      taskId: 'task-1',
      status: 'working',
      createdAt: '',
      lastUpdatedAt: '',
      ttlMs: null,
    }),
    answer: ({ message }) =>
      message.method === 'tasks/get'
        ? { resultType: 'complete', taskId: message.params.taskId, status: 'working' }
        : undefined,
  })
  const { taskId } = (await modern(world, call)).json.result
  expect(taskId).not.toBe('task-1')
  const mine = await modern(world, { method: 'tasks/get', params: { taskId } })
  expect(mine.json.result).toMatchObject({ taskId, status: 'working' })
  expect(script.messages.at(-1).params.taskId).toBe('task-1')
  expect(script.headers.at(-1)?.['mcp-name']).toBe('task-1')
  const token = await world.token({ sub: 'thief', client_id: 'thief' })
  for (const reply of [
    await modern(world, { method: 'tasks/get', params: { taskId }, token }),
    await modern(world, { method: 'tasks/cancel', params: { taskId }, token }),
    await modern(world, { method: 'tasks/get', params: { taskId: 'task-1' } }),
  ])
    expect([reply.status, reply.json.error.code]).toEqual([400, -32602])
})

it.each([
  ['a request, which the modern era does not have', { id: 1, method: 'sampling/createMessage', params: {} }],
  ['an answer to something else', { id: 987_654, result: {} }],
  ['what is no message', { id: 1 }],
])('breaks off a stream with %s', async (_note, message) => {
  const { world } = await house({
    call: ({ response }) => {
      response.writeHead(200, stream).write(event(message))
      return undefined
    },
  })
  await expect(modern(world, call)).rejects.toThrow()
  await expect
    .poll(() => world.records().findLast(({ type }) => type !== 'checkpoint'))
    .toMatchObject({ type: 'outcome', outcome: 'failed', code: 'upstream_rpc', complete: false })
})

it('breaks off an event without an end', async () => {
  const { world } = await house({
    call: ({ response }) => {
      response.writeHead(200, stream).write('data: ')
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(256 * 1024)));
        if (!response.destroyed) response.once('drain', more)
      }
      response.on('error', () => undefined)
      more()
      return undefined
    },
  })
  await expect(modern(world, call)).rejects.toThrow()
  await expect
    .poll(() => world.records().find(({ type }) => type === 'outcome'))
    .toMatchObject({ outcome: 'failed', code: 'upstream_rpc' })
})

it('takes the credential of a server out of what it sends', async () => {
  const secret = 'upstream-secret-0123456789'
  const { world } = await house({ call: () => ({ content: [{ type: 'text', text: `it is ${secret}` }] }) })
  expect((await modern(world, call)).text).not.toContain(secret)
  const streamed = await house({
    call: ({ message, response }) => {
      response
        .writeHead(200, stream)
        .end(event({ id: message.id, result: { content: [{ type: 'text', text: `it is ${secret}` }] } }))
      return undefined
    },
  })
  const reply = await modern(streamed.world, call)
  expect(eventsOf(reply)).toHaveLength(1)
  expect(reply.text).not.toContain(secret)
})

it('writes no header that a name was made to break', async () => {
  const name = 'a\r\nx-evil: 1'
  const { world, script } = await house({ tools: [{ ...echoTool, name }], call: () => ({ content: [] }) })
  const encoded = `=?base64?${Buffer.from(name).toString('base64')}?=`
  const reply = await modern(world, { ...call, params: { name, arguments: {} }, headers: { 'mcp-name': encoded } })
  expect(reply.status).toBe(200)
  expect(script.headers.at(-1)).toMatchObject({ 'mcp-name': encoded })
  expect(script.headers.at(-1)).not.toHaveProperty('x-evil')
})

it('lets no header of the agent reach the server but what the protocol mirrors', async () => {
  const { world, script } = await house()
  const sent = {
    'mcp-param-extra': 'kept',
    cookie: 'a=b',
    'x-api-key': 'mine',
    'x-forwarded-for': '1.2.3.4',
    'mcp-session-id': 'mine',
  }
  expect((await modern(world, { ...call, headers: sent })).status).toBe(200)
  const got = script.headers.at(-1) ?? {}
  expect(got['mcp-param-extra']).toBe('kept')
  for (const name of ['cookie', 'x-api-key', 'x-forwarded-for', 'mcp-session-id']) expect(got).not.toHaveProperty(name)
  expect(got.authorization).toBe('Bearer upstream-secret-0123456789')
})

it('does not follow a list that has no end', async () => {
  const { world } = await house({ eras: ['modern'] })
  const endless = await house({
    answer: () => undefined,
    tools: Array.from({ length: limits.mcpToolsMax + 1 }, (_, index) => ({ name: `t${index}`, inputSchema: {} })),
  })
  expect((await modern(world, { method: 'tools/list' })).status).toBe(200)
  expect((await modern(endless.world, { method: 'tools/list' })).json.error.code).toBe(502)
})

it('opens the stream of a session to its owner alone, and ends it with the session', async () => {
  let say = (_message: object): void => undefined
  const { world } = await house({
    stream: (_, response) => {
      response.writeHead(200, stream)
      response.flushHeaders()
      say = (message) => void response.write(event(message))
    },
  })
  const session = await openSession(world)
  const token = await world.token({ sub: 'thief', client_id: 'thief' })
  const headers = { accept: 'text/event-stream', 'mcp-session-id': session }
  expect((await world.send({ path: '/mcp', headers, token })).status).toBe(404)
  const reading = world.send({ path: '/mcp', headers })
  await expect.poll(() => world.records().filter(({ call: made }) => made?.method === 'session/stream').length).toBe(1)
  await expect.poll(() => say.length).toBe(1)
  say({ method: 'notifications/message', params: { level: 'info', data: 'hello' } })
  say({ id: 1, method: 'tools/steal', params: {} })
  await expect(reading.then(({ text }) => text)).rejects.toThrow()
  await expect
    .poll(() => world.records().findLast(({ type }) => type !== 'checkpoint'))
    .toMatchObject({ type: 'outcome', code: 'upstream_rpc' })
})
