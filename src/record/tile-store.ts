/**
 * The folder `checkpoints` of a log: the newest checkpoint, the tiles of the tree and the public key, laid out as C2SP tlog-tiles
 * serves them. Tiles can always be made again from the lines, so nothing waits until they are on disk; the checkpoint is.
 */
import { dirname, join } from 'node:path'
import { hashBytes, noteCharsMax, type ReadTile, type Tile, tilePath, tileWidth } from '../proof/index.ts'
import type { LogFiles } from './files.ts'

export interface TileStore {
  /** Rejects when the tile is not there, or has fewer hashes. */
  readonly read: ReadTile
  /** The text of the newest checkpoint; undefined when there is no file. */
  checkpoint(): Promise<string | undefined>
  /** Full ones take the place of those that were not. */
  write(tiles: readonly Tile[]): Promise<void>
  /** Durable when it is done. */
  writeCheckpoint(note: string): Promise<void>
  /** The public key as it lies there; undefined when there is none. */
  key(): Promise<string | undefined>
  writeKey(text: string): Promise<void>
  /** Checkpoints with the signatures of witnesses, by the anchor that they came from. */
  cosigned(): Promise<readonly { readonly anchor: string; readonly note: string }[]>
}

const keyName = 'log.pub'
const checkpointName = 'checkpoint'
export const cosignedName = 'cosigned'
/** Bytes of a public key as text at most. */
const keyBytesMax = 1_024

export function checkpointFolder(logDirectory: string): string {
  return join(logDirectory, 'checkpoints')
}

export function makeTileStore(logDirectory: string, files: LogFiles): TileStore {
  const { read, ...reading } = readTileStore(logDirectory, files)
  const folder = checkpointFolder(logDirectory)
  const made = new Set<string>()

  async function folderOf(path: string): Promise<void> {
    const parent = dirname(path)
    if (made.has(parent)) return
    await files.makeDirectory(parent)
    made.add(parent)
  }

  async function replace(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
    await folderOf(path)
    await files.replace(path, bytes, durable)
  }

  return {
    ...reading,
    read,
    async write(tiles) {
      for (const { level, index, hashes } of tiles) {
        const width = hashes.length / hashBytes
        await replace(join(folder, tilePath(level, index, width)), hashes, false)
        if (width < tileWidth) continue
        const partial = `${join(folder, tilePath(level, index, tileWidth))}.p`
        await files.removeFolder(partial)
        made.delete(partial)
      }
    },
    writeCheckpoint: (note) => replace(join(folder, checkpointName), Buffer.from(note), true),
    writeKey: (text) => replace(join(folder, keyName), Buffer.from(`${text}\n`), true),
  }
}

/** For whoever only looks. */
export function readTileStore(
  logDirectory: string,
  files: Pick<LogFiles, 'read' | 'list'>,
): Pick<TileStore, 'read' | 'checkpoint' | 'key' | 'cosigned'> {
  const folder = checkpointFolder(logDirectory)
  const textOf = (name: string, bytesMax: number) =>
    unlessAbsent(files.read(join(folder, name), 0, bytesMax)).then((bytes) => bytes?.toString())
  return {
    async read(level, index, width) {
      // Of an older tree, the full tile holds the hashes of its partial one, and may take its place between two looks.
      for (const wanted of width < tileWidth ? [tileWidth, width, tileWidth] : [tileWidth]) {
        const path = join(folder, tilePath(level, index, wanted))
        const bytes = await unlessAbsent(files.read(path, 0, wanted * hashBytes))
        if (bytes === undefined) continue
        if (bytes.length < width * hashBytes) throw new Error(`the tile \`${path}\` has only ${bytes.length} bytes`)
        return bytes
      }
      throw new Error(`there is no tile \`${join(folder, tilePath(level, index, width))}\``)
    },
    checkpoint: () => textOf(checkpointName, noteCharsMax),
    key: () => textOf(keyName, keyBytesMax),
    async cosigned() {
      const anchors = (await unlessAbsent(files.list(join(folder, cosignedName)))) ?? []
      const found = []
      // What a crash left of one that was being written is named otherwise.
      for (const anchor of anchors.filter((name) => !name.endsWith('.new')).sort()) {
        const note = await textOf(join(cosignedName, anchor), noteCharsMax)
        if (note !== undefined) found.push({ anchor, note })
      }
      return found
    },
  }
}

async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    throw cause
  }
}

/** Whether a read failed because there is no such file. */
export function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}
