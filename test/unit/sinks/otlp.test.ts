/**
 * What the OTLP sink sends of each record and what it makes of the answers. That a real Collector reads it is shown by the suite of all
 * sinks.
 */
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { FetchDocument } from '../../../src/model/index.ts'
import { otlp } from '../../../src/sinks/otlp.ts'
import type { Item, SinkPorts } from '../../../src/sinks/sink.ts'
import { refusingPorts } from '../../support/sink-ports.ts'
import {
  hostileDecision,
  nativeItem,
  sender,
  wholeDecision,
  wholeOutcome,
  wholeRecords,
} from '../../support/sink-records.ts'

type Asked = Parameters<FetchDocument>[0]

async function world(answer: { readonly status: number; readonly text: string }, settings: object = {}) {
  const asked: Asked[] = []
  const warned: unknown[] = []
  const refusing = refusingPorts('otlp', sender)
  const ports: SinkPorts = {
    ...refusing,
    log: { ...refusing.log, warn: (fields) => warned.push(fields) },
    makeFetch: () => async (request) => {
      asked.push(request)
      return { status: answer.status, headers: new Map(), bytes: Buffer.from(answer.text) }
    },
  }
  const sink = await otlp.open(otlp.settings.parse({ url: 'https://otel.example.com:4318/', ...settings }), ports)
  return { sink, asked, warned }
}

const items = wholeRecords.map(nativeItem)
const { signal } = new AbortController()
const ok = { status: 200, text: '{"partialSuccess":{}}' }

// biome-ignore lint/suspicious/noExplicitAny: the shape is what is looked at
async function sent(batch: readonly Item[]): Promise<any> {
  const { sink, asked } = await world(ok)
  expect(await sink.deliver(batch, signal)).toEqual([])
  expect(asked).toHaveLength(1)
  return JSON.parse(gunzipSync(asked[0]?.body ?? Buffer.alloc(0)).toString())
}

describe('the OTLP sink', () => {
  it('sends a batch as one request, in order, with the records unchanged', async () => {
    const { resourceLogs } = await sent(items)
    expect(resourceLogs[0].resource.attributes).toEqual([
      { key: 'service.name', value: { stringValue: 'gatehouse' } },
      { key: 'service.version', value: { stringValue: '1.2.3' } },
      { key: 'host.name', value: { stringValue: 'gw-7' } },
      { key: 'gatehouse.log', value: { stringValue: 'gatehouse.example.com/log' } },
      { key: 'gatehouse.label.instance', value: { stringValue: 'gw-7' } },
    ])
    const records = resourceLogs[0].scopeLogs[0].logRecords
    expect(records.map(({ body }: { body: { stringValue: string } }) => body.stringValue)).toEqual(
      items.map(({ bytes }) => Buffer.from(bytes).toString()),
    )
  })

  it('says of a decision when it was, how grave it is, which trace it belongs to and what it is found by', async () => {
    const { resourceLogs } = await sent([nativeItem(wholeDecision)])
    const { body: _, ...record } = resourceLogs[0].scopeLogs[0].logRecords[0]
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
    expect(record).toEqual({
      timeUnixNano: '1772445600123456000',
      observedTimeUnixNano: '1772445600123456000',
      severityNumber: 13,
      severityText: 'WARN',
      eventName: 'gatehouse.decision',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      attributes: [
        text('log.record.uid', 'gatehouse.example.com/log/41001'),
        { key: 'gatehouse.seq', value: { intValue: '41001' } },
        text('gatehouse.type', 'decision'),
        text('gatehouse.decision_id', '01a1fd63-0000-7000-8000-00000000d3c1'),
        text('gatehouse.trace_id', '4bf92f3577b34da6a3ce929d0e0e4736'),
        text('gatehouse.decision', 'deny'),
        text('gatehouse.code', 'vendor_not_listed'),
        text('gatehouse.agent', 'agent-buyer'),
        text('gatehouse.subject', 'subject-alice'),
        text('gatehouse.route', 'route-erp'),
        text('gatehouse.upstream', 'upstream-erp'),
        text('gatehouse.tool', 'create_purchase_order'),
      ],
    })
  })

  it.each(['0'.repeat(32), 'A'.repeat(32), 'abc', ''])('sends no trace id that is none: `%s`', async (trace) => {
    const { resourceLogs } = await sent([nativeItem({ ...wholeOutcome, trace_id: trace })])
    expect(resourceLogs[0].scopeLogs[0].logRecords[0]).not.toHaveProperty('traceId')
  })

  it('carries whatever an agent wrote as text', async () => {
    const { resourceLogs } = await sent([nativeItem(hostileDecision)])
    const { attributes } = resourceLogs[0].scopeLogs[0].logRecords[0]
    const found = attributes.find(({ key }: { key: string }) => key === 'gatehouse.agent')
    expect(found.value.stringValue).toBe(hostileDecision.principal?.agent)
  })

  it('posts to the path of OTLP with what proves the gateway', async () => {
    const { sink, asked } = await world(ok, { credential: { header: 'X-Team', value: 'secret' }, compression: 'none' })
    await sink.deliver(items, signal)
    expect(asked[0]).toMatchObject({
      url: 'https://otel.example.com:4318/v1/logs',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-team': 'secret' },
    })
    expect(asked[0]?.headers).not.toHaveProperty('content-encoding')
    expect(JSON.parse(Buffer.from(asked[0]?.body ?? '').toString())).toHaveProperty('resourceLogs')
  })

  it.each([
    '',
    '{}',
    '{"partialSuccess":{}}',
    '{"partialSuccess":null}',
    '{"partialSuccess":{"rejectedLogRecords":"0"}}',
  ])('takes the answer %j for delivered', async (text) => {
    const { sink, warned } = await world({ status: 200, text })
    expect(await sink.deliver(items, signal)).toEqual([])
    expect(warned).toEqual([])
  })

  it('tells the operator of a warning, and takes the records for delivered', async () => {
    const { sink, warned } = await world({
      status: 200,
      text: '{"partialSuccess":{"errorMessage":"use the new address"}}',
    })
    expect(await sink.deliver(items, signal)).toEqual([])
    expect(warned).toEqual([{ said: 'use the new address' }])
  })

  it('gives back every record of a batch that was rejected whole', async () => {
    const text = '{"partialSuccess":{"rejectedLogRecords":"5","errorMessage":"too old"}}'
    const { sink } = await world({ status: 200, text })
    expect(await sink.deliver(items, signal)).toEqual(
      items.map(({ seq }) => ({ seq, reason: 'the receiver rejected 5 of 5 records: `too old`' })),
    )
  })

  const failing = [
    {
      note: 'some records are rejected',
      status: 200,
      text: '{"partialSuccess":{"rejectedLogRecords":2}}',
      name: 'BatchRefused',
    },
    { note: 'the request is malformed', status: 400, text: '', name: 'BatchRefused' },
    { note: 'the request is too large', status: 413, text: '', name: 'BatchRefused' },
    { note: 'the token is wrong', status: 401, text: '', name: 'Error' },
    { note: 'it is too much', status: 429, text: '', name: 'Error' },
    { note: 'what is behind is away', status: 503, text: '', name: 'Error' },
    { note: 'a page answers', status: 200, text: '<html>', name: 'Error' },
    { note: 'a list answers', status: 200, text: '[]', name: 'Error' },
    {
      note: 'no number is rejected',
      status: 200,
      text: '{"partialSuccess":{"rejectedLogRecords":"many"}}',
      name: 'Error',
    },
  ]
  it.each(failing)('takes nothing for delivered when $note', async ({ status, text, name }) => {
    const { sink } = await world({ status, text })
    await expect(sink.deliver(items, signal)).rejects.toMatchObject({ name })
  })
})
