/** One call that is allowed, from the agent's socket to the log: what the upstream gets, what the agent gets, what is recorded. */
import { afterEach, describe, expect, it } from 'vitest'
import { openWorld, type World, type WorldOptions } from '../support/world.ts'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})
async function worldOf(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options)
  open.push(world)
  return world
}

describe('an allowed call', () => {
  it('reaches the upstream with the received bytes, the configured credential and no trace of the token', async () => {
    const world = await worldOf()
    const body = '{"amount": 12.50,   "id": 12345678901234567890}'
    const reply = await world.send({
      method: 'POST',
      path: '/orders?x=a%20b&y=1',
      headers: {
        'content-type': 'application/json',
        cookie: 'session=1',
        'x-forwarded-for': '6.6.6.6',
        te: 'trailers',
      },
      body,
    })
    expect(reply.status).toBe(200)
    const [got] = world.received
    expect(got).toMatchObject({ method: 'POST', url: '/orders?x=a%20b&y=1' })
    expect(got?.body.toString()).toBe(body)
    expect(got?.headers.authorization).toBe('Bearer upstream-secret-0123456789')
    expect(JSON.stringify(got?.rawHeaders)).not.toMatch(/eyJ|session|6\.6\.6\.6|trailers/)
  })

  it('leaves a decision and an outcome that belong together, and names the decision in the reply', async () => {
    const world = await worldOf()
    const reply = await world.send({ path: '/orders' })
    const { decision, outcome } = world.pair(String(reply.headers['gatehouse-decision']))
    expect(decision).toMatchObject({
      type: 'decision',
      decision: 'allow',
      path: 'gatehouse',
      principal: { issuer: 'https://issuer.example.test', subject: 'buyer', agent: 'buyer' },
      target: { route: 'orders', upstream: 'erp' },
      call: { protocol: 'http', method: 'GET', path: '/orders' },
      requested_by: '127.0.0.1',
    })
    expect(outcome).toMatchObject({
      outcome: 'forwarded',
      status: 200,
      upstream_status: 200,
      complete: true,
      upstream_reached: true,
      reply_bytes: reply.text.length,
    })
    expect(outcome.seq).toBeGreaterThan(decision.seq)
    expect(outcome.call_id).toBe(decision.call_id)
  })

  it('is on the disk before the upstream hears of it, and its outcome before the agent reads the end', async () => {
    const seen: { decided: boolean; ended: boolean }[] = []
    const world: World = await worldOf({
      serve: (_, response) => {
        const types = world.records().map(({ type }) => type)
        seen.push({ decided: types.includes('decision'), ended: types.includes('outcome') })
        response.end('ok')
      },
    })
    await world.send()
    expect(seen).toEqual([{ decided: true, ended: false }])
    expect(world.records().map(({ type }) => type)).toContain('outcome')
  })

  it('continues the trace of the agent and records it', async () => {
    const world = await worldOf()
    const reply = await world.send({
      headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    })
    const sent = String(world.received[0]?.headers.traceparent)
    expect(sent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/)
    expect(sent).not.toContain('b7ad6b7169203331')
    expect(world.pair(String(reply.headers['gatehouse-decision'])).decision.trace_id).toBe(
      '0af7651916cd43dd8448eb211c80319c',
    )
  })

  it.each([
    { note: 'of another version with rubbish', header: 'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    { note: 'of zeros', header: '00-00000000000000000000000000000000-b7ad6b7169203331-01' },
    { note: 'in capitals', header: '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01' },
  ])('begins a trace of its own instead of one $note', async ({ header }) => {
    const world = await worldOf()
    await world.send({ headers: { traceparent: header } })
    expect(String(world.received[0]?.headers.traceparent)).toMatch(
      /^00-(?!0af7651916cd43dd)(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
    )
  })

  it('takes OPTIONS like any other method', async () => {
    const world = await worldOf({
      policies: { 'main.rego': 'package gatehouse\n\nallow if input.call.http.method == "OPTIONS"\n' },
    })
    expect((await world.send({ method: 'OPTIONS' })).status).toBe(200)
    expect((await world.send({ method: 'GET' })).status).toBe(403)
  })

  it.each([
    {
      note: 'its own address',
      location: (origin: string) => `${origin}/orders/7`,
      wanted: (gateway: string) => `${gateway}/erp/orders/7`,
    },
    { note: 'a path', location: () => '/orders/7', wanted: (gateway: string) => `${gateway}/erp/orders/7` },
    { note: 'a stranger', location: () => 'http://elsewhere.example.test/x', wanted: () => undefined },
  ])('maps a Location of $note', async ({ location, wanted }) => {
    const world: World = await worldOf({
      route: { path: '/erp' },
      serve: (request, response) =>
        void response.writeHead(201, { location: location(`http://${request.headers.host}`) }).end(),
    })
    const reply = await world.send({ method: 'POST', path: '/erp/orders' })
    expect(reply.status).toBe(201)
    expect(reply.headers.location).toBe(wanted(`http://127.0.0.1:${world.port}`))
  })

  it('drops cookies both ways, unless the route says that they pass', async () => {
    const serve: WorldOptions['serve'] = (_, response) =>
      void response.writeHead(200, { 'set-cookie': 'a=1' }).end('ok')
    const strict = await worldOf({ serve })
    const loose = await worldOf({ serve, route: { cookies: true } })
    const headers = { cookie: 'session=1' }
    expect((await strict.send({ headers })).headers['set-cookie']).toBeUndefined()
    expect(strict.received[0]?.headers.cookie).toBeUndefined()
    expect((await loose.send({ headers })).headers['set-cookie']).toEqual(['a=1'])
    expect(loose.received[0]?.headers.cookie).toBe('session=1')
  })
})

describe('obligations', () => {
  const obliging = (obligation: string) => ({
    'main.rego': `package gatehouse\n\nallow := true\n\nobligations contains ${obligation}\n`,
  })
  const customer =
    '{"id":7,"iban":"DE001","balance":12345678901234567890.10,"contacts":[{"phone":"1","name":"A"},{"phone":"2","name":"B"}]}'
  const serve: WorldOptions['serve'] = (_, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(customer)

  it('masks the named fields of a JSON reply and leaves every number as it was written', async () => {
    const world = await worldOf({
      serve,
      policies: obliging('{"type": "mask_response", "fields": ["/iban", "/contacts/*/phone"]}'),
    })
    const reply = await world.send({ headers: { 'accept-encoding': 'gzip' } })
    expect(reply.json).toMatchObject({ id: 7, contacts: [{ name: 'A' }, { name: 'B' }] })
    expect(reply.text).not.toMatch(/DE001|"phone":"[12]"/)
    expect(reply.text).toContain('12345678901234567890.10')
    expect(world.received[0]?.headers['accept-encoding']).toBe('identity')
    expect(world.pair().outcome.obligations_done).toEqual(['mask_response'])
  })

  it('sets a header towards the upstream', async () => {
    const world = await worldOf({
      serve,
      policies: obliging('{"type": "set_header", "name": "x-approved-by", "value": "policy"}'),
    })
    await world.send({ headers: { 'x-approved-by': 'the agent itself' } })
    expect(world.received[0]?.headers['x-approved-by']).toBe('policy')
  })

  it('sets a header towards the agent', async () => {
    const world = await worldOf({
      serve,
      policies: obliging('{"type": "set_header", "name": "x-note", "value": "kept", "to": "agent"}'),
    })
    expect((await world.send()).headers['x-note']).toBe('kept')
  })

  it.each(['host', 'content-length', 'transfer-encoding', 'authorization', 'connection'])(
    'refuses to set `%s`',
    async (name) => {
      const world = await worldOf({
        serve,
        policies: obliging(`{"type": "set_header", "name": "${name}", "value": "x"}`),
      })
      expect((await world.send()).json.code).toBe('obligation_unknown')
      expect(world.received).toEqual([])
    },
  )

  it('limits the size of a reply', async () => {
    const world = await worldOf({ serve, policies: obliging('{"type": "limit", "response_bytes": 20}') })
    expect((await world.send()).json.code).toBe('reply_too_large')
  })
})

describe('bodies that nothing reads', () => {
  it('stream up: the upstream reads the beginning before the agent has sent the end', async () => {
    const { request } = await import('node:http')
    let began: () => void = () => undefined
    const beginning = new Promise<void>((resolve) => {
      began = resolve
    })
    const { createServer } = await import('node:http')
    let total = 0
    const upstream = createServer((incoming, response) => {
      incoming.on('data', (chunk: Buffer) => {
        total += chunk.length
        began()
      })
      incoming.on('end', () => response.end('done'))
    })
    const world = await worldOf({ rawUpstream: upstream })
    const token = await world.token()
    const sent = request({
      host: '127.0.0.1',
      port: world.port,
      method: 'POST',
      path: '/upload',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/octet-stream',
        'transfer-encoding': 'chunked',
      },
    })
    sent.write(Buffer.alloc(100_000, 1))
    await beginning
    expect(world.records().some(({ type }) => type === 'outcome')).toBe(false)
    const status = new Promise((resolve) =>
      sent.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode))),
    )
    sent.end(Buffer.alloc(100_000, 2))
    expect(await status).toBe(200)
    expect(total).toBe(200_000)
    expect(world.pair().outcome.request_bytes).toBe(200_000)
  })

  it('stream down: the agent reads the beginning before the upstream has sent the end', async () => {
    const { get } = await import('node:http')
    let finish: () => void = () => undefined
    const world = await worldOf({
      serve: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: first\n\n')
        finish = () => void response.end('data: last\n\n')
      },
    })
    const token = await world.token()
    const text = await new Promise<string>((resolve, reject) => {
      get(
        { host: '127.0.0.1', port: world.port, path: '/events', headers: { authorization: `Bearer ${token}` } },
        (response) => {
          let got = ''
          response.once('data', () => finish())
          response.on('data', (chunk: Buffer) => {
            got += chunk
          })
          response.on('end', () => resolve(got))
          response.on('error', reject)
        },
      ).on('error', reject)
    })
    expect(text).toBe('data: first\n\ndata: last\n\n')
    expect(world.pair().outcome).toMatchObject({ complete: true, reply_bytes: text.length })
  })

  it('are parsed only where something reads them: bad JSON passes a policy that does not look', async () => {
    const world = await worldOf({ route: { recording: { level: 'metadata' } } })
    const reply = await world.send({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1,"a":2}',
    })
    expect(reply.status).toBe(200)
    expect(world.received[0]?.body.toString()).toBe('{"a":1,"a":2}')
  })
})

describe('an agent that goes away', () => {
  it('before the reply: the upstream is told, and the outcome says that nobody got it', async () => {
    const { connect } = await import('node:net')
    let arrived: () => void = () => undefined
    let closed: () => void = () => undefined
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const closing = new Promise<void>((resolve) => {
      closed = resolve
    })
    const world = await worldOf({
      serve: (request, _response) => {
        request.socket.on('close', () => closed())
        arrived()
      },
    })
    const socket = connect(world.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(`GET /slow HTTP/1.1\r\nHost: gatehouse\r\nAuthorization: Bearer ${await world.token()}\r\n\r\n`)
    await arrival
    socket.destroy()
    await closing
    await expect
      .poll(() => world.records().find(({ type }) => type === 'outcome'))
      .toMatchObject({ code: 'agent_gone', complete: false, upstream_reached: true })
    world.pair()
  })

  it('while its body is on the way: the outcome says so and nothing reached the upstream unfinished', async () => {
    const { connect } = await import('node:net')
    const world = await worldOf({
      policies: { 'main.rego': 'package gatehouse\n\nallow if input.call.body.amount < 10\n' },
    })
    const socket = connect(world.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      `POST /orders HTTP/1.1\r\nHost: gatehouse\r\nAuthorization: Bearer ${await world.token()}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"amount"`,
      () => socket.destroy(),
    )
    await expect
      .poll(() => world.records().find(({ type }) => type === 'outcome'))
      .toMatchObject({ code: 'agent_gone', complete: false, upstream_reached: false })
    expect(world.received).toEqual([])
    world.pair()
  })
})
