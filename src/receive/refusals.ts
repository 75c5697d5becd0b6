/**
 * What never became a call: each is told as a fault, save those of an address beyond the flood bound, whose sockets are closed unread
 * and told as one sum.
 */
import type { Socket } from 'node:net'
import type { Clock, Fault, FaultCode, Peer } from '../model/index.ts'
import { type Flood, Floods } from './floods.ts'

export interface RefusalPorts {
  readonly clock: Clock
  /** Bytes that were no call: one fault record each, save those of an address beyond the flood bound. */
  readonly onRefusedBytes: (code: FaultCode, detail: string, peer: Peer) => void
  /** Sockets that were closed unread; at most once a second. */
  readonly onFlood: (flood: Flood) => void
}

/** Where a connection came from, as far as the socket still knows. */
export interface Remote {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

export function peerOf({ remoteAddress, remotePort }: Remote): Peer {
  return { address: remoteAddress ?? 'unknown', port: remotePort ?? 0 }
}

export class Refusals {
  readonly #ports: RefusalPorts
  readonly #floods: Floods

  constructor(ports: RefusalPorts) {
    this.#ports = ports
    this.#floods = new Floods(ports.onFlood)
  }

  /** Whether the socket is of an address beyond the bound; it is closed then. */
  closes(socket: Socket): boolean {
    const { address } = peerOf(socket)
    if (!this.#floods.isOver(address, this.#nowMs())) return false
    this.#floods.closed(address)
    socket.destroy()
    return true
  }

  report({ code, detail }: Fault, peer: Peer): void {
    const nowMs = this.#nowMs()
    if (this.#floods.isOver(peer.address, nowMs)) this.#floods.closed(peer.address)
    else this.#ports.onRefusedBytes(code, detail, peer)
    this.#floods.count(peer.address, nowMs)
  }

  /** A call was refused before anybody knew whose it is: it has its own records, and counts all the same. */
  count(peer: Peer): void {
    this.#floods.count(peer.address, this.#nowMs())
  }

  /** Called at least every `limits.sweepMs`. */
  turn(): void {
    this.#floods.turn(this.#nowMs())
  }

  #nowMs(): number {
    return this.#ports.clock.monotonicMs()
  }
}
