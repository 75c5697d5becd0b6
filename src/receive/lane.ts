/**
 * The fast lane: reads requests straight from a socket as long as each is in the strict subset of `lane-head.ts`. The first one
 * that is not goes to node:http with all bytes from there on, and the connection stays there: what is wrong with it is not said
 * here. Calls of the lane that are not answered yet are answered by the lane all the same, in their order.
 *
 *     header -> body -> header ...     strange -> node:http
 */
import type { Clock } from '../model/index.ts'
import type { Carrier } from './carrier.ts'
import type { Connection } from './connection.ts'
import { readHead } from './lane-head.ts'
import type { DateText } from './lane-reply.ts'
import { LaneRequest, type LaneRoad } from './lane-request.ts'

export interface LanePorts {
  readonly clock: Clock
  readonly dates: DateText
  readonly arrived: (connection: Connection, carrier: Carrier) => void
  /** node:http reads the connection from now on; the bytes it has to begin with are in the socket. */
  readonly handOver: (connection: Connection) => void
  /** The connection cannot go on, for an error in node:http's words. */
  readonly refused: (connection: Connection, error: Error) => void
}

/** Reads that one header may take: large ones come in some; in pieces of a few bytes they are node:http's to put together. */
const headReadsMax = 8

/** What node:http says in the two cases that never reach it. */
const endOfInput = { code: 'HPE_INVALID_EOF_STATE', reason: 'Invalid EOF state' }
const closedBefore = { code: 'HPE_CLOSED_CONNECTION', reason: 'Data after `Connection: close`' }

export class Lane implements LaneRoad {
  readonly socket: Connection['socket']
  onDrain: (() => void) | undefined = undefined
  readonly #connection: Connection
  readonly #ports: LanePorts
  /** The request whose body is arriving. */
  #receiving: LaneRequest | undefined = undefined
  /** Bytes that were read and not taken: the beginning of a header, or what waits until the agent has read replies. */
  #rest: Buffer | undefined = undefined
  /** Reads that brought `#rest`. */
  #reads = 0
  #waitsForDrain = false
  /** The agent said that no further request comes. */
  #last = false
  #held = false

  constructor(connection: Connection, ports: LanePorts) {
    this.socket = connection.socket
    this.#connection = connection
    this.#ports = ports
    this.socket.on('data', this.#onData)
    this.socket.on('end', this.#onEnd)
    this.socket.on('drain', this.#onDrained)
  }

  date(): string {
    return this.#ports.dates.at(this.#ports.clock.nowMs())
  }

  hold(request: LaneRequest): void {
    if (this.#receiving !== request || request.received || this.#held) return
    this.#held = true
    this.socket.pause()
  }

  release(request: LaneRequest): void {
    if (this.#receiving !== request || !this.#held) return
    this.#held = false
    this.socket.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    // What still comes is read so that the agent gets the reply, and for nothing else.
    if (this.#connection.lingering) return
    const rest = this.#rest
    this.#rest = undefined
    this.#consume(rest === undefined ? chunk : Buffer.concat([rest, chunk]))
  }

  #consume(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      const receiving = this.#receiving
      if (receiving === undefined) {
        const next = this.#takeHead(bytes, at)
        if (next === undefined) return
        at = next
      } else {
        const end = Math.min(bytes.length, at + receiving.missingBytes)
        receiving.arrive(bytes.subarray(at, end))
        if (receiving.received) this.#receiving = undefined
        at = end
      }
    }
  }

  /** Where the bytes behind the header begin; undefined when nothing more can be taken now. */
  #takeHead(bytes: Buffer, at: number): number | undefined {
    const { socket } = this
    if (this.#last) this.#refuseMore(bytes, at)
    if (this.#last || this.#connection.closing || socket.destroyed) return undefined
    // An agent that sends calls and does not read the replies must not fill the memory with them.
    if (socket.writableNeedDrain) {
      this.#rest = bytes.subarray(at)
      this.#waitsForDrain = true
      socket.pause()
      return undefined
    }
    const head = readHead(bytes, at)
    if (head === 'strange') return this.#handOver(bytes.subarray(at))
    if (head === 'partial') {
      this.#reads = at === 0 ? this.#reads + 1 : 1
      if (this.#reads === headReadsMax) return this.#handOver(bytes.subarray(at))
      this.#rest = bytes.subarray(at)
      return undefined
    }
    this.#reads = 0
    this.#last = head.saysClose
    const request = new LaneRequest(head, this)
    const end = Math.min(bytes.length, head.end + head.lengthBytes)
    if (!request.received) this.#receiving = request
    if (end > head.end) request.arrive(bytes.subarray(head.end, end))
    if (request.received) this.#receiving = undefined
    this.#ports.arrived(this.#connection, request)
    return end
  }

  /** RFC 9112 section 9.6: nothing comes behind the last request; empty lines are forgiven, as node:http forgives them. */
  #refuseMore(bytes: Buffer, at: number): void {
    for (let index = at; index < bytes.length; index++) {
      if (bytes[index] === 0x0d || bytes[index] === 0x0a) continue
      this.#ports.refused(this.#connection, Object.assign(new Error(closedBefore.reason), closedBefore))
      return
    }
  }

  #handOver(bytes: Buffer): undefined {
    const { socket } = this
    // Replies of the lane may still be on their way: it goes on to hear when the socket takes more of them.
    socket.removeListener('data', this.#onData)
    socket.removeListener('end', this.#onEnd)
    // Without a listener and paused the bytes stay in the socket, before those that have not been read.
    socket.pause()
    socket.unshift(bytes)
    this.#ports.handOver(this.#connection)
    socket.resume()
    return undefined
  }

  readonly #onDrained = (): void => {
    this.onDrain?.()
    if (!this.#waitsForDrain) return
    const rest = this.#rest
    this.#waitsForDrain = false
    this.#rest = undefined
    this.socket.resume()
    if (rest !== undefined) this.#consume(rest)
  }

  readonly #onEnd = (): void => {
    if (this.#rest !== undefined || this.#receiving !== undefined)
      this.#ports.refused(this.#connection, Object.assign(new Error(endOfInput.reason), endOfInput))
    else this.socket.end()
  }
}
