/**
 * Messages that the gateway and an upstream could read in two ways: what policy saw is what the upstream gets, or the call is
 * refused. Each row is a trick that some server, framework or proxy is known to fall for.
 */
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openWorld, type SendOptions, type World, type WorldOptions } from '../support/world.ts'

const open: World[] = []
afterAll(async () => {
  for (const world of open) await world.close()
})

/** One world for all rows of a table: the rows differ in their calls alone. */
function oneWorld(options: WorldOptions = {}): () => World {
  let world: World | undefined
  beforeEach(async () => {
    if (world === undefined) {
      world = await openWorld(options)
      open.push(world)
    }
    world.received.length = 0
  })
  return () => {
    if (world === undefined) throw new Error('the world is there from the first test on')
    return world
  }
}

const policy = (rules: string): WorldOptions => ({ policies: { 'main.rego': `package gatehouse\n\n${rules}\n` } })
const small = policy('allow if input.call.body.amount < 10')
const json = { 'content-type': 'application/json' }
const post = (body: string | Uint8Array, headers: SendOptions['headers'] = {}): SendOptions => ({
  method: 'POST',
  body,
  headers: { ...json, ...headers },
})

/** The last byte of `ǵ` in UTF-8 begins a character of two bytes in Shift_JIS: it takes the backslash with it, and the string ends. */
const shiftJis = Buffer.from('{"amount":1,"notes":"\u01f5\\",\\"amount\\":99999,\\"x\\":\\""}')

describe('a body that policy reads', () => {
  const charset = (value: string): SendOptions => post(shiftJis, { 'content-type': `application/json${value}` })
  const refused: { note: string; call: SendOptions; code: string }[] = [
    { note: 'in a charset where it has other fields', call: charset('; charset=shift_jis'), code: 'body_media_type' },
    { note: 'in UTF-16, so it says', call: charset(';charset=utf-16le'), code: 'body_media_type' },
    { note: 'in EBCDIC, so it says', call: charset('; charset="ibm037"'), code: 'body_media_type' },
    { note: 'in two charsets', call: charset('; charset=utf-8; charset=utf-7'), code: 'body_media_type' },
    { note: 'in an extended charset', call: charset("; charset*=utf-8''utf-7"), code: 'body_media_type' },
    { note: 'with a charset in a parameter behind', call: charset('; a=b; charset=utf-7'), code: 'body_media_type' },
    { note: 'of two types', call: charset(', text/plain'), code: 'body_media_type' },
    {
      note: 'as a form',
      call: post('amount=1', { 'content-type': 'application/x-www-form-urlencoded' }),
      code: 'body_media_type',
    },
    {
      note: 'in parts',
      call: post('--a\r\n\r\n{"amount":1}\r\n--a--', { 'content-type': 'multipart/mixed; boundary=a' }),
      code: 'body_media_type',
    },
    {
      note: 'of an old JSON type',
      call: post('{"amount":1}', { 'content-type': 'text/json' }),
      code: 'body_media_type',
    },
    { note: 'compressed', call: post('{"amount":1}', { 'content-encoding': 'gzip' }), code: 'body_encoded' },
    {
      note: 'compressed after nothing',
      call: post('{"amount":1}', { 'content-encoding': 'identity, br' }),
      code: 'body_encoded',
    },
    { note: 'with an empty coding', call: post('{"amount":1}', { 'content-encoding': '' }), code: 'body_encoded' },
    { note: 'with a number beyond doubles', call: post('{"amount":1e400}'), code: 'body_malformed' },
    {
      note: 'with a number of a thousand digits',
      call: post(`{"amount":-${'9'.repeat(1_000)}}`),
      code: 'body_malformed',
    },
    { note: 'with a number that begins with zero', call: post('{"amount":010}'), code: 'body_malformed' },
    { note: 'with NaN', call: post('{"amount":NaN}'), code: 'body_malformed' },
    { note: 'that goes on', call: post('{"amount":1}{"amount":99}'), code: 'body_malformed' },
    { note: 'with a comment', call: post('{"amount":1/*,"amount":99*/}'), code: 'body_malformed' },
    { note: 'with a byte order mark', call: post('\ufeff{"amount":1}'), code: 'body_malformed' },
    { note: 'with a key twice, once escaped', call: post('{"amount":1,"\\u0061mount":99}'), code: 'body_malformed' },
    { note: 'with half a surrogate', call: post('{"amount":1,"x":"\\ud800"}'), code: 'body_malformed' },
    { note: 'whose amount stands on a prototype', call: post('{"__proto__":{"amount":1}}'), code: 'policy_undefined' },
    { note: 'whose amount is text', call: post('{"amount":"1"}'), code: 'policy_undefined' },
    { note: 'in a list', call: post('[{"amount":1}]'), code: 'policy_undefined' },
    {
      note: 'just above the bound, in more digits than a double has',
      call: post('{"amount":10.000000000000000000001}'),
      code: 'policy_undefined',
    },
  ]

  const here = oneWorld(small)

  it.each(refused)('is refused $note', async ({ call, code }) => {
    expect((await here().send(call)).json.code).toBe(code)
    expect(here().received).toEqual([])
    here().pair()
  })

  it.each([
    ['application/json'],
    ['APPLICATION/JSON; charset=UTF-8'],
    ['application/json;charset="utf-8"'],
    ['application/merge-patch+json; profile=x'],
  ])('as %s reaches the upstream byte by byte', async (type) => {
    const world = here()
    const body = '{"amount" : 9.999999999999999999999e-1, "big":12345678901234567890, "minus":-0}\n'
    expect((await world.send(post(body, { 'content-type': type }))).status).toBe(200)
    expect(world.received[0]?.body.toString()).toBe(body)
    expect(world.received[0]?.headers['content-type']).toBe(type)
  })
})

describe('a header', () => {
  const here = oneWorld({
    ...policy(
      'allow if input.call.http.headers["x-tenant"] == "a"\n\nobligations contains {"type": "set_header", "name": "x-approved-by", "value": "policy"}',
    ),
    route: { policy_headers: ['x-tenant'] },
  })

  it.each([
    ['x-tenant'],
    ['X-Tenant'],
    ['close, x-tenant'],
    ['content-type'],
    ['Content-Type, keep-alive'],
    ['authorization'],
    ['host'],
    ['content-length'],
  ])('that Connection would take off (`%s`) is refused, not hidden from the upstream', async (connection) => {
    const reply = await here().send(post('{"amount":1}', { connection, 'x-tenant': 'a' }))
    expect(reply.json.code).toBe('header_refused')
    expect(here().received).toEqual([])
  })

  it('that CGI would read as another one does not pass', async () => {
    const world = here()
    const names = [
      'X_Tenant',
      'x.tenant',
      'X_Approved_By',
      'X_Forwarded_For',
      'Content_Type',
      'Content_Encoding',
      'x~tenant',
      'Author_ization',
    ]
    const forged = Object.fromEntries(names.map((name) => [name, 'forged']))
    expect((await world.send({ headers: { 'x-tenant': 'a', ...forged } })).status).toBe(200)
    expect(world.received[0]?.headers).toMatchObject({ 'x-tenant': 'a', 'x-approved-by': 'policy' })
    expect(JSON.stringify(world.received[0]?.rawHeaders)).not.toContain('forged')
  })

  it.each([
    'X-HTTP-Method-Override',
    'X-HTTP-Method',
    'X-Method-Override',
    'X-Original-Method',
    'X-Original-URL',
    'X-Original-URI',
    'X-Rewrite-URL',
    'X-Forwarded-Prefix',
    'X-Forwarded-Host',
    'X-Envoy-Original-Path',
    'Forwarded',
    'Via',
  ])('`%s` does not speak to the upstream', async (name) => {
    const world = here()
    await world.send({ method: 'POST', headers: { 'x-tenant': 'a', [name]: '/evil-DELETE' } })
    expect(world.received[0]).toMatchObject({ method: 'POST', url: '/orders' })
    expect(JSON.stringify(world.received[0]?.rawHeaders)).not.toContain('evil')
  })
})

describe('a host', () => {
  const here = oneWorld({
    ...policy('allow if input.route.id == "all"'),
    config: {
      routes: [
        { id: 'inside', host: 'inside.example.test', path: '/', upstream: 'erp' },
        { id: 'all', path: '/', upstream: 'erp' },
      ],
    },
  })

  it.each([
    ['inside.example.test'],
    ['inside.example.test:8080'],
    ['INSIDE.example.test:1'],
    ['inside.example.test:'],
    ['inside.example.test:0080'],
  ])('written `%s` leads to the route of its name', async (host) => {
    const world = here()
    expect((await world.send({ headers: { host } })).status).toBe(403)
    expect(world.pair().decision.target.route).toBe('inside')
  })

  it.each([
    ['inside.example.test.'],
    ['a@inside.example.test'],
    ['inside.example.test/'],
    ['inside%2eexample.test'],
    ['[::1%25eth0]'],
  ])('written `%s` is refused', async (host) => {
    expect((await here().send({ headers: { host } })).json.code).toBe('host_refused')
  })
})

describe('a described operation', () => {
  const here = oneWorld({
    ...policy('allow if input.call.tool.name == "read_order"'),
    route: { path: '/erp' },
    description: {
      openapi: '3.1.0',
      info: { title: 'orders', version: '1' },
      paths: {
        '/orders/{id}': {
          get: {
            operationId: 'read_order',
            parameters: [
              { name: 'id', in: 'path', required: true, schema: { type: 'string', pattern: '^[a-z0-9]+$' } },
              { name: 'full', in: 'query', schema: { type: 'boolean' } },
            ],
            responses: {},
          },
        },
        '/orders/{id}/approval': {
          post: {
            operationId: 'approve_order',
            parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
            responses: {},
          },
        },
      },
    },
  })

  it.each([
    ['/erp/orders/7%2Fapproval', 'target_refused'],
    ['/erp/orders/7%5Capproval', 'target_refused'],
    ['/erp/orders/7%252Fapproval', 'target_refused'],
    ['/erp/orders/../orders/7/approval', 'target_refused'],
    ['/erp/orders/%2e%2e/7', 'target_refused'],
    ['/erp//orders/7', 'target_refused'],
    ['/erp/orders/7;x=/approval', 'target_refused'],
    ['/erp/orders/7%00', 'target_refused'],
    ['/erp/orders/%c0%af', 'target_refused'],
    ['/ERP/orders/7', 'route_unknown'],
    ['/erp/Orders/7', 'operation_unknown'],
    ['/erp/orders/7/', 'operation_unknown'],
    ['/erp/orders/%EF%BC%97', 'argument_invalid'],
    ['/erp/orders/7%3Fapproval', 'argument_invalid'],
    ['/erp/orders/7%0Aapproval', 'target_refused'],
    ['/erp/orders/7?full=true&full=false', 'argument_invalid'],
    ['/erp/orders/7?full=TRUE', 'argument_invalid'],
    ['/erp/orders/7?full[]=true', 'argument_unknown'],
    ['/erp/orders/7?Full=true', 'argument_unknown'],
    ['/erp/orders/7?_method=POST', 'argument_unknown'],
    ['/erp/orders/7?full=true;x=1', 'target_refused'],
    ['/erp/orders/7?full=true&', 'target_refused'],
    ['/erp/orders/7?id=8', 'argument_unknown'],
  ])('is not found at `%s`: %s', async (path, code) => {
    expect((await here().send({ path })).json.code).toBe(code)
    expect(here().received).toEqual([])
  })

  it.each([
    ['/erp/orders/7', '/orders/7'],
    ['/erp/%6frders/%37', '/orders/7'],
    ['/%65rp/orders/a', '/orders/a'],
    ['/erp/orders/7?full=true', '/orders/7?full=true'],
    ['/erp/orders/7?%66ull=true', '/orders/7?%66ull=true'],
  ])('is found at `%s`, and the upstream gets `%s`', async (path, url) => {
    expect((await here().send({ path })).status).toBe(200)
    expect(here().received[0]?.url).toBe(url)
  })

  it.each([
    ['PUT', '/erp/orders/7', 'GET'],
    ['GET', '/erp/orders/7/approval', 'POST'],
  ])('with %s at `%s` is 405 and says `%s`', async (method, path, allowed) => {
    const reply = await here().send({ method, path })
    expect(reply).toMatchObject({ status: 405, headers: { allow: allowed }, json: { code: 'method_unknown' } })
  })
})

describe('a reply', () => {
  const location = { value: '' }
  const here = oneWorld({
    serve: (_, response) =>
      void response.writeHead(302, { location: Buffer.from(location.value).toString('latin1') }).end(),
  })

  it.each([
    ['/orders/\u0436', '/orders/%D0%B6'],
    ['/orders?q=\u00e9', '/orders?q=%C3%A9'],
  ])('with the Location `%s` in UTF-8 leads to the same bytes, escaped', async (value, mapped) => {
    location.value = value
    expect((await here().send()).headers.location).toBe(`http://127.0.0.1:${here().port}${mapped}`)
  })
})
