/**
 * The decision log over a disk that fails: every operation of its file port, the first, second ... time it is used, in
 * every way it can fail, under calls from several callers. Whatever was released is on disk, no line is torn, no place is
 * missing, and when the disk is well again every call has its two records.
 */
import { describe, expect, it } from 'vitest'
import { Fault, type LogRecord } from '../../src/model/index.ts'
import { type DecisionLog, LogOpenError, type OpenEntry } from '../../src/record/index.ts'
import {
  answerFault,
  arrivalOf,
  buyer,
  callOf,
  decisionOf,
  type Failing,
  failingFiles,
  type LogWorld,
  logWorld,
  type Operation,
  targetOf,
  upstreamReply,
} from '../support/log.ts'

/** Small enough that a few calls begin a new one. */
const segmentBytesMax = 6_000
const callers = 4
const callsEach = 8

interface Seen {
  readonly callId: string
  /** Whether the call was allowed to go on. */
  passed: boolean
  status: number
}

/** A call as the gateway makes it. */
async function call(open: OpenEntry, kind: 'allow' | 'deny' | 'broken'): Promise<Seen> {
  const arrival = arrivalOf()
  const seen: Seen = { callId: arrival.id, passed: false, status: 0 }
  const entry = open(arrival)
  try {
    entry.received(callOf(arrival))
    entry.identified(buyer)
    entry.routed(targetOf())
    const decision = await entry.decided(decisionOf(kind === 'deny' ? 'deny' : 'allow'))
    if (decision.kind !== 'allow') {
      const body = { kind: 'bytes' as const, bytes: Buffer.from('{}') }
      seen.status = (await entry.refused({ status: 403, headers: [], body, decisionId: decision.id })).status
      return seen
    }
    seen.passed = true
    if (kind === 'broken') throw new Fault('upstream_timeout', 'no answer')
    seen.status = (await entry.followed(upstreamReply())).status
  } catch (cause) {
    seen.status = (await entry.failed(cause as Fault, answerFault)).status
  }
  return seen
}

async function callsUnderWay(world: LogWorld, open: OpenEntry): Promise<Seen[]> {
  const seen: Seen[] = []
  let running = callers
  const kinds = ['allow', 'deny', 'allow', 'broken'] as const
  for (let caller = 0; caller < callers; caller++) {
    void (async () => {
      for (let count = 0; count < callsEach; count++)
        seen.push(await call(open, kinds[count % kinds.length] ?? 'allow'))
      running -= 1
    })()
  }
  await world.clock.settled(() => running === 0, 40)
  return seen
}

function check(records: readonly LogRecord[], seen: readonly Seen[]): void {
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, place) => place))
  for (const { callId, passed, status } of seen) {
    const own = records.filter((record) => 'call_id' in record && record.call_id === callId)
    expect(own.map(({ type }) => type)).toEqual(['decision', 'outcome'])
    const [decision, outcome] = own
    if (decision?.type !== 'decision' || outcome?.type !== 'outcome') throw new Error('unreachable')
    expect(decision.decision === 'allow').toBe(passed)
    expect(outcome.status).toBe(status)
    expect(outcome.upstream_reached).toBe(passed)
  }
}

const cases: { operation: Operation; ways: readonly Failing[]; upTo: number }[] = [
  { operation: 'write', ways: ['error', 'after', 'torn', 'short'], upTo: 12 },
  { operation: 'open', ways: ['error', 'after'], upTo: 5 },
  { operation: 'close', ways: ['error', 'after'], upTo: 5 },
  { operation: 'syncDirectory', ways: ['error', 'after'], upTo: 5 },
  { operation: 'freeBytes', ways: ['error'], upTo: 4 },
]

/** Used after a write failed: to cut back a segment that has durable lines, or to take away one that has none. */
const cutting: { operation: Operation; ways: readonly Failing[]; segments: readonly ('begun' | 'empty')[] }[] = [
  { operation: 'truncate', ways: ['error', 'after'], segments: ['begun'] },
  { operation: 'sync', ways: ['error', 'after'], segments: ['begun'] },
  { operation: 'list', ways: ['error'], segments: ['empty'] },
  { operation: 'remove', ways: ['error', 'after'], segments: ['empty'] },
  { operation: 'syncDirectory', ways: ['error', 'after'], segments: ['empty'] },
  { operation: 'close', ways: ['error', 'after'], segments: ['begun', 'empty'] },
  { operation: 'open', ways: ['error'], segments: ['begun', 'empty'] },
  { operation: 'freeBytes', ways: ['error'], segments: ['begun', 'empty'] },
]

/** Says how many operations were made to fail. */
async function survives(fails: (operation: Operation, number: number) => Failing | undefined): Promise<number> {
  await using world = logWorld()
  const files = failingFiles()
  let hits = 0
  const log = await world.open({ files, segmentBytesMax })
  await log.admin('start', {})
  files.counts.clear()
  files.fails = (operation, number) => {
    const way = fails(operation, number)
    if (way !== undefined) hits += 1
    return way
  }
  const open = world.recorder(log)
  const seen = await callsUnderWay(world, open)
  await world.clock.settled(() => log.readiness() === undefined, 500)
  // The disk is looked at once a second, however few calls there were.
  await world.clock.advance(5_000)
  files.fails = () => undefined
  seen.push(await last(world, open))
  await log.close()
  const records = world.records()
  check(records, seen)
  const { failures } = log.stats()
  const recoveries = records.filter((record) => record.type === 'admin' && record.event === 'recovery')
  expect(recoveries.length > 0).toBe(failures > 0)
  expect(world.observed).toHaveLength(seen.length)
  await reopens(world, records.length)
  return hits
}

async function last(world: LogWorld, open: OpenEntry): Promise<Seen> {
  let seen: Seen | undefined
  void call(open, 'allow').then((one) => {
    seen = one
  })
  await world.clock.settled(() => seen !== undefined)
  expect(seen).toMatchObject({ passed: true, status: 201 })
  return seen as unknown as Seen
}

async function reopens(world: LogWorld, count: number): Promise<void> {
  const again = await world.open({ segmentBytesMax })
  await again.admin('start', {})
  expect(world.records().at(-1)).toMatchObject({ seq: count, event: 'start' })
  await again.close()
}

describe('the log on a failing disk', () => {
  for (const { operation, ways, upTo } of cases) {
    for (const way of ways) {
      it(`keeps what it released when ${operation} fails once (${way})`, async () => {
        for (let nth = 1; nth <= upTo; nth++) {
          const hits = await survives((failed, number) => (failed === operation && number === nth ? way : undefined))
          expect(hits).toBe(1)
        }
      })
    }
  }

  it('keeps what it released when writes fail for a while', async () => {
    for (const first of [1, 3]) {
      const hits = await survives((failed, number) =>
        failed === 'write' && number >= first && number < first + 4 ? 'torn' : undefined,
      )
      expect(hits).toBe(4)
    }
  })

  for (const { operation, ways, segments } of cutting) {
    for (const way of ways) {
      it(`keeps what it released when, after a torn write, ${operation} fails (${way})`, async () => {
        for (const segment of segments) {
          let opened = 0
          let torn = false
          let failed = 0
          const hits = await survives((one) => {
            if (one === 'open') opened += 1
            if (one === 'write' && !torn && (segment === 'begun' || opened > 0)) {
              torn = true
              return 'torn'
            }
            if (!torn || one !== operation || failed === 2) return undefined
            failed += 1
            return way
          })
          // The torn write, and at least one more: what failed after it was done is not always done again.
          expect(hits).toBeGreaterThanOrEqual(2)
        }
      })
    }
  }

  it('tries once more when it is closed while it is down, and says what is lost when that fails too', async () => {
    for (const well of [true, false]) {
      await using world = logWorld()
      const files = failingFiles()
      const log = await world.open({ files })
      await log.admin('start', {})
      files.fails = (operation) => (operation === 'write' ? 'torn' : undefined)
      await expect(log.admin('stop', {})).rejects.toMatchObject({ code: 'log_unavailable' })
      if (well) files.fails = () => undefined
      await log.close()
      const events = world.records().map((record) => record.type === 'admin' && record.event)
      expect(events).toEqual(well ? ['start', 'recovery', 'stop'] : ['start'])
      expect(world.said.some(({ message }) => message.includes('were lost'))).toBe(!well)
    }
  })

  it('says why it cannot be opened, for each operation of opening, and can be opened afterwards', async () => {
    const opening: Operation[] = [
      'makeDirectory',
      'list',
      'sizeBytes',
      'read',
      'open',
      'truncate',
      'sync',
      'syncDirectory',
    ]
    for (const operation of opening) {
      await using world = logWorld()
      const log = await world.open()
      await log.admin('start', {})
      await log.close()
      const { appendFileSync } = await import('node:fs')
      appendFileSync(`${world.directory}/0000000001.jsonl`, '{"seq":1,"ty')
      const files = failingFiles()
      files.fails = (failed) => (failed === operation ? 'error' : undefined)
      const failure = await world.open({ files }).catch((cause: unknown) => cause)
      expect(failure, operation).toBeInstanceOf(LogOpenError)
      expect((failure as Error).message).toContain(world.directory)
      expect((failure as Error).message).toContain('made to fail')
      const again: DecisionLog = await world.open()
      await again.admin('start', {})
      expect(world.records().map((record) => record.type === 'admin' && record.event)).toEqual([
        'start',
        'recovery',
        'start',
      ])
    }
  })
})
