/** OPA's decision-log service: gzipped arrays within the size of a chunk, and events that are too large or refused found one by one. */
import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { opa } from '../../../src/sinks/opa.ts'
import { type Asked, fakePorts, itemOf, never } from '../../support/sink-ports.ts'

const url = 'https://logs.example.com/v1/'

async function opened(settings: object = {}) {
  const world = fakePorts()
  const sink = await opa.open({ url, resource: '/logs', chunk_max: 32_768, ...settings }, world.ports)
  return { ...world, sink }
}

const bodyOf = ({ body }: Asked) => Buffer.from(body ?? [])
const eventsIn = (request: Asked) => JSON.parse(gunzipSync(bodyOf(request)).toString()) as { seq: number }[]
/** That cannot be compressed. */
const dense = (seq: number, bytes: number) =>
  itemOf(seq, JSON.stringify({ seq, text: randomBytes(bytes).toString('base64').slice(0, bytes) }))

describe("OPA's decision-log service", () => {
  it('gets a gzipped array at its address', async () => {
    const { sink, asked } = await opened({ credential: { header: 'Authorization', value: 'Bearer of-the-service' } })
    expect(await sink.deliver([itemOf(1), itemOf(2)], never)).toEqual([])
    expect(asked.map((one) => [one.method, one.url, eventsIn(one).map(({ seq }) => seq)])).toEqual([
      ['POST', 'https://logs.example.com/v1/logs', [1, 2]],
    ])
    expect(asked[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      authorization: 'Bearer of-the-service',
    })
  })

  it('cuts a batch into chunks that are small enough after compression, in order', async () => {
    const { sink, asked } = await opened({ chunk_max: 4_096 })
    const batch = [
      ...Array.from({ length: 30 }, (_, seq) => dense(seq, 900)),
      ...Array.from({ length: 300 }, (_, place) =>
        itemOf(30 + place, JSON.stringify({ seq: 30 + place, text: 'x'.repeat(900) })),
      ),
    ]
    expect(await sink.deliver(batch, never)).toEqual([])
    for (const request of asked) expect(bodyOf(request).length).toBeLessThanOrEqual(4_096)
    expect(asked.flatMap(eventsIn).map(({ seq }) => seq)).toEqual(batch.map(({ seq }) => seq))
    // What compresses well is not sent in small pieces.
    expect(asked.length).toBeLessThan(60)
  })

  it('gives back an event that is too large alone, and sends the others', async () => {
    const { sink, asked } = await opened({ chunk_max: 4_096 })
    const rejected = await sink.deliver([itemOf(1), dense(2, 9_000), itemOf(3)], never)
    expect(rejected).toEqual([
      { seq: 2, reason: expect.stringMatching(/^the event has \d+ bytes after compression, and `chunk_max` is 4096$/) },
    ])
    expect(asked.flatMap(eventsIn).map(({ seq }) => seq)).toEqual([1, 3])
  })

  it('finds the event for which a chunk is refused', async () => {
    const { sink, asked, answers } = await opened()
    answers.push(422, 422, 422, 204, 204)
    const rejected = await sink.deliver([itemOf(1), itemOf(2), itemOf(3), itemOf(4)], never)
    expect(asked.map((one) => eventsIn(one).map(({ seq }) => seq))).toEqual([[1, 2, 3, 4], [1, 2], [1], [2], [3, 4]])
    expect(rejected.map(({ seq }) => seq)).toEqual([1])
  })

  it('sends nothing more after a chunk that got no answer', async () => {
    const { sink, asked, answers } = await opened({ chunk_max: 1_024 })
    answers.push(204, 503)
    const batch = Array.from({ length: 6 }, (_, seq) => dense(seq, 900))
    await expect(sink.deliver(batch, never)).rejects.toThrow('answered 503')
    expect(asked.length).toBe(2)
  })
})
