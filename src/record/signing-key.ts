/**
 * The key that signs a log's checkpoints: one line in a file that its owner alone can read, made on first start. It carries the
 * name of the log. Until the first checkpoint is on disk it is named `.new`, so that a key in its place always has signed one,
 * wherever a first start was cut off.
 */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { RandomBytes } from '../model/index.ts'
import { parseSigner, type SignerKey, signerFromSeed } from '../proof/index.ts'
import { LogOpenError } from './lock.ts'

const fileMode = 0o600
const folderMode = 0o700
/** Permissions of others, of which there must be none. */
const others = 0o077
const seedBytes = 32
/** Bytes from which a log without a configured name takes one that no other has: 2^64 of them. */
const nameBytes = 8

export interface KeySettings {
  /** Absolute path of the key. */
  readonly keyFile: string
  /** Name of the log; undefined: `gatehouse-` and sixteen random digits. */
  readonly origin: string | undefined
}

export interface FoundSigner {
  readonly signer: SignerKey
  /** False for one that was made and has perhaps not signed anything that is on disk. */
  readonly isSettled: boolean
}

/** Undefined when there is no file. Throws `LogOpenError` `log_key` when it cannot be used. */
export function readSigningKey({ keyFile, origin }: KeySettings): FoundSigner | undefined {
  const settled = readKeyFile(keyFile, origin)
  if (settled !== undefined) return { signer: settled, isSettled: true }
  const made = readKeyFile(`${keyFile}.new`, origin, true)
  return made && { signer: made, isSettled: false }
}

/** With `mayBeTorn`, one that was cut off while it was written counts as none. */
function readKeyFile(keyFile: string, origin: string | undefined, mayBeTorn = false): SignerKey | undefined {
  let text: string
  try {
    const { mode } = statSync(keyFile)
    if ((mode & others) !== 0)
      throw unusable(
        keyFile,
        `may be read or written by others (mode \`${(mode & 0o777).toString(8)}\`)`,
        `run \`chmod 600 ${keyFile}\`; if somebody may have seen it, move it and the log away, so that a new log begins with a new one`,
      )
    text = readFileSync(keyFile, 'utf8')
  } catch (cause) {
    if (cause instanceof LogOpenError) throw cause
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw unusable(keyFile, `cannot be read: ${String(cause)}`, 'change its permissions', cause)
  }
  const signer = parseSigner(text)
  if (signer === undefined && mayBeTorn) return undefined
  if (signer === undefined || signer.verifier.kind !== 'log')
    throw unusable(keyFile, 'holds no key of a log', 'restore it from where you keep a copy')
  if (origin !== undefined && signer.verifier.name !== origin)
    throw unusable(
      keyFile,
      `is of the log \`${signer.verifier.name}\`, and the configuration says \`audit.origin: ${origin}\``,
      `write \`origin: ${signer.verifier.name}\`, or move key and log away, so that a new log begins`,
    )
  return signer
}

/** Makes the file `.new`, durable; the folder too. Throws `LogOpenError` `log_key`. */
export function makeSigningKey({ keyFile, origin }: KeySettings, randomBytes: RandomBytes): SignerKey {
  const name = origin ?? `gatehouse-${Buffer.from(randomBytes(nameBytes)).toString('hex')}`
  const signer = signerFromSeed(name, randomBytes(seedBytes), 'log')
  try {
    mkdirSync(dirname(keyFile), { recursive: true, mode: folderMode })
    const descriptor = openSync(`${keyFile}.new`, 'w', fileMode)
    try {
      // The umask may have taken bits of the owner away.
      fchmodSync(descriptor, fileMode)
      writeSync(descriptor, `${signer.text}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    syncFolder(keyFile)
  } catch (cause) {
    throw unusable(keyFile, `cannot be made: ${String(cause)}`, 'change the permissions of its folder', cause)
  }
  return signer
}

/** Gives the key its own name, once a checkpoint that it signed is on disk. Throws `LogOpenError` `log_key`. */
export function settleSigningKey({ keyFile }: KeySettings): void {
  try {
    renameSync(`${keyFile}.new`, keyFile)
    syncFolder(keyFile)
  } catch (cause) {
    throw unusable(keyFile, `cannot be made: ${String(cause)}`, 'change the permissions of its folder', cause)
  }
}

function syncFolder(keyFile: string): void {
  const folder = openSync(dirname(keyFile), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function unusable(keyFile: string, what: string, fix: string, cause?: unknown): LogOpenError {
  return new LogOpenError('log_key', `the key of the decision log, \`${keyFile}\`, ${what}: ${fix}`, cause)
}
