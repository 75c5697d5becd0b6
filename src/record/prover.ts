/**
 * The tree of a log that is being written. The writer gives it the hashes of every batch that has become durable; within a second
 * it signs a checkpoint, puts it into the log, its tiles and itself on disk, and tells those who keep it elsewhere.
 */
import { type Clock, type Log, messageOf } from '../model/index.ts'
import {
  hashBytes,
  hashLeaf,
  parseCheckpoint,
  type SignedCheckpoint,
  signCheckpoint,
  type Tile,
} from '../proof/index.ts'
import type { Proven } from './proven.ts'
import type { Queue } from './queue.ts'
import { checkpointRest } from './recorded-checkpoint.ts'
import type { TileStore } from './tile-store.ts'

/** Milliseconds from the first line that no checkpoint covers to the next one. */
const checkpointMs = 1_000

export interface ProverOptions {
  readonly proven: Proven
  readonly store: TileStore
  readonly queue: Pick<Queue, 'keep'>
  readonly clock: Clock
  readonly log: Log
  /** Told of each checkpoint once it is on disk. */
  readonly kept: (checkpoint: SignedCheckpoint) => void
}

export type Prover = Awaited<ReturnType<typeof makeProver>>

/** Signs and keeps a checkpoint over what is there. Rejects when it cannot be kept. */
export async function makeProver({ proven, store, queue, clock, log, kept }: ProverOptions) {
  const { signer, tree, unsaved } = proven
  let newest = sign()
  let newestPartial: readonly Tile[] = tree.partialTiles()
  /** The newest that is on disk, with all of its tiles. */
  let filed = newest
  /** The record of the newest checkpoint, which that cannot cover: alone it asks for no other one. */
  let ownLines = 0
  let keeping: Promise<void> | undefined
  let stopTimer: (() => void) | undefined
  /** When the first line came that the newest checkpoint does not cover. */
  let uncoveredMs: number | undefined
  let failure: { readonly detail: string; readonly sinceMs: number } | undefined
  let failures = 0

  function sign(): SignedCheckpoint {
    const checkpoint = parseCheckpoint(signCheckpoint(tree.size, tree.root(), signer))
    if (checkpoint === undefined) throw new TypeError('a checkpoint was made that cannot be read')
    return checkpoint
  }

  const isDue = () => tree.size > newest.size + ownLines

  /** The checkpoint goes last: what it vouches for is found where it says. */
  async function keep(checkpoint: SignedCheckpoint, partial: readonly Tile[]): Promise<void> {
    const full = unsaved.tiles()
    await store.write([...full, ...partial])
    unsaved.saved(full.length)
    await store.writeCheckpoint(checkpoint.note)
    filed = checkpoint
    kept(checkpoint)
  }

  async function keepNewest(): Promise<void> {
    stopTimer = undefined
    uncoveredMs = undefined
    // After a failure without a new line the same one is tried again.
    if (isDue()) {
      renew()
      ownLines = 1
      // Its line is one of the log's: the writer tells of a disk that fails, and holds the line until it does not.
      void queue.keep('checkpoint', checkpointRest(newest))
    }
    await attempt()
  }

  function renew(): void {
    newest = sign()
    newestPartial = tree.partialTiles()
  }

  async function attempt(): Promise<void> {
    try {
      await keep(newest, newestPartial)
      failure = undefined
    } catch (cause) {
      failures += 1
      failure = { detail: messageOf(cause), sinceMs: failure?.sinceMs ?? clock.monotonicMs() }
      log.error({ cause: failure.detail }, 'a checkpoint of the decision log could not be kept; it is tried again')
    }
  }

  function wake(): void {
    if (isDue()) uncoveredMs ??= clock.monotonicMs()
    if (keeping !== undefined || stopTimer !== undefined) return
    if (!isDue() && failure === undefined) return
    const waitedMs = uncoveredMs === undefined ? 0 : clock.monotonicMs() - uncoveredMs
    stopTimer = clock.after(Math.max(0, checkpointMs - waitedMs), () => {
      keeping = keepNewest().finally(() => {
        keeping = undefined
        wake()
      })
    })
  }

  await keep(newest, newestPartial)
  proven.settle()

  return {
    /** The public key, as text for others. */
    key: signer.verifier,
    read: store.read,
    /** Lines that are durable. */
    lines: () => tree.size,
    /** The newest checkpoint that is on disk with all of its tiles. */
    checkpoint: () => filed,
    /** Hashes of the lines that end at these places of the buffer, each with its newline; the first begins at 0. */
    leavesOf(bytes: Buffer, ends: readonly number[]): Buffer {
      const hashes = Buffer.allocUnsafe(ends.length * hashBytes)
      let start = 0
      for (const [place, end] of ends.entries()) {
        hashLeaf(bytes, start, end - 1, hashes, place * hashBytes)
        start = end
      }
      return hashes
    },
    /** These lines are durable, after all before. */
    append(leaves: Buffer): void {
      tree.append(leaves)
      wake()
    },
    /** Why the newest checkpoint is not on disk, and what to do. */
    obstacle: () =>
      failure === undefined
        ? undefined
        : `checkpoints of the decision log cannot be kept since ${Math.round((clock.monotonicMs() - failure.sinceMs) / 1_000)} s: ${failure.detail}; calls go on, but nothing vouches for their records until the folder \`checkpoints\` can be written`,
    stats: () => ({ checkpointLines: filed.size, checkpointFailures: failures }),
    /** The last checkpoint, over every line: call it when nothing is written any more. */
    async close(): Promise<void> {
      stopTimer?.()
      await keeping
      stopTimer?.()
      if (tree.size === newest.size && failure === undefined) return
      renew()
      await attempt()
    },
  }
}
