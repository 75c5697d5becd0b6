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

/** Why a file could not be read, for a person: the reason and what would help. */
export function unreadable(path: string, cause: unknown): { readonly message: string; readonly fix: string } {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  const reasons: { readonly [code: string]: readonly [reason: string, fix: string] } = {
    ENOENT: ['does not exist', 'create it or correct the path'],
    ENOTDIR: ['does not exist', 'create it or correct the path'],
    EACCES: ['may not be read by this user', 'change its permissions'],
    EPERM: ['may not be read by this user', 'change its permissions'],
    EISDIR: ['is a folder', 'name a file'],
    ESPIPE: ['is a pipe, which cannot be read again at a reload', 'name a file'],
  }
  const [reason, fix] = reasons[code] ?? [`cannot be read (${code})`, 'make it readable or name another file']
  return { message: `the file \`${path}\` ${reason}`, fix }
}
