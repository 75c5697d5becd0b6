/** Looks at the free space of the log's disk, and says when it falls below the floor: running calls need the rest. */
import type { Clock, Log } from '../model/index.ts'
import type { LogFiles } from './files.ts'

/** Milliseconds between two looks: a disk filled at 250 MB/s loses no more than the default floor in one of them. */
const lookMs = 1_000
const mib = 1024 * 1024

export interface DiskWatch {
  /** What is wrong and what to do; undefined when there is room. */
  shortage(): string | undefined
  /** As of the last look; undefined when none has worked. */
  freeBytes(): number | undefined
  /** Looks now. A look that fails leaves things as they were: whether the log can be written, writing it shows. */
  look(): Promise<void>
  stop(): void
}

/** `changed` is called after each look that found another answer than the one before. */
export function watchDisk(options: {
  readonly directory: string
  readonly freeDiskBytesMin: number
  readonly files: LogFiles
  readonly clock: Clock
  readonly log: Log
  readonly changed: () => void
}): DiskWatch {
  const { directory, freeDiskBytesMin, files, clock, log, changed } = options
  let freeBytes: number | undefined
  let looking = false
  const short = () => freeBytes !== undefined && freeBytes < freeDiskBytesMin
  async function look(): Promise<void> {
    const before = short()
    try {
      freeBytes = await files.freeBytes(directory)
    } catch (cause) {
      log.warn({ directory, error: String(cause) }, "the free space of the log's disk cannot be read")
    }
    if (short() !== before) changed()
  }
  const stop = clock.every(lookMs, () => {
    if (looking) return
    looking = true
    void look().finally(() => {
      looking = false
    })
  })
  return {
    shortage: () =>
      short()
        ? `the disk of \`${directory}\` has ${Math.floor((freeBytes ?? 0) / mib)} MiB free, fewer than the floor of ${Math.floor(freeDiskBytesMin / mib)} MiB: free some space, calls are refused until then`
        : undefined,
    freeBytes: () => freeBytes,
    look,
    stop,
  }
}
