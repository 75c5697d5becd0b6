/**
 * What the policy hides is answered like what is not there: not a byte of the reply tells them apart, over everything that has a name,
 * in both eras, however the server words it.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { legacy, modern, openSession, type SentMessage } from '../support/mcp-agent.ts'
import { libraryServer } from '../support/mcp-library.ts'
import { mcpServer } from '../support/mcp-server.ts'
import { openWorld, type SentReply, type World, type WorldOptions } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

const policy = `package gatehouse

allow := true

deny contains "no" if contains(input.call.tool.name, "secret")

deny contains "no" if contains(input.call.prompt.name, "secret")

deny contains "no" if contains(input.call.resource.uri, "secret")
`

async function house(options: WorldOptions = {}, events = false): Promise<World> {
  const world = await openWorld({
    serve: mcpServer(libraryServer({ events })).serve,
    policies: { 'main.rego': policy },
    ...options,
    route: { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [{ upstream: 'erp' }], ...options.route },
  })
  open.push(world)
  return world
}

interface Row {
  readonly note: string
  /** A message about what has this name. */
  readonly about: (name: string) => SentMessage
  readonly shown: string
  readonly hidden: string
  /** As long as `hidden`. */
  readonly unknown: string
  /** Of a legacy session alone. */
  readonly legacyOnly?: boolean
}

const argument = { name: 'id', value: '' }
const rows: readonly Row[] = [
  {
    note: 'a tool',
    about: (name) => ({ method: 'tools/call', params: { name, arguments: {} } }),
    shown: 'echo',
    hidden: 'secret-tool',
    unknown: 'nobody-tool',
  },
  {
    note: 'a prompt',
    about: (name) => ({ method: 'prompts/get', params: { name } }),
    shown: 'draft',
    hidden: 'secret-prompt',
    unknown: 'nobody-prompt',
  },
  {
    note: 'a resource',
    about: (uri) => ({ method: 'resources/read', params: { uri } }),
    shown: 'file:///open',
    hidden: 'file:///secret',
    unknown: 'file:///nobody',
  },
  {
    note: 'a resource of a template',
    about: (uri) => ({ method: 'resources/read', params: { uri } }),
    shown: 'file:///books/1',
    hidden: 'secret:///1',
    unknown: 'nobody:///1',
  },
  {
    note: 'a resource to hear of',
    about: (uri) => ({ method: 'resources/subscribe', params: { uri } }),
    shown: 'file:///open',
    hidden: 'file:///secret',
    unknown: 'file:///nobody',
    legacyOnly: true,
  },
  {
    note: 'an argument of a prompt',
    about: (name) => ({ method: 'completion/complete', params: { ref: { type: 'ref/prompt', name }, argument } }),
    shown: 'draft',
    hidden: 'secret-prompt',
    unknown: 'nobody-prompt',
  },
]

/** Everything that an agent gets, but for what is of each call alone. */
function seen(reply: SentReply, name: string, other: string): object {
  const { 'gatehouse-decision': _id, date: _date, ...headers } = reply.headers
  return { status: reply.status, headers, text: reply.text.replaceAll(name, other) }
}

describe.each([
  { note: 'as JSON', events: false },
  { note: 'as events', events: true },
])('with a server that answers $note,', ({ events }) => {
  it.each(rows)('$note that is hidden is answered like one that is not there', async (row) => {
    const world = await house({}, events)
    const session = await openSession(world)
    for (const send of [
      (message: SentMessage) => legacy(world, session, message),
      ...(row.legacyOnly === true ? [] : [(message: SentMessage) => modern(world, message)]),
    ]) {
      expect((await send(row.about(row.shown))).text).toContain('"result"')
      const hidden = await send(row.about(row.hidden))
      const unknown = await send(row.about(row.unknown))
      expect(hidden.json.error).toMatchObject({ code: expect.any(Number), message: expect.any(String) })
      expect(seen(hidden, row.hidden, row.unknown)).toEqual(seen(unknown, row.unknown, row.unknown))
      const { decision, outcome } = world.pair(String(hidden.headers['gatehouse-decision']))
      expect([decision.decision, outcome.outcome, outcome.upstream_reached]).toEqual(['deny', 'refused', false])
    }
  })
})

it.each([
  ['tools/list', 'tools', 'name', ['echo']],
  ['prompts/list', 'prompts', 'name', ['draft']],
  ['resources/list', 'resources', 'uri', ['file:///open']],
] as const)('%s shows nothing that is hidden, in both eras', async (method, member, key, names) => {
  const world = await house()
  const session = await openSession(world)
  for (const reply of [await modern(world, { method }), await legacy(world, session, { method })])
    expect(reply.json.result[member].map((one: { [key: string]: string }) => one[key])).toEqual(names)
})

it('shows a template as long as some URI of it could be allowed, and none where no resource could be', async () => {
  const names = async (world: World) =>
    (await modern(world, { method: 'resources/templates/list' })).json.result.resourceTemplates.map(
      ({ uriTemplate }: { uriTemplate: string }) => uriTemplate,
    )
  const some = 'package gatehouse\n\nallow if startswith(input.call.resource.uri, "file:///books/7")\n'
  expect(await names(await house({ policies: { 'main.rego': some } }))).toEqual([
    'file:///books/{id}',
    'secret:///{id}',
  ])
  const none = 'package gatehouse\n\nallow := true\n\ndeny contains "no" if input.call.method == "resources/read"\n'
  expect(await names(await house({ policies: { 'main.rego': none } }))).toEqual([])
})

it('completes nothing of a template that no list shows', async () => {
  const policies = {
    'main.rego': 'package gatehouse\n\nallow := true\n\ndeny contains "no" if input.call.method == "resources/read"\n',
  }
  const about = (uri: string) => ({
    method: 'completion/complete',
    params: { ref: { type: 'ref/resource', uri }, argument },
  })
  const world = await house({ policies })
  const hidden = await modern(world, about('secret:///{id}'))
  expect(hidden.json.error).toMatchObject({ code: -32602, data: { uri: 'secret:///{id}' } })
  expect(hidden.text.replaceAll('secret', 'nobody')).toBe((await modern(world, about('nobody:///{id}'))).text)
  const shown = await modern(await house(), about('file:///books/{id}'))
  expect(shown.json.result.completion.values).toEqual(['file:///books/{id}'])
})

it('completes nothing of what is hidden, even for who may complete everything', async () => {
  const policies = {
    'main.rego': `package gatehouse\n\nallow if input.call.method == "completion/complete"\n\nallow if input.call.prompt.name == "draft"\n`,
  }
  const world = await house({ policies })
  const about = (name: string) => ({
    method: 'completion/complete',
    params: { ref: { type: 'ref/prompt', name }, argument },
  })
  expect((await modern(world, about('draft'))).json.result.completion.values).toEqual(['draft'])
  const hidden = await modern(world, about('secret-prompt'))
  const unknown = await modern(world, about('nobody-prompt'))
  expect(hidden.text.replace('secret', 'nobody')).toBe(unknown.text)
  expect(world.pair(String(hidden.headers['gatehouse-decision'])).decision).toMatchObject({
    decision: 'deny',
    code: 'policy_denied',
  })
})

it('refuses with a reason what only this call may not do', async () => {
  const policies = {
    'main.rego':
      'package gatehouse\n\nallow := true\n\ndeny contains "not in this way" if input.call.arguments.to == "all"\n',
  }
  const world = await house({ policies })
  const denied = await modern(world, { method: 'prompts/get', params: { name: 'draft', arguments: { to: 'all' } } })
  expect(denied.json.error).toMatchObject({ code: 403, message: 'not in this way' })
})
