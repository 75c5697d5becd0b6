/** The folder of a sink on the disk: small files, for the owner alone, because set aside records hold what agents asked. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SinkFiles } from './source.ts'

const fileMode = 0o600
const folderMode = 0o700

/** `folder` is absolute; made when something is written to it. */
export function filesOf(folder: string): SinkFiles {
  let isMade = false
  const make = async (): Promise<void> => {
    if (isMade) return
    await mkdir(folder, { recursive: true, mode: folderMode })
    isMade = true
  }
  const sync = async (): Promise<void> => {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
  const write = async (path: string, flags: 'w' | 'a', bytes: Uint8Array): Promise<void> => {
    const handle = await open(path, flags, fileMode)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
  return {
    async read(name) {
      try {
        return await readFile(join(folder, name))
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
        throw cause
      }
    },
    async replace(name, bytes) {
      await make()
      const path = join(folder, name)
      await write(`${path}.new`, 'w', bytes)
      await rename(`${path}.new`, path)
      await sync()
    },
    async append(name, bytes) {
      await make()
      await write(join(folder, name), 'a', bytes)
      await sync()
    },
    remove: (name) => rm(join(folder, name), { force: true }),
  }
}
