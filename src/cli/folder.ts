/** Makes the folders in which a gateway keeps things, or says why that cannot be. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { CommandError } from './io.ts'

/** What is kept is for its owner alone. */
const ownerOnly = 0o700

/**
 * Makes `path`, absolute, and what is missing above it. Throws a `CommandError` that names the folder. One level at a time,
 * because Node's own recursive making never ends where a file system refuses with ENOENT below a folder that exists, as
 * `/proc` does.
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return
  const parent = dirname(path)
  if (parent !== path) makeFolder(parent)
  try {
    mkdirSync(path, { mode: ownerOnly })
  } catch (cause) {
    // Another process may have been faster.
    if (isFolder(path)) return
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    const why = reasons[code] ?? `cannot be made (${code})`
    throw new CommandError(`the folder \`${path}\` ${why}; name another data directory with \`--data FOLDER\``)
  }
}

const reasons: { readonly [code: string]: string } = {
  EACCES: 'may not be made by this user',
  EPERM: 'may not be made by this user',
  EROFS: 'cannot be made: the disk is read-only',
  ENOSPC: 'cannot be made: the disk is full',
  EEXIST: 'cannot be made: there is a file, or a link that leads nowhere',
  ENOENT: 'cannot be made: this file system has no folders of that kind',
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}
