/**
 * What the decision log costs: CPU microseconds (user and system, all threads) and median and 99th percentile waits, for
 * records alone and for whole calls of two records, at 1, 64 and 256 callers, proven as in the gateway and not. Run: `npm run bench -- record [seconds a row]`.
 * Callers ask again as soon as they are answered, so that batches are as large as the callers allow; in the gateway they
 * are smaller.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Arrival,
  type Clock,
  type Decision,
  makeIdMaker,
  type Principal,
  type Recording,
  type Target,
  type UpstreamReply,
} from '../src/model/index.ts'
import { type DecisionLog, makeRecorder, nodeFiles, type OpenEntry, openDecisionLog } from '../src/record/index.ts'

let seconds = 2
const rounds = 3

const clock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  monotonicMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
  every(ms, run) {
    const timer = setInterval(run, ms).unref()
    return () => clearInterval(timer)
  },
}
const quiet = () => {}
const fetchDocument = () => Promise.reject(new Error('nothing is fetched here'))
const makeId = makeIdMaker(clock.nowMs, (count) => randomBytes(count))

const principal = {
  authenticated: true,
  identity: {
    issuer: 'http://127.0.0.1:8081/',
    subject: { id: 'buyer', type: 'agent' },
    agent: { issuer: 'http://127.0.0.1:8081/', id: 'buyer', type: 'agent' },
    client_id: 'buyer',
    actors: [],
    delegated: false,
    scopes: ['erp.read', 'erp.write'],
    roles: ['buyer'],
    audience: ['gatehouse'],
    bound: 'none',
    claims: {},
  },
  agent: { id: 'buyer', owner: 'p2p@example.com', team: 'procurement', status: 'active', risk: 'low' },
} as unknown as Principal

const target = (mode: Recording['mode'], level: Recording['level']) =>
  ({
    route: { id: 'erp', recording: { mode, level } },
    upstream: { id: 'erp' },
    operation: { tool: { server: 'erp', name: 'create_purchase_order', digest: `sha256:${'0'.repeat(64)}` } },
  }) as unknown as Target

const headers = new Map([['content-type', 'application/json']])
const replyBody = { kind: 'bytes' as const, bytes: Buffer.from('{"id":"po-1"}') }

function arrival(): Arrival {
  const parts = { protocol: 'http', method: 'POST', scheme: 'http', rawTarget: '/erp/purchase-orders' } as const
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: '01' }
  const body = { lengthBytes: 300, held: undefined, receivedBytes: 300, bytes: noBody, stream: noBody }
  return {
    id: makeId(),
    ...parts,
    receivedMs: clock.nowMs(),
    startedMs: clock.monotonicMs(),
    rawHeaders: [],
    peer: { address: '127.0.0.1', port: 40_000 },
    trace,
    body,
    departure: { reason: undefined, onDeparture: () => quiet },
  }
}

function noBody(): never {
  throw new Error('the log reads no bodies')
}

function decisionFor(at: Arrival, count: number): Decision {
  const tool = { server: 'erp', name: 'create_purchase_order', digest: `sha256:${'0'.repeat(64)}` }
  const line = { sku: 'A1', qty: 2, unit_price: 450, text: 'Chairs, oak' }
  return {
    id: makeId(),
    kind: 'allow',
    entrypoint: 'gatehouse',
    revision: 'r1',
    digest: `sha256:${'1'.repeat(64)}`,
    reasons: [],
    ruleIds: ['gatehouse.allow:12'],
    labels: {},
    obligations: [],
    input: {
      call: {
        id: at.id,
        protocol: 'http',
        phase: 'call',
        time: '2026-03-02T10:00:00Z',
        tool,
        arguments: { vendor_id: 'acme', amount: count, currency: 'EUR', cost_center: 'CC-100', lines: [line, line] },
        http: { method: 'POST', host: '127.0.0.1', path: '/erp/purchase-orders', segments: ['erp', 'purchase-orders'] },
      },
      identity: principal.identity as never,
      agent: principal.agent as never,
      route: { id: 'erp', labels: {} },
      upstream: { id: 'erp', labels: {} },
    },
    result: { allow: true },
  }
}

async function call(open: OpenEntry, to: Target, count: number): Promise<void> {
  const at = arrival()
  const entry = open(at)
  entry.received({ ...at, host: '127.0.0.1', path: '/erp/purchase-orders', segments: [], queryPairs: [], headers })
  entry.identified(principal)
  entry.routed(to)
  await entry.decided(decisionFor(at, count))
  const upstream: UpstreamReply['upstream'] = { headersMs: 1, tries: 1, status: 201 }
  await entry.followed({ status: 201, headers: [], body: replyBody, upstream, obligationsDone: [] })
}

type Work = (log: DecisionLog, open: OpenEntry, count: number) => Promise<void>
const rest = `"decision_id":"x","text":"${'a'.repeat(850)}"`
const aRecord = { name: 'record of 1 KB', recordsEach: 1, work: (log: DecisionLog) => log.queue.add(rest) }
const subjects: { name: string; recordsEach: number; isProven?: boolean; work: Work }[] = [
  aRecord,
  { ...aRecord, name: 'record of 1 KB, not proven', isProven: false },
  ...(['strict', 'durable', 'async'] as const).flatMap((mode) =>
    (['input', 'metadata'] as const).map((level) => {
      const to = target(mode, level)
      const work: Work = async (_log, open, count) => {
        await call(open, to, count)
        // A call that waits for nothing still leaves the turn of the event loop, as one with an upstream does.
        if (mode === 'async') await new Promise(setImmediate)
      }
      return { name: `call ${mode}, ${level}`, recordsEach: 2, work }
    }),
  ),
]

interface Row {
  readonly cpuUs: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly batch: number
  readonly bytes: number
}

async function measure(work: Work, recordsEach: number, callers: number, isProven: boolean): Promise<Row> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const log = await openDecisionLog({
    directory,
    segmentBytesMax: 1 << 28,
    freeDiskBytesMin: 0,
    files: nodeFiles,
    clock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    ...(isProven && {
      proof: { keyFile: join(directory, 'keys', 'key'), origin: undefined, randomBytes, anchors: [], fetchDocument },
    }),
  })
  const open = makeRecorder({
    log,
    clock,
    makeId,
    observe: quiet,
    labels: { app: 'gatehouse' },
    redact: (text) => text,
  })
  const waits: number[] = []
  let stop = false
  let done = 0
  const caller = async () => {
    while (!stop) {
      const began = performance.now()
      await work(log, open, done)
      done += 1
      if (done % 16 === 0) waits.push(performance.now() - began)
    }
  }
  const run = async (ms: number) => {
    stop = false
    setTimeout(() => {
      stop = true
    }, ms)
    await Promise.all(Array.from({ length: callers }, caller))
  }
  await run(300)
  const before = log.stats()
  waits.length = 0
  done = 0
  const beganMs = performance.now()
  const cpu = process.cpuUsage()
  await run(seconds * 1_000)
  const { user, system } = process.cpuUsage(cpu)
  const tookMs = performance.now() - beganMs
  await log.close()
  const after = log.stats()
  rmSync(directory, { recursive: true })
  waits.sort((one, other) => one - other)
  const at = (share: number) => waits[Math.floor(waits.length * share)] ?? 0
  const records = after.records - before.records
  return {
    cpuUs: (user + system) / (done * recordsEach),
    perSecond: (done * recordsEach * 1_000) / tookMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    batch: records / Math.max(1, after.batches - before.batches),
    bytes: (after.bytes - before.bytes) / Math.max(1, records),
  }
}

export async function run(args: readonly string[]): Promise<number> {
  seconds = Number(args[0] ?? seconds)
  console.log(
    '| subject | callers | CPU us a record | records/s | p50 ms | p99 ms | records a batch | bytes a record |',
  )
  console.log('|---|---|---|---|---|---|---|---|')
  for (const { name, recordsEach, work, isProven = true } of subjects) {
    for (const callers of [1, 64, 256]) {
      const rows: Row[] = []
      for (let round = 0; round < rounds; round++) rows.push(await measure(work, recordsEach, callers, isProven))
      const [row] = rows.sort((one, other) => one.cpuUs - other.cpuUs).slice(rounds >> 1)
      if (row === undefined) continue
      const { cpuUs, perSecond, p50Ms, p99Ms, batch, bytes } = row
      const cells = [
        cpuUs.toFixed(2),
        Math.round(perSecond),
        p50Ms.toFixed(2),
        p99Ms.toFixed(2),
        batch.toFixed(1),
        Math.round(bytes),
      ]
      console.log(`| ${name} | ${callers} | ${cells.join(' | ')} |`)
    }
  }
  return 0
}
