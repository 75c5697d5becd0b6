/**
 * The call that the log is measured with: an allowed purchase order of 300 bytes with the record of its input in full, made anew each
 * time as the steps before would make it. It becomes a decision record of some 1,700 bytes and an outcome of some 500.
 */
import { randomBytes } from 'node:crypto'
import { systemClock as clock } from '../../src/cli/clock.ts'
import {
  type Arrival,
  type Decision,
  type JsonObject,
  makeIdMaker,
  type Principal,
  type Recording,
  type Target,
  type UpstreamReply,
} from '../../src/model/index.ts'
import type { OpenEntry } from '../../src/record/index.ts'

export const makeId = makeIdMaker(clock.nowMs, (count) => randomBytes(count))

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

const tool = { server: 'erp', name: 'create_purchase_order', digest: `sha256:${'0'.repeat(64)}` }
const headers = new Map([['content-type', 'application/json']])
const replied: UpstreamReply['upstream'] = { headersMs: 1, tries: 1, status: 201 }
const replyBody = { kind: 'bytes' as const, bytes: Buffer.from('{"id":"po-1"}') }

function targetOf(mode: Recording['mode']): Target {
  return {
    route: { id: 'erp', recording: { mode, level: 'input' } },
    upstream: { id: 'erp' },
    operation: { tool },
  } as unknown as Target
}

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
    departure: { reason: undefined, onDeparture: () => () => {} },
  }
}

function noBody(): never {
  throw new Error('the log reads no bodies')
}

/** What does not change from call to call is the same object in each, as `decide/` has it. */
const route = { id: 'erp', labels: {} }
const upstream = { id: 'erp', labels: {} }
const orderText =
  '{"vendor_id":"acme","amount":900,"currency":"EUR","cost_center":"CC-100","requested_by":"p2p@example.com","lines":[{"sku":"A1","qty":2,"unit_price":450,"text":"Chairs, oak"},{"sku":"A2","qty":1,"unit_price":450,"text":"Table, oak, 180 x 90 cm"}],"notes":"Deliver to the second floor, call before."}'
const order = JSON.parse(orderText) as JsonObject

function decisionFor(at: Arrival): Decision {
  return {
    id: makeId(),
    kind: 'allow',
    entrypoint: 'gatehouse',
    revision: 'r1',
    digest: `sha256:${'1'.repeat(64)}`,
    reasons: [],
    ruleIds: ['gatehouse.allow@main.rego:12'],
    labels: {},
    obligations: [],
    body: { value: order, bytes: Buffer.from(orderText) },
    input: {
      call: {
        id: at.id,
        protocol: 'http',
        phase: 'call',
        time: '2026-03-02T10:00:00.000000Z',
        http: {
          method: 'POST',
          host: '127.0.0.1',
          path: '/erp/purchase-orders',
          segments: ['erp', 'purchase-orders'],
          query: {},
          headers: {},
        },
        body: order,
      },
      identity: principal.identity as never,
      agent: principal.agent as never,
      route,
      upstream,
    },
    result: { allow: true },
  }
}

/** One call on a route of this mode. Between its two records it leaves the turn of the event loop, as a call with an upstream does. */
export function makeCall(open: OpenEntry, mode: Recording['mode']): () => Promise<void> {
  const target = targetOf(mode)
  return async () => {
    const at = arrival()
    const entry = open(at)
    entry.received({ ...at, host: '127.0.0.1', path: '/erp/purchase-orders', segments: [], queryPairs: [], headers })
    entry.identified(principal)
    entry.routed(target)
    await entry.decided(decisionFor(at))
    await new Promise(setImmediate)
    await entry.followed({ status: 201, headers: [], body: replyBody, upstream: replied, obligationsDone: [] })
  }
}
