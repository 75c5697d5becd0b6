/**
 * What a sink remembers over a restart: its place in the log, and what `gatehouse sinks` tells of it. One small JSON file,
 * `state.json` in `data/sinks/ID/`, replaced as a whole.
 */
import type { Clock } from '../model/index.ts'
import type { LogPlace, SinkFiles } from './source.ts'

const stateFile = 'state.json'
/** Milliseconds between two writes of it: a crash costs that much sent twice. */
const saveMs = 1_000

export interface SinkState {
  /** The kind of the sink. */
  readonly kind: string
  /** Name of the log that the place is in. */
  readonly log: string
  /** The first line that the receiver has not acknowledged; undefined before anything is known. */
  readonly place: LogPlace | undefined
  /** False for a sink that the configuration does not have any more. */
  readonly active: boolean
  /** Since the sink was added. */
  readonly batches: number
  readonly records: number
  /** Tries that failed. */
  readonly failures: number
  /** Records that were ever set aside. */
  readonly setAside: number
  /** Absent while it works. */
  readonly failing?: { readonly since: string; readonly reason: string }
}

/** The file is not what was written: a person has to look. */
export class StateUnreadable extends Error {
  override readonly name = 'StateUnreadable'
}

/** Undefined for a new sink. Throws `StateUnreadable`. */
export async function loadState(files: Pick<SinkFiles, 'read'>): Promise<SinkState | undefined> {
  const bytes = await files.read(stateFile)
  if (bytes === undefined) return undefined
  try {
    const read = JSON.parse(bytes.toString('utf8')) as SinkState
    const isPlace = read.place === undefined || Object.values(read.place).every(Number.isSafeInteger)
    const counts = [read.batches, read.records, read.failures, read.setAside]
    if (typeof read.log === 'string' && isPlace && counts.every(Number.isSafeInteger)) return read
  } catch {
    // Said below.
  }
  throw new StateUnreadable(`\`${stateFile}\` of the sink is damaged: move its folder away, and it begins anew`)
}

export function saveState(files: Pick<SinkFiles, 'replace'>, state: SinkState): Promise<void> {
  return files.replace(stateFile, Buffer.from(`${JSON.stringify(state)}\n`))
}

export interface Saving {
  /** Something changed: it is written now, or a second after the last time. */
  touched(): void
  /** Writes what was not written yet. */
  close(): Promise<void>
}

/** `save` writes what is to be remembered then, and does not reject. One write at a time. */
export function makeSaving(clock: Clock, save: () => Promise<void>): Saving {
  let isTouched = false
  let isClosed = false
  let savedMs = Number.NEGATIVE_INFINITY
  let forget: (() => void) | undefined
  let saving: Promise<void> | undefined

  async function run(): Promise<void> {
    forget = undefined
    isTouched = false
    savedMs = clock.monotonicMs()
    saving = save()
    await saving
    saving = undefined
    if (isTouched) schedule()
  }

  function schedule(): void {
    if (isClosed || saving !== undefined || forget !== undefined) return
    forget = clock.after(Math.max(0, savedMs + saveMs - clock.monotonicMs()), () => void run())
  }

  return {
    touched() {
      isTouched = true
      schedule()
    },
    async close() {
      isClosed = true
      forget?.()
      await saving
      if (isTouched) await save()
    },
  }
}
