/** A decision log in a temporary directory, its lines as they stand on disk, and files that fail when a test says so. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Arrival,
  type Call,
  type CallSummary,
  type Decision,
  type DepartureReason,
  type Fault,
  faults,
  type Labels,
  type Log,
  type LogRecord,
  makeIdMaker,
  type Principal,
  type Recording,
  type Reply,
  type Target,
  type UpstreamReply,
} from '../../src/model/index.ts'
import {
  type DecisionLog,
  type DecisionLogOptions,
  type LogFile,
  type LogFiles,
  makeRecorder,
  nodeFiles,
  type OpenEntry,
  openDecisionLog,
  type ProofOptions,
} from '../../src/record/index.ts'
import { type FakeClock, fakeClock } from './clock.ts'
import { segmentTexts } from './segment-texts.ts'

export interface LogWorld extends AsyncDisposable {
  readonly directory: string
  readonly clock: FakeClock
  /** What the program's own log was told. */
  readonly said: { readonly level: string; readonly message: string }[]
  readonly observed: CallSummary[]
  open(options?: Partial<DecisionLogOptions>): Promise<DecisionLog>
  recorder(log: DecisionLog, options?: { labels?: Labels; redact?: (text: string) => string }): OpenEntry
  /** Every whole line on disk, in order, parsed; throws on one that cannot be. */
  records(): LogRecord[]
  segments(): string[]
}

/** Everything in it is removed, and logs that were opened are closed, when it is disposed of. */
export function logWorld(): LogWorld {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-log-'))
  const directory = join(root, 'data', 'log')
  const clock = fakeClock()
  const said: { level: string; message: string }[] = []
  const observed: CallSummary[] = []
  const opened: DecisionLog[] = []
  const say = (level: string) => (_fields: object, message: string) => void said.push({ level, message })
  const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  const segments = () =>
    readdirSync(directory)
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
  return {
    directory,
    clock,
    said,
    observed,
    async open(options = {}) {
      const defaults = { directory, segmentBytesMax: 1 << 20, freeDiskBytesMin: 0, files: nodeFiles, clock, log }
      const made = await openDecisionLog({ ...defaults, ...options })
      opened.push(made)
      return made
    },
    recorder(made, { labels = { app: 'gatehouse' }, redact = (text: string) => text } = {}) {
      return makeRecorder({ log: made, clock, makeId, observe: (summary) => observed.push(summary), labels, redact })
    },
    segments,
    records: () => segmentTexts(directory).flatMap(({ name, text }) => recordsIn(text, name)),
    async [Symbol.asyncDispose]() {
      try {
        for (const made of opened) await made.close()
      } finally {
        rmSync(root, { recursive: true, force: true })
      }
    },
  }
}

/** What makes a log of this world proven. */
export function proofOf({ directory }: Pick<LogWorld, 'directory'>): ProofOptions {
  const keyFile = join(directory, '..', 'keys', 'decision-log.key')
  const fetchDocument = () => Promise.reject(new Error('nothing is fetched here'))
  const openStore = () => {
    throw new Error('no bucket is opened here')
  }
  return {
    keyFile,
    origin: undefined,
    randomBytes: (count) => randomBytes(count),
    anchors: [],
    fetchDocument,
    openStore,
  }
}

function recordsIn(text: string, name: string): LogRecord[] {
  if (text === '') return []
  if (!text.endsWith('\n')) throw new Error(`${name} ends in the middle of a line`)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as LogRecord)
}

export const makeId = makeIdMaker(
  () => Date.UTC(2026, 2, 2, 10),
  (count) => randomBytes(count),
)

export interface ArrivalParts {
  readonly headers?: readonly string[]
  readonly rawTarget?: string
  readonly departed?: DepartureReason
}

export function arrivalOf({ headers = [], rawTarget = '/erp/purchase-orders?q=1', departed }: ArrivalParts = {}) {
  const listeners: ((reason: DepartureReason) => void)[] = []
  const departure = {
    reason: departed as DepartureReason | undefined,
    onDeparture(listener: (reason: DepartureReason) => void) {
      if (departure.reason !== undefined) listener(departure.reason)
      else listeners.push(listener)
      return () => void listeners.splice(0)
    },
    depart(reason: DepartureReason) {
      departure.reason = reason
      for (const listener of listeners.splice(0)) listener(reason)
    },
  }
  const unread = () => {
    throw new Error('the log does not read bodies')
  }
  return {
    id: makeId(),
    protocol: 'http',
    receivedMs: 0,
    startedMs: 0,
    method: 'POST',
    scheme: 'http',
    rawTarget,
    rawHeaders: ['Host', 'erp.example:8080', ...headers],
    peer: { address: '192.0.2.7', port: 40_000 },
    trace: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: '01' },
    body: { lengthBytes: 12, held: undefined, receivedBytes: 12, bytes: unread, stream: unread },
    departure,
  } satisfies Arrival
}

export function callOf(arrival: Arrival): Call {
  const parts = { host: 'erp.example', path: '/erp/purchase-orders', segments: ['erp', 'purchase-orders'] }
  return { ...arrival, ...parts, query: 'q=1', queryPairs: [['q', '1']], headers: new Map() }
}

/** Only `identify/` makes principals; here one is needed that nobody proved. */
export const buyer = {
  authenticated: true,
  identity: {
    issuer: 'https://issuer.example',
    subject: { id: 'buyer', type: 'agent' },
    client_id: 'buyer',
    actors: [],
    delegated: false,
    scopes: ['erp'],
    roles: [],
    bound: 'none',
    claims: {},
  },
  agent: { id: 'buyer', status: 'active' },
} as unknown as Principal

export const anonymous = {
  authenticated: false,
  identity: { actors: [], delegated: false, scopes: [], roles: [], bound: 'none', claims: {} },
} as unknown as Principal

export function targetOf(mode: Recording['mode'] = 'strict', level: Recording['level'] = 'input'): Target {
  return {
    route: { id: 'erp', recording: { mode, level } },
    upstream: { id: 'erp-upstream' },
    operation: { tool: { server: 'erp', name: 'create_purchase_order', digest: 'sha256:0' } },
  } as unknown as Target
}

export function decisionOf(kind: Decision['kind'], parts: Partial<Decision> = {}): Decision {
  const base = { id: makeId(), entrypoint: 'gatehouse', revision: 'r1', digest: 'sha256:1', ruleIds: ['erp.rego:3'] }
  const input = { call: { id: 'c', arguments: { amount: 900 } }, identity: buyer.identity as never }
  const reasons = kind === 'allow' ? [] : [{ code: 'amount_over_limit', message: 'the amount is over your limit' }]
  const rest = kind === 'allow' ? { obligations: [] } : kind === 'ask' ? { asks: [] } : {}
  return {
    ...base,
    kind,
    reasons,
    labels: {},
    input,
    result: { allow: kind === 'allow' },
    ...rest,
    ...parts,
  } as Decision
}

export function upstreamReply(body: Reply['body'] = { kind: 'bytes', bytes: Buffer.from('{"id":1}') }): UpstreamReply {
  return { status: 201, headers: [], body, upstream: { headersMs: 3, tries: 1, status: 201 }, obligationsDone: [] }
}

export function answerFault(fault: Fault, decisionId: string): Reply {
  const body = { kind: 'bytes' as const, bytes: Buffer.from(fault.code) }
  return { status: faults[fault.code].status, headers: [], body, decisionId, fault: fault.code }
}

/** What can be made to fail: an operation of the port. */
export type Operation = keyof LogFiles | 'write' | 'truncate' | 'sync' | 'close'

/**
 * How it fails: `error` does nothing; `after` does it and says it failed; `torn` writes half and then fails; `short` writes
 * half and says so.
 */
export type Failing = 'error' | 'after' | 'torn' | 'short'

export interface FailingFiles extends LogFiles {
  /** Operations so far, by name. */
  readonly counts: Map<Operation, number>
  /** Called before every operation with its number, from 1; what it gives decides. */
  fails: (operation: Operation, number: number) => Failing | undefined
}

export function failingFiles(inner: LogFiles = nodeFiles): FailingFiles {
  const counts = new Map<Operation, number>()
  const begin = (operation: Operation): Failing | undefined => {
    const number = (counts.get(operation) ?? 0) + 1
    counts.set(operation, number)
    return files.fails(operation, number)
  }
  const failure = (operation: Operation) => new Error(`EIO: made to fail, ${operation}`)
  async function attempt<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
    const failing = begin(operation)
    if (failing === 'error') throw failure(operation)
    const result = await work()
    if (failing !== undefined) throw failure(operation)
    return result
  }
  const wrap = (file: LogFile): LogFile => ({
    write(bytes, offset, lengthBytes, position, done) {
      const failing = begin('write')
      const fail = () => done(failure('write'), 0)
      if (failing === undefined) file.write(bytes, offset, lengthBytes, position, done)
      else if (failing === 'error') setImmediate(fail)
      else if (failing === 'after') file.write(bytes, offset, lengthBytes, position, fail)
      else {
        const half = Math.max(1, Math.floor(lengthBytes / 2))
        file.write(bytes, offset, half, position, failing === 'torn' ? fail : done)
      }
    },
    truncate: (lengthBytes) => attempt('truncate', () => file.truncate(lengthBytes)),
    sync: () => attempt('sync', () => file.sync()),
    close: () => attempt('close', () => file.close()),
  })
  const files: FailingFiles = {
    counts,
    fails: () => undefined,
    open: (path, how) => attempt('open', async () => wrap(await inner.open(path, how))),
    list: (directory) => attempt('list', () => inner.list(directory)),
    sizeBytes: (path) => attempt('sizeBytes', () => inner.sizeBytes(path)),
    read: (path, position, lengthBytes, into) => attempt('read', () => inner.read(path, position, lengthBytes, into)),
    makeDirectory: (path) => attempt('makeDirectory', () => inner.makeDirectory(path)),
    syncDirectory: (path) => attempt('syncDirectory', () => inner.syncDirectory(path)),
    rename: (path, to) => attempt('rename', () => inner.rename(path, to)),
    remove: (path) => attempt('remove', () => inner.remove(path)),
    replace: (path, bytes) => attempt('replace', () => inner.replace(path, bytes)),
    freeBytes: (path) => attempt('freeBytes', () => inner.freeBytes(path)),
  }
  return files
}
