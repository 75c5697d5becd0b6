/**
 * The procurement services as MCP servers, asked by the official client in each of its eras: the same operations as over HTTP,
 * on the same rows, with the same refusals. What a tool says of itself is what the gateway reads from the description.
 */
import type { AddressInfo } from 'node:net'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { crmOperations } from '../../../examples/procurement/crm.ts'
import type { Database } from '../../../examples/procurement/database.ts'
import { readDescription } from '../../../examples/procurement/descriptions.ts'
import { deskOperations } from '../../../examples/procurement/desk.ts'
import { erpOperations } from '../../../examples/procurement/erp.ts'
import { makeMcpEndpoint } from '../../../examples/procurement/mcp.ts'
import { makeServer } from '../../../examples/procurement/server.ts'
import { nowMs, openWorld, type World } from './procurement-world.ts'

// Making the operations touches no row.
const noDatabase = {} as Database
const operationsOf = {
  erp: erpOperations(noDatabase),
  crm: crmOperations(noDatabase),
  desk: deskOperations(noDatabase),
}
const names = ['erp', 'crm', 'desk'] as const
const eras = [
  { era: '2026-07-28', mode: { pin: '2026-07-28' } },
  { era: '2025-11-25', mode: 'legacy' },
  { era: 'negotiated', mode: 'auto' },
] as const

let world: World
const clients: Client[] = []
beforeEach(async () => {
  world = await openWorld()
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
  await world.close()
})

async function connect(
  name: string,
  mode: (typeof eras)[number]['mode'] = 'auto',
  headers: { readonly [name: string]: string } = {},
  origin = world.origin,
): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  const transport = new StreamableHTTPClientTransport(new URL(`${origin}/${name}/mcp`), {
    requestInit: { headers: { authorization: `Bearer credential-of-${name}`, ...headers } },
  })
  await client.connect(transport)
  clients.push(client)
  return client
}

describe.each(eras)('in $era', ({ era, mode }) => {
  it('speaks the revision that was asked for', async () => {
    const client = await connect('erp', mode)
    expect(client.getNegotiatedProtocolVersion()).toBe(era === 'negotiated' ? '2026-07-28' : era)
    expect(client.getServerVersion()).toMatchObject({ name: 'procurement-erp', version: '1.0.0' })
  })

  it.each(names)('offers every operation of %s under its name', async (name) => {
    const { tools } = await (await connect(name, mode)).listTools()
    expect(tools.map((tool) => tool.name)).toEqual(operationsOf[name].map(({ id }) => id))
  })

  it('drafts an order that the HTTP door reads, with whom it was drafted for', async () => {
    const client = await connect('erp', mode, { 'on-behalf-of': 'buyer' })
    const fields = { vendor_id: 'acme', amount: 900, currency: 'EUR' }
    const drafted = await client.callTool({ name: 'create_purchase_order', arguments: fields })
    const order = drafted.structuredContent as { id: string }
    expect(order).toMatchObject({ ...fields, created_by: 'buyer', status: 'draft' })
    expect(drafted.content).toEqual([{ type: 'text', text: JSON.stringify(order) }])
    expect((await world.send(`/erp/purchase-orders/${order.id}`)).body).toEqual(order)
  })

  it('refuses as over HTTP, as a result that a model can read', async () => {
    const client = await connect('erp', mode)
    const cases = [
      { fields: { vendor_id: 'nobody', amount: 1, currency: 'EUR' }, code: 'vendor_unknown' },
      { fields: { vendor_id: 'acme', amount: '1', currency: 'EUR' }, code: 'invalid_fields' },
      { fields: { vendor_id: 'acme', amount: 1, currency: 'EUR', surprise: 1 }, code: 'invalid_fields' },
      { fields: {}, code: 'invalid_fields' },
    ]
    for (const { fields, code } of cases) {
      const refused = await client.callTool({ name: 'create_purchase_order', arguments: fields })
      const over = await world.send('/erp/purchase-orders', { method: 'POST', body: fields })
      expect(refused).toMatchObject({ isError: true, structuredContent: { code } })
      expect(refused.structuredContent).toEqual(over.body)
    }
  })
})

describe('the endpoint', () => {
  it.each(['erp', 'crm', 'desk'])('of %s takes nothing without the credential of that service', async (name) => {
    const other = name === 'erp' ? 'crm' : 'erp'
    for (const authorization of ['', 'Bearer wrong', `Bearer credential-of-${other}`]) {
      const reply = await world.send(`/${name}/mcp`, { method: 'POST', raw: '{}', headers: { authorization } })
      expect([reply.status, reply.body.code]).toEqual([401, 'credential_refused'])
    }
  })

  it('refuses what a browser on another site would send', async () => {
    for (const origin of ['https://evil.example', 'null']) {
      const reply = await world.send('/erp/mcp', { method: 'POST', raw: '{}', headers: { origin } })
      expect([origin, reply.status]).toEqual([origin, 403])
    }
  })

  it('takes messages of a mebibyte and no longer ones', async () => {
    const client = await connect('erp')
    const order = { vendor_id: 'acme', amount: 1, currency: 'EUR' }
    const notes = 'n'.repeat(100_000)
    expect(await client.callTool({ name: 'create_purchase_order', arguments: { ...order, notes } })).not.toHaveProperty(
      'isError',
    )
    const reply = await world.send('/erp/mcp', { method: 'POST', body: { notes: 'n'.repeat(1024 * 1024) } })
    expect(reply.status).toBe(413)
  })

  it('keeps what broke inside to itself and reports it', async () => {
    const reported: unknown[] = []
    const ports = { now: () => nowMs, report: (cause: unknown) => void reported.push(cause) }
    // Operations on no database break as soon as they touch a row.
    const operations = operationsOf.erp
    const mcp = makeMcpEndpoint('erp', operations, ports)
    const server = makeServer([{ basePath: '/erp', credential: 'credential-of-erp', operations, mcp }], ports)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    try {
      const client = await connect('erp', 'auto', {}, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const broken = await client.callTool({ name: 'get_vendor', arguments: { vendor_id: 'acme' } })
      expect(broken).toMatchObject({ isError: true, structuredContent: { status: 500, code: 'internal' } })
      expect(JSON.stringify(broken)).not.toContain('database')
      expect(reported).toEqual([expect.any(TypeError)])
    } finally {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    }
  })
})

describe('a tool', () => {
  const tools = names.flatMap((name) => {
    const description = readDescription(name)
    return operationsOf[name].map((operation) => ({
      id: operation.id,
      operation,
      words: description.wordsOf(operation),
    }))
  })

  it.each(tools)('$id takes exactly the fields that its operation takes, each with words', ({ operation, words }) => {
    const { path, query, body } = operation.schemas
    const schemas = [path, query, ...(body === undefined ? [] : [body])].map(
      (schema) => schema as { properties: object; required: readonly string[] },
    )
    const { properties, required = [] } = words.inputSchema as {
      properties: { [name: string]: { description?: string } }
      required?: readonly string[]
    }
    expect(Object.keys(properties).sort()).toEqual(schemas.flatMap((schema) => Object.keys(schema.properties)).sort())
    expect([...required].sort()).toEqual(schemas.flatMap((schema) => schema.required).sort())
    for (const [name, property] of Object.entries(properties))
      expect([name, property.description]).not.toContain(undefined)
    expect(JSON.stringify(words.inputSchema)).not.toContain('$ref')
  })

  it('says what it changes: reading changes nothing, adding destroys nothing', async () => {
    const hints = new Map<string, object>()
    for (const name of names)
      for (const tool of (await (await connect(name)).listTools()).tools) hints.set(tool.name, tool.annotations ?? {})
    expect(hints.get('get_vendor')).toMatchObject({ readOnlyHint: true })
    expect(hints.get('create_purchase_order')).toMatchObject({ readOnlyHint: false, destructiveHint: false })
    expect(hints.get('approve_purchase_order')).toMatchObject({ readOnlyHint: false, destructiveHint: true })
    expect(hints.get('update_customer')).toMatchObject({ readOnlyHint: false, destructiveHint: true })
  })

  it('is refused at start when no description has it', () => {
    const unknown = { id: 'get_weather', method: 'GET', path: '/weather' } as const
    expect(() => readDescription('erp').wordsOf(unknown)).toThrow(
      'erp.openapi.yaml has no operation `get_weather` at GET /weather',
    )
  })
})
