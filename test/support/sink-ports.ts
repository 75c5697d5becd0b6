/** What a sink is handed in a test: a clock that is set, a log that is read, HTTP that answers what the test says. */
import type { FetchDocument, LogRecord } from '../../src/model/index.ts'
import type { Item, SinkPorts } from '../../src/sinks/sink.ts'
import { type FakeClock, fakeClock } from './clock.ts'

export type Asked = Parameters<FetchDocument>[0]

export interface FakePorts {
  readonly ports: SinkPorts
  readonly clock: FakeClock
  readonly asked: Asked[]
  /** Statuses of the next answers, then 204. Zero: nobody answers. */
  readonly answers: number[]
}

export function fakePorts(startMs?: number): FakePorts {
  const clock = fakeClock(startMs)
  const asked: Asked[] = []
  const answers: number[] = []
  const silent = () => undefined
  const fetchDocument: FetchDocument = async (request) => {
    asked.push(request)
    const status = answers.shift() ?? 204
    if (status === 0) throw new Error('connection refused')
    return { status, headers: new Map(), bytes: Buffer.from(status === 204 ? '' : 'because of\n  this') }
  }
  const ports: SinkPorts = {
    id: 'siem',
    contentType: 'application/json',
    sender: { log: 'log.test', version: '1.2.3', labels: {} },
    hostname: 'machine',
    clock,
    randomBytes: (count) => new Uint8Array(count),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    makeFetch: () => fetchDocument,
    lookup: () => {
      throw new Error('nothing is looked up here')
    },
    checkHost: async () => undefined,
  }
  return { ports, clock, asked, answers }
}

/** A record as an item; `text` is its bytes. */
export function itemOf(seq: number, text = `{"seq":${seq},"type":"admin"}`): Item {
  return {
    seq,
    id: `log.test/${seq}`,
    type: 'admin',
    timestamp: '2026-03-02T10:00:00.000000Z',
    callId: undefined,
    record: () => JSON.parse(text) as LogRecord,
    bytes: Buffer.from(text),
  }
}

export const never = new AbortController().signal

export const refusedUse = (): never => {
  throw new Error('nobody asks for it')
}

/** A world of which a sink may use nothing but what its test puts in the place of a part. */
export function refusingPorts(id: string, sender: SinkPorts['sender']): SinkPorts {
  return {
    id,
    contentType: 'application/json',
    sender,
    hostname: 'gw-7',
    clock: { nowMs: refusedUse, monotonicMs: refusedUse, after: refusedUse, every: refusedUse },
    randomBytes: refusedUse,
    log: { debug: refusedUse, info: refusedUse, warn: refusedUse, error: refusedUse },
    makeFetch: refusedUse,
    lookup: refusedUse,
    checkHost: refusedUse,
  }
}
