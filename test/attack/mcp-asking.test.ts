/**
 * Tool servers that ask the agents: with ids of their own choosing, in the wrong era, without an end, in another's name. An agent is
 * asked what agents take, by ids of the gateway's own, and its answers, progress and patience belong to the server that asked.
 */
import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { limits } from '../../src/model/index.ts'
import { legacy, listen, modern, openSession, post } from '../support/mcp-agent.ts'
import { event, lastOutcome, mcpHouses, outcomeOf, sseHead } from '../support/mcp-house.ts'
import type { McpServerOptions } from '../support/mcp-server.ts'
import type { SentReply, World } from '../support/world.ts'

const house = mcpHouses()
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 5 }
const ask = { method: 'elicitation/create', params: { message: 'who?', requestedSchema: {} } }

it.each([
  ['a request, which the modern era does not have', { id: 1, method: 'sampling/createMessage', params: {} }],
  ['a ping, which the modern era does not have', { id: 1, method: 'ping' }],
  ['an answer to something else', { id: 987_654, result: {} }],
  ['an answer whose id is the text of the right one', { id: 'TEXT', result: {} }],
  ['what is no message', { id: 1 }],
  ['an error that is none', { id: 1, error: 'no' }],
  ['a request without an id', { id: null, method: 'ping' }],
  ['two answers in one', { id: 1, result: {}, error: { code: 1, message: 'no' } }],
])('breaks off a stream with %s', async (_note, message) => {
  const { world } = await house({
    call: ({ message: { id }, response }) => {
      const sent = 'id' in message && message.id === 'TEXT' ? { ...message, id: String(id) } : message
      response.writeHead(200, sseHead).write(event(sent))
      return undefined
    },
  })
  await expect(modern(world, call)).rejects.toThrow()
  expect(await lastOutcome(world)).toMatchObject({ outcome: 'failed', code: 'upstream_rpc', complete: false })
})

it.each([
  ['an unknown method', { id: 1, method: 'tools/steal' }],
  ['a method of agents', { id: 1, method: 'tools/call', params: { name: 'echo' } }],
  ['a method that objects have', { id: 1, method: 'constructor' }],
  ['an id that is an object', { id: {}, method: 'ping' }],
  ['an id that is too long to be kept', { id: 'x'.repeat(limits.rpcIdCharsMax), method: 'ping' }],
  ['a batch of requests', [{ jsonrpc: '2.0', id: 1, method: 'ping' }]],
])('passes no request with %s on to the agent of a session', async (_note, message) => {
  const { world } = await house({
    call: ({ response }) => {
      response.writeHead(200, sseHead)
      response.write(Array.isArray(message) ? `data: ${JSON.stringify(message)}\n\n` : event(message))
      return undefined
    },
  })
  const session = await openSession(world)
  await expect(legacy(world, session, call)).rejects.toThrow()
  expect(await lastOutcome(world)).toMatchObject({ outcome: 'failed', code: 'upstream_rpc' })
})

/** Servers whose session streams are held open, and an agent that reads what comes on the one stream that it has. */
async function conversation(servers: number) {
  const streams: ServerResponse[] = []
  const options: McpServerOptions = {
    stream: (_, response) => {
      response.writeHead(200, sseHead).flushHeaders()
      streams.push(response)
    },
  }
  const { world, scripts } = await house(Array.from({ length: servers }, () => options))
  const session = await openSession(world)
  const { heard, close } = await listen(world, session)
  await expect.poll(() => streams.length).toBe(servers)
  return { world, scripts, session, streams, close, heard: (count: number) => heard<Heard>(count) }
}

interface Heard {
  readonly id?: string | number
  readonly method: string
  readonly params: { readonly requestId?: unknown; readonly _meta?: { readonly progressToken?: unknown } }
}

const answer = (world: World, session: string, id: unknown): Promise<SentReply> =>
  post(
    world,
    { jsonrpc: '2.0', id, result: { action: 'decline' } },
    { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' },
  )
const answersIn = (script: { messages: { id?: unknown; result?: unknown }[] } | undefined) =>
  script?.messages.filter(({ result }) => result !== undefined).map(({ id }) => id)

it('gives requests with one id, of two servers or of one, ids of their own, and each server its answer', async () => {
  const { world, scripts, session, streams, close, heard } = await conversation(2)
  for (const stream of streams) stream.write(event({ id: 1, ...ask }))
  streams[0]?.write(event({ id: '1', ...ask }))
  const asked = await heard(3)
  expect(new Set(asked.map(({ id }) => id)).size).toBe(3)
  for (const { id } of asked) expect((await answer(world, session, id)).status).toBe(202)
  expect([answersIn(scripts[0]), answersIn(scripts[1])]).toEqual([[1, '1'], [1]])
  close()
})

it('takes an answer once, however often it comes, and none to what was not asked', async () => {
  const { world, scripts, session, streams, close, heard } = await conversation(1)
  streams[0]?.write(event({ id: 7, ...ask }))
  const [asked] = await heard(1)
  const replies = await Promise.all([1, 2, 3].map(() => answer(world, session, asked?.id)))
  expect(replies.map(({ status }) => status).sort()).toEqual([202, 400, 400])
  for (const id of [asked?.id, 7, 'x', -1, String(asked?.id)]) {
    const refused = await answer(world, session, id)
    expect([refused.status, refused.json.error.code]).toEqual([400, -32602])
    expect(outcomeOf(world, refused).outcome).toBe('refused')
  }
  expect(answersIn(scripts[0])).toEqual([7])
  close()
})

it('takes no answer of another principal, nor of another session, to what an agent was asked', async () => {
  const { world, scripts, session, streams, close, heard } = await conversation(1)
  streams[0]?.write(event({ id: 7, ...ask }))
  const [asked] = await heard(1)
  const token = await world.token({ sub: 'thief', client_id: 'thief' })
  const foreign = await openSession(world, { token })
  const second = await openSession(world)
  const body = { jsonrpc: '2.0', id: asked?.id, result: { action: 'accept' } }
  const stolen = [
    await post(world, body, { 'mcp-session-id': session }, { token }),
    await post(world, body, { 'mcp-session-id': foreign }, { token }),
    await post(world, body, { 'mcp-session-id': second }),
  ]
  expect(stolen.map(({ status }) => status)).toEqual([404, 400, 400])
  for (const reply of stolen) expect(outcomeOf(world, reply).outcome).toBe('refused')
  expect(answersIn(scripts[0])).toEqual([])
  expect((await answer(world, session, asked?.id)).status).toBe(202)
  close()
})

it('lets a server take back what it asked, and nothing that another did, nor what the agent asks for', async () => {
  const { world, session, streams, close, heard } = await conversation(2)
  streams[0]?.write(event({ id: 1, ...ask }))
  const [first] = await heard(1)
  const cancel = (requestId: unknown) => event({ method: 'notifications/cancelled', params: { requestId } })
  streams[1]?.write(cancel(1) + cancel(first?.id) + cancel(5) + cancel('5'))
  streams[0]?.write(cancel(first?.id) + cancel('1') + cancel(1))
  const [, told] = await heard(2)
  expect(told).toMatchObject({ method: 'notifications/cancelled', params: { requestId: first?.id } })
  expect((await answer(world, session, first?.id)).status).toBe(400)
  close()
})

it('tells the progress of what was asked to who asked, by the token that it gave', async () => {
  const { world, scripts, session, streams, close, heard } = await conversation(2)
  const asking = { ...ask, params: { ...ask.params, _meta: { progressToken: 'mine' } } }
  for (const stream of streams) stream.write(event({ id: 1, ...asking }))
  const asked = await heard(2)
  const tokens = asked.map(({ params }) => params._meta?.progressToken)
  expect(new Set(tokens).size).toBe(2)
  const progress = (progressToken: unknown) =>
    legacy(world, session, { method: 'notifications/progress', params: { progressToken, progress: 1 } })
  expect((await progress(tokens[0])).status).toBe(202)
  for (const token of ['mine', 1, 'nobody', null]) expect((await progress(token)).status).toBe(202)
  const told = scripts.map(({ messages }) => messages.filter(({ method }) => method === 'notifications/progress'))
  expect(told.flat().map(({ params }) => params.progressToken)).toEqual(['mine'])
  close()
})

it('hears a server that asks without an end no further, and the others as before', async () => {
  const { session, world, streams, close, heard } = await conversation(2)
  for (let id = 0; id <= limits.mcpAskedMax; id++) streams[0]?.write(event({ id, ...ask }))
  await heard(limits.mcpAskedMax)
  await expect.poll(() => streams[0]?.destroyed).toBe(true)
  streams[1]?.write(event({ id: 1, ...ask }))
  const all = await heard(limits.mcpAskedMax + 1)
  expect((await answer(world, session, all.at(-1)?.id)).status).toBe(202)
  close()
})
