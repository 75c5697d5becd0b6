/** A secret of 32 bytes in a file that its owner alone can read; made, durable, when it is asked for first. */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, type RandomBytes } from '../model/index.ts'

export const keyBytes = 32
const fileMode = 0o600
const folderMode = 0o700
/** Permissions of others, of which there must be none. */
const others = 0o077
/** Bytes of the name of a draft: no two processes have the same. */
const draftBytes = 6
const form = /^[A-Za-z0-9_-]{43}\n?$/

/** What is wrong with a key or the file of keys, and what to do; for the operator. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
}

/**
 * `lost` says what another key in its place would not do. Throws `VaultError`. Two processes that make it at once get the same key, and
 * one that is cut off in the middle leaves none.
 */
export function keyOfFile(file: string, lost: string, randomBytes: RandomBytes): Buffer {
  return read(file, lost) ?? make(file, lost, randomBytes)
}

function read(file: string, lost: string): Buffer | undefined {
  let text: string
  try {
    const { mode } = statSync(file)
    if ((mode & others) !== 0)
      throw new VaultError(`\`${file}\` may be read or written by others: run \`chmod 600 ${file}\``)
    text = readFileSync(file, 'latin1')
  } catch (cause) {
    if (cause instanceof VaultError) throw cause
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new VaultError(`\`${file}\` cannot be read: ${messageOf(cause)}`, { cause })
  }
  if (!form.test(text))
    throw new VaultError(`\`${file}\` holds no key: restore it from where you keep a copy; another one ${lost}`)
  return Buffer.from(text, 'base64url')
}

function make(file: string, lost: string, randomBytes: RandomBytes): Buffer {
  const key = Buffer.from(randomBytes(keyBytes))
  const draft = `${file}.${Buffer.from(randomBytes(draftBytes)).toString('hex')}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: folderMode })
    const descriptor = openSync(draft, 'wx', fileMode)
    try {
      // The umask may have taken bits of the owner away.
      fchmodSync(descriptor, fileMode)
      writeSync(descriptor, `${key.toString('base64url')}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    // Never over a key that is there.
    linkSync(draft, file)
    syncFolder(dirname(file))
  } catch (cause) {
    const other = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST' ? read(file, lost) : undefined
    if (other !== undefined) return other
    throw new VaultError(`\`${file}\` cannot be made: ${messageOf(cause)}`, { cause })
  } finally {
    rmSync(draft, { force: true })
  }
  return key
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
