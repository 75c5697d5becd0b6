/** A receiver on port 0 with a clock of the test's own, a gateway that is one function, and raw sockets to talk to it. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import {
  type Arrival,
  type Call,
  type Fault,
  makeIdMaker,
  type Peer,
  type Reply,
  toFault,
} from '../../src/model/index.ts'
import {
  answer,
  type Flood,
  makeReceiver,
  type Receiver,
  type ReceiverOptions,
  receive,
} from '../../src/receive/index.ts'
import { type FakeClock, fakeClock } from './clock.ts'

export interface ReceiverWorld extends AsyncDisposable {
  readonly clock: FakeClock
  readonly receiver: Receiver
  readonly port: number
  /** Calls that passed strict receiving, and faults of those that did not, in order. */
  readonly calls: Call[]
  readonly faults: Fault[]
  readonly refused: { readonly code: string; readonly detail: string; readonly peer: Peer }[]
  readonly floods: Flood[]
  connect(): RawClient
  /** Sends `bytes` on a new connection and gives all that comes back until the gateway closes it. */
  send(bytes: string | Uint8Array): Promise<string>
}

export type Handle = (call: Call, arrival: Arrival) => Reply | Promise<Reply>

/** What a call looks like to the gateway, as a reply: method, host, path, query and body. */
export const echo: Handle = async (call) => {
  const body = Buffer.from(await call.body.bytes(1_000_000)).toString()
  const { method, host, path, query } = call
  return jsonReply(call, { method, host, path, ...(query === undefined ? {} : { query }), body })
}

export function jsonReply(call: { readonly id: string }, value: unknown): Reply {
  return bytesReply(call, JSON.stringify(value), ['Content-Type', 'application/json'])
}

export function bytesReply(call: { readonly id: string }, text: string, headers: readonly string[] = []): Reply {
  return { status: 200, headers, body: { kind: 'bytes', bytes: Buffer.from(text) }, decisionId: call.id }
}

export async function receiverWorld(
  handle: Handle = echo,
  options: Partial<ReceiverOptions> = {},
): Promise<ReceiverWorld> {
  const clock = fakeClock()
  const calls: Call[] = []
  const faults: Fault[] = []
  const refused: ReceiverWorld['refused'] = []
  const floods: Flood[] = []
  const clients: RawClient[] = []
  const bugs: string[] = []
  const receiver = makeReceiver(
    {
      host: '127.0.0.1',
      port: 0,
      connectionsMax: 100,
      callsMax: 100,
      timing: { callMsMax: 30_000, headerMsMax: 2_000, requestMsMax: 10_000, keepAliveMs: 20_000 },
      ...options,
    },
    {
      clock,
      makeId: makeIdMaker(clock.nowMs, randomBytes),
      randomBytes,
      log: {
        debug() {},
        info() {},
        warn() {},
        error: (fields, message) => bugs.push(`${message} ${JSON.stringify(fields)}`),
      },
      handle: async (arrival) => {
        try {
          const call = receive(arrival)
          calls.push(call)
          return await handle(call, arrival)
        } catch (cause) {
          const fault = toFault(cause)
          faults.push(fault)
          return answer.fault(fault, arrival.id)
        }
      },
      onRefusedBytes: (code, detail, peer) => refused.push({ code, detail, peer }),
      onFlood: (flood) => floods.push(flood),
    },
  )
  await receiver.listen()
  const { port } = receiver.address
  const open = (): RawClient => {
    const client = new RawClient(connect(port, '127.0.0.1'))
    clients.push(client)
    return client
  }
  return {
    clock,
    receiver,
    port,
    calls,
    faults,
    refused,
    floods,
    connect: open,
    async send(bytes) {
      const client = open()
      client.write(bytes)
      await client.closed
      return client.text
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy()
      await receiver.close()
      if (bugs.length > 0) throw new Error(bugs.join('\n'))
    },
  }
}

/** A socket that keeps what it got, byte for byte. */
export class RawClient {
  readonly socket: Socket
  readonly closed: Promise<void>
  readonly #pieces: Buffer[] = []
  #onBytes: (() => void) | undefined = undefined
  isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#pieces.push(bytes)
      this.#onBytes?.()
    })
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.isClosed = true
        this.#onBytes?.()
        resolve()
      })
    })
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString('latin1')
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Waits until the text matches; fails when the connection closes first. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      if (this.isClosed) throw new Error(`closed before ${pattern} came: ${JSON.stringify(this.text)}`)
      await new Promise<void>((resolve) => {
        this.#onBytes = resolve
      })
    }
    return this.text
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** The parts of the first reply in `text`; `json` when its body is JSON. */
export function parseReply(text: string): {
  readonly status: number
  readonly header: string
  readonly body: string
  readonly json: { readonly [name: string]: unknown }
} {
  const end = text.indexOf('\r\n\r\n')
  const header = text.slice(0, end)
  const body = text.slice(end + 4)
  let json: { readonly [name: string]: unknown } = {}
  try {
    json = JSON.parse(body)
  } catch {
    // Not every reply is JSON; a test that looks at `json` then finds nothing in it.
  }
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(header)?.[1] ?? 0), header, body, json }
}
