/**
 * Messages whose header says something else than their body, so that whoever looks at one of them only would be deceived; names and
 * arguments that would break out of the field that repeats them; definitions that would have fields of the protocol be written.
 */
import { describe, expect, it } from 'vitest'
import { legacy, modern, modernRevision, openSession, post } from '../support/mcp-agent.ts'
import { mcpHouses, outcomeOf } from '../support/mcp-house.ts'
import { echoTool } from '../support/mcp-server.ts'

const house = mcpHouses()
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } }, id: 5 }
const base64 = (text: string | Uint8Array) => `=?base64?${Buffer.from(text).toString('base64')}?=`

describe('a modern message', () => {
  const rows: readonly [string, { readonly [name: string]: string | undefined }][] = [
    ['no method', { 'mcp-method': undefined }],
    ['an empty method', { 'mcp-method': '' }],
    ['the method of another message', { 'mcp-method': 'tools/list' }],
    ['the method in capitals', { 'mcp-method': 'TOOLS/CALL' }],
    ['the method encoded', { 'mcp-method': base64('tools/call') }],
    ['two methods', { 'mcp-method': 'tools/call, tools/list' }],
    ['no name', { 'mcp-name': undefined }],
    ['an empty name', { 'mcp-name': '' }],
    ['another name', { 'mcp-name': 'other' }],
    ['the name in capitals', { 'mcp-name': 'ECHO' }],
    ['another name encoded', { 'mcp-name': base64('other') }],
    ['a name twice', { 'mcp-name': 'echo, echo' }],
    ['a broken encoding', { 'mcp-name': '=?base64?ZWNobw=?=' }],
    ['an encoding with something behind it', { 'mcp-name': '=?base64?ZWNobw==x?=' }],
    ['an encoding of bytes that are no text', { 'mcp-name': base64(Uint8Array.of(0xff, 0xfe)) }],
    ['another revision', { 'mcp-protocol-version': '2025-11-25' }],
    ['no revision', { 'mcp-protocol-version': undefined }],
    ['an argument that is not mirrored so', { 'mcp-param-text': 'y' }],
    ['an argument in capitals', { 'mcp-param-text': 'X' }],
    ['no argument', { 'mcp-param-text': undefined }],
    ['an argument that it does not have', { 'mcp-param-text': 'x', 'mcp-param-count': '1' }],
  ]
  it.each(rows)('whose header has %s is refused', async (_note, headers) => {
    const properties = {
      text: { type: 'string', 'x-mcp-header': 'Text' },
      count: { type: 'integer', 'x-mcp-header': 'Count' },
    }
    const { world, script } = await house({ tools: [{ ...echoTool, inputSchema: { type: 'object', properties } }] })
    expect((await modern(world, { ...call, headers: { 'mcp-param-text': 'x' } })).status).toBe(200)
    const before = script.messages.filter(({ method }) => method === 'tools/call').length
    const reply = await modern(world, { ...call, headers: { 'mcp-param-text': 'x', ...headers } })
    expect([reply.status, reply.json.error.code, reply.json.id]).toEqual([400, -32020, 5])
    expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'refused', code: 'rpc_header_mismatch' })
    expect(script.messages.filter(({ method }) => method === 'tools/call')).toHaveLength(before)
  })

  it('with a field twice is one that policy and server read alike, or none', async () => {
    const { world, script } = await house({ tools: [echoTool, { ...echoTool, name: 'other' }] })
    const token = await world.token()
    const body = JSON.stringify({
      jsonrpc: '2.0',
      ...call,
      params: {
        ...call.params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': modernRevision,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    })
    const lines = [
      'Mcp-Name: echo',
      'Mcp-Name: other',
      'Mcp-Method: tools/call',
      `Mcp-Protocol-Version: ${modernRevision}`,
    ]
    const head = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${world.port}\r\nConnection: close\r\nAuthorization: Bearer ${token}`
    const rest = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`
    const reply = await world.raw(`${head}\r\n${lines.join('\r\n')}\r\n${rest}\r\n\r\n${body}`)
    expect(reply).toMatch(/^HTTP\/1\.1 400 /)
    expect(script.messages.some(({ method }) => method === 'tools/call')).toBe(false)
    expect(world.pair().outcome.outcome).toBe('refused')
  })
})

describe('the era of a message', () => {
  const meta = (revision: unknown) => ({
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientCapabilities': {},
  })
  it.each([
    ['a legacy header over a modern body', '2025-11-25', meta(modernRevision), 'rpc_header_mismatch'],
    ['a modern header over a legacy body', modernRevision, meta('2025-11-25'), 'rpc_header_mismatch'],
    ['a modern body without a header', undefined, meta(modernRevision), 'rpc_header_mismatch'],
    ['a modern header over a body without a word', modernRevision, undefined, 'rpc_meta_missing'],
    ['a legacy revision in the body', '2025-11-25', meta('2025-11-25'), 'revision_unsupported'],
    ['a revision that is no text', modernRevision, meta(20_260_728), 'rpc_header_mismatch'],
    ['a revision that is nothing', modernRevision, meta(null), 'rpc_header_mismatch'],
    ['a revision of old', '2024-11-05', undefined, 'revision_unsupported'],
    ['two revisions', `2025-11-25, ${modernRevision}`, meta(modernRevision), 'rpc_header_mismatch'],
  ])('is not to be had by %s, in a session or without', async (_note, revision, _meta, code) => {
    const { world, script } = await house()
    const session = await openSession(world)
    const before = script.messages.length
    const params = { ...call.params, ...(_meta !== undefined && { _meta }) }
    for (const id of [undefined, session]) {
      const headers = {
        'mcp-protocol-version': revision,
        'mcp-method': 'tools/call',
        'mcp-name': 'echo',
        'mcp-session-id': id,
      }
      const reply = await post(world, { jsonrpc: '2.0', ...call, params }, headers)
      expect(reply.status).toBe(400)
      expect(outcomeOf(world, reply)).toMatchObject({ outcome: 'refused', code })
    }
    expect(script.messages).toHaveLength(before)
  })

  it('is that of the message, whatever session is named beside it', async () => {
    const { world, script } = await house()
    const session = await openSession(world)
    const reply = await modern(world, { ...call, headers: { 'mcp-session-id': session } })
    expect(reply.status).toBe(200)
    expect(script.headers.at(-1)).not.toHaveProperty('mcp-session-id')
    const other = await legacy(world, session, { ...call, headers: { 'mcp-protocol-version': '2025-03-26' } })
    expect(outcomeOf(world, other)).toMatchObject({ outcome: 'refused', code: 'rpc_header_mismatch' })
  })
})

const breaking = [
  'a\r\nx-evil: 1',
  'a\nx-evil: 1',
  '\u0000',
  ' a',
  'a ',
  '\ta',
  'é',
  '\u{1f600}',
  '=?base64?QQ==?=',
  'a,b',
]

it.each(breaking)('writes no header that the name %j was made to break', async (name) => {
  const settings = [{ invisible_characters: 'pass' }]
  const { world, script } = await house({ tools: [{ ...echoTool, name }] }, { settings })
  const reply = await modern(world, { ...call, params: { name, arguments: {} }, headers: { 'mcp-name': base64(name) } })
  expect(reply.status).toBe(200)
  const got = script.headers.at(-1) ?? {}
  expect(got['mcp-name']).toMatch(/^[\x21-\x7e]+$/)
  expect(got).not.toHaveProperty('x-evil')
  expect(world.pair().decision.target).toMatchObject({ tool: name })
})

it.each(breaking)('writes no header that the argument %j was made to break', async (text) => {
  const properties = { text: { type: 'string', 'x-mcp-header': 'Text' } }
  const { world, script } = await house({ tools: [{ ...echoTool, inputSchema: { type: 'object', properties } }] })
  const params = { name: 'echo', arguments: { text } }
  const reply = await modern(world, { ...call, params, headers: { 'mcp-param-text': base64(text) } })
  expect(reply.status).toBe(200)
  const field = String(script.headers.at(-1)?.['mcp-param-text'])
  const said = /^=\?base64\?(.*)\?=$/.exec(field)?.[1]
  expect(said === undefined ? field : Buffer.from(said, 'base64').toString('utf8')).toBe(text)
  expect(script.headers.at(-1)).not.toHaveProperty('x-evil')
})

it.each([
  ['a line end', 'Text\r\nx-evil'],
  ['a colon', 'Text: a'],
  ['a space', 'Te xt'],
  ['nothing', ''],
  ['no text', 7],
  ['two of one name', 'Twice'],
])('lists no tool whose mirrored field is named with %s, and calls none', async (_note, header) => {
  const properties = {
    text: { type: 'string', 'x-mcp-header': header },
    ...(header === 'Twice' && { other: { type: 'string', 'x-mcp-header': 'tWICE' } }),
  }
  const { world, script } = await house({
    tools: [
      { ...echoTool, name: 'good' },
      { ...echoTool, inputSchema: { type: 'object', properties } },
    ],
  })
  const listed = await modern(world, { method: 'tools/list' })
  expect(listed.json.result.tools.map(({ name }: { name: string }) => name)).toEqual(['good'])
  expect(outcomeOf(world, listed).servers).toMatchObject([
    { shown: 1, refused: 1, refused_entries: [{ name: 'echo' }] },
  ])
  const reply = await modern(world, call)
  expect(reply.json.error.code).toBe(-32602)
  expect(script.messages.some(({ method }) => method === 'tools/call')).toBe(false)
})

it.each(['authorization', 'mcp-session-id', 'host', 'content-length', 'x-evil'])(
  'makes no field %s of an argument, whatever a definition asks for',
  async (header) => {
    const properties = { text: { type: 'string', 'x-mcp-header': header } }
    const { world, script } = await house({ tools: [{ ...echoTool, inputSchema: { type: 'object', properties } }] })
    const reply = await modern(world, { ...call, headers: { [`mcp-param-${header}`]: 'x' } })
    expect(reply.status).toBe(200)
    const got = script.headers.at(-1) ?? {}
    expect(got[`mcp-param-${header}`]).toBe('x')
    expect(got[header]).not.toBe('x')
  },
)
