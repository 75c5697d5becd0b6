/**
 * The official client of MCP, which knows nothing but the URL of the endpoint, and a real authorization server: it finds the server by the
 * metadata, gets a token with the scopes that the challenge names, and a larger one when policy asks for it.
 */
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterEach, expect, it } from 'vitest'
import { buyerSecret, type IdentityProvider, openIdentityProvider, providerKey } from '../support/identity-provider.ts'
import { mcpServer } from '../support/mcp-server.ts'
import { openWorld } from '../support/world.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const scopes = ['tools.read', 'tools.write']

/** Gives tokens for any resource. */
async function authorizationServer(): Promise<IdentityProvider> {
  const provider = await openIdentityProvider({ scopes })
  cleanups.push(() => provider.close())
  provider.use(providerKey('k1'))
  return provider
}

const policy = `package gatehouse

default allow := false

allow if input.agent.id == "buyer"

needed := {"read": {"tools.read"}, "write": {"tools.read", "tools.write"}}[input.call.tool.name]

deny contains {"code": "scope_missing", "message": "the token does not cover this tool", "scopes": needed} if {
	some scope in needed
	not scope in input.identity.scopes
}
`

it.each(['legacy', { pin: '2026-07-28' }] as const)('needs the URL alone (%j)', async (mode) => {
  const { issuer, asked } = await authorizationServer()
  const script = mcpServer({
    tools: ['read', 'write'].map((name) => ({ name, inputSchema: { type: 'object' } })),
    call: ({ message }) => ({
      ...(mode !== 'legacy' && { resultType: 'complete' }),
      content: [{ type: 'text', text: `did ${message.params.name}` }],
    }),
  })
  const world = await openWorld({
    serve: script.serve,
    policies: { 'main.rego': policy },
    route: {
      path: '/mcp',
      protocol: 'mcp',
      upstream: undefined,
      servers: [{ upstream: 'erp' }],
      scopes: ['tools.read'],
    },
    config: {
      issuers: [{ issuer, keys: { url: `${issuer}/jwks` }, audiences: ['gatehouse'], algorithms: ['ES256'] }],
      agents: [{ id: 'buyer', team: 'procurement', identity: { issuer } }],
    },
  })
  cleanups.push(() => world.close())

  const authProvider = new ClientCredentialsProvider({
    clientId: 'buyer',
    clientSecret: buyerSecret,
    expectedIssuer: issuer,
  })
  const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode } })
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${world.port}/mcp`), { authProvider }),
  )
  cleanups.push(() => client.close())
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual(['read', 'write'])
  const did = async (name: string) => (await client.callTool({ name, arguments: {} })).content
  expect(await did('read')).toEqual([{ type: 'text', text: 'did read' }])
  expect(authProvider.tokens()?.scope).toBe('tools.read')
  expect(await did('write')).toEqual([{ type: 'text', text: 'did write' }])
  expect(authProvider.tokens()?.scope?.split(' ').sort()).toEqual(scopes)

  expect(asked.filter((line) => line === 'POST /token')).toHaveLength(2)
  const codes = world.records().flatMap(({ type, code }) => (type === 'decision' && code !== undefined ? [code] : []))
  expect(codes).toEqual(['token_missing', 'scope_missing'])
})
