/**
 * The official client of MCP, which knows nothing but the URL of the endpoint, and a real authorization server: it finds the server by the
 * metadata, gets a token with the scopes that the challenge names, and a larger one when policy asks for it.
 */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import Provider, { type JWK } from 'oidc-provider'
import { afterEach, expect, it } from 'vitest'
import { mcpServer } from '../support/mcp-server.ts'
import { listenOn, openWorld } from '../support/world.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const scopes = ['tools.read', 'tools.write']

/** Gives tokens by client credentials, for any resource, to the client `buyer`. */
async function authorizationServer(): Promise<{ readonly issuer: string; readonly asked: string[] }> {
  const asked: string[] = []
  const state: { callback?: ReturnType<Provider['callback']> } = {}
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    void state.callback?.(request, response)
  })
  const issuer = `http://127.0.0.1:${await listenOn(server)}`
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...key, kid: 'k1', alg: 'ES256', use: 'sig' } as JWK] },
    clients: [
      {
        client_id: 'buyer',
        client_secret: 'secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: scopes.join(' '),
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    scopes,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: scopes.join(' '),
          audience: 'gatehouse',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  })
  state.callback = provider.callback()
  return { issuer, asked }
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
    clientSecret: 'secret',
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
