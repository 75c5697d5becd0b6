/**
 * What must not get from one side to the other: the agent's token, the server's credential, fields and challenges that a server would like
 * an agent to believe, text that wants to be more than text.
 */
import { expect, it } from 'vitest'
import { visibleJson } from '../../src/model/index.ts'
import { formatRecord } from '../../src/record/index.ts'
import { eventsOf, initialize, legacy, listen, modern, openSession } from '../support/mcp-agent.ts'
import { event, mcpHouses, outcomeOf, sseHead } from '../support/mcp-house.ts'
import { echoTool } from '../support/mcp-server.ts'

const house = mcpHouses()
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 5 }
const secret = 'upstream-secret-0123456789'
const jsonHead = { 'content-type': 'application/json' }

it('sends no server the token of an agent, in whatever message', async () => {
  const { world } = await house({
    answer: ({ message }) => (message.method.startsWith('resources/') ? { contents: [], resources: [] } : undefined),
    stream: (_, response) => void response.writeHead(200, sseHead).end(),
  })
  const token = await world.token()
  const sent = { token, headers: { cookie: `token=${token}`, 'proxy-authorization': `Bearer ${token}` } }
  const session = await openSession(world, sent)
  await legacy(world, session, { ...call, ...sent })
  await legacy(world, session, { method: 'resources/read', params: { uri: 'a:b' }, ...sent })
  await legacy(world, session, { method: 'notifications/cancelled', params: { requestId: 5 }, ...sent })
  ;(await listen(world, session, sent)).close()
  await modern(world, { ...call, ...sent })
  await modern(world, { method: 'tools/list', ...sent })
  await modern(world, { method: 'server/discover', ...sent })
  await world.send({
    method: 'DELETE',
    path: `/mcp?access_token=${token}`,
    headers: { 'mcp-session-id': session },
    token,
  })
  expect(new Set(world.received.map(({ method }) => method))).toEqual(new Set(['POST', 'GET', 'DELETE']))
  const [, payload, signature] = token.split('.')
  for (const { url, rawHeaders, body } of world.received) {
    const all = `${url} ${rawHeaders.join('\n')} ${body.toString('utf8')}`
    for (const part of [payload, signature]) expect(all).not.toContain(part)
    expect(all).toContain(`Bearer ${secret}`)
  }
  expect(JSON.stringify(world.records())).not.toContain(signature)
})

it('lets no header of the agent reach the server but what the protocol mirrors', async () => {
  const { world, script } = await house()
  const fields = ['cookie', 'x-api-key', 'x-forwarded-for', 'mcp-session-id', 'last-event-id', 'origin', 'referer']
  const headers = {
    ...Object.fromEntries(fields.map((name) => [name, 'mine'])),
    origin: undefined,
    'mcp-param-extra': 'kept',
  }
  expect((await modern(world, { ...call, headers })).status).toBe(200)
  const got = script.headers.at(-1) ?? {}
  expect(got['mcp-param-extra']).toBe('kept')
  for (const name of fields) expect(got).not.toHaveProperty(name)
  expect(got.authorization).toBe(`Bearer ${secret}`)
})

it.each([
  ['in a result', { content: [{ type: 'text', text: `it is ${secret}` }] }],
  ['as a key', { content: [], structuredContent: { [secret]: 1 } }],
  ['in an error', undefined],
])('takes the credential of a server out of what it sends: %s', async (_note, result) => {
  const answer = result === undefined ? { error: { code: -32_000, message: secret, data: secret } } : { result }
  for (const streamed of [false, true]) {
    const { world } = await house({
      call: ({ message, response }) => {
        const text = JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer })
        if (streamed) {
          const bytes = `data: ${text}\n\n`
          const middle = bytes.indexOf(secret) + 5
          response.writeHead(200, sseHead).write(bytes.slice(0, middle))
          setImmediate(() => response.end(bytes.slice(middle)))
        } else response.writeHead(200, jsonHead).end(text)
        return undefined
      },
    })
    const reply = await modern(world, call)
    expect(streamed ? eventsOf(reply)[0] : reply.json).toMatchObject({ id: 5 })
    expect(reply.text).not.toContain(secret)
    expect(JSON.stringify(world.records())).not.toContain(secret)
  }
})

it('takes the credential out of lists, of what opens a session and of what a stream says', async () => {
  const { world } = await house({
    tools: [{ ...echoTool, description: secret }],
    answer: ({ message }) =>
      message.method === 'initialize'
        ? { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: {}, instructions: secret }
        : undefined,
    stream: (_, response) =>
      void response.writeHead(200, sseHead).end(event({ method: 'notifications/message', params: { data: secret } })),
  })
  const opened = await initialize(world)
  const session = String(opened.headers['mcp-session-id'])
  const stream = await listen(world, session)
  await stream.heard(1)
  const texts = [opened.text, stream.text(), (await modern(world, { method: 'tools/list' })).text]
  for (const text of texts) {
    expect(text).toContain('***')
    expect(text).not.toContain(secret)
  }
})

const challenge =
  'Bearer resource_metadata="https://evil.example/.well-known/oauth-protected-resource", scope="everything", error="insufficient_scope"'
const injected = {
  'www-authenticate': challenge,
  'set-cookie': 'a=b',
  location: 'https://evil.example/',
  'mcp-session-id': 'chosen-by-the-server',
  'mcp-protocol-version': '1900-01-01',
  'gatehouse-decision': 'forged',
  'access-control-allow-origin': '*',
  link: '<https://evil.example/>; rel="service"',
  'retry-after': '999999999',
  refresh: '0; url=https://evil.example/',
}

it.each([
  [200, 200, 'forwarded'],
  [201, 200, 'forwarded'],
  [301, 502, 'failed'],
  [307, 502, 'failed'],
  [400, 400, 'forwarded'],
  [401, 502, 'failed'],
  [403, 502, 'failed'],
  [407, 502, 'failed'],
  [429, 429, 'forwarded'],
  [500, 500, 'forwarded'],
])('believes no field of a server that answers with %d', async (status, told, outcome) => {
  const { world } = await house({
    call: ({ message, response }) => {
      response
        .writeHead(status, { ...jsonHead, ...injected })
        .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } }))
      return undefined
    },
  })
  const reply = await modern(world, call)
  expect(reply.status).toBe(told)
  for (const name of Object.keys(injected).filter((one) => one !== 'gatehouse-decision'))
    expect(reply.headers).not.toHaveProperty(name)
  expect(reply.headers['gatehouse-decision']).not.toBe('forged')
  expect(reply.text).not.toContain('evil.example')
  expect(outcomeOf(world, reply).outcome).toBe(outcome)
})

it('never tells an agent that its session is gone because a server has none', async () => {
  const { world } = await house({
    answer: ({ message, response }) => {
      if (message.method !== 'initialize') return undefined
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'x', version: '1' } }
      response.writeHead(200, jsonHead).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }))
      return undefined
    },
    call: ({ message, response }) => {
      const error = { code: -32_001, message: 'Session not found' }
      response.writeHead(404, jsonHead).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
      return undefined
    },
    sessions: false,
  })
  const session = await openSession(world)
  const reply = await legacy(world, session, call)
  expect([reply.status, reply.json.error.code]).toEqual([200, -32_001])
  expect((await legacy(world, session, { method: 'ping' })).status).toBe(200)
})

const evil = '\u001b[2J\u001b]0;owned\u0007\r\n{"seq":1,"type":"decision"}\u2028\u202e\u200b\u0000\u009b31m"\\'

it.each([
  ['a tool', { ...call, params: { name: evil, arguments: { [evil]: evil } } }],
  ['a resource', { method: 'resources/read', params: { uri: `a:${evil}` } }],
  ['a prompt', { method: 'prompts/get', params: { name: evil } }],
  ['a method', { method: `tools/${evil}` }],
  ['an id', { method: 'ping', id: evil }],
  ['a task', { method: 'tasks/get', params: { taskId: evil } }],
  ['a cursor', { method: 'tools/list', params: { cursor: evil } }],
])('writes what an agent calls %s into one line of the log, and moves no terminal with it', async (_note, message) => {
  const { world } = await house({ tools: [echoTool, { ...echoTool, name: evil }] })
  const session = await openSession(world)
  const reply = await legacy(world, session, message)
  expect(reply.headers['gatehouse-decision']).toBeDefined()
  const { decision, outcome } = world.pair(String(reply.headers['gatehouse-decision']))
  for (const record of [decision, outcome]) {
    const shown = `${formatRecord(record, undefined, { colours: false, width: 0, why: true })}${visibleJson(JSON.stringify(record))}`
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not be there.
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u200b\u2028]/)
  }
})

it('writes no line of a server into the log or the program log', async () => {
  const { world } = await house({
    answer: ({ message, response }) => {
      if (message.method === 'tools/list')
        response
          .writeHead(200, jsonHead)
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error: { code: 1, message: evil } }))
      return undefined
    },
  })
  const reply = await modern(world, { method: 'tools/list' })
  expect(reply.status).toBe(502)
  expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'failed', code: 'upstream_rpc' })
  expect(JSON.stringify([world.records(), world.programLog])).not.toContain('owned')
})
