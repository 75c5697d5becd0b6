/**
 * Tiles as far as they can be believed: those that lead to the root of a signed checkpoint, whoever else could write them. A
 * row is read once while its lines are looked at in order.
 */
import {
  hashBytes,
  hashesAt,
  levelsOf,
  type ReadTile,
  rootOfTails,
  rowRoot,
  type SignedCheckpoint,
  tileWidth,
} from '../proof/index.ts'

/** The hashes of lines as far as they lead to the root of a checkpoint. */
export class TrustedTiles {
  private readonly checkpoint: SignedCheckpoint
  private readonly read: ReadTile
  private readonly tails: Buffer[] = []
  /** The last row of each level that was asked for. */
  private readonly rows: { index: number; row: Buffer | undefined }[] = []

  constructor(checkpoint: SignedCheckpoint, read: ReadTile) {
    this.checkpoint = checkpoint
    this.read = read
  }

  async isTrusted(): Promise<boolean> {
    const { size, root } = this.checkpoint
    for (let level = 0; level < levelsOf(size); level++) {
      const count = hashesAt(size, level)
      const width = count % tileWidth
      const tile = width === 0 ? Buffer.alloc(0) : await this.row(level, Math.floor(count / tileWidth), width)
      if (tile === undefined) return false
      this.tails.push(tile)
    }
    return rootOfTails(this.tails).equals(root)
  }

  /** Of the lines `256 * index` to `256 * index + 255`, fewer at the end; undefined when they cannot be believed. */
  leaves(index: number): Promise<Buffer | undefined> {
    return this.rowOf(0, index)
  }

  private async rowOf(level: number, index: number): Promise<Buffer | undefined> {
    const count = hashesAt(this.checkpoint.size, level)
    if (index >= Math.floor(count / tileWidth)) return this.tails[level]
    const known = this.rows[level]
    if (known?.index === index) return known.row
    const above = await this.rowOf(level + 1, Math.floor(index / tileWidth))
    const row = await this.row(level, index, tileWidth)
    const place = (index % tileWidth) * hashBytes
    const isRight = row !== undefined && above?.subarray(place, place + hashBytes).equals(rowRoot(row, 0, tileWidth))
    const made = { index, row: isRight === true ? row : undefined }
    this.rows[level] = made
    return made.row
  }

  private async row(level: number, index: number, width: number): Promise<Buffer | undefined> {
    try {
      return (await this.read(level, index, width)).subarray(0, width * hashBytes)
    } catch {
      // One that is missing or short says nothing; the checkpoints may.
      return undefined
    }
  }
}
