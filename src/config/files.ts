/** The disk as the configuration sees it: small files read whole, and what a path is. Handed in, so that tests choose it. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'

export interface Files {
  /** All bytes, or at most `bytesMax` + 1 of them: a longer file shows by its length. Throws what `node:fs` throws. */
  read(path: string, bytesMax: number): Uint8Array
  /** Undefined when there is nothing; `hidden` when this user may not look; `special` for pipes, devices and sockets. */
  kind(path: string): 'file' | 'folder' | 'special' | 'hidden' | undefined
}

export const diskFiles: Files = {
  read(path, bytesMax) {
    // A pipe that nobody writes to would stop the whole gateway at a reload: not even opening it may wait.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      if (fstatSync(descriptor).isFIFO()) throw Object.assign(new Error(`\`${path}\` is a pipe`), { code: 'ESPIPE' })
      const bytes = Buffer.alloc(bytesMax + 1)
      let length = 0
      for (let got = -1; got !== 0 && length < bytes.length; length += got)
        got = readSync(descriptor, bytes, length, bytes.length - length, null)
      return bytes.subarray(0, length)
    } finally {
      closeSync(descriptor)
    }
  },
  kind(path) {
    try {
      const found = statSync(path, { throwIfNoEntry: false })
      if (found === undefined) return undefined
      return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'special'
    } catch {
      return 'hidden'
    }
  },
}
