/**
 * Tells when files changed, by looking at them at a fixed pace. Polling, because `fs.watch` misses what matters most
 * here: a mounted directory swapped by symlink (as Kubernetes does), an editor that replaces the file, a network mount.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, Fault } from '../model/index.ts'

/** Milliseconds between two looks; a change is in force within two of them. */
const lookMs = 1_000
/** Files watched at most: beyond it a folder is not a policy folder. */
const filesMax = 20_000
/** Folders within folders: deeper is a loop of links. */
const depthMax = 32

export interface Watch {
  close(): void
}

/**
 * Calls `changed` after any file, or any file below a folder, of `paths()` changed, came or went. Looks never overlap,
 * `changed` is awaited, and a change seen while it runs is reported afterwards.
 */
export async function watchFiles(options: {
  readonly paths: () => readonly string[]
  readonly clock: Clock
  readonly changed: () => Promise<void>
  /** A look that failed: the files cannot be listed. The next look tries again. */
  readonly failed: (cause: unknown) => void
}): Promise<Watch> {
  let last = await fingerprint(options.paths())
  let looking = false
  const stop = options.clock.every(lookMs, () => {
    if (looking) return
    looking = true
    look()
      .catch(options.failed)
      .finally(() => {
        looking = false
      })
  })
  async function look(): Promise<void> {
    const seen = await fingerprint(options.paths())
    if (same(seen, last)) return
    await options.changed()
    // What changed while `changed` ran must show at the next look: a file keeps the state it was seen in before it was
    // read. Only files that the new configuration names for the first time are taken as they are now.
    const after = await fingerprint(options.paths())
    last = new Map([...after].map(([path, state]) => [path, seen.get(path) ?? state]))
  }
  return { close: stop }
}

function same(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  if (one.size !== other.size) return false
  for (const [path, state] of one) if (other.get(path) !== state) return false
  return true
}

/**
 * The state of each file: identity, size and times. A replaced file has another inode even when size and time are equal.
 * Names that begin with a dot are left out, because editors put their drafts there, but for a bundle's manifest.
 */
async function fingerprint(paths: readonly string[]): Promise<Map<string, string>> {
  const states = new Map<string, string>()
  const visit = async (path: string, depth: number): Promise<void> => {
    if (states.size > filesMax || depth > depthMax)
      throw new Fault('internal', `more than ${filesMax} files to watch below \`${path}\``)
    let found: Awaited<ReturnType<typeof stat>>
    try {
      found = await stat(path)
    } catch {
      // Absent or unreadable, perhaps only since the look began: that too is a state, and the reload says what is wrong with it.
      states.set(path, 'absent')
      return
    }
    if (!found.isDirectory()) {
      states.set(path, `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`)
      return
    }
    let names: string[]
    try {
      names = await readdir(path)
    } catch {
      states.set(path, 'absent')
      return
    }
    for (const name of names.sort())
      if (!name.startsWith('.') || name === '.manifest') await visit(join(path, name), depth + 1)
  }
  for (const path of paths) await visit(path, 0)
  return states
}
