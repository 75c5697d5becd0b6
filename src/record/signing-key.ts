/**
 * Keys that sign checkpoints: one line in a file that its owner alone can read, made on first start. It carries a name. The key of
 * a log is named `.new` until the first checkpoint is on disk, so that one in its place always has signed one, wherever a
 * first start was cut off.
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
import { messageOf, type RandomBytes, type WitnessSettings } from '../model/index.ts'
import { type KeyKind, parseSigner, type SignerKey, signerFromSeed } from '../proof/index.ts'
import { LogOpenError } from './lock.ts'
import { isAbsent } from './tile-store.ts'

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
  const settled = readKeyFile(keyFile, 'log', origin)
  if (settled === 'torn')
    throw unusable(keyFile, 'log', 'holds no key of a log', 'restore it from where you keep a copy')
  if (settled !== undefined) return { signer: settled, isSettled: true }
  const made = readKeyFile(newOf(keyFile), 'log', origin)
  return made === undefined || made === 'torn' ? undefined : { signer: made, isSettled: false }
}

/** Makes the file `.new`, durable; the folder too. Throws `LogOpenError` `log_key`. */
export function makeSigningKey({ keyFile, origin }: KeySettings, randomBytes: RandomBytes): SignerKey {
  const name = origin ?? `gatehouse-${Buffer.from(randomBytes(nameBytes)).toString('hex')}`
  return makeKeyFile(newOf(keyFile), signerFromSeed(name, randomBytes(seedBytes), 'log'))
}

/** Gives the key its own name, once a checkpoint that it signed is on disk. Throws `LogOpenError` `log_key`. */
export function settleSigningKey({ keyFile }: KeySettings): void {
  try {
    renameSync(newOf(keyFile), keyFile)
    syncFolder(keyFile)
  } catch (cause) {
    throw notMade(keyFile, 'log', cause)
  }
}

/** Of this gateway as a witness for others; made when it is not there. Throws `LogOpenError` `log_key`. */
export function openWitnessKey({ keyFile, name }: WitnessSettings, randomBytes: RandomBytes): SignerKey {
  const found = readKeyFile(keyFile, 'witness', name)
  if (found === 'torn')
    throw unusable(keyFile, 'witness', 'holds no key of a witness', 'restore it, or move it away: another one is made')
  return found ?? makeKeyFile(keyFile, signerFromSeed(name, randomBytes(seedBytes), 'witness'))
}

function newOf(keyFile: string): string {
  return `${keyFile}.new`
}

function readKeyFile(keyFile: string, kind: KeyKind, name: string | undefined): SignerKey | 'torn' | undefined {
  let text: string
  try {
    const { mode } = statSync(keyFile)
    if ((mode & others) !== 0)
      throw unusable(
        keyFile,
        kind,
        `may be read or written by others (mode \`${(mode & 0o777).toString(8)}\`)`,
        `run \`chmod 600 ${keyFile}\`; if somebody may have seen it, put another one in its place, which for a log means to begin a new one`,
      )
    text = readFileSync(keyFile, 'utf8')
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    if (cause instanceof LogOpenError) throw cause
    throw unusable(keyFile, kind, `cannot be read: ${messageOf(cause)}`, 'change its permissions', cause)
  }
  const signer = parseSigner(text)
  if (signer?.verifier.kind !== kind) return 'torn'
  if (name !== undefined && signer.verifier.name !== name)
    throw unusable(
      keyFile,
      kind,
      `is of \`${signer.verifier.name}\`, and the configuration says \`${kind === 'log' ? 'audit.origin' : 'audit.witness.name'}: ${name}\``,
      `write \`${signer.verifier.name}\` there, or move the key${kind === 'log' ? ' and the log' : ''} away, so that another one is made`,
    )
  return signer
}

function makeKeyFile(keyFile: string, signer: SignerKey): SignerKey {
  try {
    mkdirSync(dirname(keyFile), { recursive: true, mode: folderMode })
    const descriptor = openSync(keyFile, 'w', fileMode)
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
    throw notMade(keyFile, signer.verifier.kind, cause)
  }
  return signer
}

function syncFolder(keyFile: string): void {
  const folder = openSync(dirname(keyFile), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function notMade(keyFile: string, kind: KeyKind, cause: unknown): LogOpenError {
  return unusable(keyFile, kind, `cannot be made: ${messageOf(cause)}`, 'change the permissions of its folder', cause)
}

function unusable(keyFile: string, kind: KeyKind, what: string, fix: string, cause?: unknown): LogOpenError {
  const whose = kind === 'log' ? 'the decision log' : 'this witness'
  return new LogOpenError('log_key', `the key of ${whose}, \`${keyFile}\`, ${what}: ${fix}`, cause)
}
