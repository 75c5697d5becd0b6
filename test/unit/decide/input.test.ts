/** Policy sees the document of the contract, and a body is read exactly when somebody looks at it. */
import { describe, expect, it } from 'vitest'
import { Fault, type JsonObject, property } from '../../../src/model/index.ts'
import {
  answering,
  type CallParts,
  compiled,
  decided,
  deciderOf,
  makeCall,
  makeOperation,
  makeTarget,
  principal,
  type TargetParts,
} from './world.ts'

async function inputOf(
  reads: readonly (readonly string[])[],
  call: CallParts,
  target: TargetParts = {},
): Promise<JsonObject> {
  const seen: JsonObject[] = []
  await decided(answering({ allow: true }, { reads, seen }), makeCall(call), makeTarget(target))
  return seen[0] as JsonObject
}

describe('the input', () => {
  it('is the whole document where everything is read', async () => {
    const call: CallParts = {
      body: '{"amount":900}',
      headers: [
        ['x-a', '1'],
        ['x-b', '2'],
      ],
      queryPairs: [
        ['a', '1'],
        ['b', ''],
        ['a', '2'],
        ['__proto__', 'x'],
      ],
    }
    expect(await inputOf([[]], call, { policyHeaders: ['x-b', 'x-c'] })).toEqual({
      call: {
        id: '0195-call',
        protocol: 'http',
        phase: 'call',
        time: '2026-03-02T10:00:00.005250Z',
        time_ns: 1772445600005250000n,
        http: {
          method: 'POST',
          host: 'agents.example.test',
          path: '/erp/purchase%20orders',
          segments: ['erp', 'purchase orders'],
          query: Object.fromEntries([
            ['a', ['1', '2']],
            ['b', ['']],
            ['__proto__', ['x']],
          ]),
          headers: { 'x-b': '2' },
        },
        body: { amount: 900 },
      },
      identity: principal.identity,
      agent: principal.agent,
      route: { id: 'erp', labels: { zone: 'a' } },
      upstream: { id: 'erp-1', labels: {} },
    })
  })

  it('leaves out what is costly and not read', async () => {
    const { call } = await inputOf([['call', 'tool', 'name']], { body: '{}', queryPairs: [['a', '1']] })
    expect(Object.keys(call as JsonObject)).toEqual(['id', 'protocol', 'phase', 'http'])
    expect(Object.keys((call as { http: JsonObject }).http)).toEqual(['method', 'host', 'path', 'segments'])
  })

  it('is whole for the record where the route records it', async () => {
    const { call } = await inputOf([], { body: '{"a":1}' }, { level: 'input' })
    expect(Object.keys(call as JsonObject)).toEqual(['id', 'protocol', 'phase', 'time', 'time_ns', 'http', 'body'])
  })

  it('has the tool and its arguments on a described route, and no body beside them', async () => {
    const operation = makeOperation((_, body) => ({ from: body as JsonObject }))
    const { call } = await inputOf([[]], { body: '{"a":1}' }, { operation })
    expect(call).toMatchObject({
      tool: { server: 'erp-1', name: 'create', digest: 'sha256:0' },
      arguments: { from: { a: 1 } },
    })
    expect(call).not.toHaveProperty('body')
  })

  it('keeps numbers as they were written', async () => {
    const { call } = await inputOf([['call', 'body']], { body: '{"id":12345678901234567890,"x":0.1}' })
    expect(call).toMatchObject({ body: { id: 12345678901234567890n, x: 0.1 } })
  })
})

const operation = makeOperation((_, body) => ({ body: body ?? 'none' }))
const withoutBody = makeOperation(() => ({}), false)
const readsBody = [['call', 'body', 'amount']]

const bodies: {
  note: string
  reads?: readonly (readonly string[])[]
  call: CallParts
  target?: TargetParts
  wanted: number | string
}[] = [
  { note: 'nobody looks at', call: { body: '{}' }, wanted: 0 },
  { note: 'nobody looks at, though it is no JSON', call: { body: 'x', mediaType: 'image/png' }, wanted: 0 },
  { note: 'policy reads', reads: readsBody, call: { body: '{}' }, wanted: 1 },
  { note: 'policy reads, whole input', reads: [[]], call: { body: '{}' }, wanted: 1 },
  { note: 'policy reads, whole call', reads: [['call']], call: { body: '{}' }, wanted: 1 },
  { note: 'is empty', reads: readsBody, call: { body: '' }, wanted: 0 },
  { note: 'is empty but chunked', reads: readsBody, call: { body: '', chunked: true }, wanted: 1 },
  {
    note: 'is empty, chunked and of no type',
    reads: readsBody,
    call: { body: '', chunked: true, mediaType: undefined },
    wanted: 1,
  },
  {
    note: 'is JSON by suffix',
    reads: readsBody,
    call: { body: '{}', mediaType: 'application/merge-patch+json' },
    wanted: 1,
  },
  {
    note: 'is not JSON where policy reads it',
    reads: readsBody,
    call: { body: '{}', mediaType: 'text/plain' },
    wanted: 'body_media_type',
  },
  {
    note: 'has no type where policy reads it',
    reads: readsBody,
    call: { body: '{}', mediaType: undefined },
    wanted: 'body_media_type',
  },
  {
    note: 'is compressed where policy reads it',
    reads: readsBody,
    call: { body: '{}', headers: [['content-encoding', 'gzip']] },
    wanted: 'body_encoded',
  },
  {
    note: 'is compressed by nothing',
    reads: readsBody,
    call: { body: '{}', headers: [['content-encoding', 'identity']] },
    wanted: 1,
  },
  { note: 'is broken', reads: readsBody, call: { body: '{' }, wanted: 'body_malformed' },
  { note: 'has a key twice', reads: readsBody, call: { body: '{"a":1,"a":2}' }, wanted: 'body_malformed' },
  { note: 'is broken where nobody looks', call: { body: '{' }, wanted: 0 },
  { note: 'is described', call: { body: '{}' }, target: { operation }, wanted: 1 },
  {
    note: 'is described and not JSON',
    call: { body: '{}', mediaType: 'text/plain' },
    target: { operation },
    wanted: 'body_media_type',
  },
  {
    note: 'is described and compressed',
    call: { body: '{}', headers: [['content-encoding', 'br']] },
    target: { operation },
    wanted: 'body_encoded',
  },
  {
    note: 'belongs to an operation that reads none',
    reads: [[]],
    call: { body: '{}' },
    target: { operation: withoutBody },
    wanted: 0,
  },
  { note: 'the record wants', call: { body: '{}' }, target: { level: 'input' }, wanted: 1 },
  {
    note: 'the record wants, but is no JSON',
    call: { body: 'x', mediaType: 'image/png' },
    target: { level: 'input' },
    wanted: 0,
  },
  {
    note: 'the record wants, but is broken',
    call: { body: '{' },
    target: { level: 'input' },
    wanted: 'body_malformed',
  },
]

describe('a body that', () => {
  it.each(bodies)('$note: $wanted', async ({ reads = [], call, target = {}, wanted }) => {
    const made = makeCall(call)
    try {
      await decided(answering({ allow: true }, { reads }), made, makeTarget(target))
      expect(made.reads()).toBe(wanted)
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause
      expect(cause.code).toBe(wanted)
    }
  })

  it('is not read is decided without a promise', () => {
    const decide = deciderOf(answering({ allow: true }))
    expect(decide(makeCall({ body: '{}' }), principal, makeTarget())).not.toBeInstanceOf(Promise)
  })

  it('comes with its bytes for the record, as the very value that policy saw', async () => {
    const text = '{"amount": 1.50}'
    const decision = await decided(answering({ allow: true }, { reads: [[]] }), makeCall({ body: text }))
    expect(String(decision.body?.bytes)).toBe(text)
    expect(decision.body?.value).toBe(property(decision.input?.call, 'body'))
    const operation = makeOperation((_call, value) => value as JsonObject)
    const described = await decided(
      answering({ allow: true }, { reads: [[]] }),
      makeCall({ body: text }),
      makeTarget({ operation }),
    )
    expect(described.body?.value).toBe(property(described.input?.call, 'arguments'))
  })

  it('is read exactly when the compiled policy looks at it', async () => {
    const blind = makeCall({ body: '{"amount":1}' })
    await decided(compiled('allow if input.agent.id == "buyer"'), blind)
    const seeing = makeCall({ body: '{"amount":1}' })
    const decision = await decided(compiled('allow if input.call.body.amount < 2'), seeing)
    expect([blind.reads(), seeing.reads(), decision.kind]).toEqual([0, 1, 'allow'])
  })
})

describe('a call beyond its description', () => {
  const beyond = makeOperation(() => {
    throw new Fault('argument_unknown', 'x')
  })
  const missing = makeOperation(() => {
    throw new Fault('argument_missing', 'x')
  })

  it('is refused', async () => {
    await expect(inputOf([], { body: '{}' }, { operation: beyond })).rejects.toMatchObject({ code: 'argument_unknown' })
  })

  it('is no operation where the route allows it: policy sees the body and no tool', async () => {
    const { call } = await inputOf([[]], { body: '{"a":1}' }, { operation: beyond, undescribed: 'allow' })
    expect(call).toMatchObject({ body: { a: 1 } })
    expect(call).not.toHaveProperty('tool')
    expect(call).not.toHaveProperty('arguments')
  })

  it('is refused even there when it has less than its description', async () => {
    await expect(inputOf([], { body: '{}' }, { operation: missing, undescribed: 'allow' })).rejects.toMatchObject({
      code: 'argument_missing',
    })
  })
})
