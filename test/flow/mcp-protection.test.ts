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
