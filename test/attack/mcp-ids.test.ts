/**
 * Identifiers that come again, collide, or are of another kind than they look: every answer goes to its own request, with the id that it
 * was asked by, and one request's progress and cancellation are not another's.
 */
import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { eventsOf, legacy, modern, openSession, post } from '../support/mcp-agent.ts'
import { event, lastOutcome, mcpHouses, outcomeOf, sseHead } from '../support/mcp-house.ts'
import type { McpServerOptions, ServedCall } from '../support/mcp-server.ts'

const house = mcpHouses()
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 5 }
const saying = (text: string, id: unknown = 5) => ({ ...call, id, params: { name: 'echo', arguments: { text } } })
const jsonHead = { 'content-type': 'application/json' }

/** Calls are held until a test answers them. */
function holding() {
  const held: ServedCall[] = []
  const options: McpServerOptions = {
    call: (served) => {
      held.push(served)
      return undefined
    },
  }
  const answer = ({ message, response }: ServedCall): void => {
    const { text } = message.params.arguments
    const result = { resultType: 'complete', content: [{ type: 'text', text }] }
    response.writeHead(200, jsonHead).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }))
  }
  return { held, options, answer }
}

it.each(['modern', 'legacy'])('gives calls with one id each its own answer, in whatever order: %s', async (era) => {
  const { held, options, answer } = holding()
  const { world, script } = await house(options)
  const session = era === 'legacy' ? await openSession(world) : ''
  const texts = ['one', 'two', 'three', 'four']
  const sent = texts.map((text) =>
    era === 'legacy' ? legacy(world, session, saying(text)) : modern(world, saying(text)),
  )
  await expect.poll(() => held.length).toBe(texts.length)
  for (const one of [...held].reverse()) answer(one)
  const replies = await Promise.all(sent)
  expect(replies.map(({ json }) => [json.id, json.result.content[0].text])).toEqual(texts.map((text) => [5, text]))
  const ids = script.messages.filter(({ method }) => method === 'tools/call').map(({ id }) => id)
  expect(new Set(ids).size).toBe(texts.length)
  for (const reply of replies) expect(outcomeOf(world, reply).outcome).toBe('forwarded')
})

it('gives agents with one id each its own answer', async () => {
  const { held, options, answer } = holding()
  const { world } = await house(options)
  const token = await world.token({ sub: 'other', client_id: 'other' })
  const sent = [modern(world, saying('mine')), modern(world, { ...saying('theirs'), token })]
  await expect.poll(() => held.length).toBe(2)
  for (const one of [...held].reverse()) answer(one)
  const texts = (await Promise.all(sent)).map(({ json }) => json.result.content[0].text)
  expect(texts).toEqual(['mine', 'theirs'])
})

it.each([
  ['1', 1],
  ['"1"', '1'],
  ['""', ''],
  ['"\\u0000\\ud83d\\ude00"', '\0\u{1f600}'],
  ['"__proto__"', '__proto__'],
  ['9007199254740991', 9_007_199_254_740_991],
  ['-1', -1],
  ['0', 0],
])('gives the id %s back as it is', async (text, id) => {
  const { world } = await house()
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'ID', method: 'ping' }).replace('"ID"', text)
  const session = await openSession(world)
  const reply = await post(world, body, { 'mcp-session-id': session })
  expect(reply.json.id).toBe(id)
  const called = await legacy(world, session, saying('x', id))
  expect(called.json.id).toBe(id)
})

it('keeps an id that no double holds', async () => {
  const { world } = await house()
  const session = await openSession(world)
  const reply = await post(world, '{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"ping"}', {
    'mcp-session-id': session,
  })
  expect(reply.text).toContain('"id":123456789012345678901234567890,')
})

it.each(['1.5', '1e400', 'null', 'true', '{}', '[1]', `"${'x'.repeat(600)}"`])('takes no id of %s', async (text) => {
  const { world, script } = await house()
  const reply = await post(world, `{"jsonrpc":"2.0","id":${text},"method":"ping"}`, {})
  expect([reply.status, reply.json.id]).toEqual([400, null])
  expect(outcomeOf(world, reply).outcome).toBe('refused')
  expect(script.messages).toEqual([])
})

it.each([
  ['of another call', (_: unknown, other: unknown) => other],
  ['as text', (id: unknown) => String(id)],
  ['of the agent', () => 5],
  ['that is null', () => null],
])('takes no answer with an id %s', async (_note, idOf) => {
  const { held, options, answer } = holding()
  const { world } = await house(options)
  const [first, second] = [modern(world, saying('first', 6)), modern(world, call)]
  await expect.poll(() => held.length).toBe(2)
  const own = held.find(({ message }) => message.params.arguments.text === 'x') as ServedCall
  const other = held.find((one) => one !== own) as ServedCall
  const id = idOf(own.message.id, other.message.id)
  own.response.writeHead(200, jsonHead).end(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } }))
  const reply = await second
  expect([reply.status, reply.json.id, reply.json.result]).toEqual([502, 5, undefined])
  expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'failed', code: 'upstream_rpc' })
  answer(other)
  expect((await first).json.result.content[0].text).toBe('first')
})

it('passes the progress of a call to that call alone, under its own token', async () => {
  const { held, options } = holding()
  const { world } = await house(options)
  const session = await openSession(world)
  const send = (text: string, progressToken: unknown) =>
    legacy(world, session, { ...call, params: { ...saying(text).params, _meta: { progressToken } } })
  const sent = [send('one', 'same'), send('two', 'same'), send('three', 7)]
  await expect.poll(() => held.length).toBe(3)
  const token = ({ message }: ServedCall): unknown => message.params._meta.progressToken
  expect(new Set(held.map(token)).size).toBe(3)
  const progress = (progressToken: unknown, said: string) =>
    event({ method: 'notifications/progress', params: { progressToken, progress: 1, message: said } })
  for (const one of held) {
    const { message, response } = one
    const { text } = message.params.arguments
    response.writeHead(200, sseHead).write(progress(token(one), text))
    // Of nobody, of the agent's own choosing, and as another kind of value.
    for (const forged of ['same', 7, 999_999, String(token(one)), null, {}]) response.write(progress(forged, 'forged'))
  }
  for (const { message, response } of held) response.end(event({ id: message.id, result: { content: [] } }))
  const replies = await Promise.all(sent)
  const told = replies.map((reply) =>
    eventsOf(reply)
      .slice(0, -1)
      .map(({ params }) => [params.progressToken, params.message]),
  )
  expect(told).toEqual([[['same', 'one']], [['same', 'two']], [[7, 'three']]])
})

it('cancels with the server what the agent itself has asked in this session, and nothing else', async () => {
  const { held, options, answer } = holding()
  const { world, script } = await house(options)
  const [mine, second] = [await openSession(world), await openSession(world)]
  const running = legacy(world, mine, call)
  await expect.poll(() => held.length).toBe(1)
  const { id } = (held[0] as ServedCall).message
  const cancel = (session: string, requestId: unknown) =>
    legacy(world, session, { method: 'notifications/cancelled', params: { requestId } })
  for (const [session, requestId] of [
    [second, 5],
    [second, id],
    [mine, id],
    [mine, '5'],
    [mine, null],
  ] as const)
    expect((await cancel(session, requestId)).status).toBe(202)
  const cancelled = () => script.messages.filter(({ method }) => method === 'notifications/cancelled')
  expect(cancelled()).toEqual([])
  await cancel(mine, 5)
  expect(cancelled().map(({ params }) => params.requestId)).toEqual([id])
  answer(held[0] as ServedCall)
  await running
})

it('takes an answer once, however often a stream says it', async () => {
  const responses: ServerResponse[] = []
  const { world } = await house({
    call: ({ message, response }) => {
      responses.push(response)
      const twice = event({ id: message.id, result: { content: [] } })
      response.writeHead(200, sseHead).end(twice + twice)
      return undefined
    },
  })
  const reply = await modern(world, call)
  expect(eventsOf(reply)).toHaveLength(1)
  expect(await lastOutcome(world)).toMatchObject({ outcome: 'forwarded', complete: true })
})
