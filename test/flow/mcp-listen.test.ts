/**
 * `subscriptions/listen` on a route with several servers: one stream to the agent, whatever becomes of the streams of the servers, and on it
 * what the agent asked for and may know of, under its own ids.
 */
import type { ServerResponse } from 'node:http'
import { request } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { fakeClock } from '../support/clock.ts'
import { both, modern, modernRevision } from '../support/mcp-agent.ts'
import {
  event,
  lastOutcome,
  type McpHouse,
  type McpHouseOptions,
  mcpHouses,
  outcomeOf,
  sseHead,
} from '../support/mcp-house.ts'
import { libraryServer } from '../support/mcp-library.ts'
import type { McpServerOptions, Message } from '../support/mcp-server.ts'

const openHouse = mcpHouses()
const key = 'io.modelcontextprotocol/subscriptionId'

/** A stream that a server was asked for. */
interface Asked {
  readonly message: Message
  readonly response: ServerResponse
  say(method: string, params?: object): void
}

interface Listening extends McpHouse {
  /** By server, in the order in which they were asked. */
  readonly asked: readonly Asked[][]
}

interface ListeningOptions extends McpHouseOptions {
  readonly down?: (server: number, asked: number) => number | undefined
  /** Of all servers. */
  readonly server?: McpServerOptions
}

/** `down`: what a server answers instead of a stream, or undefined for a stream. */
async function house(count: number, { down, server, ...options }: ListeningOptions = {}): Promise<Listening> {
  const asked: Asked[][] = Array.from({ length: count }, () => [])
  const servers = asked.map((own, index): McpServerOptions => {
    const base = { ...libraryServer(), ...server }
    return {
      ...base,
      answer: (served) => {
        const { message, response } = served
        if (message.method !== 'subscriptions/listen') return base.answer?.(served)
        const meta = { [key]: message.id }
        const say = (method: string, params: object = {}) =>
          void response.write(event({ method, params: { ...params, _meta: meta } }))
        own.push({ message, response, say })
        const status = down?.(index, own.length)
        if (status !== undefined) response.writeHead(status).end()
        else {
          response.writeHead(200, sseHead)
          say('notifications/subscriptions/acknowledged', { notifications: message.params.notifications })
        }
        return undefined
      },
    }
  })
  return { ...(await openHouse(servers, options)), asked }
}

interface Stream {
  readonly events: Message[]
  readonly ended: Promise<unknown>
  close(): void
}

/** The agent's stream, read while it is open. */
async function listen({ world }: McpHouse, notifications: object, token?: string): Promise<Stream> {
  const params = {
    notifications,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': modernRevision,
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  }
  const headers = {
    accept: both,
    'content-type': 'application/json',
    'mcp-protocol-version': modernRevision,
    'mcp-method': 'subscriptions/listen',
    authorization: `Bearer ${token ?? (await world.token())}`,
  }
  const events: Message[] = []
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: world.port, method: 'POST', path: '/mcp', headers }, (response) => {
      let text = ''
      const ended = new Promise((over) => response.on('close', over))
      response.on('error', () => undefined)
      response.on('data', (chunk: Buffer) => {
        const whole = (text + chunk.toString('utf8')).split('\n\n')
        text = whole.pop() ?? ''
        for (const one of whole) {
          const data = one.split('\n').find((line) => line.startsWith('data: '))
          if (data !== undefined) events.push(JSON.parse(data.slice(6)))
        }
      })
      resolve({ events, ended, close: () => sent.destroy() })
    })
    onTestFinished(() => void sent.destroy())
    sent.on('error', reject)
    sent.end(JSON.stringify({ jsonrpc: '2.0', id: 'mine', method: 'subscriptions/listen', params }))
  })
}

const tools = 'notifications/tools/list_changed'
const updated = 'notifications/resources/updated'
const everything = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
const seen = ({ events }: Stream): unknown[] => events.map(({ method, params }) => [method, params?.uri])

it('is one stream with one acknowledgement, and tells what each server tells under the id of the agent', async () => {
  const two = await house(2)
  const stream = await listen(two, { ...everything, resourceSubscriptions: ['file:///open', 'file:///books/1'] })
  await expect.poll(() => stream.events.length).toBe(1)
  expect(stream.events[0]).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: {
      notifications: { ...everything, resourceSubscriptions: ['file:///open', 'file:///books/1'] },
      _meta: { [key]: 'mine' },
    },
  })
  // Each is asked for what it has; where two have the same, the first one counts.
  expect(two.asked.map(([one]) => one?.message.params.notifications)).toEqual([
    { ...everything, resourceSubscriptions: ['file:///open', 'file:///books/1'] },
    everything,
  ])
  expect(new Set(two.asked.map(([one]) => one?.message.id)).size).toBe(2)
  two.asked[0]?.[0]?.say(tools)
  two.asked[1]?.[0]?.say(tools)
  two.asked[0]?.[0]?.say(updated, { uri: 'file:///open' })
  // Another server's resource, and what nobody asked for.
  two.asked[1]?.[0]?.say(updated, { uri: 'file:///open' })
  two.asked[1]?.[0]?.say(updated, { uri: 'file:///secret' })
  two.asked[1]?.[0]?.say('notifications/message', { data: 'x' })
  two.asked[1]?.[0]?.response.write(event({ method: tools, params: { _meta: { [key]: 'of another' } } }))
  two.asked[1]?.[0]?.say('notifications/prompts/list_changed')
  await expect.poll(() => stream.events.length).toBe(5)
  expect(seen(stream).slice(1).sort()).toEqual([
    ['notifications/prompts/list_changed', undefined],
    [updated, 'file:///open'],
    [tools, undefined],
    [tools, undefined],
  ])
  expect(stream.events.every(({ params }) => params._meta[key] === 'mine')).toBe(true)
  stream.close()
  // Nothing of it is left with the servers, and the record tells what was heard.
  await expect.poll(() => two.asked.flat().every(({ response }) => response.destroyed)).toBe(true)
  const outcome = () => two.world.records().findLast(({ type }) => type === 'outcome')
  await expect
    .poll(() => outcome()?.messages)
    .toEqual(
      expect.arrayContaining([
        { upstream: 's0', method: tools, passed: 1, withheld: 0 },
        { upstream: 's1', method: updated, passed: 0, withheld: 2 },
        { upstream: 's1', method: tools, passed: 1, withheld: 1 },
      ]),
    )
})

it('goes on without a server that is down or has no such thing, and asks the first one again', async () => {
  const three = await house(3, {
    down: (server, asked) => (server === 1 ? 404 : server === 2 && asked < 3 ? 503 : undefined),
  })
  const stream = await listen(three, { toolsListChanged: true })
  await expect.poll(() => stream.events.length).toBe(1)
  three.asked[0]?.[0]?.say(tools)
  await expect.poll(() => stream.events.length).toBe(2)
  await expect.poll(() => three.asked[2]?.length, { timeout: 8_000 }).toBe(3)
  // What it may have told meanwhile nobody knows.
  await expect.poll(() => stream.events.length).toBe(3)
  three.asked[2]?.[2]?.say(tools)
  await expect.poll(() => stream.events.length).toBe(4)
  expect(three.asked.map(({ length }) => length)).toEqual([1, 1, 3])
})

it('opens the stream of a server again that breaks, and tells what may have been missed', async () => {
  const two = await house(2)
  const stream = await listen(two, { toolsListChanged: true, resourceSubscriptions: ['file:///open'] })
  await expect.poll(() => stream.events.length).toBe(1)
  two.asked[0]?.[0]?.response.destroy()
  await expect.poll(() => two.asked[0]?.length, { timeout: 5_000 }).toBe(2)
  await expect
    .poll(() => seen(stream).slice(1))
    .toEqual([
      [tools, undefined],
      [updated, 'file:///open'],
    ])
  two.asked[1]?.[0]?.say(tools)
  await expect.poll(() => stream.events.length).toBe(4)
  expect(two.asked[1]).toHaveLength(1)
})

it('breaks off the stream of a server alone that says what it must not', async () => {
  const two = await house(2)
  const stream = await listen(two, { toolsListChanged: true })
  await expect.poll(() => stream.events.length).toBe(1)
  two.asked[0]?.[0]?.response.write(event({ id: 1, method: 'sampling/createMessage', params: {} }))
  await expect.poll(() => two.asked[0]?.[0]?.response.destroyed).toBe(true)
  two.asked[1]?.[0]?.say(tools)
  await expect.poll(() => seen(stream)).toContainEqual([tools, undefined])
})

it('tells of nothing that the policy hides, and asks no server for it', async () => {
  const policies = {
    'main.rego': `package gatehouse

allow := true

deny contains "no" if input.call.method == "tools/call"

deny contains "no" if contains(input.call.resource.uri, "secret")
`,
  }
  const two = await house(2, { policies })
  const stream = await listen(two, {
    ...everything,
    resourceSubscriptions: ['file:///secret', 'file:///open', 'nobody:x'],
  })
  await expect.poll(() => stream.events.length).toBe(1)
  const { toolsListChanged: _none, ...rest } = everything
  expect(stream.events[0].params.notifications).toEqual({ ...rest, resourceSubscriptions: ['file:///open'] })
  expect(two.asked[0]?.[0]?.message.params.notifications).toEqual({ ...rest, resourceSubscriptions: ['file:///open'] })
  two.asked[0]?.[0]?.say(tools)
  two.asked[0]?.[0]?.say('notifications/prompts/list_changed')
  await expect.poll(() => stream.events.length).toBe(2)
  expect(seen(stream)[1]).toEqual(['notifications/prompts/list_changed', undefined])
})

it.each([1, 2])('asks none of %i servers about a resource that the agent must not know of', async (count) => {
  const policies = {
    'main.rego':
      'package gatehouse\n\nallow := true\n\ndeny contains "no" if contains(input.call.resource.uri, "secret")\n',
  }
  const some = await house(count, { policies })
  const stream = await listen(some, { resourceSubscriptions: ['file:///secret', 'file:///open'] })
  await expect.poll(() => stream.events.length).toBe(1)
  expect(stream.events[0].params.notifications).toEqual({ resourceSubscriptions: ['file:///open'] })
  expect(some.asked[0]?.[0]?.message.params.notifications).toEqual({ resourceSubscriptions: ['file:///open'] })
  some.asked[0]?.[0]?.say(updated, { uri: 'file:///secret' })
  some.asked[0]?.[0]?.say(updated, { uri: 'file:///open' })
  await expect.poll(() => seen(stream).slice(1)).toEqual([[updated, 'file:///open']])
})

it('tells of tasks by the ids that the agent was given, and of those of nobody else', async () => {
  const call = () => ({ resultType: 'task', taskId: 'task-1', status: 'working' })
  const two = await house(2, { server: { call } })
  const params = { name: 'echo', arguments: { text: 'x' } }
  const { taskId } = (await modern(two.world, { method: 'tools/call', params })).json.result
  const stream = await listen(two, { taskIds: [taskId] })
  await expect.poll(() => stream.events.length).toBe(1)
  expect(stream.events[0].params.notifications).toEqual({ taskIds: [taskId] })
  expect(two.asked.map(([one]) => one?.message.params.notifications)).toEqual([{ taskIds: ['task-1'] }, undefined])
  two.asked[0]?.[0]?.say('notifications/tasks', { taskId: 'task-2', status: 'working' })
  two.asked[0]?.[0]?.say('notifications/tasks', { taskId: 'task-1', status: 'completed' })
  await expect.poll(() => stream.events.length).toBe(2)
  expect(stream.events[1]).toMatchObject({ method: 'notifications/tasks', params: { taskId, status: 'completed' } })
  const token = await two.world.token({ sub: 'thief', client_id: 'thief' })
  const stolen = await modern(two.world, {
    method: 'subscriptions/listen',
    params: { notifications: { taskIds: [taskId] } },
    token,
  })
  expect([stolen.status, stolen.json.error.code]).toEqual([400, -32602])
  expect(outcomeOf(two.world, stolen)).toMatchObject({ outcome: 'refused' })
})

it.each([
  ['no filter', {}],
  ['a filter that is none', { notifications: 'all' }],
  ['resources that are no texts', { notifications: { resourceSubscriptions: [1] } }],
])('refuses %s', async (_note, params) => {
  const two = await house(2)
  const refused = await modern(two.world, { method: 'subscriptions/listen', params })
  expect([refused.status, refused.json.error.code]).toEqual([400, -32602])
  expect(two.asked).toEqual([[], []])
})

it('ends in order when a stream would have to be opened under an old configuration', async () => {
  const two = await house(2)
  const stream = await listen(two, { toolsListChanged: true })
  await expect.poll(() => stream.events.length).toBe(1)
  two.world.write('policies/main.rego', 'package gatehouse\n\nallow := true\n\nlabels := {"new": "yes"}\n')
  expect(await two.world.house.reload()).toBeUndefined()
  await expect.poll(() => seen(stream)).toContainEqual([tools, undefined])
  two.asked[0]?.[0]?.response.destroy()
  await stream.ended
  expect(stream.events.at(-1)).toEqual({
    jsonrpc: '2.0',
    id: 'mine',
    result: { resultType: 'complete', _meta: { [key]: 'mine' } },
  })
})

it.each([1, 2])('ends with the token that it was opened with, of %d servers', async (count) => {
  const clock = fakeClock(Date.now())
  const listening = await house(count, { clock })
  const lifetimeMs = 3_600_000
  const stream = await listen(listening, { toolsListChanged: true })
  await clock.settled(() => stream.events.length === 1)
  let ended = false
  void stream.ended.then(() => {
    ended = true
  })
  // The skew is forgiven to a stream as to a call.
  await clock.advance(lifetimeMs - 60_000)
  expect(ended).toBe(false)
  await clock.settled(() => ended, 10_000)
  expect(await lastOutcome(listening.world)).toMatchObject({
    outcome: 'failed',
    code: 'token_expired',
    complete: false,
  })
})
