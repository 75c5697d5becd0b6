/** UUID version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 bits of which the first 12 count up within one. */
import type { MakeId, RandomBytes } from './ports.ts'

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
/** Bytes drawn at once: one system call for 128 ids. */
const poolBytes = 1024

/**
 * Ids from one maker rise strictly as text, even within a millisecond and when the clock steps back: the sub-millisecond
 * counter goes on from the highest time seen.
 */
export function makeIdMaker(nowMs: () => number, randomBytes: RandomBytes): MakeId {
  let pool: Uint8Array = new Uint8Array(0)
  let used = 0
  let lastMs = 0
  let counter = 0
  const byte = (): string => {
    if (used === pool.length) {
      pool = randomBytes(poolBytes)
      used = 0
    }
    return hex[pool[used++] as number] as string
  }
  return () => {
    const ms = Math.floor(nowMs())
    if (ms > lastMs) {
      lastMs = ms
      counter = 0
    } else if (++counter > 0xfff) {
      // 4,096 ids in one millisecond: borrow the next one rather than repeat or block.
      lastMs += 1
      counter = 0
    }
    const time = lastMs.toString(16).padStart(12, '0')
    const count = (0x7000 | counter).toString(16)
    const variant = hex[(0x80 | (Number.parseInt(byte(), 16) & 0x3f)) as number] as string
    return `${time.slice(0, 8)}-${time.slice(8)}-${count}-${variant}${byte()}-${byte()}${byte()}${byte()}${byte()}${byte()}${byte()}`
  }
}
