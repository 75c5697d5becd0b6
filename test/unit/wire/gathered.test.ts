/** Bytes that come in pieces: whole in the end, with room that follows what has really come and not what was promised. */
import { describe, expect, it } from 'vitest'
import { Gathered } from '../../../src/wire/gathered.ts'

const kib = 1024

/** The pieces put together, and the rooms that were made on the way. */
function gather(pieces: readonly Buffer[], expected: number | null): { bytes: Buffer; rooms: readonly number[] } {
  const gathered = new Gathered(expected)
  const rooms: number[] = []
  const made = Buffer.allocUnsafeSlow
  Buffer.allocUnsafeSlow = (size) => {
    rooms.push(size)
    return made(size)
  }
  try {
    for (const piece of pieces) gathered.add(piece)
    return { bytes: gathered.take(), rooms }
  } finally {
    Buffer.allocUnsafeSlow = made
  }
}

const pieces = (count: number, bytes: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => Buffer.alloc(bytes, index))

describe('pieces', () => {
  it.each([
    ['one', 1, 10, null],
    ['two of unknown length', 2, 10, null],
    ['many small ones', 5_000, 1, null],
    ['as many as were announced', 8, 32 * kib, 256 * kib],
    ['more than were announced', 8, 32 * kib, 40 * kib],
    ['fewer than were announced', 2, 10, 1 << 30],
  ])('come out as they came in: %s', (_, count, bytes, expected) => {
    const all = pieces(count, bytes)
    expect(gather(all, expected).bytes.equals(Buffer.concat(all))).toBe(true)
  })

  it('are not copied where there is one', () => {
    const [only = Buffer.alloc(0)] = pieces(1, 10)
    const { bytes, rooms } = gather([only], null)
    expect(rooms).toEqual([])
    expect(bytes.buffer).toBe(only.buffer)
  })
})

describe('room', () => {
  it('is made once for what was announced and comes', () => {
    expect(gather(pieces(16, 64 * kib), 1024 * kib).rooms).toEqual([1024 * kib])
  })

  it('is not made for what was only announced', () => {
    expect(gather(pieces(2, 1), 1 << 30).rooms).toEqual([64 * kib])
    expect(gather(pieces(2, 64 * kib), 1 << 30).rooms).toEqual([2048 * kib])
  })

  it('doubles where nothing was announced', () => {
    expect(gather(pieces(5, 4 * kib), null).rooms).toEqual([8 * kib, 16 * kib, 32 * kib])
  })
})
