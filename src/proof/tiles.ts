/**
 * A growing tree as its tiles: rows of up to 256 hashes, where each hash of level 1 and above is the root of a full tile below
 * (C2SP tlog-tiles). A leaf costs a copy of 32 bytes and, once in 256, the 255 hashes of its tile; the row that is not full at
 * each level is all that must be kept to go on.
 */
import { emptyRoot, hashBytes, nodeHash, rowRoot } from './hash.ts'

/** Hashes of a full tile. */
export const tileWidth = 256
/** Levels of a tree of 2^53 leaves, the highest number of a line. */
const levelsMax = 7

export interface Tile {
  readonly level: number
  /** Counted from 0 within the level. */
  readonly index: number
  /** One after the other, 1 to 256. */
  readonly hashes: Buffer
}

/** How many hashes a tree of `size` leaves has at a level. */
export function hashesAt(size: number, level: number): number {
  return Math.floor(size / tileWidth ** level)
}

/** Levels that have at least one hash. */
export function levelsOf(size: number): number {
  let level = 0
  while (hashesAt(size, level) > 0) level++
  return level
}

/** Width of the tile of `index` in a tree of `size` leaves: 0 when it is not there. */
export function widthOf(size: number, level: number, index: number): number {
  return Math.max(0, Math.min(tileWidth, hashesAt(size, level) - index * tileWidth))
}

/** Where a tile is, below the prefix of the log: `tile/0/x001/x234/067.p/12`. `width` is 1 to 256. */
export function tilePath(level: number, index: number, width: number): string {
  const digits = String(index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const parts = padded.match(/\d{3}/g) ?? []
  const name = parts.map((part, place) => (place < parts.length - 1 ? `x${part}` : part)).join('/')
  return `tile/${level}/${name}${width === tileWidth ? '' : `.p/${width}`}`
}

/** What `tilePath` made, read back; undefined for any other text. */
export function parseTilePath(path: string): { level: number; index: number; width: number } | undefined {
  const found = /^tile\/(\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path)
  if (found === null) return undefined
  const [, level = '', name = '', width] = found
  const made = { level: Number(level), index: Number(name.replace(/[x/]/g, '')), width: Number(width ?? tileWidth) }
  return made.width > 0 && tilePath(made.level, made.index, made.width) === path ? made : undefined
}

/** Root of the tree whose last rows, those that are not full, these are: from level 0 up, empty where a level ends with a full tile. */
export function rootOfTails(tails: readonly Buffer[]): Buffer {
  let root: Buffer | undefined
  for (const tail of tails) {
    let from = tail.length / hashBytes
    // From the smallest perfect subtree at the right to the largest at the left.
    for (let width = 1; width < tileWidth; width *= 2) {
      if ((from & width) === 0) continue
      from -= width
      const left = rowRoot(tail, from, width)
      root = root === undefined ? left : nodeHash(left, root)
    }
  }
  return root ?? emptyRoot
}

export class TileTree {
  private readonly rows: Buffer[] = []
  private readonly filled: number[] = []
  private readonly onFull: (tile: Tile) => void
  private leaves: number

  /** `tails`: the hashes of the last tile of each level, from level 0, that is not full. `onFull` is told of every tile that fills up, lower levels first. */
  constructor(size: number, tails: readonly Uint8Array[], onFull: (tile: Tile) => void) {
    this.leaves = size
    this.onFull = onFull
    for (const [level, tail] of tails.entries()) {
      const row = this.row(level)
      row.set(tail)
      this.filled[level] = tail.length / hashBytes
    }
    for (let level = 0; level < levelsMax; level++) {
      if ((this.filled[level] ?? 0) !== hashesAt(size, level) % tileWidth)
        throw new RangeError(`a tree of ${size} leaves has other tails at level ${level}`)
    }
  }

  get size(): number {
    return this.leaves
  }

  /** Hashes of leaves, one after the other. */
  append(hashes: Buffer): void {
    for (let offset = 0; offset < hashes.length; offset += hashBytes) this.put(0, hashes, offset)
    this.leaves += hashes.length / hashBytes
  }

  private put(level: number, hashes: Buffer, offset: number): void {
    const row = this.row(level)
    const place = this.filled[level] ?? 0
    hashes.copy(row, place * hashBytes, offset, offset + hashBytes)
    if (place + 1 < tileWidth) {
      this.filled[level] = place + 1
      return
    }
    this.filled[level] = 0
    const index = this.fullBelow(level)
    this.onFull({ level, index, hashes: Buffer.from(row) })
    this.full[level] = index + 1
    this.put(level + 1, rowRoot(row, 0, tileWidth), 0)
  }

  private readonly full: number[] = []
  private fullBelow(level: number): number {
    this.full[level] ??= Math.floor(hashesAt(this.leaves, level) / tileWidth)
    return this.full[level]
  }

  private row(level: number): Buffer {
    this.rows[level] ??= Buffer.alloc(tileWidth * hashBytes)
    return this.rows[level]
  }

  /** The hashes of the last tile of each level that is not full, copied. */
  tails(): Buffer[] {
    return this.rows.map((row, level) => Buffer.from(row.subarray(0, (this.filled[level] ?? 0) * hashBytes)))
  }

  /** The tiles that are not full and not empty. */
  partialTiles(): Tile[] {
    return this.tails().flatMap((hashes, level) =>
      hashes.length === 0 ? [] : [{ level, index: Math.floor(hashesAt(this.leaves, level) / tileWidth), hashes }],
    )
  }

  /** RFC 6962 section 2.1: `MTH` over all leaves. At most 255 hashes a level. */
  root(): Buffer {
    return rootOfTails(this.tails())
  }
}
