/**
 * A definition that changes between the list and the call: a server that says so is believed at once, one that does not is asked again
 * within the bound. Whatever it says, nothing is called by a definition that is known to be old.
 */
import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { limits } from '../../src/model/index.ts'
import { fakeClock } from '../support/clock.ts'
import { legacy, modern, openSession } from '../support/mcp-agent.ts'
import { event, mcpHouses, outcomeOf, sseHead } from '../support/mcp-house.ts'
import { echoTool, type McpServerOptions, type Message } from '../support/mcp-server.ts'

const openHouse = mcpHouses()
const changed = 'notifications/tools/list_changed'
const meta = (id: unknown) => ({ 'io.modelcontextprotocol/subscriptionId': id })
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } }
const other = [{ ...echoTool, description: 'does something else' }]

/** A server that tells of its lists, and the streams on which it does. */
function telling(): {
  readonly options: McpServerOptions
  readonly streams: { id: unknown; response: ServerResponse }[]
} {
  const streams: { id: unknown; response: ServerResponse }[] = []
  const options: McpServerOptions = {
    answer({ message, response }) {
      if (message.method === 'server/discover')
        return { supportedVersions: ['2026-07-28'], capabilities: { tools: { listChanged: true } } }
      if (message.method !== 'subscriptions/listen') return undefined
      const params = { notifications: message.params.notifications, _meta: meta(message.id) }
      response.writeHead(200, sseHead)
      response.write(event({ method: 'notifications/subscriptions/acknowledged', params }))
      streams.push({ id: message.id, response })
      return undefined
    },
  }
  return { options, streams }
}

const lists = (messages: readonly Message[]): number => messages.filter(({ method }) => method === 'tools/list').length

it('refuses a call at once when the server has said that its definitions changed, though nobody listens', async () => {
  const { options, streams } = telling()
  const { world, script } = await openHouse(options)
  await modern(world, { method: 'tools/list' })
  await expect.poll(() => streams.length).toBe(1)
  expect((await modern(world, call)).json.result.content[0].text).toBe('x')
  expect(script.messages.find(({ method }) => method === 'subscriptions/listen').params.notifications).toEqual({
    toolsListChanged: true,
  })
  script.tools = other
  const before = lists(script.messages)
  // A word that is about another subscription is none.
  streams[0]?.response.write(event({ method: changed, params: { _meta: meta('of another') } }))
  streams[0]?.response.write(event({ method: changed, params: { _meta: meta(streams[0]?.id) } }))
  const refused = async () => {
    const reply = await modern(world, call)
    return reply.json.error?.code === 409 ? outcomeOf(world, reply).code : undefined
  }
  await expect.poll(refused, { timeout: 3_000 }).toBe('tool_changed')
  expect(lists(script.messages)).toBeGreaterThan(before)
  expect((await modern(world, { method: 'tools/list' })).json.result.tools[0].description).toBe('does something else')
  expect((await modern(world, call)).status).toBe(200)
})

it('asks for the lists again when the stream broke on which it would have been told', async () => {
  const { options, streams } = telling()
  const { world, script } = await openHouse(options)
  await modern(world, { method: 'tools/list' })
  await expect.poll(() => streams.length).toBe(1)
  script.tools = other
  streams[0]?.response.destroy()
  await expect.poll(() => streams.length, { timeout: 5_000 }).toBe(2)
  const code = async () => (await modern(world, call)).json.error?.code
  await expect.poll(code, { timeout: 3_000 }).toBe(409)
})

it('leaves the stream of the house with its servers when the house closes', async () => {
  const { options, streams } = telling()
  const { world } = await openHouse(options)
  await modern(world, { method: 'tools/list' })
  await expect.poll(() => streams.length).toBe(1)
  await world.house.drain()
  await expect.poll(() => streams[0]?.response.destroyed).toBe(true)
})

it('believes a server in a session that it says so in', async () => {
  let stream: ServerResponse | undefined
  const { world, script } = await openHouse({
    stream(_, response) {
      response.writeHead(200, sseHead).flushHeaders()
      stream = response
    },
  })
  const session = await openSession(world)
  await legacy(world, session, { method: 'tools/list' })
  const listening = world.send({ path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-session-id': session } })
  await expect.poll(() => stream !== undefined).toBe(true)
  script.tools = other
  stream?.end(event({ method: changed }))
  await listening
  expect((await legacy(world, session, call)).json.error.code).toBe(409)
})

it.each([
  ['says nothing', undefined, limits.mcpListFreshMs],
  ['says for how long its list is good', 20_000, 20_000],
  ['says that its list is good for ever', 10 ** 12, limits.mcpListTtlMsMax],
])('asks a server that %s again within the bound', async (_note, ttlMs, boundMs) => {
  const clock = fakeClock()
  const { world, script } = await openHouse(
    {
      answer: ({ message }) =>
        message.method === 'tools/list'
          ? { resultType: 'complete', tools: script.tools, ...(ttlMs !== undefined && { ttlMs }) }
          : undefined,
    },
    { clock, route: { identity: 'none', host: '127.0.0.1' } },
  )
  const agent = { token: null }
  const answered = async (message: Parameters<typeof modern>[1]) => {
    let done = false
    const reply = modern(world, { ...message, ...agent }).finally(() => {
      done = true
    })
    await clock.settled(() => done)
    return (await reply).json
  }
  await answered({ method: 'tools/list' })
  script.tools = other
  await clock.advance(boundMs - 1)
  expect((await answered(call)).error).toBeUndefined()
  await clock.advance(1)
  expect((await answered(call)).error.code).toBe(409)
})
