/**
 * Proofs over a tree that stands on disk as tiles: that a leaf is in it, and that a later tree only added to an earlier one
 * (RFC 6962 sections 2.1.1 and 2.1.2; checked as in RFC 9162 sections 2.1.3.2 and 2.1.4.2).
 */
import { emptyRoot, nodeHash, rowRoot } from './hash.ts'
import { hashesAt, levelsOf, tileWidth, widthOf } from './tiles.ts'

/** Gives a tile of a tree: `width` hashes at least. Throws when it is not there or shorter. */
export type ReadTile = (level: number, index: number, width: number) => Promise<Buffer>

/** Hashes of the leaves' subtrees `[start, end)` of a tree of `size` leaves. */
async function subtreeRoot(size: number, start: number, end: number, read: ReadTile): Promise<Buffer> {
  const count = end - start
  const split = splitOf(count)
  if (count > 1 && split * 2 !== count) {
    const left = await subtreeRoot(size, start, start + split, read)
    return nodeHash(left, await subtreeRoot(size, start + split, end, read))
  }
  // INVARIANT: `count` is a power of two and `start` a multiple of it: a subtree without holes, within one tile.
  const level = Math.floor(Math.log2(count) / 8)
  const unit = tileWidth ** level
  const first = start / unit
  const index = Math.floor(first / tileWidth)
  const tile = await read(level, index, widthOf(size, level, index))
  return rowRoot(tile, first - index * tileWidth, count / unit)
}

/** The largest power of two below `count`; 1 for 1. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

/** The root of the first `size` leaves of a tree that has `treeSize`, and tiles for that. */
export async function rootAt(size: number, treeSize: number, read: ReadTile): Promise<Buffer> {
  return size === 0 ? emptyRoot : subtreeRoot(treeSize, 0, size, read)
}

/** The hashes beside the way from the leaf `index` up to the root of `size` leaves. `index` is below `size`. */
export async function inclusionProof(index: number, size: number, read: ReadTile): Promise<Buffer[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`there is no leaf ${index} in a tree of ${size}`)
  const path: Buffer[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    if (index < middle) {
      path.push(await subtreeRoot(size, middle, end, read))
      end = middle
    } else {
      path.push(await subtreeRoot(size, start, middle, read))
      start = middle
    }
  }
  return path.reverse()
}

/** What shows that the tree of `later` leaves begins with the tree of `earlier`; empty for 0 and for equal sizes. */
export async function consistencyProof(earlier: number, later: number, read: ReadTile): Promise<Buffer[]> {
  if (!(earlier >= 0 && earlier <= later)) throw new RangeError(`a tree of ${later} leaves has none of ${earlier}`)
  if (earlier === 0 || earlier === later) return []
  const path: Buffer[] = []
  let start = 0
  let end = later
  while (end !== earlier) {
    const middle = start + splitOf(end - start)
    if (earlier <= middle) {
      path.push(await subtreeRoot(later, middle, end, read))
      end = middle
    } else {
      path.push(await subtreeRoot(later, start, middle, read))
      start = middle
    }
  }
  // The earlier tree itself, unless whoever checks has it as the earlier root.
  if (start > 0) path.push(await subtreeRoot(later, start, end, read))
  return path.reverse()
}

/** Whether the path leads from the leaf to the root. */
export function isIncluded(leaf: Buffer, index: number, size: number, path: readonly Buffer[], root: Buffer): boolean {
  if (!(index >= 0 && index < size)) return false
  let place = index
  let last = size - 1
  let made = leaf
  for (const hash of path) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      made = nodeHash(hash, made)
      while (place % 2 === 0 && place !== 0) {
        place = Math.floor(place / 2)
        last = Math.floor(last / 2)
      }
    } else made = nodeHash(made, hash)
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && made.equals(root)
}

interface Tree {
  readonly size: number
  readonly root: Buffer
}

/** Whether the path shows that `later` begins with `earlier`. */
export function isConsistent(earlier: Tree, later: Tree, path: readonly Buffer[]): boolean {
  if (earlier.size > later.size) return false
  if (earlier.size === later.size) return path.length === 0 && earlier.root.equals(later.root)
  if (earlier.size === 0) return path.length === 0 && earlier.root.equals(emptyRoot)
  let place = earlier.size - 1
  let last = later.size - 1
  while (place % 2 === 1) {
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  const rest = [...path]
  const first = place === 0 ? earlier.root : rest.shift()
  if (first === undefined) return false
  let old = first
  let made = first
  for (const hash of rest) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      old = nodeHash(hash, old)
      made = nodeHash(hash, made)
      while (place % 2 === 0 && place !== 0) {
        place = Math.floor(place / 2)
        last = Math.floor(last / 2)
      }
    } else made = nodeHash(made, hash)
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && old.equals(earlier.root) && made.equals(later.root)
}

/**
 * The last row of each level that is not full, of a tree that ends with a full tile: made from full tiles alone, at most 255 a level.
 * `size` is a multiple of 256.
 */
export async function tailsOf(size: number, read: ReadTile): Promise<Buffer[]> {
  const tails: Buffer[] = [Buffer.alloc(0)]
  for (let level = 1; level < levelsOf(size); level++) {
    const count = hashesAt(size, level)
    const roots: Buffer[] = []
    for (let index = count - (count % tileWidth); index < count; index++)
      roots.push(rowRoot(await read(level - 1, index, tileWidth), 0, tileWidth))
    tails.push(Buffer.concat(roots))
  }
  return tails
}
