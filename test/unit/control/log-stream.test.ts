/** The log on the operators' port: who may read it, what an event looks like, where a reader goes on, and how many there may be. */
import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { type Control, type ControlShows, makeControl, makeMetrics } from '../../../src/control/index.ts'
import { fakeClock } from '../../support/clock.ts'

const token = 'operators-token-of-32-characters'
const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

interface Asked {
  readonly query: string
  readonly signal: AbortSignal
}

/** Lines `a`, `b` as seq 4 and 5, then nothing until the reader goes. */
async function world(shows: Partial<ControlShows> = {}, listener: { token?: string } = { token }) {
  const asked: Asked[] = []
  const clock = fakeClock()
  const control: Control = makeControl(
    { host: '127.0.0.1', port: 0, hosts: [], ...listener },
    {
      readiness: () => [],
      metrics: makeMetrics(),
      clock,
      failed: (cause) => {
        throw cause
      },
      logLines: (query, signal) => {
        asked.push({ query: String(query), signal })
        return (async function* () {
          yield { seq: 4, text: '{"a":1}' }
          yield { seq: 5, text: '{"b":2}' }
          if (query.get('follow') === 'no') return
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        })()
      },
      ...shows,
    },
  )
  await control.listen()
  open.push(() => control.close())
  const ask = (path: string, headers: Record<string, string> = { authorization: `Bearer ${token}` }, method = 'GET') =>
    new Promise<{
      status: number
      type: string | undefined
      text: () => string
      cut: () => void
      ended: Promise<void>
    }>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: control.address.port, path, method, headers, agent: false })
      sent.on('response', (reply) => {
        let text = ''
        reply.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        const ended = new Promise<void>((end) => reply.on('close', end))
        const cut = () => void sent.destroy()
        open.push(cut)
        resolve({ status: reply.statusCode ?? 0, type: reply.headers['content-type'], text: () => text, cut, ended })
      })
      sent.on('error', reject).end()
    })
  return { ask, asked, clock }
}

const events = 'id: 4\ndata: {"a":1}\n\nid: 5\ndata: {"b":2}\n\n'

describe('GET /log', () => {
  it('is one event a record, and ends where nothing more is wanted', async () => {
    const { ask, asked } = await world()
    const reply = await ask('/log?agent=buyer&where=a%3D1&where=b&follow=no')
    await reply.ended
    expect(reply).toMatchObject({ status: 200, type: 'text/event-stream' })
    expect(reply.text().replace(/data: (.*)\nid: (\d+)/g, 'id: $2\ndata: $1')).toBe(events)
    expect(asked[0]?.query).toBe('agent=buyer&where=a%3D1&where=b&follow=no')
  })

  it('goes on behind the last record that a reader had', async () => {
    const { ask, asked } = await world()
    const reply = await ask('/log?since=2h&code=x&follow=no', {
      authorization: `Bearer ${token}`,
      'last-event-id': '41',
    })
    await reply.ended
    expect(asked[0]?.query).toBe('code=x&follow=no&from=42')
    const odd = await ask('/log?last=3&follow=no', { authorization: `Bearer ${token}`, 'last-event-id': '4 or 1=1' })
    await odd.ended
    expect(asked[1]?.query).toBe('last=3&follow=no')
  })

  it.each([
    { note: 'no token is configured', listener: {}, headers: {}, status: 403, code: 'token_needed' },
    { note: 'no token is sent', listener: { token }, headers: {}, status: 401, code: 'token_missing' },
    {
      note: 'another token is sent',
      listener: { token },
      headers: { authorization: 'Bearer another' },
      status: 401,
      code: 'token_missing',
    },
    {
      note: 'the host is none of ours',
      listener: { token },
      headers: { authorization: `Bearer ${token}`, host: 'evil.example' },
      status: 421,
      code: 'host_refused',
    },
  ])('is refused when $note', async ({ listener, headers, status, code }) => {
    const { ask, asked } = await world({}, listener)
    const reply = await ask('/log', headers)
    await reply.ended
    expect([reply.status, JSON.parse(reply.text()).code, asked]).toEqual([status, code, []])
  })

  it('says what is wrong with a question', async () => {
    const { ask } = await world({ logLines: () => ({ refusal: 'there is no `agnet`' }) })
    const reply = await ask('/log?agnet=buyer')
    await reply.ended
    expect([reply.status, JSON.parse(reply.text())]).toEqual([
      400,
      expect.objectContaining({ code: 'question_refused', detail: 'there is no `agnet`' }),
    ])
  })

  it('stops reading when the reader goes, and then has room for another', async () => {
    const { ask, asked } = await world()
    const readers = []
    for (let count = 0; count < 16; count++) readers.push(await ask('/log'))
    const refused = await ask('/log')
    await refused.ended
    expect([refused.status, JSON.parse(refused.text()).code]).toEqual([503, 'streams_used_up'])
    readers[3]?.cut()
    await expect.poll(() => asked[3]?.signal.aborted).toBe(true)
    await expect.poll(async () => (await ask('/log')).status).toBe(200)
  })

  it('keeps an idle stream open with comments', async () => {
    const { ask, clock } = await world()
    const reply = await ask('/log')
    await expect.poll(() => reply.text()).toContain('{"b":2}')
    await clock.advance(15_000)
    await expect.poll(() => reply.text()).toContain('\n\n: alive\n\n')
  })

  it('opens no stream for HEAD', async () => {
    const { ask, asked } = await world()
    const reply = await ask('/log', { authorization: `Bearer ${token}` }, 'HEAD')
    await reply.ended
    expect([reply.status, reply.type, asked]).toEqual([200, 'text/event-stream', []])
  })
})
