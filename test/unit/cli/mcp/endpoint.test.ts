/** Where the gateway of a configuration is reached, and whose token goes there, without asking anybody. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { commands } from '../../../../src/cli/commands.ts'
import { type Endpoint, endpointOf, otherFlags, ownFlags } from '../../../../src/cli/mcp/endpoint.ts'
import { parseWords } from '../../../../src/cli/options.ts'
import { makeFakeIo } from '../../../support/io.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

interface Case {
  readonly agents: string
  readonly route?: string
  readonly words?: readonly string[]
  readonly environment?: { readonly [name: string]: string }
}

/** A production configuration; `agents` is its listener, `route` more of its one route. */
async function endpointIn(
  { agents, route = '', words = [], environment = {} }: Case,
  flags = ownFlags,
): Promise<Endpoint> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-endpoint-'))
  folders.push(directory)
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  write('main.rego', 'package gatehouse\n')
  for (const name of ['cert.pem', 'key.pem', 'token', 'other']) write(name, `${name}\n`)
  write(
    'gatehouse.yaml',
    `policy: { paths: [main.rego] }
issuers: [{ issuer: https://login.example.com/, keys: { url: https://login.example.com/jwks }, audiences: [gatehouse] }]
listeners: { agents: ${agents} }
upstreams: [{ id: erp, url: https://erp.example.com }]
routes: [{ id: tools, path: /mcp, protocol: mcp, servers: [{ upstream: erp }]${route} }]
`,
  )
  const parsed = parseWords(['tools', 'list', ...words], commands)
  if (parsed.kind !== 'run') throw new Error('help was not asked for')
  return endpointOf(flags, parsed.options, makeFakeIo({ directory, environment }))
}

const file = ['--token-file', 'token']
const tls = 'tls: { certificate: cert.pem, key: key.pem }'

it.each([
  { note: 'on loopback', agents: '{ port: 9080 }', wanted: 'http://127.0.0.1:9080/mcp' },
  { note: 'on an address', agents: '{ host: 192.0.2.7, port: 9080 }', wanted: 'http://192.0.2.7:9080/mcp' },
  { note: 'on all addresses', agents: '{ host: 0.0.0.0, port: 9080 }', wanted: 'http://127.0.0.1:9080/mcp' },
  { note: 'on all addresses of IPv6', agents: '{ host: "::", port: 9080 }', wanted: 'http://[::1]:9080/mcp' },
  { note: 'on one of IPv6', agents: '{ host: "::1", port: 9080 }', wanted: 'http://[::1]:9080/mcp' },
  { note: 'with TLS', agents: `{ port: 9443, ${tls} }`, wanted: 'https://127.0.0.1:9443/mcp' },
  {
    note: 'with TLS under a public name',
    agents: `{ port: 9443, ${tls}, public_url: https://agents.example.com }`,
    wanted: 'https://agents.example.com/mcp',
  },
])('reaches a gateway that listens $note', async ({ agents, wanted }) => {
  expect((await endpointIn({ agents, words: file })).url.href).toBe(wanted)
})

it.each([
  {
    note: 'takes any port',
    agents: '{ port: 0 }',
    wanted: /lets the gateway take any port; name the endpoint with `--url URL`/,
  },
  {
    note: 'answers to one host',
    agents: '{ port: 9080 }',
    route: ', host: agents.example.com',
    wanted: /the route `tools` answers to the host `agents.example.com` alone/,
  },
])('says that it must be told where a gateway is that $note', async ({ agents, route, wanted }) => {
  await expect(endpointIn({ agents, words: file, ...(route !== undefined && { route }) })).rejects.toThrow(wanted)
})

const agents = '{ port: 9080 }'
const none = ', identity: none'
const url = ['--url', 'https://tools.example.com/mcp']

it.each([
  { note: 'of a file', words: file, wanted: 'token' },
  { note: 'of a word', words: ['--token', 'abc'], wanted: 'abc' },
  { note: 'of the environment', words: [], environment: { GATEHOUSE_TOKEN: 'abc' }, wanted: 'abc' },
  { note: 'of a file before the environment', words: file, environment: { GATEHOUSE_TOKEN: 'abc' }, wanted: 'token' },
  { note: 'of nobody where the route wants none', words: [], route: none, wanted: undefined },
  { note: 'of a file where the route wants none', words: file, route: none, wanted: 'token' },
  { note: 'of nobody for a URL', words: url, wanted: undefined },
  { note: 'of a file for a URL', words: [...url, ...file], wanted: 'token' },
])('sends the token $note', async ({ note: _, wanted, ...rest }) => {
  expect((await endpointIn({ agents, ...rest })).token).toBe(wanted)
})

it('wants a token in production, where it makes none', async () => {
  await expect(endpointIn({ agents })).rejects.toThrow(
    /the endpoint wants a token; give one with `--token-file FILE`, or GATEHOUSE_TOKEN/,
  )
  await expect(endpointIn({ agents, words: ['--agent', 'buyer'] })).rejects.toThrow(
    /tokens are made in development mode only/,
  )
})

it('compares with another caller at the same place, another place as the same caller, or both', async () => {
  const there = 'https://other.example.com/mcp'
  const other = async (...words: readonly string[]) => {
    const found = await endpointIn({ agents, words: [...url, ...file, ...words] }, otherFlags)
    return [found.url.href, found.token]
  }
  expect(await other('--to-token-file', 'other')).toEqual([url[1], 'other'])
  expect(await other('--to', there)).toEqual([there, 'token'])
  expect(await other('--to', there, '--to-token-file', 'other')).toEqual([there, 'other'])
})
