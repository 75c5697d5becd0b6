/** Obligations on results of tools: masked where they are structured and where they say the same as text, withheld where they cannot be. */
import { afterEach, expect, it } from 'vitest'
import { eventsOf, modern } from '../support/mcp-agent.ts'
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
