/**
 * Opening the proof of a log: the key, the newest checkpoint, and the tree over the lines as far as it must be known to go on.
 * What the checkpoint covers must still be there. With its tiles at hand only the lines since the last full one are read.
 */
import { type Log, messageOf, type RandomBytes } from '../model/index.ts'
import {
  hashBytes,
  parseCheckpoint,
  type SignedCheckpoint,
  type SignerKey,
  signedBy,
  type Tile,
  TileTree,
  tileWidth,
} from '../proof/index.ts'
import type { ReadFiles } from './files.ts'
import { firstOf, leavesOf, lineChunks } from './line-chunks.ts'
import { LogOpenError } from './lock.ts'
import { newestRecorded } from './recorded-checkpoint.ts'
import { removedLeaves, removedTree } from './removed-lines.ts'
import { type FoundSigner, type KeySettings, makeSigningKey, readSigningKey, settleSigningKey } from './signing-key.ts'
import type { TileStore } from './tile-store.ts'

/** Tiles of 8 KiB that wait for the disk: those of a million lines. */
const unsavedTilesMax = 4_096

export interface ProvenOptions {
  readonly directory: string
  readonly files: ReadFiles
  readonly store: TileStore
  readonly key: KeySettings
  readonly randomBytes: RandomBytes
  readonly log: Log
  /** Whole lines that the log has. */
  readonly lines: number
}

export interface Proven {
  readonly signer: SignerKey
  /** Over all lines. */
  readonly tree: TileTree
  /** Full tiles that are not on disk yet; what fills up later is added. */
  readonly unsaved: UnsavedTiles
  /** Call it once a checkpoint of the key is on disk. */
  readonly settle: () => void
}

/** What is known of the proof before a line is hashed. */
export interface Known {
  readonly found: FoundSigner | undefined
  readonly newest: SignedCheckpoint | undefined
}

/**
 * Reads key and checkpoint, and changes nothing: call it before what is torn is cut, because what a checkpoint covers cannot have
 * been torn. Throws `LogOpenError`: `log_key`, or `log_changed` when the log is too short.
 */
export async function readProof(options: ProvenOptions): Promise<Known> {
  const { directory, files, lines } = options
  const found = readSigningKey(options.key)
  const key = found?.signer
  const newest = (await filedCheckpoint(options)) ?? (await newestRecorded(files, directory))
  if (key === undefined && newest !== undefined) throw keyMissing(options, newest)
  if (found?.isSettled === true && newest === undefined)
    throw changed(
      directory,
      `it has ${lines} lines and no checkpoint, though the key \`${options.key.keyFile}\` has signed some`,
      'Restore the log with its folder `checkpoints`. If a new log is to begin, move the key away too: another one is made',
    )
  if (key !== undefined && newest !== undefined) checkSignature(options, newest, key)
  if (newest !== undefined && newest.size > lines)
    throw changed(
      directory,
      `it has ${lines} lines, and its newest checkpoint was signed over ${newest.size}: what is missing stood at the end`,
      advice,
    )
  return { found, newest }
}

/** Throws `LogOpenError`: `log_key`, or `log_changed` when the lines are not those of the newest checkpoint. */
export async function openProof(options: ProvenOptions, { found, newest }: Known): Promise<Proven> {
  const { directory, store, lines, log } = options
  const unsaved = new UnsavedTiles()
  const removed = await removedLines(options, newest)
  const grown = (await fromTiles(options, newest, removed)) ?? (await fromLines(options, newest, removed))
  for (const tile of grown.full) unsaved.add(tile)
  const tree = new TileTree(grown.tree.size, grown.tree.tails(), (tile) => unsaved.add(tile))
  const signer = found?.signer ?? makeSigningKey(options.key, options.randomBytes)
  if (found === undefined && lines > 0)
    log.warn(
      { directory, lines },
      'the decision log had neither key nor checkpoint; its lines are taken as they are, and proven from now on',
    )
  const published = await store.key()
  if (published?.trim() !== signer.verifier.text) {
    if (published !== undefined)
      log.warn({ directory }, 'the public key beside the log was another one and is replaced')
    await store.writeKey(signer.verifier.text)
  }
  const settle = () => {
    if (found?.isSettled !== true) settleSigningKey(options.key)
  }
  return { signer, tree, unsaved, settle }
}

async function filedCheckpoint({ store, log, directory }: ProvenOptions): Promise<SignedCheckpoint | undefined> {
  const note = await store.checkpoint()
  if (note === undefined) return undefined
  const checkpoint = parseCheckpoint(note)
  if (checkpoint === undefined)
    log.warn(
      { directory },
      'the file of the newest checkpoint cannot be read; the newest one in the log takes its place',
    )
  return checkpoint
}

function checkSignature({ directory, key }: ProvenOptions, checkpoint: SignedCheckpoint, signer: SignerKey): void {
  const verdict = signedBy(checkpoint.parsed, signer.verifier)
  if (verdict.kind === 'signed' && checkpoint.origin === signer.verifier.name) return
  if (verdict.kind === 'absent' || verdict.kind === 'signed')
    throw new LogOpenError(
      'log_key',
      `the key \`${key.keyFile}\` is of \`${signer.verifier.name}\` with the id \`${signer.verifier.id}\`, and did not sign the newest checkpoint of the log in \`${directory}\`, which is of \`${checkpoint.origin}\`: restore the key of this log, or move log and key away, so that a new log begins with a new key`,
    )
  throw changed(directory, 'the text or the signature of its newest checkpoint was changed', advice)
}

function keyMissing({ directory, key }: ProvenOptions, { origin, size }: SignedCheckpoint): LogOpenError {
  return new LogOpenError(
    'log_key',
    `the key \`${key.keyFile}\` is missing, with which \`${origin}\` signed a checkpoint over ${size} lines of the log in \`${directory}\`: restore it, or move the log away, so that a new one begins with a new key`,
  )
}

/** How many lines are gone from the start of the log. Whether retention removed them is for `gatehouse audit verify` to say. */
async function removedLines(
  { files, directory }: ProvenOptions,
  newest: SignedCheckpoint | undefined,
): Promise<number> {
  const { line: removed } = (await firstOf(files, directory)) ?? { line: 0 }
  const covered = newest?.size ?? 0
  if (removed > covered)
    throw changed(
      directory,
      `its first line is \`${removed}\`, and no checkpoint covers more than ${covered} lines: a segment is missing`,
      advice,
    )
  return removed
}

interface Grown {
  readonly tree: TileTree
  /** Full tiles that may not be on disk. */
  readonly full: readonly Tile[]
}

/** Undefined when the tiles do not lead to the root that was signed, or are not there: then the lines must say. */
async function fromTiles(
  options: ProvenOptions,
  newest: SignedCheckpoint | undefined,
  removed: number,
): Promise<Grown | undefined> {
  if (newest === undefined) return undefined
  const border = Math.max(removed, newest.size - (newest.size % tileWidth))
  const full: Tile[] = []
  let tree: TileTree
  try {
    tree = await removedTree(border, options.store, (tile) => full.push(tile))
  } catch (cause) {
    options.log.warn(
      { cause: String(cause) },
      'the tiles of the decision log cannot be used; all of its lines are read',
    )
    return undefined
  }
  return (await grow(tree, options, newest, removed)) === 'whole' ? { tree, full } : undefined
}

/** Tiles are written only for lines that are right: those of a log that was changed can name the line. */
async function fromLines(
  options: ProvenOptions,
  newest: SignedCheckpoint | undefined,
  removed: number,
): Promise<Grown> {
  const begun = new TileTree(0, [], () => {})
  await appendRemoved(begun, options, removed)
  const found = await grow(begun, options, newest, removed)
  if (found === 'gap')
    throw changed(
      options.directory,
      `its lines are not as many as its last one says, which is ${options.lines}: a segment is missing or was put in`,
      advice,
    )
  if (found === 'other')
    throw changed(
      options.directory,
      `its first ${newest?.size} lines are not those that its newest checkpoint was signed over: at least one was changed, added, removed or moved`,
      advice,
    )
  const full: Tile[] = []
  const tree = new TileTree(0, [], (tile) => {
    // Those of removed lines are what this is made from.
    if (tile.level > 0 || (tile.index + 1) * tileWidth > removed) full.push(tile)
  })
  await appendRemoved(tree, options, removed)
  for await (const chunk of lineChunks(options.files, options.directory, removed, removed)) {
    tree.append(leavesOf(chunk))
    await options.store.write(full.splice(0))
  }
  return { tree, full }
}

async function appendRemoved(tree: TileTree, { store, directory }: ProvenOptions, removed: number): Promise<void> {
  try {
    for await (const leaves of removedLeaves(removed, store)) tree.append(leaves)
  } catch (cause) {
    throw changed(
      directory,
      `its first ${removed} lines are gone, and what stands for them cannot be read: ${messageOf(cause)}`,
      advice,
    )
  }
}

/** Bounded: what is dropped while the disk takes no tiles is made again from the lines at the next start. */
export class UnsavedTiles {
  private readonly waiting: Tile[] = []

  add(tile: Tile): void {
    if (this.waiting.length < unsavedTilesMax) this.waiting.push(tile)
  }

  tiles(): readonly Tile[] {
    return [...this.waiting]
  }

  /** The first `count` of them are on disk. */
  saved(count: number): void {
    this.waiting.splice(0, count)
  }
}

/** Adds the lines that the tree does not have yet. `other`: where the checkpoint ends they have another root; `gap`: they are not as many as they say. */
async function grow(
  tree: TileTree,
  { files, directory, lines }: ProvenOptions,
  newest: SignedCheckpoint | undefined,
  removed: number,
): Promise<'whole' | 'other' | 'gap'> {
  const holds = () => newest === undefined || tree.size !== newest.size || tree.root().equals(newest.root)
  if (!holds()) return 'other'
  for await (const chunk of lineChunks(files, directory, tree.size, removed)) {
    const leaves = leavesOf(chunk, tree.size - chunk.first)
    const untilCheckpoint = newest === undefined ? 0 : Math.max(0, newest.size - tree.size) * hashBytes
    tree.append(leaves.subarray(0, untilCheckpoint))
    if (!holds()) return 'other'
    tree.append(leaves.subarray(untilCheckpoint))
  }
  if (newest !== undefined && tree.size < newest.size) return 'other'
  return tree.size === lines ? 'whole' : 'gap'
}

const advice =
  'Nothing was written. Run `gatehouse audit verify` for the first line that is not right, and keep a copy of the directory for whoever looks into it; then restore it, or move it and its key away, so that a new log begins with a new key'

function changed(directory: string, what: string, fix: string): LogOpenError {
  return new LogOpenError('log_changed', `the decision log in \`${directory}\` was changed: ${what}. ${fix}`)
}
