/** Obligations on results of tools: masked where they are structured and where they say the same as text, withheld where they cannot be. */
import { afterEach, expect, it } from 'vitest'
import { eventsOf, initialize, legacy, modern, openSession } from '../support/mcp-agent.ts'
import { type McpServerOptions, type McpServerScript, mcpServer } from '../support/mcp-server.ts'
import { openWorld, type World } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

async function house(obligation: string, server: McpServerOptions): Promise<{ world: World; script: McpServerScript }> {
  const script = mcpServer(server)
  const world = await openWorld({
    serve: script.serve,
    policies: {
      'main.rego': `package gatehouse\n\nallow := true\n\nobligations contains ${obligation} if input.call.method == "tools/call"\n`,
    },
    route: { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp' }] },
  })
  open.push(world)
  return { world, script }
}

const masked = '{"type": "mask_response", "fields": ["/iban", "/people/*/email"]}'
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } }
const record = { iban: 'DE00 1234', people: [{ name: 'Ada', email: 'ada@example.com' }], amount: 1 }
const hidden = { iban: '[masked]', people: [{ name: 'Ada', email: '[masked]' }], amount: 1 }
const whole = { content: [{ type: 'text', text: JSON.stringify(record) }], structuredContent: record }

it('masks the structured result and its text alike', async () => {
  const { world } = await house(masked, { call: () => whole })
  const { result } = (await modern(world, call)).json
  expect(result.structuredContent).toEqual(hidden)
  expect(JSON.parse(result.content[0].text)).toEqual(hidden)
  expect(world.pair().outcome).toMatchObject({ outcome: 'forwarded', obligations_done: ['mask_response'] })
})

it('masks a result that comes as an event', async () => {
  const { world } = await house(masked, { call: () => whole, events: true })
  const reply = await modern(world, call)
  expect(eventsOf(reply)).toMatchObject([{ result: { structuredContent: hidden } }])
  expect(reply.text).not.toContain('ada@example.com')
  expect(reply.text).not.toContain('DE00')
})

it.each([
  ['text that is no JSON', { content: [{ type: 'text', text: 'the IBAN is DE00 1234' }] }],
  ['text with a key twice', { content: [{ type: 'text', text: '{"iban":"1","iban":"DE00 1234"}' }] }],
  ['an image', { content: [{ type: 'image', data: 'DE00 1234', mimeType: 'image/png' }] }],
  ['a resource', { content: [{ type: 'resource', resource: { uri: 'a:b', text: 'DE00 1234' } }] }],
  ['content that is no list', { content: 'DE00 1234' }],
  ['no content at all', { iban: 'DE00 1234' }],
  ['contents of a resource', { contents: [{ uri: 'a:b', text: '{"iban":"DE00 1234"}' }] }],
  ['messages of a prompt', { messages: [{ role: 'user', content: { type: 'text', text: 'DE00 1234' } }] }],
  ['a task', { resultType: 'task', taskId: 't', status: 'working', statusMessage: 'DE00 1234' }],
  ['a question', { resultType: 'input_required', inputRequests: { a: {} }, requestState: 'DE00 1234' }],
])('withholds a result with %s', async (_note, result) => {
  const { world } = await house(masked, { call: () => result })
  const reply = await modern(world, call)
  expect([reply.status, reply.json.error.code]).toEqual([502, 502])
  expect(reply.text).not.toContain('DE00')
  expect(world.pair().outcome).toMatchObject({
    outcome: 'failed',
    code: 'reply_not_maskable',
    complete: false,
    upstream_reached: true,
  })
})

const elsewhere: readonly (readonly [note: string, result: object])[] = [
  ['`_meta`', { ...whole, _meta: { note: 'DE00 1234' } }],
  ['an unknown member', { ...whole, note: { iban: 'DE00 1234' } }],
  ['request state', { ...whole, requestState: 'DE00 1234' }],
  ['a task of its name', { ...whole, taskId: 'DE00 1234' }],
  ['`isError`', { ...whole, isError: 'DE00 1234' }],
  ['a member of a text', { ...whole, content: [{ ...whole.content[0], _meta: { note: 'DE00 1234' } }] }],
  ['a subscription', { ...whole, _meta: { 'io.modelcontextprotocol/subscriptionId': 'DE00 1234' } }],
]

it.each(elsewhere.flatMap((row) => [false, true].map((events) => [...row, events] as const)))(
  'gives nothing of a masked call that the server puts into %s (events: %3$s)',
  async (_note, result, events) => {
    const { world } = await house(masked, { call: () => result, events })
    const reply = await modern(world, call)
    const message = events ? eventsOf(reply)[0] : reply.json
    expect(Object.keys(message.result).sort()).toEqual(
      expect.arrayContaining(['content', 'structuredContent']) as unknown as string[],
    )
    expect(message.result.structuredContent).toEqual(hidden)
    for (const text of [
      reply.text,
      ...reply.text.split(/["\s]/).map((one) => Buffer.from(one, 'base64url').toString()),
    ])
      expect(text).not.toContain('DE00')
  },
)

it('says of an error of a masked call its code alone', async () => {
  const { world } = await house(masked, {
    call: ({ message, response }) => {
      const error = { code: -32603, message: 'no DE00 1234', data: { iban: 'DE00 1234' } }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
      return undefined
    },
  })
  const reply = await modern(world, call)
  expect(reply.json.error).toEqual({
    code: -32603,
    message: 'the tool server answered with an error whose text cannot be masked',
  })
})

it('leaves of what a server tells during a masked call the numbers alone', async () => {
  const { world } = await house(masked, {
    call: ({ message, response }) => {
      const say = (method: string, params: object) =>
        response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method, params })}\n\n`)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const { progressToken } = message.params._meta
      say('notifications/progress', {
        progressToken,
        progress: 1,
        total: 2,
        message: 'DE00 1234',
        _meta: { a: 'DE00' },
      })
      say('notifications/message', { level: 'info', data: 'DE00 1234' })
      say('notifications/tools/list_changed', { note: 'DE00 1234' })
      say('notifications/progress', { progressToken, progress: 'DE00 1234' })
      response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: whole })}\n\n`)
      return undefined
    },
  })
  const params = { ...call.params, _meta: { progressToken: 'p' } }
  const reply = await modern(world, { ...call, params })
  expect(eventsOf(reply).map(({ method, params: said }) => [method, said])).toEqual([
    ['notifications/progress', { progressToken: 'p', progress: 1, total: 2 }],
    ['notifications/tools/list_changed', {}],
    [undefined, undefined],
  ])
  expect(reply.text).not.toContain('DE00')
})

it('asks the agent nothing for a server during a masked call', async () => {
  const { world } = await house(masked, {
    call: ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(
        'data: {"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"is it DE00 1234?"}}\n\n',
      )
      return undefined
    },
  })
  const session = await openSession(world)
  await expect(legacy(world, session, call)).rejects.toThrow()
  await expect
    .poll(() => world.records().findLast(({ type }) => type === 'outcome'))
    .toMatchObject({ outcome: 'failed', code: 'reply_not_maskable', complete: false })
})

it('masks lists as what they are, where the policy masks everything', async () => {
  const { world } = await house(
    '{"type": "mask_response", "fields": ["/tools/*/description", "/instructions"]} if input.call.method != "x"\n\nobligations contains {"type": "limit", "response_bytes": 100000}',
    { call: () => whole },
  )
  const { tools } = (await modern(world, { method: 'tools/list' })).json.result
  expect(tools).toMatchObject([{ name: 'echo', description: '[masked]' }])
  expect((await initialize(world)).json.result.instructions).toBe('[masked]')
})

it('bounds the bytes of a reply', async () => {
  const { world } = await house('{"type": "limit", "response_bytes": 100}', { call: () => whole })
  expect((await modern(world, call)).json.error.code).toBe(502)
  expect(world.pair().outcome).toMatchObject({ code: 'reply_too_large' })
})

it('sets fields towards the server and the agent, but none of the protocol', async () => {
  const { world, script } = await house('{"type": "set_header", "name": "On-Behalf-Of", "value": "buyer"}', {
    call: () => whole,
  })
  expect((await modern(world, call)).status).toBe(200)
  expect(script.headers.at(-1)).toMatchObject({ 'on-behalf-of': 'buyer' })
  const forged = await house('{"type": "set_header", "name": "Mcp-Name", "value": "other"}', { call: () => whole })
  expect((await modern(forged.world, call)).json.error.code).toBe(403)
  expect(forged.world.pair().outcome).toMatchObject({ code: 'obligation_unknown', upstream_reached: false })
  expect(forged.script.messages.some(({ method }) => method === 'tools/call')).toBe(false)
})
