/** UUID version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 bits of which the first 12 count up within one. */
import type { MakeId, RandomBytes } from './ports.ts'

/** Bytes that an id takes, and that are drawn at once: one system call for 512 ids. */
const idBytes = 8
const poolBytes = 512 * idBytes

/**
 * Ids from one maker rise strictly as text, even within a millisecond and when the clock steps back: the sub-millisecond
 * counter goes on from the highest time seen.
 */
export function makeIdMaker(nowMs: () => number, randomBytes: RandomBytes): MakeId {
  let pool: Uint8Array = new Uint8Array(0)
  let poolText = ''
  let used = 0
  let lastMs = 0
  let counter = 0
  let prefix = ''

  function drawn(): number {
    if (used === pool.length) {
      pool = randomBytes(poolBytes)
      poolText = Buffer.from(pool).toString('hex')
      used = 0
    }
    used += idBytes
    return used - idBytes
  }

  function later(ms: number): void {
    lastMs = ms
    counter = 0
    const time = ms.toString(16).padStart(12, '0')
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-`
  }

  return () => {
    const ms = Math.floor(nowMs())
    if (ms > lastMs) later(ms)
    // 4,096 ids in one millisecond: borrow the next one rather than repeat or block.
    else if (++counter > 0xfff) later(lastMs + 1)
    const at = drawn()
    const variant = 0x80 | ((pool[at] as number) & 0x3f)
    const text = at * 2
    return `${prefix}${(0x7000 | counter).toString(16)}-${variant.toString(16)}${poolText.slice(text + 2, text + 4)}-${poolText.slice(text + 4, text + 16)}`
  }
}
