/** The way from a call whose token lacks a scope that policy asks for to one that has it (2026-07-28 "Scope Challenge Handling"), through a whole house. */
import { afterEach, describe, expect, it } from 'vitest'
import { initialize, modern, openSession } from '../support/mcp-agent.ts'
import { type McpServerScript, mcpServer } from '../support/mcp-server.ts'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

const wellKnown = '/.well-known/oauth-protected-resource'
const endpoint = { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp' }] }
const tools = ['read', 'write', 'secret'].map((name) => ({ name, inputSchema: { type: 'object' } }))

async function house(options: WorldOptions = {}): Promise<{ world: World; script: McpServerScript }> {
  const script = mcpServer({ tools })
  const world = await openWorld({ serve: script.serve, ...options, route: { ...endpoint, ...options.route } })
  open.push(world)
  return { world, script }
}

const policy = `package gatehouse

allow := true

needed := {"read": {"tools.read"}, "write": {"tools.write", "tools.read"}}[input.call.tool.name]

deny contains {
	"code": "scope_missing",
	"message": "the token does not cover this tool",
	"scopes": needed,
} if {
	some scope in needed
	not scope in input.identity.scopes
}

deny contains "never" if input.call.tool.name == "secret"

deny contains {"code": "scope_missing", "message": "too", "scopes": ["admin"]} if input.call.tool.name == "secret"

deny contains "not today" if input.call.arguments.when == "today"
`
const policies = { 'main.rego': policy }
const call = (name: string, args: object = {}) => ({ method: 'tools/call', params: { name, arguments: args } })

describe('a call that lacks scopes', () => {
  it('is answered with a challenge that names all of them, and passes with a token that has them', async () => {
    const { world, script } = await house({ policies })
    const token = await world.token({ scope: 'tools.read' })
    const refused = await modern(world, { ...call('write'), id: 'w', token })
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      403,
      `Bearer realm="gatehouse", error="insufficient_scope", error_description="the access token does not have the scopes that are needed here", scope="tools.read tools.write", resource_metadata="http://127.0.0.1:${world.port}${wellKnown}/mcp"`,
    ])
    expect(refused.json).toMatchObject({
      jsonrpc: '2.0',
      id: 'w',
      error: {
        code: 403,
        message: 'the token does not cover this tool',
        data: { code: 'scope_missing', reasons: [{ scopes: ['tools.read', 'tools.write'] }] },
      },
    })
    expect(script.messages.filter(({ method }) => method === 'tools/call')).toEqual([])
    const { decision, outcome } = world.pair()
    expect(decision).toMatchObject({
      decision: 'deny',
      code: 'scope_missing',
      reasons: [{ code: 'scope_missing', scopes: ['tools.read', 'tools.write'] }],
    })
    expect(outcome).toMatchObject({ outcome: 'refused', status: 403, upstream_reached: false })
    const more = await world.token({ scope: 'tools.write tools.read' })
    expect((await modern(world, { ...call('write'), token: more })).status).toBe(200)
  })

  it('can be found: its tool is listed, what no token could call is not', async () => {
    const { world } = await house({ policies })
    const listed = await modern(world, { method: 'tools/list' })
    expect(listed.json.result.tools.map(({ name }: { name: string }) => name)).toEqual(['read', 'write'])
    const hidden = await modern(world, call('secret'))
    const unknown = await modern(world, call('nobody'))
    expect([hidden.status, hidden.text.replace('secret', 'nobody')]).toEqual([unknown.status, unknown.text])
    expect(hidden.headers['www-authenticate']).toBeUndefined()
  })

  it('is no matter of scopes where something else stands in the way too', async () => {
    const { world } = await house({ policies })
    const refused = await modern(world, call('write', { when: 'today' }))
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([200, undefined])
    expect(refused.json.result).toMatchObject({ isError: true })
  })

  it('does not keep an agent from opening a session, but what is about every message does', async () => {
    const { world } = await house({ policies })
    expect(await openSession(world)).not.toBe('')
    const strict = `${policy}
deny contains {"code": "scope_missing", "message": "no", "scopes": ["mcp"]} if not "mcp" in input.identity.scopes
`
    const { world: other } = await house({ policies: { 'main.rego': strict } })
    const refused = await initialize(other)
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([403, expect.stringContaining('scope="mcp"')])
    expect(await openSession(other, { token: await other.token({ scope: 'mcp' }) })).not.toBe('')
  })

  it('is challenged over HTTP too', async () => {
    const world = await openWorld({
      policies: {
        'main.rego':
          'package gatehouse\n\nallow := true\n\ndeny contains {"code": "scope_missing", "message": "no", "remedy": "ask", "scopes": {"b", "a"}}\n',
      },
    })
    open.push(world)
    const refused = await world.send()
    expect([refused.status, refused.headers['www-authenticate'], refused.headers['content-type']]).toEqual([
      403,
      'Bearer realm="gatehouse", error="insufficient_scope", error_description="the access token does not have the scopes that are needed here", scope="a b"',
      'application/problem+json',
    ])
    expect(refused.json).toMatchObject({
      code: 'scope_missing',
      title: 'the access token does not have the scopes that are needed here',
      reasons: [{ code: 'scope_missing', message: 'no', remedy: 'ask', scopes: ['a', 'b'] }],
    })
  })
})
