/** Real upstreams on port 0 for forwarding: a node:http server, or raw bytes, and calls to send to them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net'
import type { Lookup } from '../../src/forward/egress.ts'
import { type Forwarding, makeForward } from '../../src/forward/index.ts'
import type {
  Allow,
  ByteSource,
  Call,
  DepartureReason,
  HttpTarget,
  Obligation,
  Route,
  Upstream,
  UpstreamReply,
} from '../../src/model/index.ts'
import { parseTarget, readHeaders } from '../../src/wire/index.ts'
import { type FakeClock, fakeClock } from './clock.ts'

export interface ForwardWorld extends AsyncDisposable {
  readonly clock: FakeClock
  readonly upstream: Upstream
  readonly forwarding: Forwarding
  /** Requests the upstream got, in order; empty for a raw one. */
  readonly requests: IncomingMessage[]
  /** Connections the upstream took. */
  readonly sockets: Socket[]
  target(path?: string): HttpTarget
  send(call: FakeCall, obligations?: readonly Obligation[]): Promise<UpstreamReply>
}

export interface ForwardWorldOptions {
  readonly upstream?: Partial<Upstream>
  readonly route?: Partial<Route>
  readonly publicUrl?: string
  /** Takes each connection instead of node:http. */
  readonly raw?: (socket: Socket) => void
  /** Does not listen at all: the port is one where nobody is. */
  readonly absent?: boolean
  /** The upstream is configured as `localhost`, and this finds where that is. */
  readonly lookup?: Lookup
}

export async function forwardWorld(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: ForwardWorldOptions = {},
): Promise<ForwardWorld> {
  const requests: IncomingMessage[] = []
  const sockets: Socket[] = []
  const server: Server =
    options.raw === undefined
      ? createServer((request, response) => {
          requests.push(request)
          answer(request, response)
        })
      : createRawServer(options.raw)
  server.on('connection', (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  if (options.absent === true) await new Promise((resolve) => server.close(resolve))
  const clock = fakeClock()
  const upstream: Upstream = {
    id: 'erp',
    labels: {},
    origin: `http://${options.lookup === undefined ? '127.0.0.1' : 'localhost'}:${port}`,
    basePath: '',
    credential: { header: 'Authorization', value: 'Bearer upstream-secret' },
    connectMsMax: 1_000,
    headersMsMax: 900,
    idleMsMax: 900,
    replyBytesMax: 50_000_000,
    connectionsMax: 4,
    retriesMax: 1,
    ...options.upstream,
  }
  const route: Route = {
    id: 'erp',
    labels: {},
    entrypoint: 'gatehouse',
    identity: 'required',
    recording: { mode: 'strict', level: 'input' },
    bodyBytesMax: 50_000_000,
    parsedBodyBytesMax: 1_000_000,
    policyHeaders: [],
    undescribed: 'allow',
    prefix: '/erp',
    cookies: false,
    ...options.route,
  }
  const forwarding = makeForward(
    { upstreams: [upstream], ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }) },
    { clock, ...(options.lookup === undefined ? {} : { lookup: options.lookup }) },
  )
  const target = (path = '/orders'): HttpTarget => ({ route, upstream, upstreamPath: path })
  return {
    clock,
    upstream,
    forwarding,
    requests,
    sockets,
    target,
    send: (call, obligations = []) => forwarding.forward(call, target(call.upstreamPath), allowing(obligations)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await forwarding.close()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function allowing(obligations: readonly Obligation[]): Allow {
  return {
    id: '01900000-0000-7000-8000-000000000000',
    kind: 'allow',
    reasons: [],
    ruleIds: [],
    labels: {},
    obligations,
  }
}

export interface FakeCall extends Call {
  readonly upstreamPath: string
  depart(reason: DepartureReason): void
}

export interface FakeCallOptions {
  readonly method?: string
  readonly path?: string
  readonly headers?: readonly string[]
  readonly body?: string | ByteSource
  readonly state?: string
}

/** A call as `receive` would make it, with a body that is held (text), streamed (a source) or absent. */
export function fakeCall(options: FakeCallOptions = {}): FakeCall {
  const rawHeaders = ['Host', 'agents.example', ...(options.headers ?? [])]
  const path = options.path ?? '/orders'
  const { body } = options
  const held = body === undefined ? new Uint8Array(0) : typeof body === 'string' ? Buffer.from(body) : undefined
  const source = typeof body === 'object' ? body : undefined
  let reason: DepartureReason | undefined
  const listeners = new Set<(reason: DepartureReason) => void>()
  return {
    ...parseTarget(`/erp${path}`),
    id: '01900000-0000-7000-8000-000000000001',
    protocol: 'http',
    receivedMs: 0,
    startedMs: 0,
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    scheme: 'http',
    rawTarget: `/erp${path}`,
    rawHeaders,
    headers: readHeaders(rawHeaders),
    host: 'agents.example',
    peer: { address: '192.0.2.7', port: 1 },
    trace: {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      flags: '01',
      ...(options.state === undefined ? {} : { state: options.state }),
    },
    body: {
      lengthBytes: held?.length ?? source?.lengthBytes ?? null,
      held,
      receivedBytes: held?.length ?? 0,
      bytes: () => Promise.reject(new Error('forwarding reads no body')),
      stream: () => source as ByteSource,
    },
    departure: {
      get reason() {
        return reason
      },
      onDeparture(listener) {
        if (reason !== undefined) listener(reason)
        else listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    upstreamPath: path,
    depart(why) {
      reason = why
      for (const listener of [...listeners]) listener(why)
    },
  }
}

/** All of a reply's body, as text; rejects with the fault that broke it off. */
export function textOf(reply: { readonly body: UpstreamReply['body'] }): Promise<string> {
  const { body } = reply
  if (body.kind === 'bytes') return Promise.resolve(Buffer.from(body.bytes).toString())
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    body.source.start({
      chunk: (bytes) => void pieces.push(bytes),
      end: () => resolve(Buffer.concat(pieces).toString()),
      fail: reject,
    })
  })
}

/** A body's source that the test pushes by hand. */
export class PushedBody implements ByteSource {
  readonly lengthBytes: number | null
  sink: Parameters<ByteSource['start']>[0] | undefined
  paused = 0
  cancelled: Error | undefined
  constructor(lengthBytes: number | null) {
    this.lengthBytes = lengthBytes
  }
  start(sink: Parameters<ByteSource['start']>[0]): void {
    this.sink = sink
  }
  pause(): void {
    this.paused++
  }
  resume(): void {}
  cancel(cause: Error): void {
    this.cancelled = cause
  }
}
