/**
 * The folder `checkpoints` of a log: the newest checkpoint, the tree and the public key. A level of the tree is one file, hash after hash,
 * so that a tile (C2SP tlog-tiles) is a piece of it. A file for each tile costs a busy log two thirds of its speed: what makes a file
 * durable holds up the lines. Tiles can be made again from the lines; of lines that retention removed they are all there is.
 */
import { join } from 'node:path'
import { hashBytes, noteCharsMax, type ReadTile, type Tile, tileWidth } from '../proof/index.ts'
import { type LogFile, type LogFiles, writeWhole } from './files.ts'

export interface TileStore {
  /** Rejects when the tile has fewer hashes, or its level none. */
  readonly read: ReadTile
  /** The text of the newest checkpoint; undefined when there is no file. */
  checkpoint(): Promise<string | undefined>
  /** Full ones take the place of those that were not. Durable when it is done. */
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
const treeName = 'tree'
const checkpointName = 'checkpoint'
export const cosignedName = 'cosigned'
const tileBytes = tileWidth * hashBytes
/** Bytes of tiles in one write at most: while the disk works on it, lines wait behind it. */
const writeBytesMax = 1024 * 1024
/** Bytes of a public key as text at most. */
const keyBytesMax = 1_024

export function checkpointFolder(logDirectory: string): string {
  return join(logDirectory, 'checkpoints')
}

export function makeTileStore(logDirectory: string, files: LogFiles): TileStore {
  const folder = checkpointFolder(logDirectory)
  const treeFolder = join(folder, treeName)
  let isDurable = false

  async function makeFolders(): Promise<void> {
    await files.makeDirectory(treeFolder)
    if (isDurable) return
    // Also the names that a process made and did not live to make durable.
    await files.syncDirectory(treeFolder)
    await files.syncDirectory(folder)
    await files.syncDirectory(logDirectory)
    isDurable = true
  }

  async function openLevel(path: string): Promise<LogFile> {
    const there = await unlessAbsent(files.open(path, 'extend'))
    if (there !== undefined) return there
    const made = await files.open(path, 'create')
    await files.syncDirectory(treeFolder)
    return made
  }

  async function writeLevel(level: number, tiles: readonly Tile[]): Promise<void> {
    const file = await openLevel(levelPath(folder, level))
    try {
      for (const { position, bytes } of piecesOf(tiles)) await writeWhole(file, bytes, position)
    } finally {
      await file.close()
    }
  }

  async function replace(name: string, bytes: Uint8Array): Promise<void> {
    await makeFolders()
    await files.replace(join(folder, name), bytes)
  }

  return {
    ...readTileStore(logDirectory, files),
    async write(tiles) {
      await makeFolders()
      for (const [level, own] of Map.groupBy(tiles, (tile) => tile.level)) await writeLevel(level, own)
    },
    writeCheckpoint: (note) => replace(checkpointName, Buffer.from(note)),
    writeKey: (text) => replace(keyName, Buffer.from(`${text}\n`)),
  }
}

function levelPath(folder: string, level: number): string {
  return join(folder, treeName, String(level))
}

/** Tiles of one level that follow each other, as few writes. */
function* piecesOf(tiles: readonly Tile[]): Generator<{ position: number; bytes: Buffer }> {
  let run: Buffer[] = []
  let position = 0
  let length = 0
  for (const { index, hashes } of tiles) {
    const start = index * tileBytes
    if (start !== position + length || length + hashes.length > writeBytesMax) {
      if (length > 0) yield { position, bytes: Buffer.concat(run) }
      run = []
      position = start
      length = 0
    }
    run.push(hashes)
    length += hashes.length
  }
  if (length > 0) yield { position, bytes: Buffer.concat(run) }
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
      const path = levelPath(folder, level)
      const bytes = await files.read(path, index * tileBytes, width * hashBytes)
      if (bytes.length < width * hashBytes)
        throw new Error(`\`${path}\` has only ${bytes.length} bytes at ${index * tileBytes}`)
      return bytes
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

/** Undefined when there is no such file. */
export async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
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
