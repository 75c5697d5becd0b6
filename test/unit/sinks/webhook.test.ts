/** Signed webhooks: the signature of the specification's example, what a request holds, which answers refuse and which are tried again. */
import { describe, expect, it } from 'vitest'
import { BatchRefused } from '../../../src/sinks/sink.ts'
import { webhook } from '../../../src/sinks/webhook.ts'
import { fakePorts, itemOf, never } from '../../support/sink-ports.ts'

const url = 'https://siem.example.com/in'
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const oldSecret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`

async function opened(settings: object = {}, startMs?: number) {
  const world = fakePorts(startMs)
  const sink = await webhook.open({ url, secret, body: 'array', ...settings }, world.ports)
  return { ...world, sink }
}

describe('a webhook', () => {
  it('is signed as the example of the specification is', async () => {
    const { sink, asked } = await opened({ body: 'record' }, 1_614_265_330_900)
    await sink.deliver([{ ...itemOf(0, '{"test": 2432232314}'), id: 'msg_p5jXN8AQM9LWM0D4loKWxJek' }], never)
    expect(asked[0]?.headers).toMatchObject({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('carries a signature of each key while they are changed', async () => {
    const { sink, asked } = await opened({ old_secret: oldSecret })
    await sink.deliver([itemOf(0)], never)
    expect(asked[0]?.headers?.['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/)
  })

  it.each([
    {
      body: 'array',
      wanted: ['[{"seq":1,"type":"admin"},{"seq":2,"type":"admin"}]'],
      type: 'application/json',
      ids: ['log.test/1-2'],
    },
    {
      body: 'lines',
      wanted: ['{"seq":1,"type":"admin"}\n{"seq":2,"type":"admin"}\n'],
      type: 'application/x-ndjson',
      ids: ['log.test/1-2'],
    },
    {
      body: 'record',
      wanted: ['{"seq":1,"type":"admin"}', '{"seq":2,"type":"admin"}'],
      type: 'application/json',
      ids: ['log.test/1', 'log.test/2'],
    },
  ])('holds a batch as `$body`', async ({ body, wanted, type, ids }) => {
    const { sink, asked } = await opened({ body, credential: { header: 'X-Token', value: 'of-the-siem' } })
    expect(await sink.deliver([itemOf(1), itemOf(2)], never)).toEqual([])
    expect(asked.map((one) => Buffer.from(one.body ?? []).toString())).toEqual(wanted)
    expect(asked.map(({ headers }) => headers?.['webhook-id'])).toEqual(ids)
    for (const { headers, method, url: to } of asked)
      expect([headers?.['content-type'], headers?.['x-token'], method, to]).toEqual([type, 'of-the-siem', 'POST', url])
  })

  it('puts records of a format that is no JSON into the array as texts', async () => {
    const { asked, ports } = fakePorts()
    const sink = await webhook.open(
      { url, secret, body: 'array' },
      { ...ports, contentType: 'text/plain; charset=utf-8' },
    )
    await sink.deliver([itemOf(1, 'CEF:0|a="b"')], never)
    expect(Buffer.from(asked[0]?.body ?? []).toString()).toBe('["CEF:0|a=\\"b\\""]')
  })

  it.each([400, 413, 415, 422])('has its content refused by status %i', async (status) => {
    const { sink, answers } = await opened()
    answers.push(status)
    const failure = await sink.deliver([itemOf(1), itemOf(2)], never).catch((cause: unknown) => cause)
    expect(failure).toBeInstanceOf(BatchRefused)
    expect(String(failure)).toContain(`\`${url}\` answered ${status}: because of this`)
  })

  it.each([301, 302, 401, 403, 404, 408, 410, 429, 500, 503, 0])('is tried again after status %i', async (status) => {
    const { sink, answers } = await opened()
    answers.push(status)
    const failure = await sink.deliver([itemOf(1)], never).catch((cause: unknown) => cause)
    expect(failure).toBeInstanceOf(Error)
    expect(failure).not.toBeInstanceOf(BatchRefused)
  })

  it('gives back the records that are refused one by one, and sends the others', async () => {
    const { sink, answers, asked } = await opened({ body: 'record' })
    answers.push(204, 422, 204)
    expect(await sink.deliver([itemOf(1), itemOf(2), itemOf(3)], never)).toEqual([
      { seq: 2, reason: `\`${url}\` answered 422: because of this` },
    ])
    expect(asked).toHaveLength(3)
  })

  it.each([
    { text: secret, right: true },
    { text: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', right: false },
    { text: 'whsec_c2hvcnQ=', right: false },
    { text: 'whsec_not base64 at all, and long enough', right: false },
  ])('has a key that is looked at before it starts: $text', ({ text, right }) => {
    const problems = webhook.check({ url, secret: text, body: 'array' })
    expect(problems.map(({ path }) => path)).toEqual(right ? [] : [['secret']])
    expect(JSON.stringify(problems)).not.toContain(text)
  })
})
