/** Named selections: an endpoint that offers some of what its servers have, and is as if the rest were not there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { type ConfigErrors, diskFiles, loadConfig } from '../../src/config/index.ts'
import { legacy, modern, openSession, type SentMessage } from '../support/mcp-agent.ts'
import { libraryServer } from '../support/mcp-library.ts'
import { type McpServerScript, mcpServer } from '../support/mcp-server.ts'
import { openWorld, type SentReply, type World } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

const endpoint = { protocol: 'mcp', identity: 'required' }
const open0 = ['echo', 'draft', 'file:///open', 'file:///books/{id}']

/** `/mcp` selects, `/all` offers everything of the same server. */
async function house(selects: object, policy?: string): Promise<{ world: World; script: McpServerScript }> {
  const script = mcpServer(libraryServer())
  const world = await openWorld({
    serve: script.serve,
    ...(policy !== undefined && { policies: { 'main.rego': policy } }),
    config: {
      routes: [
        { ...endpoint, id: 'some', path: '/mcp', servers: [{ upstream: 'erp', ...selects }] },
        { ...endpoint, id: 'all', path: '/all', servers: [{ upstream: 'erp' }] },
      ],
    },
  })
  open.push(world)
  return { world, script }
}

const open4 = { tools: ['echo'], prompts: ['dra*'], resources: ['file:///open', 'file:///books/*'] }
const argument = { name: 'id', value: '' }
const methods = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'] as const

function namesOf({ json: { result } }: SentReply): string[] {
  const all = [
    ...(result.tools ?? []),
    ...(result.prompts ?? []),
    ...(result.resources ?? []),
    ...(result.resourceTemplates ?? []),
  ]
  return all.map(({ uriTemplate, uri, name }) => uriTemplate ?? uri ?? name)
}

it('lists what it selects, in both eras, and another endpoint of the same server lists everything', async () => {
  const { world } = await house(open4)
  const session = await openSession(world)
  const [some, old, all]: string[][] = [[], [], []]
  for (const method of methods) {
    some?.push(...namesOf(await modern(world, { method })))
    old?.push(...namesOf(await legacy(world, session, { method })))
    all?.push(...namesOf(await modern(world, { method, path: '/all' })))
  }
  expect([some, old]).toEqual([open0, open0])
  expect(all).toHaveLength(8)
})

const rows: readonly (readonly [note: string, message: SentMessage, unknown: SentMessage])[] = [
  [
    'a tool',
    { method: 'tools/call', params: { name: 'secret-tool', arguments: {} } },
    { method: 'tools/call', params: { name: 'nobody-tool', arguments: {} } },
  ],
  [
    'a prompt',
    { method: 'prompts/get', params: { name: 'secret-prompt' } },
    { method: 'prompts/get', params: { name: 'nobody-prompt' } },
  ],
  [
    'a resource',
    { method: 'resources/read', params: { uri: 'file:///secret' } },
    { method: 'resources/read', params: { uri: 'file:///nobody' } },
  ],
  [
    'a resource of a template',
    { method: 'resources/read', params: { uri: 'secret:///1' } },
    { method: 'resources/read', params: { uri: 'nobody:///1' } },
  ],
  [
    'an argument of a prompt',
    { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'secret-prompt' }, argument } },
    { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'nobody-prompt' }, argument } },
  ],
  [
    'an argument of a template',
    { method: 'completion/complete', params: { ref: { type: 'ref/resource', uri: 'secret:///{id}' }, argument } },
    { method: 'completion/complete', params: { ref: { type: 'ref/resource', uri: 'nobody:///{id}' }, argument } },
  ],
]

it.each(rows)('answers %s that it does not select like one that is not there', async (_note, message, unknown) => {
  const { world, script } = await house(open4)
  const session = await openSession(world)
  for (const send of [(one: SentMessage) => modern(world, one), (one: SentMessage) => legacy(world, session, one)]) {
    const refused = await send(message)
    const missing = await send(unknown)
    expect(refused.json.error.code).toBeLessThan(-32_000)
    expect([refused.status, refused.text.replaceAll('secret', 'nobody')]).toEqual([missing.status, missing.text])
  }
  expect(script.messages.filter(({ method }) => method === message.method)).toEqual([])
  // Elsewhere it is there.
  expect((await modern(world, { ...message, path: '/all' })).json.result).toBeDefined()
})

it.each([
  'file:///books/../secret',
  'file:///books/%2e%2e/secret',
  'file:///books/..%2Fsecret',
  'file:///books/..\\secret',
  'file:///books/.',
  'file:///books/..?x',
])('takes `%s` for nothing that it selects', async (uri) => {
  const { world, script } = await house(open4)
  const reply = await modern(world, { method: 'resources/read', params: { uri } })
  expect(reply.json.error).toMatchObject({ code: -32602, data: { uri } })
  expect(script.messages.some(({ method }) => method === 'resources/read')).toBe(false)
})

it('carries what it selects, by name, by the beginning of the name and by a template', async () => {
  const { world } = await house({ ...open4, resources: ['file:///books/{id}'] })
  const read = (uri: string) => modern(world, { method: 'resources/read', params: { uri } })
  expect((await read('file:///books/7')).json.result.contents[0].text).toBe('read')
  expect((await read('file:///open')).json.error.code).toBe(-32602)
  expect((await modern(world, { method: 'prompts/get', params: { name: 'draft' } })).json.result.got).toBe('draft')
  const called = await modern(world, { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } })
  expect(called.json.result.content[0].text).toBe('x')
})

it('leaves the policy in force over what it selects', async () => {
  const { world } = await house(
    open4,
    'package gatehouse\n\nallow := true\n\ndeny contains "no" if input.route.id == "some"\n',
  )
  expect((await modern(world, { method: 'tools/list' })).json.error.code).toBe(403)
  expect(namesOf(await modern(world, { method: 'tools/list', path: '/all' }))).toContain('echo')
})

it('offers nothing of a kind whose selection is empty', async () => {
  const { world } = await house({ tools: [], resources: [] })
  expect(namesOf(await modern(world, { method: 'tools/list' }))).toEqual([])
  expect(namesOf(await modern(world, { method: 'prompts/list' }))).toEqual(['draft', 'secret-prompt'])
  expect((await modern(world, { method: 'tools/call', params: { name: 'echo' } })).json.error.message).toBe(
    'Unknown tool: echo',
  )
})

it.each([
  [{ tools: ['a*b'] }, /must be a name, or the beginning of names with `\*` at its end/],
  [{ tools: [''] }, /must be a name/],
  [{ tools: ['pay', 'pay'] }, /`pay` is in `pay` already/],
  [{ prompts: ['pay_*', 'pay_out'] }, /`pay_out` is in `pay_\*` already/],
  [{ resources: ['file:///x y'] }, /must be a name/],
])('is refused by the configuration as %j', (selects, says) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-selection-'))
  try {
    const routes = [{ ...endpoint, id: 'some', path: '/mcp', servers: [{ upstream: 'erp', ...selects }] }]
    const upstreams = [{ id: 'erp', url: 'https://erp.example.com' }]
    const file = join(folder, 'gatehouse.yaml')
    writeFileSync(file, JSON.stringify({ upstreams, routes }))
    expect(() => loadConfig(file, { environment: {}, files: diskFiles, developmentIssuer: undefined })).toThrow(
      expect.objectContaining({
        errors: expect.arrayContaining([expect.objectContaining({ message: expect.stringMatching(says) })]),
      }) as ConfigErrors,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
