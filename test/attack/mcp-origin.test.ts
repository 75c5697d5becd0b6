/**
 * Web pages and names that would have a browser, or a client that follows addresses, talk to somebody else than it thinks: foreign
 * origins, names that lead to this machine, metadata and challenges that point away.
 */
import { describe, expect, it } from 'vitest'
import { legacy, modern, openSession } from '../support/mcp-agent.ts'
import { mcpHouses, outcomeOf } from '../support/mcp-house.ts'

const house = mcpHouses()
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 5 }

describe('a web page', () => {
  it.each([
    'https://evil.example',
    'http://evil.example:8080',
    'null',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://evil.example#127.0.0.1',
    'http://127.0.0.1@evil.example',
    'http://[::ffff:203.0.113.1]',
    'localhost',
    '//localhost',
    'file://',
    'javascript:alert(1)',
    'https://pages.example.test:8443',
    'https://pages.example.test.evil.example',
    'http://pages.example.test',
    'HTTPS://PAGES.EXAMPLE.TEST',
    'https://pages.example.test, https://evil.example',
    '',
  ])('of the origin %j reaches nothing', async (origin) => {
    const { world, script } = await house({}, { route: { origins: ['https://pages.example.test'] } })
    const session = await openSession(world)
    const before = script.messages.length
    const headers = { origin }
    const replies = [
      await modern(world, { ...call, headers }),
      await legacy(world, session, { ...call, headers }),
      await world.send({
        path: '/mcp',
        headers: { ...headers, accept: 'text/event-stream', 'mcp-session-id': session },
      }),
      await world.send({ method: 'DELETE', path: '/mcp', headers: { ...headers, 'mcp-session-id': session } }),
    ]
    for (const reply of replies) {
      expect(reply.status).toBe(403)
      expect(reply.headers).not.toHaveProperty('access-control-allow-origin')
      expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'refused', code: 'origin_refused' })
    }
    expect(script.messages).toHaveLength(before)
    expect((await legacy(world, session, { method: 'ping' })).status).toBe(200)
  })

  it.each(['https://pages.example.test', 'http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:5173'])(
    'of the origin %j that is named, or of this machine, may call',
    async (origin) => {
      const { world } = await house({}, { route: { origins: ['https://pages.example.test'] } })
      expect((await modern(world, { ...call, headers: { origin } })).status).toBe(200)
    },
  )

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.nip.example', '203.0.113.1', '[::2]'])(
    'that was given the name %j for this machine is told nothing',
    async (host) => {
      const { world, script } = await house({}, { route: { identity: 'none' } })
      const reply = await modern(world, { ...call, token: null, headers: { host, origin: `http://${host}` } })
      expect(reply.status).toBe(403)
      expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'refused', code: 'origin_refused' })
      expect(script.messages.some(({ method }) => method === 'tools/call')).toBe(false)
    },
  )
})

describe('what tells a client where tokens come from', () => {
  const publicUrl = 'https://agents.example.test'
  const listeners = { agents: { port: 0, public_url: publicUrl }, operators: { port: 0 } }
  const metadata = '/.well-known/oauth-protected-resource/mcp'

  it.each([
    ['host', 'evil.example'],
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-proto', 'javascript'],
    ['forwarded', 'host=evil.example;proto=http'],
    ['x-original-url', '/evil'],
  ])('is not led away by %s', async (name, value) => {
    const { world } = await house({}, { config: { listeners } })
    for (const path of [metadata, '/mcp']) {
      const reply = await world.send({ path, token: null, headers: { [name]: value } })
      expect(`${reply.text} ${JSON.stringify(reply.headers)}`).not.toMatch(/evil|javascript/)
      const said = path === metadata ? reply.json.resource : reply.headers['www-authenticate']
      expect(said).toContain(publicUrl)
    }
  })

  it.each(['evil".example', 'evil,example', 'a b', 'evil\\', "evil'", 'ev;il', '"'])(
    'has no field broken by the host %j',
    async (host) => {
      const { world } = await house()
      const reply = await world.raw(`GET /mcp HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      expect(reply).toMatch(/^HTTP\/1\.1 400 /)
      expect(reply.toLowerCase()).not.toContain('www-authenticate')
    },
  )

  it.each([
    '/.well-known/oauth-protected-resource/MCP',
    '/.well-known/oauth-protected-resource/mcp/',
    '/.well-known/oauth-protected-resource/x/../mcp',
    '/.well-known/oauth-protected-resource/%6dcp',
  ])('tells nothing else by the path %s', async (path) => {
    const { world } = await house()
    const reply = await world.send({ path, token: null })
    if (reply.status === 200) expect(reply.json.resource).toBe(`http://127.0.0.1:${world.port}/mcp`)
    else expect([400, 401]).toContain(reply.status)
  })
})
