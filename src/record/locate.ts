/**
 * Where a log that does not have the root of a checkpoint differs first. The tiles beside the log hold what each line hashed to; as
 * far as they lead to the signed root they can be believed, whoever else could write them, and name the line. Where they do
 * not, the checkpoints in the log itself say between which of them it lies.
 */
import { basename } from 'node:path'
import { hashBytes, type SignedCheckpoint, signedBy, TileTree, tileWidth, type VerifierKey } from '../proof/index.ts'
import type { ReadFiles } from './files.ts'
import { type LineChunk, leavesOf, lineChunks, lineOf, placeOf } from './line-chunks.ts'
import { checkpointIn } from './recorded-checkpoint.ts'
import { removedLeaves } from './removed-lines.ts'
import { readTileStore } from './tile-store.ts'
import { TrustedTiles } from './trusted-tiles.ts'

/** Lines that are looked at to tell what happened to the first one that differs. */
const windowLines = 64
/** Checkpoints of the log that are compared at most; of more, every second, fourth ... one. */
const checkpointsMax = 16_384

export interface Finding {
  readonly kind: 'changed' | 'removed' | 'added' | 'moved' | 'unclear'
  /** The first line that is not right is one of these, counted from 0, both ends included; mostly they are the same. */
  readonly from: number
  readonly to: number
  /** Lines that are missing or too many, where that is known. */
  readonly count: number | undefined
  /** The segment, and the line in it counted from 1, where `to` would be; undefined when the log ends before. */
  readonly file: string | undefined
  readonly fileLine: number | undefined
}

export interface LocateOptions {
  readonly directory: string
  readonly files: ReadFiles
  readonly key: VerifierKey
  /** Whose root the lines do not have. */
  readonly checkpoint: SignedCheckpoint
  /** Lines that another checkpoint has shown to be right. */
  readonly proven: number
  /** Lines that retention removed, whose tiles are there. */
  readonly removed: number
  /** Lines that the log has, those among them. */
  readonly total: number
}

export async function locate(options: LocateOptions): Promise<Finding> {
  const { directory, files, checkpoint, total } = options
  const trusted = new TrustedTiles(checkpoint, readTileStore(directory, files).read)
  const { difference, unknown } = (await trusted.isTrusted())
    ? await compare(options, trusted)
    : { difference: undefined, unknown: undefined }
  if (difference !== undefined && unknown === undefined) return difference
  const { from, to } = await between(options)
  // What the tiles could not say of some lines, checkpoints and numbers may.
  const last = Math.min(to, difference?.from ?? to)
  const first = Math.min(Math.max(from, unknown ?? 0), last)
  if (difference !== undefined && first === difference.from) return difference
  const place = await placeIn(options, last)
  return { kind: last >= total ? 'removed' : 'unclear', from: first, to: last, count: undefined, ...place }
}

interface Compared {
  /** The first line that is known to differ. */
  readonly difference: Finding | undefined
  /** The first line of which the tiles cannot tell, if it comes before. */
  readonly unknown: number | undefined
}

async function compare(
  { directory, files, checkpoint, proven, removed, total }: LocateOptions,
  trusted: TrustedTiles,
): Promise<Compared> {
  const { size } = checkpoint
  let unknown: number | undefined
  for (let index = 0; index * tileWidth < removed; index++)
    if ((await trusted.leaves(index)) === undefined) unknown ??= index * tileWidth
  for await (const chunk of lineChunks(files, directory, removed, removed)) {
    const end = Math.min(chunk.first + chunk.starts.length - 1, size)
    let line = Math.max(chunk.first, proven)
    if (line >= end) continue
    const leaves = leavesOf(chunk, line - chunk.first)
    const start = line
    while (line < end) {
      const index = Math.floor(line / tileWidth)
      const until = Math.min(end, (index + 1) * tileWidth)
      const wanted = await trusted.leaves(index)
      if (wanted === undefined) unknown ??= line
      else {
        const at = firstDifference(leaves, line - start, wanted, line - index * tileWidth, until - line)
        if (at !== undefined) return { difference: await tell(chunk, line + at, size, trusted), unknown }
      }
      line = until
    }
  }
  if (total >= size) return { difference: undefined, unknown }
  const difference = {
    kind: 'removed',
    from: total,
    to: total,
    count: size - total,
    file: undefined,
    fileLine: undefined,
  } as const
  return { difference, unknown }
}

function firstDifference(mine: Buffer, from: number, wanted: Buffer, place: number, count: number): number | undefined {
  for (let at = 0; at < count; at++) {
    const start = (from + at) * hashBytes
    const other = (place + at) * hashBytes
    if (mine.compare(wanted, other, other + hashBytes, start, start + hashBytes) !== 0) return at
  }
  return undefined
}

/** What happened to the line: from the hashes that should come from there on, and those that do, in the same piece of the file. */
async function tell(chunk: LineChunk, line: number, size: number, trusted: TrustedTiles): Promise<Finding> {
  const here = line - chunk.first
  const wanted = await hexOf(trusted, line, Math.min(windowLines, size - line))
  const mine = separateHex(leavesOf(chunk, here).subarray(0, windowLines * hashBytes))
  const finding = { from: line, to: line, file: basename(chunk.path), fileLine: line - chunk.segmentFirst + 1 }
  const says = placeOf(lineOf(chunk, here))
  const stands = mine[0] ?? ''
  // Its own number tells where a line comes from that is right in itself.
  const origin =
    says !== undefined && says < size && says !== line && (await hexOf(trusted, says, 1))[0] === stands
      ? says
      : undefined
  const comesLater = mine.indexOf(wanted[0] ?? '')
  if (origin !== undefined && origin > line) {
    if (comesLater !== -1 || mine[1] === wanted[1]) return { ...finding, kind: 'moved', count: undefined }
    const isGap = mine[1] === undefined || (await hexOf(trusted, origin + 1, 1))[0] === mine[1]
    return { ...finding, kind: 'removed', count: isGap ? origin - line : undefined }
  }
  if (comesLater > 0) return { ...finding, kind: 'added', count: comesLater }
  return { ...finding, kind: 'changed', count: undefined }
}

async function hexOf(trusted: TrustedTiles, from: number, count: number): Promise<string[]> {
  const found: string[] = []
  for (let line = from; line < from + count; line++) {
    const row = await trusted.leaves(Math.floor(line / tileWidth))
    const place = (line % tileWidth) * hashBytes
    found.push(row?.toString('hex', place, place + hashBytes) ?? '')
  }
  return found
}

function separateHex(hashes: Buffer): string[] {
  return Array.from({ length: hashes.length / hashBytes }, (_, place) =>
    hashes.toString('hex', place * hashBytes, (place + 1) * hashBytes),
  )
}

/** Without tiles: after the last checkpoint of the log that fits, and not behind the first that does not, or the first wrong number. */
async function between(options: LocateOptions): Promise<{ from: number; to: number }> {
  const { directory, files, checkpoint, proven, removed, total } = options
  let to = Math.min(checkpoint.size - 1, total)
  const recorded: { size: number; root: Buffer }[] = []
  let step = 1
  let seen = 0
  for await (const chunk of lineChunks(files, directory, removed, removed)) {
    for (let place = 0; place + 1 < chunk.starts.length; place++) {
      const line = lineOf(chunk, place)
      if (chunk.first + place < to && placeOf(line) !== chunk.first + place) to = chunk.first + place
      const found = recordedIn(line, options)
      if (found === undefined || seen++ % step !== 0) continue
      recorded.push(found)
      if (recorded.length < checkpointsMax) continue
      recorded.splice(0, recorded.length, ...recorded.filter((_, index) => index % 2 === 0))
      step *= 2
    }
  }
  let from = proven
  const tree = new TileTree(0, [], () => {})
  for await (const leaves of removedLeaves(removed, readTileStore(directory, files))) tree.append(leaves)
  recorded.sort((one, other) => one.size - other.size)
  for await (const chunk of lineChunks(files, directory, removed, removed)) {
    let leaves = leavesOf(chunk)
    while (leaves.length > 0 && recorded[0] !== undefined) {
      const until = Math.min(leaves.length, Math.max(0, recorded[0].size - tree.size) * hashBytes)
      tree.append(leaves.subarray(0, until))
      leaves = leaves.subarray(until)
      if (tree.size < recorded[0].size) continue
      const { size, root } = recorded[0]
      if (!tree.root().equals(root)) return { from: Math.min(from, to), to: Math.min(to, size - 1) }
      from = Math.max(from, size)
      recorded.shift()
    }
    if (recorded.length === 0) break
  }
  return { from: Math.min(from, to), to }
}

/** A checkpoint below the one that is looked into, with the signature of the log. */
function recordedIn(line: Buffer, { key, checkpoint, removed }: LocateOptions): SignedCheckpoint | undefined {
  const found = checkpointIn(line)
  if (found === undefined || found.origin !== key.name) return undefined
  if (found.size === 0 || found.size < removed || found.size >= checkpoint.size) return undefined
  return signedBy(found.parsed, key).kind === 'signed' ? found : undefined
}

async function placeIn(
  { directory, files, removed }: LocateOptions,
  line: number,
): Promise<Pick<Finding, 'file' | 'fileLine'>> {
  for await (const chunk of lineChunks(files, directory, removed, removed)) {
    if (line < chunk.first) break
    if (line >= chunk.first + chunk.starts.length - 1) continue
    return { file: basename(chunk.path), fileLine: line - chunk.segmentFirst + 1 }
  }
  return { file: undefined, fileLine: undefined }
}
