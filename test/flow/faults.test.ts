/**
 * Every fault that a call alone can meet, one row each, through the whole house on real sockets: what the agent gets, and what
 * the two records say. The others are listed with the tests that bring them about.
 */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { faults, limits } from '../../src/model/index.ts'
import { fakeClock } from '../support/clock.ts'
import {
  issuerName,
  openWorld,
  rawUpstream,
  type SendOptions,
  type World,
  type WorldOptions,
} from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})
async function worldOf(options: WorldOptions): Promise<World> {
  const world = await openWorld(options)
  open.push(world)
  return world
}

const orders = {
  openapi: '3.1.0',
  info: { title: 'orders', version: '1' },
  paths: {
    '/orders': {
      post: {
        operationId: 'create_order',
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                additionalProperties: false,
                required: ['vendor_id', 'amount'],
                properties: { vendor_id: { type: 'string' }, amount: { type: 'number' }, notes: {} },
              },
            },
          },
        },
        responses: { 201: { description: 'made' } },
      },
    },
  },
}
const json = { 'content-type': 'application/json' }
const order = (body: string): SendOptions => ({ method: 'POST', path: '/orders', headers: json, body })
const readsBody = { 'main.rego': 'package gatehouse\n\nallow if input.call.body.amount < 10\n' }

const issuer = (changes: object): object => ({
  issuer: issuerName,
  keys: { file: 'jwks.json' },
  audiences: ['gatehouse'],
  algorithms: ['ES256'],
  ...changes,
})
const nowS = (): number => Math.floor(Date.now() / 1000)

interface Row {
  readonly code: keyof typeof faults
  readonly note: string
  readonly world?: WorldOptions
  readonly call: SendOptions | ((world: World) => Promise<SendOptions>)
  /** Whether the upstream may have acted. */
  readonly reached?: boolean
}

const rows: Row[] = [
  { code: 'token_missing', note: 'no token', call: { token: null } },
  {
    code: 'token_missing',
    note: 'no token and no such route',
    world: { route: { path: '/known' } },
    call: { token: null, path: '/other' },
  },
  { code: 'token_malformed', note: 'a token that is not one', call: { token: 'a.b' } },
  {
    code: 'token_issuer',
    note: 'a token of a stranger',
    call: async (world) => ({ token: await world.token({ iss: 'https://stranger.example.test' }) }),
  },
  {
    code: 'token_audience',
    note: 'a token meant for another gateway',
    call: async (world) => ({ token: await world.token({ aud: 'elsewhere' }) }),
  },
  {
    code: 'token_type',
    note: 'an ID token',
    call: async (world) => ({ token: await world.token({}, { typ: 'JWT' }) }),
  },
  {
    code: 'token_signature',
    note: 'a token with another signature',
    call: async (world) => ({ token: `${(await world.token()).slice(0, -8)}AAAAAAAA` }),
  },
  {
    code: 'token_algorithm',
    note: 'a token signed by another algorithm',
    world: { config: { issuers: [issuer({ algorithms: ['ES384'] })] } },
    call: {},
  },
  {
    code: 'token_not_yet_valid',
    note: 'a token of tomorrow',
    call: async (world) => ({ token: await world.token({ nbf: nowS() + 86_400 }) }),
  },
  {
    code: 'token_too_old',
    note: 'a token that is valid too long',
    world: { config: { issuers: [issuer({ age_max: '10m' })] } },
    call: async (world) => ({ token: await world.token({}, {}, nowS() - 1_200) }),
  },
  { code: 'token_expired', note: 'an expired token', call: async (world) => ({ token: await world.expiredToken() }) },
  {
    code: 'token_claims',
    note: 'a token whose subject is no text',
    call: async (world) => ({ token: await world.token({ sub: 7 as unknown as string }) }),
  },
  {
    code: 'token_bound',
    note: 'a token bound to a key',
    call: async (world) => ({ token: await world.token({ cnf: { jkt: 'x' } }) }),
  },
  {
    code: 'keys_unavailable',
    note: 'an issuer that is down',
    world: { config: { issuers: [issuer({ keys: { url: 'http://127.0.0.1:9/jwks' } })] } },
    call: {},
  },
  {
    code: 'agent_unknown',
    note: 'a token that names two agents',
    world: {
      config: {
        agents: [
          { id: 'buyer', identity: { issuer: issuerName } },
          { id: 'other', identity: { issuer: issuerName, claim: 'sub', value: 'buyer' } },
        ],
      },
    },
    call: {},
  },
  {
    code: 'agent_suspended',
    note: 'a suspended agent',
    world: { config: { agents: [{ id: 'buyer', status: 'suspended', identity: { issuer: issuerName } }] } },
    call: {},
  },
  { code: 'route_unknown', note: 'no route', world: { route: { path: '/known' } }, call: { path: '/other' } },
  {
    code: 'method_unknown',
    note: 'a method the route does not take',
    world: { route: { methods: ['GET'] } },
    call: { method: 'DELETE' },
  },
  {
    code: 'operation_unknown',
    note: 'an operation the description does not have',
    world: { description: orders },
    call: { path: '/vendors' },
  },
  {
    code: 'argument_unknown',
    note: 'a field the description does not have',
    world: { description: orders },
    call: order('{"vendor_id":"a","amount":1,"admin":true}'),
  },
  {
    code: 'argument_missing',
    note: 'a required field that is missing',
    world: { description: orders },
    call: order('{"amount":1}'),
  },
  {
    code: 'argument_invalid',
    note: 'a field of another type',
    world: { description: orders },
    call: order('{"vendor_id":"a","amount":"1"}'),
  },
  {
    code: 'body_media_type',
    note: 'a described body that is no JSON',
    world: { description: orders },
    call: { ...order('amount=1'), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  },
  {
    code: 'body_encoded',
    note: 'a compressed body that policy reads',
    world: { policies: readsBody },
    call: { ...order('{}'), headers: { ...json, 'content-encoding': 'gzip' } },
  },
  { code: 'body_malformed', note: 'malformed JSON', world: { policies: readsBody }, call: order('{"amount":1,}') },
  {
    code: 'body_malformed',
    note: 'a duplicate key',
    world: { policies: readsBody },
    call: order('{"amount":1,"amount":99}'),
  },
  {
    code: 'body_malformed',
    note: 'a duplicate key deep inside, once escaped',
    world: { policies: readsBody },
    call: order('{"amount":1,"notes":[{"a":1,"\\u0061":2}]}'),
  },
  {
    code: 'body_malformed',
    note: 'bytes that are not UTF-8',
    world: { policies: readsBody },
    call: { ...order(''), body: Buffer.from('{"amount":1,"notes":"\xff"}', 'latin1') },
  },
  {
    code: 'body_too_deep',
    note: 'deeply nested JSON',
    world: { policies: readsBody },
    call: order(`{"amount":1,"notes":${'['.repeat(5_000)}${']'.repeat(5_000)}}`),
  },
  {
    code: 'body_too_large',
    note: 'a body beyond the route',
    world: { route: { body_max: '1KiB', parsed_body_max: '1KiB' } },
    call: order('x'.repeat(2_000)),
  },
  {
    code: 'body_too_large',
    note: 'a body too large to be parsed',
    world: { policies: readsBody, route: { parsed_body_max: '1KiB' } },
    call: order(`{"amount":1,"notes":"${'x'.repeat(2_000)}"}`),
  },
  { code: 'method_refused', note: 'TRACE', call: { method: 'TRACE' } },
  { code: 'host_refused', note: 'a host with user information', call: { headers: { host: 'h@evil' } } },
  {
    code: 'header_too_large',
    note: 'more fields than are taken',
    call: { headers: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, 'y'])) },
  },
  { code: 'target_refused', note: 'a path with dot segments', call: { path: '/orders/../admin' } },
  { code: 'target_refused', note: 'an encoded slash', call: { path: '/orders%2fadmin' } },
  {
    code: 'header_refused',
    note: 'a field twice that must come once',
    call: { headers: { 'content-type': ['text/plain', 'application/json'] } },
  },
  { code: 'expectation_refused', note: 'an expectation nobody meets', call: { headers: { expect: '202-accepted' } } },
  {
    code: 'policy_denied',
    note: 'a policy that denies',
    world: {
      policies: {
        'main.rego': 'package gatehouse\n\nallow := true\n\ndeny contains "never"\n',
      },
    },
    call: {},
  },
  {
    code: 'policy_undefined',
    note: 'a policy without an answer',
    world: { policies: { 'main.rego': 'package gatehouse\n\nallow if input.nothing\n' } },
    call: {},
  },
  {
    code: 'approval_required',
    note: 'a policy that asks',
    world: {
      policies: {
        'main.rego': 'package gatehouse\n\nallow := true\n\nask contains {"chain": "lead", "reason": "large"}\n',
      },
    },
    call: {},
  },
  {
    code: 'policy_error',
    note: 'a policy with two answers',
    world: { policies: { 'main.rego': 'package gatehouse\n\nallow := x if some x in [true, false]\n' } },
    call: {},
  },
  {
    code: 'obligation_unknown',
    note: 'an obligation nobody knows',
    world: {
      policies: { 'main.rego': 'package gatehouse\n\nallow := true\n\nobligations contains {"type": "sing"}\n' },
    },
    call: {},
  },
  { code: 'upstream_unreachable', note: 'an upstream that is down', world: { noUpstream: true }, call: {} },
  {
    code: 'upstream_timeout',
    note: 'an upstream that is slow',
    world: { upstream: { headers_max: '200ms' }, serve: () => undefined },
    call: {},
    reached: true,
  },
  {
    code: 'upstream_malformed',
    note: 'an upstream that sends rubbish',
    world: {
      rawUpstream: rawUpstream((write, end) => {
        write('SSH-2.0-rubbish\r\n\r\n')
        end()
      }),
    },
    call: {},
    reached: true,
  },
  {
    code: 'upstream_cut',
    note: 'an upstream that breaks off',
    world: {
      rawUpstream: rawUpstream((write, _, destroy) => {
        write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')
        destroy()
      }),
    },
    call: {},
    reached: true,
  },
  {
    code: 'reply_too_large',
    note: 'a reply beyond the bound',
    world: { upstream: { reply_max: '1KiB' }, serve: (_, response) => void response.end('x'.repeat(5_000)) },
    call: {},
    reached: true,
  },
  {
    code: 'reply_not_maskable',
    note: 'a reply that must be masked and is no JSON',
    world: {
      policies: {
        'main.rego':
          'package gatehouse\n\nallow := true\n\nobligations contains {"type": "mask_response", "fields": ["/iban"]}\n',
      },
      serve: (_, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('iban=1'),
    },
    call: {},
    reached: true,
  },
  {
    code: 'call_timeout',
    note: 'a call beyond its deadline',
    world: {
      config: { timing: { header_max: '100ms', request_max: '200ms', call_max: '300ms' } },
      serve: () => undefined,
    },
    call: {},
    reached: true,
  },
]

describe('a call that breaks', () => {
  it.each(rows)('$code: $note', async ({ code, world: options = {}, call, reached = false }) => {
    const world = await worldOf(options)
    const reply = await world.send(typeof call === 'function' ? await call(world) : call)
    const row = faults[code]
    expect({ status: reply.status, code: reply.json?.code }).toEqual({ status: row.status, code })
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.json).toMatchObject({
      status: row.status,
      title: expect.any(String),
      detail: expect.any(String),
      decision_id: reply.headers['gatehouse-decision'],
    })
    expect(reply.headers['www-authenticate'] !== undefined).toBe(row.status === 401)

    const { decision, outcome } = world.pair(reply.json.decision_id)
    if (row.source === 'upstream' || code === 'call_timeout') expect(decision.decision).toBe('allow')
    else
      expect({ decision: decision.decision, code: decision.code }).toEqual({
        decision: code === 'approval_required' ? 'ask' : 'deny',
        code,
      })
    expect(outcome).toMatchObject({ code, status: row.status, upstream_reached: reached })
    if (!reached) expect(world.received).toEqual([])
    expect(JSON.stringify(world.records())).not.toContain('upstream-secret-0123456789')
  })
})

/** Faults that take more than one call, bytes that are none, or a disk that fails; and the test that brings each about. */
const elsewhere: { readonly [code in keyof typeof faults]?: string } = {
  http_malformed: '../unit/receive/receiver.test.ts',
  tls_refused: '../unit/receive/tls.test.ts',
  request_slow: '../attack/slow-header.test.ts',
  connection_limit: '../unit/receive/receiver.test.ts',
  refusal_flood: './faults.test.ts',
  framing_refused: '../attack/oversized.test.ts',
  body_slow: '../attack/slow-body.test.ts',
  agent_gone: './call.test.ts',
  draining: './reload.test.ts',
  overloaded: '../unit/receive/receiver.test.ts',
  upstream_refused_address: '../unit/forward/egress.test.ts',
  log_unavailable: '../fault/house-log.test.ts',
  log_queue_full: '../unit/record/entry.test.ts',
  internal: '../unit/record/entry.test.ts',
  scope_missing: './mcp-protection.test.ts',
  origin_refused: './mcp-faults.test.ts',
  rpc_malformed: './mcp-faults.test.ts',
  rpc_not_acceptable: './mcp-faults.test.ts',
  rpc_header_mismatch: './mcp-faults.test.ts',
  revision_unsupported: './mcp-faults.test.ts',
  rpc_meta_missing: './mcp-faults.test.ts',
  rpc_params_invalid: './mcp-faults.test.ts',
  rpc_method_unknown: './mcp-faults.test.ts',
  tool_unknown: './mcp-faults.test.ts',
  prompt_unknown: './mcp-faults.test.ts',
  resource_unknown: './mcp-faults.test.ts',
  tool_changed: './mcp-faults.test.ts',
  session_missing: './mcp-faults.test.ts',
  session_unknown: './mcp-faults.test.ts',
  upstream_rpc: './mcp-faults.test.ts',
}

describe('the table of faults', () => {
  it('has a row above, or a test elsewhere, for each', () => {
    const above = rows.map(({ code }) => code)
    const missing = (Object.keys(faults) as (keyof typeof faults)[]).filter((code) => {
      const file = elsewhere[code]
      if (file === undefined) return !above.includes(code)
      return above.includes(code) || !readFileSync(new URL(file, import.meta.url), 'utf8').includes(`'${code}'`)
    })
    expect(missing).toEqual([])
  })
})

describe('a flood of refusals from one address', () => {
  it('gets its sockets closed unread, and leaves one record that says how many', async () => {
    const clock = fakeClock()
    const world = await worldOf({ clock })
    for (let sent = 0; sent < limits.refusalsPerAddressPerSecondMax; sent++)
      expect((await world.send({ token: null })).status).toBe(401)
    for (let sent = 0; sent < 3; sent++) await expect(world.send({ token: null })).rejects.toThrow()
    await clock.advance(1_000)
    await expect
      .poll(() => world.records().filter(({ type }) => type === 'fault'))
      .toMatchObject([{ code: 'refusal_flood', count: 3, requested_by: '127.0.0.1' }])
  })
})
