/**
 * Two records a call whatever happens, each once, in the order and with the waiting that the route's mode says. The log is
 * a real one; writes are held back where a test must see what waits for them.
 */
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  type ByteSink,
  type ByteSource,
  type DecisionRecord,
  Fault,
  type FaultCode,
  type Json,
  type LogRecord,
  limits,
  type OutcomeRecord,
  type Recording,
  type Reply,
} from '../../../src/model/index.ts'
import { type Entry, type LogFiles, nodeFiles } from '../../../src/record/index.ts'
import {
  anonymous,
  answerFault,
  arrivalOf,
  buyer,
  callOf,
  decisionOf,
  failingFiles,
  logWorld,
  targetOf,
  upstreamReply,
} from '../../support/log.ts'

const refusal = (decisionId: string): Reply => ({
  status: 403,
  headers: [],
  body: { kind: 'bytes', bytes: Buffer.from('{"code":"x"}') },
  decisionId,
})

function pair(records: readonly LogRecord[]): { decision: DecisionRecord; outcome: OutcomeRecord } {
  expect(records.map(({ type }) => type)).toEqual(['decision', 'outcome'])
  const [decision, outcome] = records
  if (decision?.type !== 'decision' || outcome?.type !== 'outcome') throw new Error('unreachable')
  expect(outcome.decision_id).toBe(decision.decision_id)
  expect(outcome.call_id).toBe(decision.call_id)
  return { decision, outcome }
}

/** Files whose writes wait until `release` is called. */
function heldFiles(): { files: LogFiles; waiting: () => number; release: () => void } {
  const held: (() => void)[] = []
  const files: LogFiles = {
    ...nodeFiles,
    async open(path, how) {
      const file = await nodeFiles.open(path, how)
      return {
        ...file,
        write: (...write) => void held.push(() => file.write(...write)),
      }
    },
  }
  const release = () => {
    for (const write of held.splice(0)) write()
  }
  return { files, waiting: () => held.length, release }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate()
}

function isSettled(promise: Promise<unknown>): () => boolean {
  let settled = false
  const note = () => {
    settled = true
  }
  promise.then(note, note)
  return () => settled
}

/** A source that a test drives. */
function drivenSource(lengthBytes: number | null = null) {
  let sink: ByteSink | undefined
  const cancelled: Error[] = []
  const source: ByteSource = {
    lengthBytes,
    start: (given) => {
      sink = given
    },
    pause: () => {},
    resume: () => {},
    cancel: (cause) => void cancelled.push(cause),
  }
  return { source, cancelled, sink: () => sink as ByteSink }
}

function collected() {
  const got: string[] = []
  const sink: ByteSink = {
    chunk: (bytes) => void got.push(Buffer.from(bytes).toString()),
    end: () => void got.push('end'),
    fail: (fault) => void got.push(`fail ${fault.code}`),
  }
  return { got, sink }
}

describe('how a call ends', () => {
  type Way = (entry: Entry) => Promise<Reply>
  const upTo =
    (steps: number) =>
    (entry: Entry, arrival = arrivalOf()) => {
      if (steps > 0) entry.received(callOf(arrival))
      if (steps > 1) entry.identified(steps === 2 ? anonymous : buyer)
      if (steps > 2) entry.routed(targetOf())
    }
  const fails =
    (steps: number, code: FaultCode): Way =>
    (entry) => {
      upTo(steps)(entry)
      return entry.failed(new Fault(code, `because \`${code}\``), answerFault)
    }
  const rows: {
    note: string
    way: Way
    decision: Partial<DecisionRecord>
    outcome: Partial<OutcomeRecord>
  }[] = [
    {
      note: 'a target that cannot be read: path without its query, host as sent',
      way: fails(0, 'target_refused'),
      decision: {
        decision: 'deny',
        code: 'target_refused',
        detail: 'because `target_refused`',
        call: { protocol: 'http', method: 'POST', host: 'erp.example:8080', path: '/erp/purchase-orders' },
      },
      outcome: { outcome: 'refused', code: 'target_refused', status: 400, complete: true, upstream_reached: false },
    },
    {
      note: 'a bad token',
      way: fails(1, 'token_expired'),
      decision: { decision: 'deny', code: 'token_expired' },
      outcome: { outcome: 'refused', code: 'token_expired', status: 401 },
    },
    {
      note: 'no token: nobody is named',
      way: fails(2, 'token_missing'),
      decision: { decision: 'deny', code: 'token_missing' },
      outcome: { outcome: 'refused', code: 'token_missing', status: 401 },
    },
    {
      note: 'a body that policy cannot read: who and where are known',
      way: fails(3, 'body_malformed'),
      decision: {
        decision: 'deny',
        code: 'body_malformed',
        principal: {
          issuer: 'https://issuer.example',
          subject: 'buyer',
          client_id: 'buyer',
          agent: 'buyer',
          scopes: ['erp'],
        },
        target: { route: 'erp', upstream: 'erp-upstream', tool: 'create_purchase_order' },
      },
      outcome: { outcome: 'refused', code: 'body_malformed', status: 400 },
    },
    ...(['deny', 'ask'] as const).map((kind) => ({
      note: `policy says ${kind}`,
      way: (async (entry) => {
        upTo(3)(entry)
        const decision = await entry.decided(decisionOf(kind))
        return entry.refused(refusal(decision.id))
      }) as Way,
      decision: {
        decision: kind,
        code: kind === 'ask' ? 'approval_required' : 'amount_over_limit',
        reasons: [{ code: 'amount_over_limit', message: 'the amount is over your limit' }],
        path: 'gatehouse',
        bundles: { policy: { revision: 'r1', digest: 'sha256:1' } },
        rule_ids: ['erp.rego:3'],
        result: { allow: false },
      },
      outcome: { outcome: 'refused', status: 403, complete: true, upstream_reached: false, reply_bytes: 12 } as const,
    })),
    {
      note: 'forwarded',
      way: async (entry) => {
        upTo(3)(entry)
        await entry.decided(decisionOf('allow'))
        return entry.followed({ ...upstreamReply(), obligationsDone: ['mask_response'] })
      },
      decision: { decision: 'allow', requested_by: '192.0.2.7', labels: { app: 'gatehouse' } },
      outcome: {
        outcome: 'forwarded',
        status: 201,
        upstream_status: 201,
        request_bytes: 12,
        reply_bytes: 8,
        complete: true,
        upstream_reached: true,
        obligations_done: ['mask_response'],
        tries: 1,
      },
    },
    ...(
      [
        ['upstream_unreachable', false, true],
        ['upstream_timeout', true, true],
        ['reply_not_maskable', true, false],
        ['reply_too_large', true, false],
      ] as const
    ).map(([code, reached, complete]) => ({
      note: `allowed, then ${code}`,
      way: (async (entry) => {
        upTo(3)(entry)
        await entry.decided(decisionOf('allow'))
        return entry.failed(new Fault(code, 'x'), answerFault)
      }) as Way,
      decision: { decision: 'allow' } as const,
      outcome: { outcome: 'failed', code, detail: 'x', upstream_reached: reached, complete } as const,
    })),
  ]
  for (const { note, way, decision, outcome } of rows) {
    it(`leaves two records, durable before the reply: ${note}`, async () => {
      await using world = logWorld()
      const log = await world.open()
      const entry = world.recorder(log)(arrivalOf())
      const reply = await way(entry)
      const written = pair(world.records())
      expect(written.decision).toMatchObject(decision)
      expect(written.outcome).toMatchObject(outcome)
      expect(reply.decisionId).toBe(written.decision.decision_id)
      expect(entry.decisionId).toBe(written.decision.decision_id)
      expect(world.observed).toHaveLength(1)
      expect(world.observed[0]).toMatchObject({
        decision: written.decision.decision,
        code: written.outcome.code ?? 'ok',
        status: written.outcome.status,
      })
      if (note.startsWith('no token')) expect(written.decision).not.toHaveProperty('principal')
    })
  }

  it('answers a fault after the end without another record', async () => {
    await using world = logWorld()
    const log = await world.open()
    const entry = world.recorder(log)(arrivalOf())
    upTo(3)(entry)
    await entry.decided(decisionOf('allow'))
    await entry.followed(upstreamReply())
    expect((await entry.failed(new Fault('internal', 'late'), answerFault)).status).toBe(500)
    pair(world.records())
    expect(world.observed).toHaveLength(1)
  })

  it('bounds a code that a policy made up', async () => {
    await using world = logWorld()
    const log = await world.open()
    const entry = world.recorder(log)(arrivalOf())
    const { id: decisionId } = await entry.decided(
      decisionOf('deny', { reasons: [{ code: 'c'.repeat(1 << 23), message: 'm' }] }),
    )
    await entry.refused(refusal(decisionId))
    await log.admin('reload', { text: 'x'.repeat(1 << 23) })
    const [, outcome, admin] = world.records()
    expect(outcome).toMatchObject({ code: `${'c'.repeat(255)}…` })
    expect(admin).toMatchObject({ event: 'reload', detail: { omitted: 'size' } })
  })

  it('records a reply that has no body at once, though it came as a stream', async () => {
    await using world = logWorld()
    const log = await world.open()
    const entry = world.recorder(log)({ ...arrivalOf(), method: 'HEAD' })
    entry.routed(targetOf())
    await entry.decided(decisionOf('allow'))
    const upstream = drivenSource()
    const reply = await entry.followed(upstreamReply({ kind: 'stream', source: upstream.source }))
    expect(pair(world.records()).outcome).toMatchObject({ outcome: 'forwarded', complete: true, reply_bytes: 0 })
    if (reply.body.kind === 'stream') reply.body.source.cancel(new Error('a reply without body'))
    await log.close()
    pair(world.records())
    expect(upstream.cancelled).toHaveLength(1)
  })

  it('says that the agent was gone when the whole reply had arrived', async () => {
    await using world = logWorld()
    const log = await world.open()
    const arrival = arrivalOf()
    const entry = world.recorder(log)(arrival)
    upTo(3)(entry, arrival)
    await entry.decided(decisionOf('allow'))
    arrival.departure.depart('agent_gone')
    await entry.followed(upstreamReply())
    expect(pair(world.records()).outcome).toMatchObject({ outcome: 'forwarded', complete: false, code: 'agent_gone' })
  })
})

describe('what waits for the disk', () => {
  const modes: { mode: Recording['mode']; decision: boolean; end: boolean }[] = [
    { mode: 'strict', decision: true, end: true },
    { mode: 'durable', decision: false, end: true },
    { mode: 'async', decision: false, end: false },
  ]
  for (const { mode, decision, end } of modes) {
    it(`${mode}: the decision ${decision ? 'waits' : 'does not'}, the reply ${end ? 'waits' : 'does not'}`, async () => {
      await using world = logWorld()
      const { files, release, waiting } = heldFiles()
      const log = await world.open({ files })
      const entry = world.recorder(log)(arrivalOf())
      entry.identified(buyer)
      entry.routed(targetOf(mode))
      const decided = entry.decided(decisionOf('allow'))
      const isDecided = isSettled(decided)
      await world.clock.settled(() => waiting() > 0)
      expect(isDecided()).toBe(!decision)
      release()
      await decided
      const followed = entry.followed(upstreamReply())
      const isFollowed = isSettled(followed)
      await turns()
      expect(isFollowed()).toBe(!end)
      await world.clock.settled(() => {
        release()
        return isFollowed()
      })
      await world.clock.settled(() => {
        release()
        return log.stats().queueRecords === 0
      })
      pair(world.records())
    })

    it(`${mode}: the bytes that complete a stated length are its end and ${end ? 'wait' : 'do not'}`, async () => {
      await using world = logWorld()
      const { files, release, waiting } = heldFiles()
      const log = await world.open({ files })
      const entry = world.recorder(log)(arrivalOf())
      entry.routed(targetOf(mode))
      const decided = entry.decided(decisionOf('allow'))
      await world.clock.settled(() => waiting() > 0)
      release()
      await decided
      const upstream = drivenSource(6)
      const reply = await entry.followed(upstreamReply({ kind: 'stream', source: upstream.source }))
      if (reply.body.kind !== 'stream') throw new Error('unreachable')
      const { got, sink } = collected()
      reply.body.source.start(sink)
      upstream.sink().chunk(Buffer.from('one'))
      upstream.sink().chunk(Buffer.from('two'))
      upstream.sink().chunk(Buffer.from(''))
      upstream.sink().end()
      await turns()
      expect(got).toEqual(end ? ['one'] : ['one', 'two', 'end'])
      await world.clock.settled(() => {
        release()
        return got.length === 3 && log.stats().queueRecords === 0
      })
      expect(got).toEqual(['one', 'two', 'end'])
      expect(pair(world.records()).outcome).toMatchObject({ complete: true, reply_bytes: 6, status: 201 })
    })

    it(`${mode}: bytes of a stream pass at once, its end ${end ? 'waits' : 'does not'}`, async () => {
      await using world = logWorld()
      const { files, release, waiting } = heldFiles()
      const log = await world.open({ files })
      const entry = world.recorder(log)(arrivalOf())
      entry.routed(targetOf(mode))
      const decided = entry.decided(decisionOf('allow'))
      await world.clock.settled(() => waiting() > 0)
      release()
      await decided
      const upstream = drivenSource()
      const reply = await entry.followed(upstreamReply({ kind: 'stream', source: upstream.source }))
      if (reply.body.kind !== 'stream') throw new Error('unreachable')
      const { got, sink } = collected()
      reply.body.source.start(sink)
      upstream.sink().chunk(Buffer.from('one'))
      expect(got).toEqual(['one'])
      upstream.sink().end()
      await turns()
      expect(got).toEqual(end ? ['one'] : ['one', 'end'])
      await world.clock.settled(() => {
        release()
        return got.length === 2 && log.stats().queueRecords === 0
      })
      expect(pair(world.records()).outcome).toMatchObject({ complete: true, reply_bytes: 3, status: 201 })
    })
  }
})

describe('a durable write', () => {
  async function writesOf(records: number, turnsBetween: number): Promise<number[]> {
    await using world = logWorld()
    const { files, release, waiting } = heldFiles()
    const log = await world.open({ files })
    const recorder = world.recorder(log)
    const decided: Promise<unknown>[] = []
    for (let count = 0; count < records; count++) {
      const entry = recorder(arrivalOf())
      entry.routed(targetOf())
      decided.push(entry.decided(decisionOf('allow')))
      for (let turn = 0; turn < turnsBetween; turn++) await setImmediate()
    }
    const sizes: number[] = []
    let before = 0
    while (before < records) {
      await world.clock.settled(() => waiting() > 0)
      release()
      await world.clock.settled(() => log.stats().records > before)
      sizes.push(log.stats().records - before)
      before = log.stats().records
    }
    await Promise.all(decided)
    return sizes
  }

  it('takes all records of one turn', async () => {
    expect(await writesOf(5, 0)).toEqual([5])
  })

  it('waits while every turn brings a record', async () => {
    expect((await writesOf(5, 1))[0]).toBe(5)
  })

  it('is not put off for ever by records that keep coming', async () => {
    const [first = 0, ...rest] = await writesOf(40, 1)
    expect(first).toBeGreaterThan(5)
    expect(first).toBeLessThan(12)
    expect(rest.length).toBeGreaterThan(0)
  })

  it('is begun when records have stopped coming', async () => {
    expect((await writesOf(4, 4))[0]).toBe(1)
  })
})

describe('a stream that does not end well', () => {
  const rows: {
    note: string
    end: (stream: { up: ByteSink; reply: ByteSource; depart: () => void }) => void
    code: FaultCode
    got: string[]
  }[] = [
    {
      note: 'the upstream breaks off',
      end: ({ up }) => up.fail(new Fault('upstream_cut', 'x')),
      code: 'upstream_cut',
      got: ['one', 'fail upstream_cut'],
    },
    { note: 'the agent leaves', end: ({ reply }) => reply.cancel(new Error('gone')), code: 'agent_gone', got: ['one'] },
    {
      note: 'the call times out and is then cancelled',
      end: ({ depart, reply }) => {
        depart()
        reply.cancel(new Error('timeout'))
      },
      code: 'call_timeout',
      got: ['one'],
    },
  ]
  for (const { note, end, code, got: wanted } of rows) {
    it(`is recorded once as not complete: ${note}`, async () => {
      await using world = logWorld()
      const log = await world.open()
      const arrival = arrivalOf()
      const entry = world.recorder(log)(arrival)
      entry.routed(targetOf())
      await entry.decided(decisionOf('allow'))
      const upstream = drivenSource()
      const reply = await entry.followed(upstreamReply({ kind: 'stream', source: upstream.source }))
      if (reply.body.kind !== 'stream') throw new Error('unreachable')
      const { got, sink } = collected()
      reply.body.source.start(sink)
      upstream.sink().chunk(Buffer.from('one'))
      end({ up: upstream.sink(), reply: reply.body.source, depart: () => arrival.departure.depart('call_timeout') })
      await log.close()
      expect(got).toEqual(wanted)
      expect(upstream.cancelled).toHaveLength(note.startsWith('the upstream') ? 0 : 1)
      const { outcome } = pair(world.records())
      expect(outcome).toMatchObject({
        outcome: 'failed',
        code,
        complete: false,
        reply_bytes: 3,
        upstream_reached: true,
      })
      expect(world.observed).toHaveLength(1)
    })
  }
})

describe('when the log cannot be written', () => {
  it('withholds a reply, cuts a stream, refuses new calls, and records all of it later', async () => {
    await using world = logWorld()
    const files = failingFiles()
    const log = await world.open({ files })
    const open = world.recorder(log)
    const whole = open(arrivalOf())
    const streamed = open(arrivalOf())
    for (const entry of [whole, streamed]) {
      entry.identified(buyer)
      entry.routed(targetOf())
      await entry.decided(decisionOf('allow'))
    }
    const upstream = drivenSource()
    const reply = await streamed.followed(upstreamReply({ kind: 'stream', source: upstream.source }))
    if (reply.body.kind !== 'stream') throw new Error('unreachable')
    const { got, sink } = collected()
    reply.body.source.start(sink)
    files.fails = (operation) => (operation === 'write' ? 'torn' : undefined)
    const failure = (await whole.followed(upstreamReply()).catch((cause: unknown) => cause)) as Fault
    expect(failure).toMatchObject({ code: 'log_unavailable' })
    expect(failure.detail).toContain('EIO: made to fail, write')
    expect((await whole.failed(failure, answerFault)).status).toBe(503)
    upstream.sink().end()
    await turns()
    expect(got).toEqual(['fail log_unavailable'])
    expect(log.readiness()).toMatch(/EIO.*calls are refused until/)

    const refused = open(arrivalOf())
    refused.identified(buyer)
    refused.routed(targetOf())
    const fault = (await refused.decided(decisionOf('allow')).catch((cause: unknown) => cause)) as Fault
    expect((await refused.failed(fault, answerFault)).status).toBe(503)
    const anonymousCall = open(arrivalOf())
    expect((await anonymousCall.failed(new Fault('token_missing', 'x'), answerFault)).status).toBe(503)

    files.fails = () => undefined
    await world.clock.settled(() => log.readiness() === undefined, 100)
    await log.close()
    const records = world.records()
    expect(records.map((record) => (record.type === 'decision' ? record.decision : record.type))).toEqual([
      'allow',
      'allow',
      'admin',
      'outcome',
      'outcome',
      'deny',
      'outcome',
      'deny',
      'outcome',
    ])
    const outcomes = records.filter((record) => record.type === 'outcome')
    expect(
      outcomes.map(({ status, code, complete, upstream_reached }) => [status, code, complete, upstream_reached]),
    ).toEqual([
      [503, 'log_unavailable', false, true],
      [201, 'log_unavailable', false, true],
      [503, 'log_unavailable', true, false],
      [503, 'log_unavailable', true, false],
    ])
    expect(records.filter((record) => record.type === 'decision').map(({ code }) => code)).toEqual([
      undefined,
      undefined,
      'log_unavailable',
      'token_missing',
    ])
    expect(records[2]).toMatchObject({ event: 'recovery', detail: { reason: 'write_failed', segment: 1 } })
  })
})

describe('a full queue', () => {
  it('lets a call wait, then refuses and counts it; refusals of nobody cannot fill it', async () => {
    await using world = logWorld()
    const { files, release } = heldFiles()
    const log = await world.open({ files })
    const open = world.recorder(log)
    const flood = Array.from({ length: limits.unidentifiedQueueRecordsMax / 2 + 3 }, () =>
      open(arrivalOf()).failed(new Fault('token_missing', 'x'), answerFault),
    )
    expect(log.stats().queueRecords).toBe(limits.unidentifiedQueueRecordsMax)
    const real = open(arrivalOf())
    real.identified(buyer)
    real.routed(targetOf())
    const decided = real.decided(decisionOf('allow'))
    expect(log.stats().queueRecords).toBe(limits.unidentifiedQueueRecordsMax + 1)
    await world.clock.advance(limits.logWaitMsMax)
    const late = (await Promise.all(flood.slice(-3))).map(({ status }) => status)
    expect(late).toEqual([503, 503, 503])
    await world.clock.settled(() => {
      release()
      return log.stats().queueRecords === 0
    })
    await decided
    expect((await Promise.all(flood)).filter(({ status }) => status === 401)).toHaveLength(flood.length - 3)
    void world.clock.advance(1_000)
    await world.clock.settled(() => {
      release()
      return log.stats().nextSeq === limits.unidentifiedQueueRecordsMax + 2
    })
    expect(world.records().at(-1)).toMatchObject({ type: 'fault', code: 'log_queue_full', count: 3 })
  })

  it('lets in who waited as soon as there is room', async () => {
    await using world = logWorld()
    const { files, release } = heldFiles()
    const log = await world.open({ files })
    const open = world.recorder(log)
    const flood = Array.from({ length: limits.unidentifiedQueueRecordsMax / 2 + 3 }, () =>
      open(arrivalOf()).failed(new Fault('token_missing', 'x'), answerFault),
    )
    const all = Promise.all(flood)
    const isDone = isSettled(all)
    await world.clock.settled(() => {
      release()
      return isDone()
    })
    expect((await all).every(({ status }) => status === 401)).toBe(true)
  })
})

describe('what is written of a call', () => {
  const secret = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln'
  async function written(
    level: Recording['level'],
    parts: Parameters<typeof decisionOf>[1],
    headers: readonly string[] = [],
  ): Promise<{ record: DecisionRecord; text: string }> {
    await using world = logWorld()
    const log = await world.open()
    const entry = world.recorder(log)(arrivalOf({ headers }))
    entry.identified(buyer)
    entry.routed(targetOf('strict', level))
    await entry.decided(decisionOf('allow', parts))
    await entry.followed(upstreamReply())
    const { decision } = pair(world.records())
    return { record: decision, text: JSON.stringify(decision) }
  }
  const call = {
    id: 'c',
    arguments: { amount: 900 },
    body: { amount: 900 },
    http: { method: 'POST', path: '/x', query: { q: '1' }, headers: { authorization: 'Bearer x', accept: '*/*' } },
  }

  it('writes the input at level input, without credentials', async () => {
    const { record } = await written('input', { input: { call, route: { id: 'erp' } } })
    expect(record.input).toEqual({
      call: { ...call, http: { ...call.http, headers: { accept: '*/*' } } },
      route: { id: 'erp' },
    })
    expect(record).not.toHaveProperty('input_omitted')
  })

  it('writes who did what to which thing at level metadata', async () => {
    const { record } = await written('metadata', { input: { call, route: { id: 'erp' } } })
    expect(record.input).toEqual({ call: { id: 'c', http: { method: 'POST', path: '/x' } }, route: { id: 'erp' } })
    expect(record.input_omitted).toBe('level')
  })

  it('writes no input at level none', async () => {
    const { record } = await written('none', { input: { call } })
    expect(record).not.toHaveProperty('input')
    expect(record.input_omitted).toBe('level')
  })

  it('cuts an input that is too large to its metadata, and then altogether', async () => {
    const large = 'é'.repeat(limits.recordBytesMax / 2)
    const cut = await written('input', { input: { call: { ...call, body: large } } })
    expect(cut.record.input).toEqual({ call: { id: 'c', http: { method: 'POST', path: '/x' } } })
    expect(cut.record.input_omitted).toBe('size')
    const gone = await written('input', { input: { call: { id: large } }, result: { large } })
    expect(gone.record).not.toHaveProperty('input')
    expect(gone.record).not.toHaveProperty('result')
    expect(gone.record.input_omitted).toBe('size')
    expect(gone.record.rule_ids).toEqual(['erp.rego:3'])
  })

  it('bounds a record whatever policy wrote into it', async () => {
    const much = 'm'.repeat(2 * limits.recordBytesMax)
    const everything = {
      labels: { much },
      ruleIds: [much],
      input: { much },
      result: { much },
      nondeterministic: { much },
    }
    const { record } = await written('input', {
      ...everything,
      obligations: [{ type: 'set_header', name: much, value: much, to: 'agent' }],
    })
    expect(JSON.stringify(record).length).toBeLessThan(3_000)
    expect(record.labels).toEqual({ app: 'gatehouse' })

    const reasons = Array.from({ length: limits.reasonsMax }, (_, place) => ({
      code: `c${place}`,
      message: 'm'.repeat(limits.recordBytesMax),
    }))
    const { text } = await written('input', { reasons })
    expect(text.length).toBeLessThan(limits.recordBytesMax)
  })

  it('keeps numbers as they were written and agents’ keys as data', async () => {
    const input = JSON.parse('{"call":{"__proto__":{"a":1},"toJSON":"x","constructor":[]}}') as never
    const exact = { call: { id: 12345678901234567890n, arguments: { big: [12345678901234567890n] }, __proto__: null } }
    expect((await written('input', { input })).record.input).toEqual(input)
    await using world = logWorld()
    const log = await world.open()
    const entry = world.recorder(log)(arrivalOf())
    entry.routed(targetOf())
    await entry.decided(decisionOf('allow', { input: exact }))
    expect(readFileSync(`${world.directory}/0000000001.jsonl`, 'utf8')).toContain(
      '"id":12345678901234567890,"arguments":{"big":[12345678901234567890]}}',
    )
  })

  const sent: { note: string; text: string; part: 'arguments' | 'body'; wanted: string }[] = [
    {
      note: 'as it was sent, numbers and escapes included',
      text: '{"a": 1e2, "b": 0.10, "c": "\\u00e9\\n\u2028"}',
      part: 'body',
      wanted: '"body":{"a": 1e2, "b": 0.10, "c": "\\u00e9\\n\u2028"}',
    },
    { note: 'as arguments, where they are the body', text: '[1.50]', part: 'arguments', wanted: '"arguments":[1.50]' },
    {
      note: 'on one line, though it had several',
      text: '{\r\n"a":\n1.50}\n',
      part: 'body',
      wanted: '"body":{"a":1.5}',
    },
    { note: 'on one line, though it had a line of old systems', text: '[\r1]', part: 'body', wanted: '"body":[1]' },
  ]
  it.each(sent)('writes a body $note', async ({ text, part, wanted }) => {
    await using world = logWorld()
    const log = await world.open()
    const body = { value: JSON.parse(text) as Json, bytes: Buffer.from(text) }
    const entry = world.recorder(log)(arrivalOf())
    entry.routed(targetOf())
    await entry.decided(decisionOf('allow', { input: { call: { id: 'c', [part]: body.value } }, body }))
    expect(readFileSync(`${world.directory}/0000000001.jsonl`, 'utf8')).toContain(
      `"input":{"call":{"id":"c",${wanted}}}`,
    )
    expect(world.records()).toHaveLength(1)
  })

  it('writes what policy saw, where that is not the body itself', async () => {
    const body = { value: { amount: 1 }, bytes: Buffer.from('{"amount":1}') }
    const { record } = await written('input', { input: { call: { arguments: { amount: 1, id: 7 } } }, body })
    expect(record.input).toEqual({ call: { arguments: { amount: 1, id: 7 } } })
    const metadata = await written('metadata', { input: { call: { id: 'c', body: body.value } }, body })
    expect(metadata.record.input).toEqual({ call: { id: 'c' } })
  })

  it('never writes the credential that the agent sent, nor what is redacted', async () => {
    await using world = logWorld()
    const log = await world.open()
    const redact = (text: string) => text.replaceAll('s3cret', '[redacted]')
    const entry = world.recorder(log, { redact })(arrivalOf({ headers: ['AUTHORIZATION', `Bearer ${secret}`] }))
    const detail = `the token \`${secret}\` and the key \`s3cret\``
    await entry.failed(new Fault('token_malformed', detail + 'x'.repeat(5_000)), answerFault)
    const { decision } = pair(world.records())
    expect(decision.detail).toMatch(/^the token `\[redacted\]` and the key `\[redacted\]`x+…$/)
    expect(decision.detail?.length).toBeLessThan(2_100)
  })

  it('cannot be made to forge a line', async () => {
    await using world = logWorld()
    const log = await world.open()
    const rawTarget = '/a\n{"seq":9}\u2028"\\\ud800'
    const entry = world.recorder(log)(arrivalOf({ rawTarget }))
    await entry.failed(new Fault('target_refused', rawTarget), answerFault)
    const { decision } = pair(world.records())
    expect(decision.call.path).toBe(rawTarget)
    expect(decision.detail).toBe(rawTarget)
  })

  it('puts a policy’s labels beside those of the gateway, never in their place', async () => {
    const { record } = await written('none', { labels: { app: 'forged', team: 'p2p' } })
    expect(record.labels).toEqual({ app: 'gatehouse', team: 'p2p' })
  })
})
