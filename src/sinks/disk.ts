/**
 * The folder of a sink on the disk: small files, for the owner alone, because set aside records hold what agents asked. The disk is
 * asked synchronously: sinks have a thread of their own, and the pool of threads behind the asynchronous calls is the one by which
 * the decision log is written. A disk that hangs must hold up sinks and not calls.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SinkFiles } from './source.ts'

const fileMode = 0o600
const folderMode = 0o700

/** `folder` is absolute; made when something is written to it. */
export function filesOf(folder: string): SinkFiles {
  let isMade = false
  const make = (): void => {
    if (!isMade) mkdirSync(folder, { recursive: true, mode: folderMode })
    isMade = true
  }
  const sync = (path: string, flags: 'r' | 'w' | 'a', bytes?: Uint8Array): void => {
    const descriptor = openSync(path, flags, fileMode)
    try {
      if (bytes !== undefined) writeFileSync(descriptor, bytes)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }
  return {
    async read(name) {
      try {
        return readFileSync(join(folder, name))
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
        throw cause
      }
    },
    async replace(name, bytes) {
      make()
      const path = join(folder, name)
      sync(`${path}.new`, 'w', bytes)
      renameSync(`${path}.new`, path)
      sync(folder, 'r')
    },
    async append(name, bytes) {
      make()
      sync(join(folder, name), 'a', bytes)
      sync(folder, 'r')
    },
    remove: async (name) => rmSync(join(folder, name), { force: true }),
  }
}
