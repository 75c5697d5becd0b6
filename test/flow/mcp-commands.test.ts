/**
 * `gatehouse tools` and `gatehouse call` as a shell calls them, against whole houses with scripted servers of both eras, and against
 * such servers directly: what is printed, what is sent, and the exit status of everything that can happen.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import type { Clock } from '../../src/model/index.ts'
import { fakeClock } from '../support/clock.ts'
import { type FakeIo, type FakeIoOptions, makeFakeIo } from '../support/io.ts'
import {
  echoTool,
  type McpServerOptions,
  type McpServerScript,
  mcpServer,
  startMcpServer,
} from '../support/mcp-server.ts'
import { openWorld, type ReadRecord, type World, type WorldOptions } from '../support/world.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'gatehouse-commands-'))
  closing.push(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function ended(io: FakeIo, words: readonly string[]): Promise<Ran> {
  const status = await runWords(words, io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

function run(words: readonly string[], options: Partial<FakeIoOptions> = {}): Promise<Ran> {
  return ended(makeFakeIo({ directory: tmpdir(), pause: async () => undefined, ...options }), words)
}

/** What the gateway would refuse is passed: what the commands print must not depend on who stands before the server. */
const server = { upstream: 'erp', prefix: 'erp_', invisible_characters: 'pass' }
const route = { path: '/mcp', protocol: 'mcp', upstream: undefined, servers: [server] }

/** A house with one server behind it, whose tools have a prefix. */
async function house(
  server: McpServerOptions = {},
  options: WorldOptions = {},
): Promise<{ world: World; script: McpServerScript; as: (claims?: object) => Promise<string[]> }> {
  const script = mcpServer(server)
  const world = await openWorld({ serve: script.serve, ...options, route: { ...route, ...options.route } })
  closing.push(() => world.close())
  const as = async (claims: object = {}) => [
    '--url',
    `http://127.0.0.1:${world.port}/mcp`,
    '--token',
    await world.token(claims as never),
  ]
  return { world, script, as }
}

/** Of the newest call of a tool: the end of a session comes behind it. */
function decisionOf(world: World): ReadRecord {
  return world.records().findLast(({ type, call }) => type === 'decision' && call.method === 'tools/call')
}

/** A server without a house before it. */
async function direct(server: McpServerOptions = {}): Promise<{ url: string[]; script: McpServerScript }> {
  const script = mcpServer(server)
  const { url, close } = await startMcpServer(script)
  closing.push(close)
  return { url: ['--url', `${url}/mcp`], script }
}

const eras = [{ era: 'modern' }, { era: 'legacy' }] as const

const policies = {
  'main.rego': `package gatehouse

allow if input.call.tool.name in {"echo", "pay"}

deny contains {"code": "too_much", "message": "that is too much", "remedy": "ask for less"} if input.call.arguments.text == "much"

deny contains {"code": "scope_missing", "message": "paying needs a scope", "scopes": ["pay"]} if {
	input.call.tool.name == "pay"
	not "pay" in input.identity.scopes
}

ask contains {"reason": "somebody must say yes"} if input.call.arguments.text == "maybe"
`,
}

const payTool = {
  name: 'pay',
  title: 'Pay a bill',
  description: 'pays\u202e a bill\nand says so',
  inputSchema: {
    type: 'object',
    properties: { amount: { type: 'number', maximum: 10 }, to: { type: 'string', 'x-mcp-header': 'To' } },
    required: ['amount'],
  },
  annotations: { readOnlyHint: false, destructiveHint: true },
}
const hiddenTool = { ...echoTool, name: 'secret' }

describe.each(eras)('in the $era era, through a house', ({ era }) => {
  const server: McpServerOptions = { eras: [era], tools: [echoTool, payTool, hiddenTool] }

  it('`tools list` prints what the caller may see, with the digest that policy and records have', async () => {
    const { world, as } = await house(server, { policies })
    const { status, out, err } = await run(['tools', 'list', ...(await as())])
    expect({ status, err }).toEqual({ status: 0, err: '' })
    const list = JSON.parse(out)
    expect(list).toMatchObject({
      endpoint: `http://127.0.0.1:${world.port}/mcp`,
      revision: era === 'modern' ? '2026-07-28' : '2025-11-25',
      tools: [
        { name: 'erp_echo', server: 'erp', own_name: 'echo', summary: 'says what it was told' },
        { name: 'erp_pay', server: 'erp', own_name: 'pay', title: 'Pay a bill', annotations: payTool.annotations },
      ],
    })
    expect(list.tools[1].definition).toMatchObject({ ...payTool, name: 'erp_pay' })
    await run(['call', 'erp_echo', '--arg', 'text=hello', ...(await as())])
    const decision = decisionOf(world)
    expect(decision.target).toMatchObject({ tool: 'echo', tool_digest: list.tools[0].digest })
  })

  it('`tools list` prints a table on a terminal, and nothing in it that the terminal would obey', async () => {
    const { as } = await house({ ...server, tools: [{ ...payTool, title: 'Pay\u001b[2J\u202e a bill' }] }, { policies })
    const { status, out } = await run(['tools', 'list', ...(await as())], { columns: 120 })
    expect(status).toBe(0)
    expect(out).toMatch(
      /^name {5}server {2}digest {13} {2}hints {10} {2}summary\nerp_pay {2}erp {5}sha256:[0-9a-f]{12} {2}writes,destroys {2}Pay\\u\{1b\}\[2J\\u\{202e\} a bill\n$/,
    )
  })

  it('`tools show` prints everything about one tool', async () => {
    const { as } = await house(server, { policies })
    const { status, out } = await run(['tools', 'show', 'erp_pay', ...(await as())])
    expect(status).toBe(0)
    expect(out).toMatch(
      /^erp_pay\n {2}title {3}Pay a bill\n {2}server {2}erp\n {2}there {3}pay\n {2}digest {2}sha256:[0-9a-f]{64}\n/,
    )
    expect(out).toContain('\n  pays\\u{202e} a bill\n  and says so\n')
    expect(out).toContain('\n  amount  number  required  at most 10\n  to      string  optional\n')
    expect(out).toContain('"description": "pays\\u202e a bill\\nand says so"')
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it('`tools show` and `call` say which tool was meant, and that a hidden one is not there', async () => {
    const { as } = await house(server, { policies })
    const caller = await as()
    expect(await run(['tools', 'show', 'erp_ecco', ...caller])).toEqual({
      status: 2,
      out: '',
      err: 'gatehouse: the endpoint lists no tool `erp_ecco`; did you mean `erp_echo`?\n',
    })
    for (const words of [
      ['tools', 'show', 'erp_secret'],
      ['call', 'erp_secret'],
    ])
      expect(await run([...words, ...caller])).toMatchObject({
        status: 2,
        err: expect.stringMatching(/no tool `erp_secret`/),
      })
  })

  it('`call` prints what the tool answers, and sends arguments with their types', async () => {
    const { script, as } = await house(server, { policies })
    const ran = await run(['call', 'erp_echo', '--arg', 'text=12', ...(await as())])
    expect(ran).toEqual({ status: 0, out: '12\n', err: '' })
    const sent = script.messages.findLast(({ method }) => method === 'tools/call')
    expect(sent.params).toMatchObject({ name: 'echo', arguments: { text: '12' } })
  })

  it('`call` mirrors arguments into fields where the definition asks for it', async () => {
    const { script, as } = await house(server, { policies })
    const words = ['call', 'erp_pay', '--arg', 'amount=2.50', '--arg', 'to=Zoë', ...(await as({ scope: 'pay' }))]
    expect(await run(words)).toMatchObject({ status: 0, err: '' })
    const index = script.messages.findLastIndex(({ method }) => method === 'tools/call')
    expect(script.messages[index].params.arguments).toEqual({ amount: 2.5, to: 'Zoë' })
    const field = era === 'modern' ? `=?base64?${Buffer.from('Zoë').toString('base64')}?=` : undefined
    expect(script.headers[index]?.['mcp-param-to']).toBe(field)
  })

  it('`call` says of a refusal what would help and where it is recorded, with status 4', async () => {
    const { world, as } = await house(server, { policies })
    const caller = await as()
    const refused = await run(['call', 'erp_echo', '--arg', 'text=much', ...caller])
    const decision = decisionOf(world)
    const id = decision.decision_id
    expect(refused).toEqual({
      status: 4,
      out: '',
      err: `gatehouse: refused: that is too much\n  code      too_much\n  remedy    ask for less\n  decision  ${id}, told whole by \`gatehouse why ${id}\`\n`,
    })
    expect(decision.decision).toBe('deny')
    expect(await run(['call', 'erp_echo', '--arg', 'text=maybe', ...caller])).toMatchObject({
      status: 4,
      err: expect.stringMatching(/somebody must say yes[\s\S]*approval_required/),
    })
  })

  it('`call --format json` gives the whole result as it came, and facts of a refusal', async () => {
    const { world, as } = await house(server, { policies })
    const refused = await run(['call', 'erp_echo', '--arg', 'text=much', '--format', 'json', ...(await as())])
    expect(refused.status).toBe(4)
    expect(JSON.parse(refused.out)).toMatchObject({
      isError: true,
      _meta: { 'gatehouse/decision': { code: 'too_much' } },
    })
    expect(JSON.parse(refused.err)).toMatchObject({
      error: { status: 4, code: 'too_much', remedy: 'ask for less', decision_id: decisionOf(world).decision_id },
    })
  })

  it('`call` names the scopes that another token needs, with status 4', async () => {
    const { as } = await house(server, { policies })
    const ran = await run(['call', 'erp_pay', '--arg', 'amount=1', ...(await as())])
    expect(ran).toMatchObject({
      status: 4,
      out: '',
      err: expect.stringMatching(/paying needs a scope[\s\S]*scopes {4}pay\n/),
    })
  })

  it('`call` refuses another definition than the one that was pinned, without calling it', async () => {
    const { script, as } = await house(server, { policies })
    const caller = await as()
    const [{ digest }] = JSON.parse((await run(['tools', 'list', ...caller])).out).tools
    const pinned = ['call', 'erp_echo', '--arg', 'text=x', '--digest', digest, ...caller]
    expect(await run(pinned)).toMatchObject({ status: 0, out: 'x\n' })
    const calls = script.messages.filter(({ method }) => method === 'tools/call').length
    script.tools = [{ ...echoTool, description: 'says what it was told, and sends it elsewhere' }]
    const ran = await run(pinned)
    expect(ran).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(/has the digest `sha256:[0-9a-f]{64}`, and was not called/),
    })
    expect(script.messages.filter(({ method }) => method === 'tools/call').length).toBe(calls)
  })

  it('`tools diff` tells of everything that changed since a list was kept, with status 1', async () => {
    const { script, as } = await house(server, { policies })
    const caller = await as()
    const directory = folder()
    const at = { directory }
    const kept = (await run(['tools', 'list', ...caller])).out
    writeFileSync(join(directory, 'tools.json'), kept)
    expect(await run(['tools', 'diff', 'tools.json', ...caller], at)).toEqual({
      status: 0,
      out: 'nothing differs\n',
      err: '',
    })
    script.tools = [{ ...echoTool, description: 'says what it was told\u{e0041}' }]
    const changed = await run(['tools', 'diff', 'tools.json', ...caller], at)
    expect(changed.status).toBe(1)
    expect(changed.out).toMatch(
      /^removed {2}erp_pay {2}sha256:\S+\nchanged {2}erp_echo\n {2}digest {2}sha256:\S+\n {7}-> sha256:\S+\n {2}\/description\n {4}- "says what it was told"\n {4}\+ "says what it was told\\udb40\\udc41"\n1 removed, 0 added, 1 changed\n$/,
    )
    const json = JSON.parse((await run(['tools', 'diff', 'tools.json', '--format', 'json', ...caller], at)).out)
    expect(json).toMatchObject({
      removed: [{ name: 'erp_pay', server: 'erp' }],
      added: [],
      changed: [{ name: 'erp_echo', fields: [{ path: '/description', before: 'says what it was told' }] }],
    })
    writeFileSync(join(directory, 'now.json'), (await run(['tools', 'list', ...caller])).out)
    expect(await run(['tools', 'diff', 'tools.json', 'now.json'], at)).toMatchObject({ status: 1, out: changed.out })
  })

  it('`tools diff` compares callers and endpoints', async () => {
    const other = {
      'main.rego': `${policies['main.rego']}\ndeny contains "no" if {\n\tinput.identity.subject.id == "guest"\n\tinput.call.tool.name == "pay"\n}\n`,
    }
    const { world, as } = await house(server, { policies: other })
    const directory = folder()
    writeFileSync(join(directory, 'guest'), `${await world.token({ sub: 'guest' })}\n`)
    const caller = await as()
    const ran = await run(['tools', 'diff', '--to-token-file', 'guest', ...caller], { directory })
    expect(ran).toMatchObject({ status: 1, out: expect.stringMatching(/^removed {2}erp_pay/) })
    const behind = await direct({ eras: [era], tools: [echoTool] })
    const elsewhere = await run(['tools', 'diff', '--to', behind.url[1] ?? '', ...caller])
    expect(elsewhere).toMatchObject({ status: 1, out: expect.stringMatching(/2 removed, 1 added, 0 changed/) })
  })

  it('leaves no session behind', async () => {
    const { script, as } = await house(server, { policies })
    await run(['call', 'erp_echo', '--arg', 'text=x', ...(await as())])
    await expect.poll(() => script.sessions.size).toBe(0)
  })
})

describe.each(eras)('in the $era era, to a server itself', ({ era }) => {
  it('follows a list to its last page', async () => {
    const pages: { [cursor: string]: { tools: object[]; nextCursor?: string } } = {
      first: { tools: [echoTool], nextCursor: 'second' },
      second: { tools: [{ ...echoTool, name: 'other' }], nextCursor: 'third' },
      third: { tools: [{ ...echoTool, name: 'last' }] },
    }
    const { url, script } = await direct({
      eras: [era],
      list: ({ message }) => ({ resultType: 'complete', ...pages[message.params?.cursor ?? 'first'] }),
    })
    const { out } = await run(['tools', 'list', ...url])
    expect(JSON.parse(out).tools.map(({ name }: { name: string }) => name)).toEqual(['echo', 'other', 'last'])
    expect(script.messages.filter(({ method }) => method === 'tools/list')).toHaveLength(3)
  })

  it.each([
    {
      note: 'a cursor that leads to itself',
      list: { tools: [echoTool], nextCursor: 'x' },
      wanted: /a cursor that leads nowhere/,
    },
    { note: 'no list', list: { tools: 'none' }, wanted: /has no list `tools`/ },
    { note: 'a tool without a name', list: { tools: [echoTool, {}] }, wanted: /has no name at the place 1/ },
  ])('says of a list with $note that it is none, with status 1', async ({ list, wanted }) => {
    const { url } = await direct({ eras: [era], list: () => ({ resultType: 'complete', ...list }) })
    expect(await run(['tools', 'list', ...url])).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(wanted),
    })
  })

  it('says that a list is without end', async () => {
    let count = 0
    const { url } = await direct({
      eras: [era],
      list: () => ({ resultType: 'complete', tools: [], nextCursor: `c${++count}` }),
    })
    expect(await run(['tools', 'list', ...url])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/more than 200 pages/),
    })
    expect(count).toBe(200)
  })

  it('tells of progress and log messages on standard error, and answers none of the server’s questions', async () => {
    const { url, script } = await direct({
      eras: [era],
      call: ({ message, response }) => {
        const token = message.params._meta.progressToken
        const events = [
          {
            method: 'notifications/progress',
            params: { progressToken: token, progress: 1, total: 2, message: 'half\u001b[2J' },
          },
          { method: 'notifications/message', params: { level: 'warning', logger: 'db', data: { slow: true } } },
          ...(era === 'legacy'
            ? [
                { id: 'ask', method: 'elicitation/create', params: {} },
                { id: 7, method: 'ping' },
              ]
            : []),
          { id: message.id, result: { resultType: 'complete', content: [{ type: 'text', text: 'done' }] } },
        ]
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(events.map((event) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...event })}\n\n`).join(''))
        return undefined
      },
    })
    const { status, out, err } = await run(['call', 'echo', '--arg', 'text=x', ...url])
    expect({ status, out }).toEqual({ status: 0, out: 'done\n' })
    expect(err).toContain('progress 1 of 2: half\\u{1b}[2J\nwarning db: {"slow":true}\n')
    if (era === 'modern') return
    expect(err).toContain('the server asked for `elicitation/create`, which this client cannot answer')
    await expect
      .poll(() => script.messages.filter(({ method }) => method === undefined))
      .toMatchObject([
        { id: 'ask', error: { code: -32601 } },
        { id: 7, result: {} },
      ])
  })

  it.each([
    {
      note: 'structured content, once',
      result: { structuredContent: { a: 1.5 }, content: [{ type: 'text', text: '{"a":1.5}' }] },
      out: '{\n  "a": 1.5\n}\n',
    },
    {
      note: 'structured content and other texts',
      result: { structuredContent: [1], content: [{ type: 'text', text: 'so' }] },
      out: '[\n  1\n]\nso\n',
    },
    {
      note: 'an image',
      result: { content: [{ type: 'image', mimeType: 'image/png', data: 'AAAA' }] },
      out: '[image, image/png, 3 bytes; `--format json` has it]\n',
    },
    {
      note: 'a resource',
      result: { content: [{ type: 'resource', resource: { uri: 'a:b', mimeType: 'text/plain', text: 'text' } }] },
      out: '[resource a:b, text/plain]\ntext\n',
    },
    {
      note: 'a link',
      result: { content: [{ type: 'resource_link', uri: 'a:b', name: 'b' }] },
      out: '[resource a:b]\n',
    },
    { note: 'what is not known', result: { content: [{ type: 'hologram' }] }, out: '{\n  "type": "hologram"\n}\n' },
    { note: 'nothing', result: { content: [] }, out: '' },
  ])('prints $note', async ({ result, out }) => {
    const { url } = await direct({ eras: [era], call: () => ({ resultType: 'complete', ...result }) })
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url])).toEqual({ status: 0, out, err: '' })
  })

  it('gives texts to a pipe as they are and shows them on a terminal', async () => {
    const { url } = await direct({ eras: [era] })
    const words = ['call', 'echo', '--arg', 'text=a\u001b[2J\nb', ...url]
    expect((await run(words)).out).toBe('a\u001b[2J\nb\n')
    expect((await run(words, { columns: 80 })).out).toBe('a\\u{1b}[2J\nb\n')
  })

  it('prints what a tool says when it fails, with status 1', async () => {
    const { url } = await direct({
      eras: [era],
      call: () => ({ resultType: 'complete', isError: true, content: [{ type: 'text', text: 'no such order' }] }),
    })
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url])).toEqual({
      status: 1,
      out: 'no such order\n',
      err: 'gatehouse: the tool `echo` answered that it failed\n',
    })
  })

  it('says what an error says, with status 1', async () => {
    const { url } = await direct({
      eras: [era],
      call: ({ message, response }) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const error = { code: -32602, message: 'bad\u001b[2J', data: { field: 'text' } }
        response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
        return undefined
      },
    })
    const { status, out, err } = await run(['call', 'echo', '--arg', 'text=x', ...url])
    expect({ status, out, err }).toEqual({
      status: 1,
      out: '',
      err: 'gatehouse: `tools/call` was answered with the error -32602, bad\\u{1b}[2J; {"field":"text"}\n',
    })
  })

  it.each([
    { note: 'before the reply', begin: '' },
    {
      note: 'within the reply',
      begin: 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    },
  ])(
    'says of a connection that is torn off $note that nobody knows what was done, with status 3',
    async ({ begin }) => {
      const { url } = await direct({
        eras: [era],
        call: ({ response }) => {
          response.socket?.write(begin, () => response.socket?.destroy())
          return undefined
        },
      })
      expect(await run(['call', 'echo', '--arg', 'text=x', ...url])).toMatchObject({
        status: 3,
        out: '',
        err: expect.stringMatching(/broke off without an answer: .*; whether anything was done is not known/),
      })
    },
  )

  it('calls no tool whose name has two meanings, with status 1', async () => {
    const { url, script } = await direct({ eras: [era], tools: [echoTool, { ...echoTool, description: 'another' }] })
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/lists `echo` more than once, with different definitions/),
    })
    expect(script.messages.some(({ method }) => method === 'tools/call')).toBe(false)
  })

  it('keeps numbers as they were written, in results and in errors', async () => {
    const number = '12345678901234567890'
    const bodies = [
      `"result":{"resultType":"complete","content":[],"structuredContent":{"a":${number},"b":1.10}}`,
      `"error":{"code":-32602,"message":"no","data":{"a":${number}}}`,
    ]
    const { url } = await direct({
      eras: [era],
      call: ({ message, response }) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(`{"jsonrpc":"2.0","id":${message.id},${bodies.shift()}}`)
        return undefined
      },
    })
    const words = ['call', 'echo', '--arg', 'text=x', '--format', 'json', ...url]
    expect((await run(words)).out).toContain(`{"a":${number},"b":1.10}`)
    expect((await run(words)).err).toContain(`"data":{"a":${number}}`)
  })

  it.each([
    {
      note: 'an answer to something else',
      body: (id: number) => `{"jsonrpc":"2.0","id":${id + 1},"result":{}}`,
      wanted: /the answer to what was not asked/,
    },
    {
      note: 'a key that comes twice',
      body: (id: number) => `{"jsonrpc":"2.0","id":${id},"id":${id},"result":{}}`,
      wanted: /what is no message of MCP: .*comes twice/,
    },
    {
      note: 'no answer',
      body: () => '{"jsonrpc":"2.0","method":"notifications/x"}',
      wanted: /a message that is no answer/,
    },
    { note: 'a batch', body: (id: number) => `[{"jsonrpc":"2.0","id":${id},"result":{}}]`, wanted: /it is a batch/ },
  ])('takes $note for no message, with status 1', async ({ body, wanted }) => {
    const { url } = await direct({
      eras: [era],
      call: ({ message, response }) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(body(message.id))
        return undefined
      },
    })
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url])).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(wanted),
    })
  })

  it('sends arguments of a file and of standard input as they are, with words beside them', async () => {
    const { url, script } = await direct({ eras: [era] })
    const directory = folder()
    writeFileSync(join(directory, 'arguments.json'), '{"undeclared": 1.50}')
    const sent = () => script.messages.findLast(({ method }) => method === 'tools/call').params.arguments
    await run(['call', 'echo', '-a', 'text=1', '--args-json', 'arguments.json', ...url], { directory })
    expect(sent()).toEqual({ undeclared: 1.5, text: '1' })
    await run(['call', 'echo', '--args-json=-', ...url], { input: '{"text":["no","text"]}' })
    expect(sent()).toEqual({ text: ['no', 'text'] })
    expect(await run(['call', 'echo', '--args-json', 'nowhere', ...url], { directory })).toMatchObject({
      status: 2,
      err: expect.stringMatching(/the arguments: the file `nowhere` does not exist/),
    })
  })

  it('gives up after the time that it has, and tells the server', async () => {
    const reached: { closed?: Promise<unknown> } = {}
    const { url, script } = await direct({
      eras: [era],
      call: ({ response }) => {
        reached.closed = new Promise((resolve) => response.on('close', () => resolve(undefined)))
        return undefined
      },
    })
    const clock = fakeClock()
    const io = makeFakeIo({ directory: tmpdir(), clock: clock as Clock })
    const running = ended(io, ['call', 'echo', '--arg', 'text=x', '--timeout', '90s', ...url])
    await clock.settled(() => reached.closed !== undefined)
    await clock.advance(90_000)
    expect(await running).toEqual({
      status: 3,
      out: '',
      err: 'gatehouse: there was no answer within 90s; `--timeout` gives it more time\n',
    })
    await reached.closed
    const cancelled = script.messages.filter(({ method }) => method === 'notifications/cancelled')
    const call = script.messages.find(({ method }) => method === 'tools/call')
    // In the modern era hanging up says it all.
    expect(cancelled.map(({ params }) => params.requestId)).toEqual(era === 'legacy' ? [call.id] : [])
    expect(script.sessions.size).toBe(0)
  })

  it('stops when it is interrupted', async () => {
    let called = false
    const { url, script } = await direct({
      eras: [era],
      call: () => {
        called = true
        return undefined
      },
    })
    const clock = fakeClock()
    const io = makeFakeIo({ directory: tmpdir(), clock: clock as Clock })
    const running = ended(io, ['call', 'echo', '--arg', 'text=x', ...url])
    await clock.settled(() => called)
    expect(io.interrupt('SIGINT')).toBe(true)
    expect(await running).toMatchObject({ status: 1, out: '', err: expect.stringMatching(/^gatehouse: interrupted/) })
    expect(script.sessions.size).toBe(0)
    expect(io.interrupt('SIGINT'), 'nobody listens any more').toBe(false)
  })
})

describe('what only one era has', () => {
  it('takes a legacy stream up again where it broke off', async () => {
    const answer: { id?: number } = {}
    const asked: unknown[] = []
    const { url } = await direct({
      eras: ['legacy'],
      call: ({ message, response }) => {
        answer.id = message.id
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end('id: e-1\nretry: 700\ndata:\n\n')
        return undefined
      },
      stream: (request, response) => {
        asked.push(request.headers['last-event-id'])
        const event = { jsonrpc: '2.0', id: answer.id, result: { content: [{ type: 'text', text: 'at last' }] } }
        response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(`id: e-2\ndata: ${JSON.stringify(event)}\n\n`)
      },
    })
    const waited: number[] = []
    const pause = async (ms: number) => void waited.push(ms)
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url], { pause })).toEqual({
      status: 0,
      out: 'at last\n',
      err: '',
    })
    expect({ asked, waited }).toEqual({ asked: ['e-1'], waited: [700] })
  })

  it('takes a legacy stream up again that was torn off', async () => {
    const answer: { id?: number } = {}
    const { url } = await direct({
      eras: ['legacy'],
      call: ({ message, response }) => {
        answer.id = message.id
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('id: e-1\ndata:\n\n', () => response.destroy())
        return undefined
      },
      stream: (_, response) => {
        const event = { jsonrpc: '2.0', id: answer.id, result: { content: [{ type: 'text', text: 'at last' }] } }
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(event)}\n\n`)
      },
    })
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url])).toEqual({ status: 0, out: 'at last\n', err: '' })
  })

  it('says that a modern stream ended without an answer', async () => {
    const { url } = await direct({
      eras: ['modern'],
      call: ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end('id: e-1\ndata:\n\n')
        return undefined
      },
    })
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url])).toMatchObject({
      status: 3,
      err: expect.stringMatching(
        /the stream of `tools\/call` ended without an answer; whether anything was done is not known/,
      ),
    })
  })

  it('cuts a modern server off that sends requests', async () => {
    const { url } = await direct({
      eras: ['modern'],
      call: ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end('data: {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}\n\n')
        return undefined
      },
    })
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/sent the request `sampling\/createMessage`, which it must not/),
    })
  })

  it('says what a tool asks for before it does anything', async () => {
    const inputRequests = {
      who: {
        method: 'elicitation/create',
        params: {
          message: 'Who are you?\u202e',
          requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        },
      },
      yes: {
        method: 'elicitation/create',
        params: { mode: 'url', message: 'Say yes', url: 'https://approvals.example.com/7' },
      },
    }
    const { url } = await direct({
      eras: ['modern'],
      call: () => ({ resultType: 'input_required', inputRequests, requestState: 's' }),
    })
    const words = ['call', 'echo', '--arg', 'text=x', ...url]
    expect(await run(words)).toEqual({
      status: 1,
      out: '',
      err: `gatehouse: the tool \`echo\` asks for more before it does anything, which this client cannot give:
  who: elicitation/create
    Who are you?\\u{202e}
    name  string  required
  yes: elicitation/create
    Say yes
    at https://approvals.example.com/7
`,
    })
    expect(JSON.parse((await run([...words, '--format', 'json'])).err)).toMatchObject({
      error: { status: 1, asked: inputRequests },
    })
  })

  it('waits for a task, as long as the task wishes between two looks, and prints what came of it', async () => {
    const looks = [
      { status: 'working', statusMessage: 'half way', pollIntervalMs: 60_000 },
      { status: 'completed', result: { content: [{ type: 'text', text: 'at last' }], structuredContent: { a: 1 } } },
    ]
    const { url, script } = await direct({
      eras: ['modern'],
      call: () => ({ resultType: 'task', taskId: 't-1', status: 'working', ttlMs: null, pollIntervalMs: 10 }),
      answer: ({ message }) =>
        message.method === 'tasks/get' ? { resultType: 'complete', taskId: 't-1', ...looks.shift() } : undefined,
    })
    const waited: number[] = []
    const pause = async (ms: number) => void waited.push(ms)
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url], { pause })).toEqual({
      status: 0,
      out: '{\n  "a": 1\n}\nat last\n',
      err: 'task working\ntask working: half way\n',
    })
    expect(waited).toEqual([250, 10_000])
    expect(script.headers.at(-1)).toMatchObject({ 'mcp-method': 'tasks/get', 'mcp-name': 't-1' })
  })

  it.each([
    { note: 'failed', task: { status: 'failed', error: { code: -32603, message: 'no' } }, wanted: /error -32603, no/ },
    { note: 'was cancelled', task: { status: 'cancelled' }, wanted: /the task ended without a result: cancelled/ },
    {
      note: 'asks for more',
      task: {
        status: 'input_required',
        inputRequests: { a: { method: 'elicitation/create', params: { message: 'Who?' } } },
      },
      wanted: /the task waits for what this client cannot give:\n {2}a: elicitation\/create\n {4}Who\?/,
    },
  ])('says that a task $note, and calls it off', async ({ task, wanted }) => {
    const { url, script } = await direct({
      eras: ['modern'],
      call: () => ({ resultType: 'task', taskId: 't-1', status: 'working', ttlMs: null }),
      answer: ({ message }) => (message.method.startsWith('tasks/') ? { resultType: 'complete', ...task } : undefined),
    })
    expect(await run(['call', 'echo', '--arg', 'text=x', ...url])).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(wanted),
    })
    expect(script.messages.at(-1)).toMatchObject({ method: 'tasks/cancel', params: { taskId: 't-1' } })
  })
})

describe('endpoints that are none', () => {
  it('cannot be reached: status 3', async () => {
    const { url } = await direct()
    await closing.pop()?.()
    expect(await run(['tools', 'list', ...url])).toMatchObject({
      status: 3,
      out: '',
      err: expect.stringMatching(/cannot be reached: .*ECONNREFUSED/),
    })
  })

  it('want another token: status 2, with what the gateway says', async () => {
    const { world } = await house()
    const url = ['--url', `http://127.0.0.1:${world.port}/mcp`]
    expect(await run(['tools', 'list', ...url])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/\(401\)[\s\S]*token_missing/),
    })
    expect(await run(['tools', 'list', ...url, '--token', await world.expiredToken()])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/\(401\)[\s\S]*token_expired/),
    })
  })

  it('need scopes: status 4, with all of them', async () => {
    const { as } = await house({}, { route: { scopes: ['tools:use', 'tools:list'] } })
    expect(await run(['tools', 'list', ...(await as())])).toMatchObject({
      status: 4,
      err: expect.stringMatching(/refused[\s\S]*scopes {4}tools:use tools:list\n/),
    })
  })

  it('speak no MCP: status 2, with what both eras were answered', async () => {
    const { as, world } = await house(
      {},
      {
        config: {
          routes: [
            { ...route, id: 'tools' },
            { id: 'plain', path: '/plain', upstream: 'erp' },
          ],
        },
      },
    )
    const [, , ...token] = await as()
    expect(await run(['tools', 'list', '--url', `http://127.0.0.1:${world.port}/nowhere`, ...token])).toMatchObject({
      status: 2,
      err: expect.stringMatching(
        /is no endpoint of MCP[\s\S]*`server\/discover` with 404[\s\S]*`initialize` with 404[\s\S]*route_unknown/,
      ),
    })
  })

  it('lead elsewhere: status 2, and the token does not go there', async () => {
    const elsewhere = await direct()
    const script: McpServerScript = {
      ...mcpServer(),
      serve: (_, response) => void response.writeHead(308, { location: elsewhere.url[1] }).end(),
    }
    const { url, close } = await startMcpServer(script)
    closing.push(close)
    const ran = await run(['tools', 'list', '--url', url, '--token', 'abc.def'])
    expect(ran).toMatchObject({
      status: 2,
      err: expect.stringMatching(/leads to `http:\/\/127.0.0.1:\d+\/mcp` \(308\)/),
    })
    expect(elsewhere.script.messages).toEqual([])
  })

  it('have servers behind them that cannot be reached: status 3', async () => {
    const { as } = await house({}, { noUpstream: true })
    expect(await run(['tools', 'list', ...(await as())])).toMatchObject({
      status: 3,
      err: expect.stringMatching(/upstream_unreachable/),
    })
  })
})

describe('the endpoint of the configuration', () => {
  const configuration = (port: number, more = '') => `mode: development
policy: { paths: [main.rego] }
listeners: { agents: { port: ${port} } }
agents: [{ id: buyer }, { id: support }]
upstreams: [{ id: erp, url: development:erp, credential: { value: "Bearer \${file:data/keys/procurement-erp}" } }]
routes: [{ id: tools, path: /mcp, protocol: mcp, servers: [{ upstream: erp, path: /mcp }] }${more}]
`

  async function world(more = '') {
    const { url, script } = await direct()
    const directory = folder()
    writeFileSync(join(directory, 'main.rego'), 'package gatehouse\n')
    writeFileSync(join(directory, 'gatehouse.yaml'), configuration(Number(new URL(url[1] ?? '').port), more))
    return { directory, script }
  }

  it('is where its gateway listens, asked as an agent with a token of the development issuer', async () => {
    const { directory, script } = await world()
    expect(
      await run(['call', 'echo', '--arg', 'text=x', '--agent', 'buyer', '--scope', 'a', '--role', 'b'], { directory }),
    ).toMatchObject({ status: 0, out: 'x\n' })
    const [, token = ''] = String(script.headers[0]?.authorization).split(' ')
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({ client_id: 'buyer', sub: 'buyer', scope: 'a', roles: ['b'] })
    expect(claims.exp - claims.iat).toBe(600)
  })

  it('is compared as seen by two agents', async () => {
    const { directory, script } = await world()
    expect(await run(['tools', 'diff', '--agent', 'buyer', '--as', 'support'], { directory })).toMatchObject({
      status: 0,
    })
    const names = script.headers.map(
      ({ authorization }) =>
        JSON.parse(Buffer.from(String(authorization).split('.')[1] ?? '', 'base64url').toString()).client_id,
    )
    expect(new Set(names)).toEqual(new Set(['buyer', 'support']))
  })

  it('takes a token from a file and from the environment', async () => {
    const { directory, script } = await world()
    writeFileSync(join(directory, 'token'), 'from.file\n')
    await run(['tools', 'list', '--token-file', 'token'], {
      directory,
      environment: { GATEHOUSE_TOKEN: 'from.variable' },
    })
    expect(script.headers.at(-1)?.authorization).toBe('Bearer from.file')
    await run(['tools', 'list'], { directory, environment: { GATEHOUSE_TOKEN: 'from.variable' } })
    expect(script.headers.at(-1)?.authorization).toBe('Bearer from.variable')
  })

  const second = ', { id: others, path: /others, protocol: mcp, servers: [{ upstream: erp, path: /mcp }] }'
  it.each([
    {
      note: 'nobody says whose call it is',
      words: [],
      wanted: /say whose call it is: `--agent` with one of buyer, support/,
    },
    { note: 'the agent is not there', words: ['--agent', 'biyer'], wanted: /no agent `biyer`; did you mean `buyer`\?/ },
    {
      note: 'two say whose call it is',
      words: ['--agent', 'buyer', '--token', 'a.b'],
      wanted: /`--agent` and `--token` both say whose call it is/,
    },
    { note: 'two give a token', words: ['--token-file', 'x', '--token', 'a.b'], wanted: /both give a token/ },
    { note: 'the token is none', words: ['--token', 'a b'], wanted: /what `--token` gives is no bearer token/ },
    {
      note: 'the file is not there',
      words: ['--token-file', 'nowhere'],
      wanted: /the token: the file `nowhere` does not exist/,
    },
    {
      note: 'there are two routes',
      words: ['--agent', 'buyer'],
      more: second,
      wanted: /several routes of `protocol: mcp`; write `--route` with one of tools, others/,
    },
    {
      note: 'the route is not there',
      words: ['--agent', 'buyer', '--route', 'othrs'],
      more: second,
      wanted: /no route `othrs` of `protocol: mcp`; did you mean `others`\?/,
    },
    { note: 'the URL is none', words: ['--url', 'mcp'], wanted: /`--url` takes the URL of an endpoint/ },
    {
      note: 'the URL is of another kind',
      words: ['--url', 'file:///etc/passwd'],
      wanted: /`--url` takes the URL of an endpoint/,
    },
    {
      note: 'the URL holds a password',
      words: ['--url', 'http://a:b@127.0.0.1/'],
      wanted: /takes a URL without a name and password/,
    },
    { note: 'a comparison is asked of one list', words: ['--as', 'buyer'], wanted: /`--as` is for `tools diff`/ },
  ])('is not asked when $note: status 2', async ({ words, more = '', wanted }) => {
    const { directory, script } = await world(more)
    expect(await run(['tools', 'list', ...words], { directory })).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringMatching(wanted),
    })
    expect(script.messages).toEqual([])
  })

  it('is the route that was chosen, where there are several', async () => {
    const { directory } = await world(second)
    const { out } = await run(['tools', 'list', '--agent', 'buyer', '--route', 'others'], { directory })
    expect(JSON.parse(out).endpoint).toMatch(/\/others$/)
  })

  it('never prints a token', async () => {
    const { directory } = await world()
    writeFileSync(join(directory, 'token'), 'a-secret that is none\n')
    expect((await run(['tools', 'list', '--token-file', 'token'], { directory })).err).not.toContain('a-secret')
  })

  it.each([
    { note: 'nothing to compare with', words: [], wanted: /`tools diff` takes a file/ },
    { note: 'three files', words: ['a', 'b', 'c'], wanted: /two files at most/ },
    {
      note: 'a file and a caller',
      words: ['a', '--as', 'buyer'],
      wanted: /with a file or, with `--as`, with another caller/,
    },
    {
      note: 'a file that is not there',
      words: ['nowhere.json'],
      wanted: /the list of tools: the file `nowhere.json` does not exist/,
    },
    { note: 'a file that is no JSON', words: ['gatehouse.yaml'], wanted: /`gatehouse.yaml` is no JSON/ },
    { note: 'a file that is no list', words: ['other.json'], wanted: /`other.json` holds no list of tools/ },
    {
      note: 'a list that somebody changed',
      words: ['forged.json'],
      wanted: /`forged.json` was changed since it was saved: the digest of `echo` is not that of its definition/,
    },
  ])('is not compared with $note: status 2', async ({ words, wanted }) => {
    const { directory } = await world()
    writeFileSync(join(directory, 'other.json'), '{"tools":[{"name":"echo"}]}')
    const kept = (await run(['tools', 'list', '--agent', 'buyer'], { directory })).out
    writeFileSync(
      join(directory, 'forged.json'),
      kept.replace(/"description": "says what it was told"/, '"description": "says all"'),
    )
    expect(readFileSync(join(directory, 'forged.json'), 'utf8')).not.toBe(kept)
    expect(await run(['tools', 'diff', '--agent', 'buyer', ...words], { directory })).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringMatching(wanted),
    })
  })
})
