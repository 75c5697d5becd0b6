/**
 * Checkpoints kept elsewhere: each anchor gets the newest one again and again, on its own, so that a slow or absent one holds up
 * neither calls nor the others. An anchor that holds another history than this log says so until a person has looked.
 */
import { join } from 'node:path'
import { type AnchorSettings, type Clock, type FetchDocument, type Log, messageOf } from '../model/index.ts'
import type { ReadTile, SignedCheckpoint, VerifierKey } from '../proof/index.ts'
import {
  AnchorContradicts,
  type Keep,
  keepInFile,
  keepInStore,
  keepWithWitness,
  type OpenStore,
  postToWebhook,
} from './anchor-kinds.ts'
import type { LogFiles } from './files.ts'
import { checkpointFolder, cosignedName } from './tile-store.ts'

/** Milliseconds before a failed anchor is tried again, doubled up to the last, or to its own pace where that is shorter. */
const retryMsMin = 1_000
const retryMsMax = 60_000
/** Milliseconds that a shutdown waits for anchors: their last checkpoint lies beside the log, and the next start hands it on. */
const closeMsMax = 5_000
/** Milliseconds beyond its own pace after which an anchor without a checkpoint is an operator's business. */
const lateMs = 300_000

export interface AnchorsOptions {
  readonly settings: readonly AnchorSettings[]
  /** Of the log. */
  readonly directory: string
  readonly key: VerifierKey
  readonly read: ReadTile
  readonly files: LogFiles
  readonly fetchDocument: FetchDocument
  readonly openStore: OpenStore
  readonly clock: Clock
  readonly log: Log
}

export interface Anchors {
  /** A newer checkpoint is there. */
  offer(checkpoint: SignedCheckpoint): void
  /** What is wrong with which anchor, and what to do. */
  obstacle(): string | undefined
  stats(): {
    readonly anchorFailures: number
    /** Lines of the newest checkpoint that an anchor does not have yet, of the one that has fewest; undefined without anchors. */
    readonly anchorLagLines: number | undefined
  }
  /** Gives every anchor the newest checkpoint, if it lacks it, and waits for that, 5 s at most. */
  close(): Promise<void>
}

export function makeAnchors({ settings, ...shared }: AnchorsOptions): Anchors {
  const { clock, log } = shared
  const anchors = settings.map((one) => makeAnchor(one, shared))
  return {
    offer(checkpoint) {
      for (const anchor of anchors) anchor.offer(checkpoint)
    },
    obstacle: () => anchors.map((anchor) => anchor.obstacle()).find((reason) => reason !== undefined),
    stats: () => ({
      anchorFailures: anchors.reduce((sum, anchor) => sum + anchor.failures(), 0),
      anchorLagLines: anchors.length === 0 ? undefined : Math.max(...anchors.map((anchor) => anchor.lagLines())),
    }),
    async close() {
      if (anchors.length === 0) return
      const late = Promise.withResolvers<'late'>()
      const forget = clock.after(closeMsMax, () => late.resolve('late'))
      const ended = await Promise.race([late.promise, Promise.all(anchors.map((anchor) => anchor.close()))])
      forget()
      if (ended === 'late') log.warn({}, 'an anchor does not answer; it gets the last checkpoint at the next start')
    },
  }
}

function makeAnchor(settings: AnchorSettings, shared: Omit<AnchorsOptions, 'settings'>) {
  const { id, everyMs } = settings
  const { clock, log } = shared
  const keep = keepFor(settings, shared)
  let newest: SignedCheckpoint | undefined
  let keptSize: number | undefined
  let keptMs = clock.monotonicMs()
  let running: Promise<void> | undefined
  let stopTimer: (() => void) | undefined
  let failure: { readonly detail: string; readonly contradicts: boolean } | undefined
  let failures = 0
  let retryMs = retryMsMin
  let closing = false

  const lacks = () => newest !== undefined && keptSize !== newest.size

  async function keepNewest(): Promise<void> {
    const checkpoint = newest
    if (checkpoint === undefined) return
    try {
      await keep(checkpoint)
      if (failure !== undefined) log.info({ anchor: id }, 'an anchor takes checkpoints again')
      keptSize = checkpoint.size
      failure = undefined
      retryMs = retryMsMin
    } catch (cause) {
      failures += 1
      const contradicts = cause instanceof AnchorContradicts
      const isNew = failure?.contradicts !== contradicts
      failure = { detail: messageOf(cause), contradicts }
      const fields = { anchor: id, cause: failure.detail }
      if (contradicts && isNew) log.error(fields, 'an anchor holds another history than this log')
      else if (isNew) log.warn(fields, 'an anchor did not take a checkpoint; it is tried again')
    }
  }

  function attempt(): void {
    stopTimer = undefined
    running = keepNewest().finally(() => {
      running = undefined
      if (failure === undefined) keptMs = clock.monotonicMs()
      schedule()
    })
  }

  function schedule(): void {
    if (closing || running !== undefined || stopTimer !== undefined || !lacks()) return
    if (failure !== undefined) {
      stopTimer = clock.after(Math.min(retryMs, everyMs), attempt)
      retryMs = Math.min(2 * retryMs, retryMsMax)
      return
    }
    const waitMs = keptSize === undefined ? 0 : Math.max(0, everyMs - (clock.monotonicMs() - keptMs))
    stopTimer = clock.after(waitMs, attempt)
  }

  return {
    offer(checkpoint: SignedCheckpoint): void {
      newest = checkpoint
      schedule()
    },
    obstacle(): string | undefined {
      if (failure?.contradicts)
        return `the anchor \`${id}\` holds another history than this log: ${failure.detail}; run \`gatehouse audit verify\` with the checkpoint that it holds, and find out which of the two was changed`
      if (failure === undefined || clock.monotonicMs() - keptMs < everyMs + lateMs) return undefined
      return `the anchor \`${id}\` has taken no checkpoint for ${Math.round((clock.monotonicMs() - keptMs) / 1_000)} s: ${failure.detail}; calls go on`
    },
    failures: () => failures,
    lagLines: () => (newest?.size ?? 0) - (keptSize ?? 0),
    async close(): Promise<void> {
      closing = true
      stopTimer?.()
      await running
      if (lacks()) await keepNewest()
    },
  }
}

function keepFor(
  { id, to }: AnchorSettings,
  { directory, key, read, files, fetchDocument, openStore }: Omit<AnchorsOptions, 'settings'>,
): Keep {
  switch (to.kind) {
    case 'file':
      return keepInFile({ path: to.path, key, read, files })
    case 'webhook':
      return postToWebhook({ url: to.url, credential: to.credential, fetchDocument })
    case 's3':
      return keepInStore({ bucket: to.bucket, openStore, key, read })
    case 'witness':
      return keepWithWitness({
        url: to.url,
        witness: to.key,
        credential: to.credential,
        key,
        read,
        fetchDocument,
        keep: (note) => keepCosigned(join(checkpointFolder(directory), cosignedName), id, note, files),
      })
  }
}

async function keepCosigned(folder: string, id: string, note: string, files: LogFiles): Promise<void> {
  await files.makeDirectory(folder)
  await files.replace(join(folder, id), Buffer.from(note))
}
