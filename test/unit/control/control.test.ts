/** The operators' port over real sockets: what it shows, to whom, and what it refuses. Each case has its own port. */
import { request } from 'node:http'
import { Server } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Control, type ControlShows, makeControl, makeMetrics } from '../../../src/control/index.ts'
import type { OperatorsListener } from '../../../src/model/index.ts'
import { fakeClock } from '../../support/clock.ts'

const open: Control[] = []
afterEach(async () => {
  for (const control of open.splice(0)) await control.close()
})

interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly text: string
}

function unexpected(cause: unknown): never {
  throw cause
}

async function world(listener: Partial<OperatorsListener> = {}, shows: Partial<ControlShows> = {}) {
  const control = makeControl(
    { host: '127.0.0.1', port: 0, hosts: [], ...listener },
    {
      readiness: () => [undefined],
      metrics: makeMetrics(),
      logLines: () => ({ refusal: 'nothing is asked here' }),
      clock: fakeClock(),
      failed: unexpected,
      ...shows,
    },
  )
  open.push(control)
  await control.listen()
  const { port } = control.address
  const ask = (path: string, headers: { [name: string]: string } = {}, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (reply) => {
        let text = ''
        reply.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text }))
      })
      sent.on('error', reject).end()
    })
  return { ask, control }
}

const token = 'operators-token-of-32-characters'
const bearer = { authorization: `Bearer ${token}` }

describe('the operators port', () => {
  it('says that it lives, and is ready or why not', async () => {
    const reasons: (string | undefined)[] = [undefined]
    const { ask } = await world({}, { readiness: () => reasons })
    expect(await ask('/healthz')).toMatchObject({ status: 200, text: '{"alive":true}' })
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: '{"ready":true,"reasons":[]}' })
    reasons.push('the disk is full: make room', 'keys cannot be had')
    const red = await ask('/readyz')
    expect([red.status, JSON.parse(red.text)]).toEqual([
      503,
      { ready: false, reasons: ['the disk is full: make room', 'keys cannot be had'] },
    ])
    expect((await ask('/healthz')).status, 'a red gateway still lives').toBe(200)
  })

  it('publishes the keys of the development issuer where there is one', async () => {
    const set = { keys: [{ kty: 'EC', kid: 'k' }] }
    const { ask } = await world({}, { jwks: () => set })
    const reply = await ask('/.well-known/jwks.json')
    expect(JSON.parse(reply.text)).toEqual(set)
    expect(reply.headers).toMatchObject({
      'content-type': 'application/jwk-set+json',
      'cache-control': 'public, max-age=300',
    })
    const production = await world()
    expect((await production.ask('/.well-known/jwks.json')).status).toBe(404)
  })

  it.each([
    { host: 'localhost', status: 200 },
    { host: 'LOCALHOST:8081', status: 200 },
    { host: '127.0.0.1:1', status: 200 },
    { host: '127.9.8.7', status: 200 },
    { host: '[::1]:8081', status: 200 },
    { host: 'gatehouse.localhost', status: 200 },
    { host: 'ops.example.com', status: 200 },
    { host: 'ops.example.com:8081', status: 200 },
    { host: 'ported.example.com:9', status: 200 },
    { host: 'ported.example.com:10', status: 421 },
    { host: 'ported.example.com', status: 421 },
    { host: 'evil.example.com', status: 421 },
    { host: '127.0.0.1.evil.example.com', status: 421 },
    { host: '1270.0.0.1', status: 421 },
    { host: 'localhost.evil.example.com', status: 421 },
    { host: 'xlocalhost', status: 421 },
    { host: 'localhost:80:80', status: 400 },
    { host: '[::2]', status: 421 },
    { host: 'a@localhost', status: 400 },
  ])('answers `Host: $host` with $status', async ({ host, status }) => {
    const { ask } = await world({ hosts: ['ops.example.com', 'ported.example.com:9'] })
    for (const path of ['/readyz', '/healthz', '/metrics', '/nothing'])
      if (status !== 200 || path !== '/nothing') expect((await ask(path, { host })).status, path).toBe(status)
  })

  it.each([
    { note: 'none', headers: {}, status: 401 },
    { note: 'a wrong one', headers: { authorization: 'Bearer operators-token-of-32-charactert' }, status: 401 },
    { note: 'its beginning', headers: { authorization: `Bearer ${token.slice(0, -1)}` }, status: 401 },
    { note: 'another scheme', headers: { authorization: `Basic ${token}` }, status: 401 },
    { note: 'it with more behind', headers: { authorization: `Bearer ${token} x` }, status: 401 },
    { note: 'it', headers: bearer, status: 200 },
    { note: 'it with another spelling of the scheme', headers: { authorization: `bearer ${token}` }, status: 200 },
  ])('where a token is configured, answers $note with $status', async ({ headers, status }) => {
    const { ask } = await world({ token })
    const reply = await ask('/metrics', headers)
    expect(reply.status).toBe(status)
    if (status === 401) expect(reply.headers['www-authenticate']).toMatch(/^Bearer /)
  })

  it('gives probes without a token the status, but not the reasons', async () => {
    const { ask } = await world({ token }, { readiness: () => ['a path of this machine'] })
    expect(await ask('/readyz')).toMatchObject({ status: 503, text: '{"ready":false}' })
    expect((await ask('/readyz', bearer)).text).toContain('a path of this machine')
    expect((await ask('/healthz')).status).toBe(200)
  })

  it.each([
    { method: 'POST', path: '/readyz', status: 405 },
    { method: 'DELETE', path: '/metrics', status: 405 },
    { method: 'OPTIONS', path: '/metrics', status: 405 },
    { method: 'HEAD', path: '/healthz', status: 200 },
    { method: 'GET', path: '/', status: 404 },
    { method: 'GET', path: '/readyz/', status: 404 },
    { method: 'GET', path: '/../etc/passwd', status: 404 },
    { method: 'GET', path: '/%2e%2e/etc/passwd', status: 404 },
  ])('answers $method $path with $status', async ({ method, path, status }) => {
    const { ask } = await world()
    const reply = await ask(path, {}, method)
    expect(reply.status).toBe(status)
    expect(reply.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
    if (status >= 400) expect(JSON.parse(reply.text)).toMatchObject({ status, type: expect.stringMatching(/^urn:/) })
    if (status === 405) expect(reply.headers.allow).toBe('GET, HEAD')
  })

  it('says nothing of the inside when an answer cannot be made, and tells why elsewhere', async () => {
    const causes: unknown[] = []
    const { ask } = await world(
      {},
      {
        readiness: () => {
          throw new Error('secret detail')
        },
        failed: (cause) => causes.push(cause),
      },
    )
    const reply = await ask('/readyz')
    expect(reply.status).toBe(500)
    expect(reply.text).not.toContain('secret detail')
    expect(causes).toEqual([expect.objectContaining({ message: 'secret detail' })])
  })

  it('goes on when a connection cannot be taken, and tells why', async () => {
    const listened = vi.spyOn(Server.prototype, 'listen')
    const causes: unknown[] = []
    const { ask } = await world({}, { failed: (cause) => causes.push(cause) })
    const [server] = listened.mock.contexts as Server[]
    listened.mockRestore()
    // As node:net does when there is no descriptor left.
    server?.emit('error', new Error('accept EMFILE'))
    expect(causes).toEqual([expect.objectContaining({ message: 'accept EMFILE' })])
    expect((await ask('/healthz')).status).toBe(200)
  })

  it('rejects with the cause when its port is taken', async () => {
    const { control } = await world()
    const second = makeControl(
      { host: '127.0.0.1', port: control.address.port, hosts: [] },
      {
        readiness: () => [],
        metrics: makeMetrics(),
        logLines: () => ({ refusal: 'nothing is asked here' }),
        clock: fakeClock(),
        failed: unexpected,
      },
    )
    await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await second.close()
  })
})
