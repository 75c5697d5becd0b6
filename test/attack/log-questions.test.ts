/** What the operators' port is asked of the log by somebody who holds the token and means no good, or writes programs with mistakes in them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorld, type World } from '../support/world.ts'

const token = 'operators-token-of-32-characters'
let world: World
beforeAll(async () => {
  const listeners = { agents: { port: 0 }, operators: { port: 0, token: 'file:operators' } }
  world = await openWorld({ config: { listeners }, files: { operators: token } })
  for (let count = 0; count < 4; count++) await world.send()
})
afterAll(() => world.close())

async function ask(path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const reply = await fetch(`${world.house.operatorsUrl}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  })
  return { status: reply.status, text: await reply.text() }
}

const idsIn = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))

describe('the id of the last event', () => {
  const whole = [0, 1, 2]
  const cases: { id: string; first: readonly number[] | 'none' }[] = [
    { id: '0', first: [1, 2, 3] },
    { id: '00000000000000001', first: whole },
    { id: '3', first: [4, 5, 6] },
    ...['-1', '1e3', '+1', '0x2', '2,3', 'NaN', '1; x', '%00', '1.5', '9'.repeat(17), 'a'.repeat(4_000)].map((id) => ({
      id,
      first: whole,
    })),
    { id: '1000', first: 'none' },
    { id: '9007199254740990', first: 'none' },
    { id: '9007199254740991', first: 'none' },
    { id: '9999999999999999', first: 'none' },
  ]
  it.each(cases)('$id is a place, or nothing', async ({ id, first }) => {
    const { status, text } = await ask('/log?follow=no&from=0', { 'last-event-id': id })
    if (first === 'none') {
      expect([200, 400]).toContain(status)
      expect(idsIn(text)).toEqual([])
    } else expect([status, idsIn(text).slice(0, 3)]).toEqual([200, first])
  })
})

describe('a question', () => {
  const refused = [
    'from=-1',
    'from=1e3',
    'from=9007199254740993',
    'last=-5',
    'last=99999999999',
    'since=x',
    'since=9999999999999999999d',
    'where=',
    `where=${'a.'.repeat(5_000)}`,
    'type=toString',
    'decision=__proto__',
    'nope=1',
    'from=0&from=1',
    'follow=maybe',
    'from=0&last=1',
  ]
  it.each(refused.map((query) => ({ query, note: query.slice(0, 40) })))(
    '`$note` is refused in a sentence',
    async ({ query }) => {
      const { status, text } = await ask(`/log?follow=no&${query}`)
      expect(status).toBe(400)
      expect(JSON.parse(text)).toMatchObject({
        status: 400,
        code: 'question_refused',
        detail: expect.stringMatching(/.{15}/),
      })
    },
  )

  const empty = ['where=__proto__.x=1', 'where=constructor', 'where=a%00b', 'agent=%1b[31m', 'code=constructor']
  it.each(empty)('`%s` finds nothing and breaks nothing', async (query) => {
    const { status, text } = await ask(`/log?follow=no&${query}`)
    expect([status, idsIn(text)]).toEqual([200, []])
  })

  it('whose pattern would take for ever takes no time', async () => {
    const path = `/${'a'.repeat(60)}!`
    await world.send({ path })
    const beganMs = performance.now()
    await ask(`/log?follow=no&where=${encodeURIComponent('call.path~(a+)+$')}`)
    expect(performance.now() - beganMs).toBeLessThan(5_000)
  })
})

describe('what vouches for the log', () => {
  const paths: { path: string; status: readonly number[] }[] = [
    { path: 'proof?id=99999', status: [404, 409] },
    { path: 'proof?id=-1', status: [400] },
    { path: 'proof?id=', status: [400] },
    { path: `proof?id=${'9'.repeat(5_000)}`, status: [400] },
    { path: 'proof?id=..%2f..%2fkeys', status: [400] },
    { path: 'proof?id=01a1feb8-4451-7000-8193-1cc6eca59311', status: [404] },
    { path: 'consistency?from=99999', status: [400] },
    { path: 'consistency?from=-1', status: [400] },
    { path: 'consistency?from=1e1', status: [400] },
    { path: 'tile/0/000.p/0', status: [404] },
    { path: 'tile/0/000.p/256', status: [404] },
    { path: 'tile/0/000.p/999', status: [404] },
    { path: 'tile/63/000.p/1', status: [404] },
    { path: 'tile/00/000.p/1', status: [404] },
    { path: 'tile/0/x999/x999/999', status: [404] },
    { path: 'tile/0/000.p/1/../../../../keys', status: [404] },
    { path: 'tile/0/%2e%2e%2f%2e%2e%2fkeys', status: [404] },
    { path: 'checkpoint/', status: [404] },
  ]
  it.each(paths)('`$path` is refused', async ({ path, status }) => {
    const reply = await ask(`/audit/${path}`)
    expect(status).toContain(reply.status)
    expect(reply.text).not.toMatch(/node:|at .*\.ts|ENOENT|PRIVATE/)
  })

  it.each(['log', 'audit/checkpoint', 'audit/proof?id=1', 'audit/consistency?from=0', 'audit/tile/0/000.p/1'])(
    '/%s shows nothing without the token',
    async (path) => {
      for (const authorization of ['', 'Bearer', 'Bearer x', `bearer  ${token}x`, `Basic ${token}`]) {
        const { status } = await ask(`/${path}`, { authorization })
        expect([401, 403]).toContain(status)
      }
    },
  )
})
