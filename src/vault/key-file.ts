/** A secret of 32 bytes in a file that its owner alone can read; made, durable, when it is asked for first. */
import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, type RandomBytes } from '../model/index.ts'

export const keyBytes = 32
const fileMode = 0o600
const folderMode = 0o700
/** Permissions of others, of which there must be none. */
const others = 0o077
const form = /^[A-Za-z0-9_-]{43}\n?$/

/** What is wrong with a key or the file of keys, and what to do; for the operator. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
}

/** Throws `VaultError`. Two processes that make it at once get the same key. */
export function keyOfFile(file: string, randomBytes: RandomBytes): Buffer {
  return read(file) ?? make(file, randomBytes)
}

function read(file: string): Buffer | undefined {
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
    throw new VaultError(
      `\`${file}\` holds no key: restore it from where you keep a copy; another one finds no old value`,
    )
  return Buffer.from(text, 'base64url')
}

function make(file: string, randomBytes: RandomBytes): Buffer {
  const key = Buffer.from(randomBytes(keyBytes))
  try {
    mkdirSync(dirname(file), { recursive: true, mode: folderMode })
    const descriptor = openSync(file, 'wx', fileMode)
    try {
      // The umask may have taken bits of the owner away.
      fchmodSync(descriptor, fileMode)
      writeSync(descriptor, `${key.toString('base64url')}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    syncFolder(dirname(file))
  } catch (cause) {
    const other = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST' ? read(file) : undefined
    if (other !== undefined) return other
    throw new VaultError(`\`${file}\` cannot be made: ${messageOf(cause)}`, { cause })
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
