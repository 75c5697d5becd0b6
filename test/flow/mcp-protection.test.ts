/** A route as a protected resource: where tokens come from (RFC 9728), and challenges that say what is missing (RFC 6750). */
import { afterEach, describe, expect, it } from 'vitest'
import { modern } from '../support/mcp-agent.ts'
import { mcpServer } from '../support/mcp-server.ts'
import { issuerName, openWorld, type World } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

async function house(route: object = {}): Promise<World> {
  const world = await openWorld({
    serve: mcpServer().serve,
    route: { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp' }], ...route },
  })
  open.push(world)
  return world
}

const metadataPath = '/.well-known/oauth-protected-resource/mcp'
const list = { method: 'tools/list' }

it('tells everybody where tokens for the route come from, and records that it was asked', async () => {
  const world = await house({ scopes: ['tools:use', 'tools:read'] })
  for (const path of [metadataPath, '/.well-known/oauth-protected-resource']) {
    const reply = await world.send({ path, token: null })
    expect(reply.status).toBe(200)
    expect(reply.json).toEqual({
      resource: `http://127.0.0.1:${world.port}/mcp`,
      authorization_servers: [issuerName],
      bearer_methods_supported: ['header'],
      scopes_supported: ['tools:use', 'tools:read'],
      resource_name: 'orders',
    })
    const { decision, outcome } = world.pair(String(reply.headers['gatehouse-decision']))
    expect(decision).toMatchObject({ decision: 'allow', target: { route: 'orders' } })
    expect(outcome).toMatchObject({ outcome: 'forwarded', upstream_reached: false })
  }
  expect(world.received).toEqual([])
})

it.each([
  ['a route that is not there', '/.well-known/oauth-protected-resource/other'],
  ['a path behind the route', '/.well-known/oauth-protected-resource/mcp/more'],
])('says nothing of %s', async (_note, path) => {
  expect((await (await house()).send({ path, token: null })).status).toBe(401)
})

it('says nothing of a route that needs no token', async () => {
  expect((await (await house({ identity: 'none' })).send({ path: metadataPath, token: null })).status).toBe(401)
})

const documentPath = '/.well-known/oauth-protected-resource'
const listeners = (url: string) => ({ listeners: { agents: { port: 0, public_url: url }, operators: { port: 0 } } })
const mcp = (id: string, host: string) => ({ id, host, path: '/mcp', protocol: 'mcp', servers: [{ upstream: 'erp' }] })

it.each([
  {
    note: 'the public URL where there is one',
    config: listeners('https://agents.example.test:8443'),
    host: 'a.test',
    resource: 'https://agents.example.test:8443/mcp',
  },
  {
    note: 'the own host of a route, over the scheme of the public URL',
    config: { ...listeners('https://agents.example.test'), routes: [mcp('a', 'a.test'), mcp('b', 'b.test')] },
    host: 'b.test',
    resource: 'https://b.test/mcp',
    name: 'b',
  },
  { note: 'nothing at a host without routes', config: { routes: [mcp('a', 'a.test')] }, host: 'b.test' },
  {
    note: 'nothing where tokens come from somewhere that cannot be asked',
    config: {
      issuers: [
        'urn:issuer',
        'http://issuer.example.test',
        'https://issuer.invalid',
        'https://issuer.example.test?a=b',
      ].map((issuer) => ({ issuer, keys: { file: 'jwks.json' }, audiences: ['gatehouse'], algorithms: ['ES256'] })),
      agents: [],
    },
    host: 'a.test',
  },
])('says $note', async ({ config, host, resource, name = 'orders' }) => {
  const world = await openWorld({
    serve: mcpServer().serve,
    route: { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp' }] },
    config,
  })
  open.push(world)
  for (const path of [`${documentPath}/mcp`, documentPath]) {
    const reply = await world.send({ path, token: null, headers: { host } })
    if (resource === undefined) expect([path, reply.status]).toEqual([path, 401])
    else expect(reply.json).toMatchObject({ resource, resource_name: name, authorization_servers: [issuerName] })
  }
})

it('gives the length alone to a HEAD', async () => {
  const world = await house()
  const whole = await world.send({ path: metadataPath, token: null })
  const head = await world.send({ method: 'HEAD', path: metadataPath, token: null })
  expect([head.status, head.text, head.headers['content-length']]).toEqual([
    200,
    '',
    String(Buffer.byteLength(whole.text)),
  ])
})

describe('a challenge', () => {
  const challengeOf = async (world: World, token: string | null): Promise<[number, string]> => {
    const reply = await modern(world, { ...list, token })
    return [reply.status, String(reply.headers['www-authenticate'])]
  }

  it('names the metadata to who has no token, and to who has a bad one', async () => {
    const world = await house()
    const metadata = `resource_metadata="http://127.0.0.1:${world.port}${metadataPath}"`
    const [status, challenge] = await challengeOf(world, null)
    expect([status, challenge]).toEqual([401, `Bearer realm="gatehouse", ${metadata}`])
    const [expired, why] = await challengeOf(world, await world.expiredToken())
    expect(expired).toBe(401)
    expect(why).toContain('error="invalid_token"')
    expect(why).toContain(metadata)
  })

  it('names all scopes that the route needs to who lacks one', async () => {
    const world = await house({ scopes: ['tools:use', 'tools:read'] })
    const [status, challenge] = await challengeOf(world, await world.token({ scope: 'tools:use' }))
    expect(status).toBe(403)
    expect(challenge).toContain('error="insufficient_scope"')
    expect(challenge).toContain('scope="tools:use tools:read"')
    expect(challenge).toContain('resource_metadata=')
    expect(world.pair().decision).toMatchObject({ decision: 'deny', code: 'scope_missing' })
    expect((await modern(world, { ...list, token: await world.token({ scope: 'tools:use tools:read' }) })).status).toBe(
      200,
    )
  })

  it('says no more than before on routes of HTTP', async () => {
    const world = await openWorld()
    open.push(world)
    expect((await world.send({ token: null })).headers['www-authenticate']).toBe('Bearer realm="gatehouse"')
  })
})
