/** The operators' port against strangers: wrong hosts (DNS rebinding), paths written differently, methods, tokens that are nearly right, resets. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorld, type World } from '../support/world.ts'

const token = 'operators-secret-0123456789'
let world: World
let port: number
beforeAll(async () => {
  world = await openWorld({
    files: { 'operators-token': token },
    config: {
      listeners: {
        agents: { port: 0 },
        operators: { port: 0, token: 'file:operators-token', hosts: ['ops.example.test'] },
      },
    },
  })
  port = Number(new URL(world.house.operatorsUrl).port)
})
afterAll(() => world.close())

function ask(line: string, host = '127.0.0.1', more = ''): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let reply = ''
    socket.on('data', (piece) => {
      reply += piece
    })
    socket.on('error', () => undefined).on('close', () => resolve(reply))
    socket.write(Buffer.from(`${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`, 'latin1'))
  })
}
const statusOf = (reply: string): string => reply.slice(9, 12)

describe('the operators` port', () => {
  it.each([
    ['GET /metrics', '401'],
    ['GET /%6detrics', '401'],
    ['GET /healthz/../metrics', '401'],
    ['GET http://evil.example.test/metrics', '401'],
    ['GET //metrics', '404'],
    ['GET /metrics/', '404'],
    ['GET /METRICS', '404'],
    ['GET /metrics%00', '404'],
    ['GET /%', '404'],
    ['GET /%ff', '404'],
    ['GET /.well-known/jwks.json', '404'],
    ['GET /readyz/metrics', '404'],
    ['POST /metrics', '405'],
    ['TRACE /healthz', '405'],
    ['DELETE /healthz', '405'],
    ['GET http://[::1', '400'],
    ['OPTIONS *', '400'],
    ['GET /\xff', '400'],
    ['CONNECT inside:22', ''],
  ])('answers `%s` without a token by %s and shows no figure', async (line, status) => {
    const reply = await ask(line)
    expect(statusOf(reply)).toBe(status)
    expect(reply).not.toMatch(/gatehouse_|node_modules|file:| {4}at /)
  })

  it.each([
    ['127.0.0.1', '200'],
    ['[::1]:1', '200'],
    ['localhost', '200'],
    ['ops.example.test:8081', '200'],
    ['evil.example.test', '421'],
    ['127.0.0.1.evil.example.test', '421'],
    ['localhost.evil.example.test', '421'],
    ['ops.example.test.evil', '421'],
    ['127.1', '421'],
    ['2130706433', '421'],
    ['0.0.0.0', '421'],
  ])('takes the host `%s` by %s', async (host, status) => {
    expect(statusOf(await ask('GET /readyz', host))).toBe(status)
  })

  it.each([
    [`Bearer ${token}`, '200'],
    [`bearer ${token}`, '200'],
    [`Bearer ${token.slice(0, -1)}`, '401'],
    [`Bearer ${token}x`, '401'],
    [`Bearer ${token} x`, '401'],
    [`Bearer ${token.toUpperCase()}`, '401'],
    [`Basic ${Buffer.from(token).toString('base64')}`, '401'],
    ['Bearer \xff', '401'],
    [token, '401'],
  ])('takes `Authorization: %s` by %s', async (value, status) => {
    const reply = await ask('GET /metrics', 'localhost', `Authorization: ${value}\r\n`)
    expect(statusOf(reply)).toBe(status)
    expect(reply).not.toContain(token)
  })

  it('tells strangers only whether it is ready', async () => {
    expect(await ask('GET /readyz')).toMatch(/\{"ready":true\}$/)
  })

  it.each([
    'GET /metrics',
    'CONNECT inside:22',
    'GET /metrics HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\nX:',
  ])('lives on when `%s` is reset', async (line) => {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined).on('close', () => resolve())
      socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`, () => setImmediate(() => socket.resetAndDestroy()))
    })
    expect(statusOf(await ask('GET /healthz'))).toBe('200')
  })
})
