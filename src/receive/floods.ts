/**
 * Refusals before identification, counted by address in windows of one second. An address beyond the bound gets its sockets
 * closed unread until the window ends; what was closed is told once a second, as one sum.
 */
import { LRUCache } from 'lru-cache'
import { limits } from '../model/index.ts'

/** `closed` sockets in the last second, and up to eight of the addresses they came from. */
export interface Flood {
  readonly closed: number
  readonly addresses: readonly string[]
}

const windowMs = 1_000
const namedMax = 8

export class Floods {
  readonly #counts = new LRUCache<string, number>({ max: limits.refusalAddressesMax })
  readonly #addresses = new Set<string>()
  #windowStartMs = 0
  #closed = 0
  readonly #tell: (flood: Flood) => void

  constructor(tell: (flood: Flood) => void) {
    this.#tell = tell
  }

  /** One refusal of `address`. */
  count(address: string, nowMs: number): void {
    this.turn(nowMs)
    this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1)
  }

  isOver(address: string, nowMs: number): boolean {
    if (this.#counts.size === 0) return false
    this.turn(nowMs)
    return (this.#counts.get(address) ?? 0) >= limits.refusalsPerAddressPerSecondMax
  }

  /** A socket of `address` was closed unread. */
  closed(address: string): void {
    this.#closed++
    if (this.#addresses.size < namedMax) this.#addresses.add(address)
  }

  /** Begins a new window when the last one is over; called at least every `limits.sweepMs`. */
  turn(nowMs: number): void {
    if (nowMs - this.#windowStartMs < windowMs) return
    this.#windowStartMs = nowMs
    this.#counts.clear()
    if (this.#closed === 0) return
    const flood = { closed: this.#closed, addresses: [...this.#addresses] }
    this.#closed = 0
    this.#addresses.clear()
    this.#tell(flood)
  }
}
