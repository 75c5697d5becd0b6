/**
 * Whether a log is what its checkpoints were signed over: all of its lines are read and hashed once, with nothing but the public
 * key to rely on. Where it is not, `locate` looks for the first line that is not right.
 */
import { messageOf, visible } from '../model/index.ts'
import {
  hashBytes,
  parseCheckpoint,
  type SignedCheckpoint,
  signedBy,
  TileTree,
  type VerifierKey,
} from '../proof/index.ts'
import type { ReadFiles } from './files.ts'
import { leavesOf, lineChunks, lineOf, placeOf } from './line-chunks.ts'
import { type Finding, locate } from './locate.ts'
import { SegmentDamaged } from './packed-file.ts'
import { newestRecorded } from './recorded-checkpoint.ts'
import { removedLeaves } from './removed-lines.ts'
import { type Retained, retentionOf } from './retention-record.ts'
import { readTileStore } from './tile-store.ts'
import { unpacked } from './unpacked.ts'

/** Why nothing can be said about the lines; the message is for whoever asked. */
export class UnverifiableError extends Error {
  override readonly name = 'UnverifiableError'
  /** Whether that alone shows that somebody changed something. */
  readonly isChanged: boolean

  constructor(message: string, isChanged = false) {
    super(message)
    this.isChanged = isChanged
  }
}

export interface VerifyOptions {
  readonly directory: string
  readonly files: ReadFiles
  readonly key: VerifierKey
  /** Kept elsewhere: each with where it was found. The log's own are looked for besides. */
  readonly checkpoints: readonly Sourced[]
  /** Of a witness whose signature at least one checkpoint must carry. Those that lie beside the log are looked at too. */
  readonly witness?: VerifierKey | undefined
}

export interface Sourced {
  readonly source: string
  /** The text of a checkpoint. */
  readonly note: string
}

export interface Verified {
  /** Whole lines of the segments, and those that retention removed. */
  readonly lines: number
  /** What retention removed: that many lines from the first one on, and the record that says so. */
  readonly removed: { readonly lines: number; readonly by: Retained } | undefined
  /** The newest of the checkpoints. */
  readonly checkpoint: SignedCheckpoint
  readonly source: string
  /** Lines behind those that it covers: nothing vouches for them yet. */
  readonly after: number
  /** The newest checkpoint that the witness signed, and when, in seconds since 1970. */
  readonly witnessed: { readonly size: number; readonly timeS: number } | undefined
  /** Undefined when every line that a checkpoint covers is as it was. */
  readonly finding: Finding | undefined
}

/** Lines that are asked which one the first is. */
const votersMax = 64

/** What stands in the log's own file of the newest checkpoint, as the source is called. */
const ownFile = "the log's own file"
const ownRecord = 'a record of the log'

/** Throws `UnverifiableError`, and what the file system throws. */
export async function verifyLog(options: VerifyOptions): Promise<Verified> {
  try {
    return await verifyUnpacked({ ...options, files: unpacked(options.files) })
  } catch (cause) {
    if (!(cause instanceof SegmentDamaged)) throw cause
    throw new UnverifiableError(`${cause.message}; none of the lines in it can be read, restore it`, true)
  }
}

async function verifyUnpacked(options: VerifyOptions): Promise<Verified> {
  const { directory, files, key } = options
  const checkpoints = await checkpointsOf(options)
  const sizes = [...new Set(checkpoints.map(({ size }) => size))].sort((one, other) => one - other)
  const roots = new Map<number, Buffer>()
  const removed = await removedOf(options)
  const lines = await hashAll(options, removed?.lines ?? 0, sizes, roots)
  const newest = checkpoints.at(-1)
  if (newest === undefined) throw new TypeError('a log is verified against at least one checkpoint')
  const wrong = checkpoints.find(({ size, root }) => roots.get(size)?.equals(root) !== true)
  const right = checkpoints.filter(({ size }) => wrong !== undefined && size < wrong.size).at(-1)
  const located = { directory, files, key, proven: right?.size ?? 0, removed: removed?.lines ?? 0, total: lines }
  const finding = wrong && (await locate({ ...located, checkpoint: wrong }))
  const after = Math.max(0, lines - newest.size)
  return {
    lines,
    removed,
    checkpoint: newest,
    source: newest.source,
    after,
    witnessed: witnessedOf(checkpoints, options.witness),
    finding,
  }
}

type Candidate = SignedCheckpoint & { readonly source: string }

function witnessedOf(checkpoints: readonly Candidate[], witness: VerifierKey | undefined): Verified['witnessed'] {
  if (witness === undefined) return undefined
  for (const { parsed, size, source } of checkpoints.toReversed()) {
    const verdict = signedBy(parsed, witness)
    if (verdict.kind === 'wrong')
      throw new UnverifiableError(`the signature of \`${witness.name}\` in ${source} does not fit the checkpoint`, true)
    if (verdict.kind === 'signed') return { size, timeS: verdict.timeS ?? 0 }
  }
  throw new UnverifiableError(
    `no checkpoint is signed by the witness \`${witness.name}\` with the id \`${witness.id}\`; give one with \`--checkpoint FILE\``,
  )
}

/** By size, and each signed by the log's key. */
async function checkpointsOf({ directory, files, key, checkpoints, witness }: VerifyOptions): Promise<Candidate[]> {
  const store = readTileStore(directory, files)
  const own = await store.checkpoint()
  const cosigned = witness === undefined ? [] : await store.cosigned()
  const sources = [
    ...checkpoints,
    ...cosigned.map(({ anchor, note }) => ({ source: `what the anchor \`${visible(anchor)}\` signed`, note })),
    ...(own === undefined ? [] : [{ source: ownFile, note: own }]),
  ]
  const found: Candidate[] = []
  for (const { source, note } of sources) {
    const checkpoint = parseCheckpoint(note)
    if (checkpoint !== undefined) found.push({ ...checkpoint, source })
    // The file of the newest one may be torn; the log has it as a record.
    else if (source !== ownFile)
      throw new UnverifiableError(
        `${source} holds no checkpoint; an anchor keeps them, and the port for operators gives the newest at \`/audit/checkpoint\``,
      )
  }
  // A record that was changed is a line like any other: whether a checkpoint covers it, comparing will show.
  const recorded = await newestRecorded(files, directory)
  if (recorded !== undefined && recorded.origin === key.name && signedBy(recorded.parsed, key).kind === 'signed')
    found.push({ ...recorded, source: ownRecord })
  if (found.length === 0)
    throw new UnverifiableError(
      `the log in \`${directory}\` has no checkpoint that can be read, and none was given; restore its folder \`checkpoints\`, or give one that was kept elsewhere with \`--checkpoint FILE\``,
    )
  for (const one of found) checkSignature(one, key)
  return found.sort((one, other) => one.size - other.size)
}

function checkSignature({ parsed, origin, source }: Candidate, key: VerifierKey): void {
  const verdict = signedBy(parsed, key)
  if (verdict.kind === 'absent' || origin !== key.name)
    throw new UnverifiableError(
      `the checkpoint in ${source} is of \`${origin}\` and not signed by the key \`${key.name}\` with the id \`${key.id}\`; give the key of this log with \`--key FILE\``,
    )
  if (verdict.kind === 'wrong')
    throw new UnverifiableError(
      `the checkpoint in ${source} was changed: its signature does not fit it; to look at the lines all the same, move it away and give one that was kept elsewhere with \`--checkpoint FILE\``,
      true,
    )
}

/**
 * What is missing at the start, as far as a record of retention covers it. Which line the first one is, most of the first ones
 * must say: one of them may have been changed.
 */
async function removedOf({ directory, files, key }: VerifyOptions): Promise<Verified['removed']> {
  const votes = new Map<number, number>()
  for await (const chunk of lineChunks(files, directory, 0)) {
    for (let place = 0; place < Math.min(votersMax, chunk.starts.length - 1); place++) {
      const missing = (placeOf(lineOf(chunk, place)) ?? 0) - place
      votes.set(missing, (votes.get(missing) ?? 0) + 1)
    }
    break
  }
  const [missing = 0] = [...votes].reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0])
  if (missing <= 0) return undefined
  const by = await retentionOf(missing - 1, { files, directory, key })
  return by && { lines: Math.min(missing, by.throughSeq + 1), by }
}

/** How many lines there are, with those that were removed; `roots` gets those of the sizes, which rise. */
async function hashAll(
  { directory, files }: VerifyOptions,
  removed: number,
  sizes: readonly number[],
  roots: Map<number, Buffer>,
): Promise<number> {
  const tree = new TileTree(0, [], () => {})
  const left = [...sizes]
  const note = () => {
    if (tree.size !== left[0]) return
    roots.set(tree.size, tree.root())
    left.shift()
  }
  const add = (more: Buffer) => {
    let leaves = more
    while (leaves.length > 0 && left[0] !== undefined) {
      const until = Math.min(leaves.length, (left[0] - tree.size) * hashBytes)
      tree.append(leaves.subarray(0, until))
      leaves = leaves.subarray(until)
      note()
    }
  }
  note()
  try {
    for await (const leaves of removedLeaves(removed, readTileStore(directory, files))) add(leaves)
  } catch (cause) {
    throw new UnverifiableError(
      `the first ${removed} lines were removed by retention, and what stands for them cannot be read: ${messageOf(cause)}; restore the folder \`checkpoints\` of the log in \`${directory}\``,
      true,
    )
  }
  let lines = removed
  for await (const chunk of lineChunks(files, directory, removed, removed)) {
    lines = chunk.first + chunk.starts.length - 1
    // What no checkpoint covers is counted, not hashed.
    if (left.length > 0) add(leavesOf(chunk))
  }
  return lines
}
