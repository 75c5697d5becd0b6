/**
 * Agents that bring what was given to others: request state, tasks, sessions, streams, cursors. What is not one's own is not there, on
 * the log it is refused, and the tool server hears nothing of it.
 */
import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { initialize, legacy, listen, modern, openSession } from '../support/mcp-agent.ts'
import { event, mcpHouses, outcomeOf, sseHead } from '../support/mcp-house.ts'
import { echoTool, type McpServerOptions } from '../support/mcp-server.ts'
import type { SentReply, World } from '../support/world.ts'

const house = mcpHouses()
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 5 }
/** Who is another principal: by subject, by client, by whom acts. */
const others = [
  ['another subject', { sub: 'thief' }],
  ['another client', { client_id: 'thief' }],
  ['somebody acting for the owner', { act: { sub: 'thief' } }],
  ['a subject that is the owner spelled out', { sub: '["https://issuer.example.test","buyer"]' }],
  ['the owner in capitals', { sub: 'BUYER' }],
] as const

const stateful: McpServerOptions = {
  tools: [echoTool, { ...echoTool, name: 'other' }],
  call: ({ message }) => ({
    resultType: 'input_required',
    requestState: 'state of the server',
    inputRequests: {},
    was: message.params.requestState ?? null,
  }),
}
const withState = (world: World, requestState: unknown, changes: object = {}, token?: string) =>
  modern(world, {
    ...call,
    params: { ...call.params, requestState, ...changes },
    ...(token !== undefined && { token }),
  })

function expectRefused(world: World, reply: SentReply): void {
  expect([reply.status, reply.json.error.code]).toEqual([400, -32602])
  expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'refused', code: 'rpc_params_invalid' })
}

it('takes request state back unchanged, for what it was given', async () => {
  const { world, script } = await house(stateful)
  const { requestState: state } = (await modern(world, call)).json.result
  expect(state).not.toContain('state of the server')
  expect((await withState(world, state)).json.result.was).toBe('state of the server')
  const before = script.messages.length
  const [payload, code] = state.split('.')
  const last = code.at(-1)
  // The last letter of the code carries two bits: these letters say the same to a decoder.
  const twin = String.fromCharCode(last.charCodeAt(0) + 1)
  const tampered: readonly unknown[] = [
    `${state}x`,
    `${state}=`,
    `${state}.`,
    ` ${state}`,
    `${state}\n`,
    `${payload}.${code.slice(0, -1)}${twin}`,
    `${payload}.${code.replace(/^./, (one: string) => `${one}!`)}`,
    `${payload}=.${code}`,
    `A${state}`,
    state.replace(/^./, (one: string) => (one === 'W' ? 'X' : 'W')),
    payload,
    `${payload}.`,
    `.${code}`,
    `.${payload}.${code}`,
    '',
    'state of the server',
    Buffer.from('["erp","state of the server"]').toString('base64url'),
    'x'.repeat(300_000),
    { state },
    [state],
    null,
    0,
    true,
  ]
  for (const one of tampered) expectRefused(world, await withState(world, one))
  expectRefused(world, await withState(world, state, { name: 'other' }))
  expect(script.messages.slice(before).some(({ method }) => method === 'tools/call')).toBe(false)
})

it.each(others)('gives request state and tasks to nobody else: %s', async (_note, claims) => {
  const { world, script } = await house({
    ...stateful,
    call: (served) =>
      served.message.params.arguments.text === 'task'
        ? { resultType: 'task', taskId: 'task-1', status: 'working', createdAt: '', lastUpdatedAt: '', ttlMs: null }
        : stateful.call?.(served),
    answer: ({ message }) =>
      message.method.startsWith('tasks/')
        ? { resultType: 'complete', taskId: message.params.taskId, status: 'working' }
        : undefined,
  })
  const { requestState } = (await modern(world, call)).json.result
  const { taskId } = (await modern(world, { ...call, params: { name: 'echo', arguments: { text: 'task' } } })).json
    .result
  expect(taskId).not.toBe('task-1')
  const token = await world.token(claims)
  const before = script.messages.length
  expectRefused(world, await withState(world, requestState, {}, token))
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
    for (const id of [taskId, 'task-1'])
      expectRefused(world, await modern(world, { method, params: { taskId: id }, token }))
  const listened = { notifications: { taskIds: [taskId] } }
  expectRefused(world, await modern(world, { method: 'subscriptions/listen', params: listened, token }))
  expect(script.messages.slice(before).filter(({ method }) => !/list|discover/.test(method))).toEqual([])
  const mine = await modern(world, { method: 'tasks/get', params: { taskId } })
  expect(mine.json.result).toMatchObject({ taskId, status: 'working' })
  expect([script.messages.at(-1).params.taskId, script.headers.at(-1)?.['mcp-name']]).toEqual(['task-1', 'task-1'])
})

it('takes no task for request state, nor request state for a task', async () => {
  const { world } = await house({
    call: () => ({ resultType: 'task', taskId: 'one', requestState: 'one', status: 'working' }),
  })
  const { taskId, requestState } = (await modern(world, call)).json.result
  expectRefused(world, await withState(world, taskId))
  expectRefused(world, await modern(world, { method: 'tasks/get', params: { taskId: requestState } }))
})

it.each(others)('opens a session to its owner alone, for every message: %s', async (_note, claims) => {
  const streams: ServerResponse[] = []
  const { world, script } = await house({
    stream: (_, response) => {
      response.writeHead(200, sseHead).flushHeaders()
      streams.push(response)
    },
  })
  const session = await openSession(world)
  const token = await world.token(claims)
  const before = script.messages.length
  const headers = { accept: 'text/event-stream', 'mcp-session-id': session }
  const stolen = [
    await legacy(world, session, { method: 'tools/list', token }),
    await legacy(world, session, { ...call, token }),
    await legacy(world, session, { method: 'ping', token }),
    await legacy(world, session, { method: 'notifications/cancelled', params: { requestId: 5 }, token }),
    await world.send({ path: '/mcp', headers, token }),
    await world.send({ path: '/mcp', headers: { ...headers, 'last-event-id': '1' }, token }),
    await world.send({ method: 'DELETE', path: '/mcp', headers, token }),
  ]
  // Byte for byte what a session gets that never was.
  const none = await legacy(world, 'x'.repeat(session.length), { method: 'tools/list', token })
  const withoutId = ({ text }: SentReply) => text.replaceAll(/"decision_id":"[^"]*"/g, '')
  expect(withoutId(stolen[0] as SentReply)).toBe(withoutId(none))
  for (const reply of stolen) {
    expect(reply.status).toBe(404)
    expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'refused', code: 'session_unknown' })
  }
  expect(script.messages).toHaveLength(before)
  expect([streams.length, script.sessions.size]).toEqual([0, 1])
  expect((await legacy(world, session, call)).json.result).toBeDefined()
})

it('gives an agent no session of its own choosing, and no two the same', async () => {
  const { world, script } = await house()
  const wanted = 'A'.repeat(32)
  const reply = await initialize(world, { headers: { 'mcp-session-id': wanted } })
  const given = String(reply.headers['mcp-session-id'])
  expect(given).toMatch(/^[A-Za-z0-9_-]{32}$/)
  expect(given).not.toBe(wanted)
  expect((await legacy(world, wanted, { method: 'ping' })).status).toBe(404)
  expect(script.sessions).not.toContain(given)
  // Within a session another one can be opened; the first is as it was.
  const second = await initialize(world, { headers: { 'mcp-session-id': given } })
  expect(second.headers['mcp-session-id']).not.toBe(given)
  expect((await legacy(world, given, { method: 'ping' })).status).toBe(200)
})

it('gives agents the sessions of the gateway, whatever a server calls its own', async () => {
  const names: string[] = []
  const { world } = await house({
    answer: ({ message, request }) => {
      if (message.method === 'ping' || message.method === 'tools/list')
        names.push(String(request.headers['mcp-session-id']))
      return undefined
    },
  })
  const sessions = [await openSession(world), await openSession(world)]
  for (const session of sessions) await legacy(world, session, { method: 'tools/list' })
  expect(new Set(names).size).toBe(2)
  for (const name of names) expect((await legacy(world, name, { method: 'ping' })).status).toBe(404)
})

it('ends a session for good: no message, no stream, nothing of it at the server', async () => {
  const { world, script } = await house({
    stream: (_, response) => void response.writeHead(200, sseHead).flushHeaders(),
  })
  const session = await openSession(world)
  const stream = await listen(world, session)
  const ended = await world.send({ method: 'DELETE', path: '/mcp', headers: { 'mcp-session-id': session } })
  expect(ended.status).toBe(200)
  await expect.poll(() => script.sessions.size).toBe(0)
  expect((await legacy(world, session, call)).status).toBe(404)
  expect((await world.send({ method: 'DELETE', path: '/mcp', headers: { 'mcp-session-id': session } })).status).toBe(
    404,
  )
  await expect
    .poll(() =>
      world.records().filter(({ type, call: made }) => type === 'decision' && made.method === 'session/stream'),
    )
    .toHaveLength(1)
  stream.close()
})

it('opens the stream of a session to its owner alone, and breaks it off at what no server may say', async () => {
  const streams: ServerResponse[] = []
  const { world } = await house({
    stream: (_, response) => {
      response.writeHead(200, sseHead).flushHeaders()
      streams.push(response)
    },
  })
  const session = await openSession(world)
  const stream = await listen(world, session)
  await expect.poll(() => streams.length).toBe(1)
  streams[0]?.write(event({ method: 'notifications/message', params: { level: 'info', data: 'hello' } }))
  await stream.heard(1)
  streams[0]?.write(event({ id: 1, method: 'tools/steal', params: {} }))
  await expect
    .poll(() => world.records().findLast(({ type }) => type !== 'checkpoint'))
    .toMatchObject({ type: 'outcome', code: 'upstream_rpc' })
})

it('shows by a cursor of another agent what its own list has there', async () => {
  const policies = {
    'main.rego':
      'package gatehouse\n\nallow := true\n\ndeny contains "no" if {\n\tinput.identity.subject.id == "thief"\n\tstartswith(input.call.tool.name, "secret")\n}\n',
  }
  const tools = ['open', 'secret'].flatMap((kind) =>
    Array.from({ length: 1_001 }, (_, index) => ({ name: `${kind}${index}`, inputSchema: { type: 'object' } })),
  )
  const { world } = await house({ tools }, { policies })
  const mine = await modern(world, { method: 'tools/list' })
  const { nextCursor: cursor } = mine.json.result
  expect(cursor).toBeTypeOf('string')
  const token = await world.token({ sub: 'thief', client_id: 'thief' })
  const theirs = await modern(world, { method: 'tools/list', params: { cursor }, token })
  expect(theirs.json.result.tools.map(({ name }: { name: string }) => name)).toEqual(['open1000'])
  for (const forged of [
    '',
    'gatehouse-1',
    'x',
    'Z2F0ZWhvdXNlLTk5OTk5OTk5OTk',
    'x'.repeat(1e6),
    1,
    null,
    {},
    [cursor],
  ]) {
    const refused = await modern(world, { method: 'tools/list', params: { cursor: forged }, token })
    expect(refused.json.error.code).toBe(-32602)
    expect(outcomeOf(world, refused)).toMatchObject({ outcome: 'refused', code: 'rpc_params_invalid' })
  }
})
