/**
 * One process writes a log. The lock is the kernel's, taken through SQLite on an empty database beside the segments: it
 * ends with its process however that ends, holds between containers that share the directory, where process ids mean
 * nothing, and cannot be taken over while its holder lives. Who holds it stands in a file next to it, for the message.
 */

import { accessSync, constants, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../model/index.ts'

export interface Lock {
  /** The process that held it before and did not give it back: it was killed, or the machine stopped. */
  readonly abandonedBy: Holder | undefined
  /** With `inOrder` false the next one to take it is told that this one did not end in order. */
  release(inOrder: boolean): void
}

export interface Holder {
  readonly pid: number
  readonly host: string
  /** RFC 3339. */
  readonly since: string
}

/** Why a log could not be opened; the message says where, what was found and what to do. */
export class LogOpenError extends Error {
  override readonly name = 'LogOpenError'
  /**
   * `log_held`: another process writes it; `log_damaged`: its lines do not follow each other; `log_changed`: they are not those
   * that its newest checkpoint covers; `log_key`: the key of its checkpoints is missing or another; `log_unusable`: the disk says
   * no.
   */
  readonly code: 'log_held' | 'log_damaged' | 'log_changed' | 'log_key' | 'log_unusable'

  constructor(code: LogOpenError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** SQLite's result code for a lock that another connection has. */
const sqliteBusy = 5

/** Throws `LogOpenError` `log_held` when another process, or this one, has the lock already. */
export function takeLock(directory: string, nowMs: number): Lock {
  const path = join(directory, 'lock')
  const holderPath = join(directory, 'lock.holder')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    database?.close()
    if (isBusy(cause)) throw new LogOpenError('log_held', heldBy(directory, readHolder(holderPath)), cause)
    throw new LogOpenError(
      'log_unusable',
      `the lock \`${path}\` cannot be taken: ${whyNotWritable(directory) ?? messageOf(cause)}`,
      cause,
    )
  }
  const held = database
  const abandonedBy = readHolder(holderPath)
  try {
    const holder: Holder = { pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString() }
    writeFileSync(holderPath, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  } catch (cause) {
    held.close()
    throw new LogOpenError('log_unusable', `\`${holderPath}\` cannot be written: ${messageOf(cause)}`, cause)
  }
  return {
    abandonedBy,
    release(inOrder) {
      if (inOrder) rmSync(holderPath, { force: true })
      held.close()
    },
  }
}

/** SQLite says of every file alike that it is unable to open it; the kernel says why (`EROFS`, `EACCES`). */
function whyNotWritable(directory: string): string | undefined {
  try {
    accessSync(directory, constants.W_OK)
    return undefined
  } catch (cause) {
    return messageOf(cause)
  }
}

function isBusy(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && cause.errcode === sqliteBusy
}

function heldBy(directory: string, holder: Holder | undefined): string {
  const who =
    holder === undefined ? 'another process' : `process \`${holder.pid}\` on \`${holder.host}\` since ${holder.since}`
  return `the decision log in \`${directory}\` is held by ${who}: stop it, or give this one a data directory of its own`
}

function readHolder(path: string): Holder | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof read !== 'object' || read === null) return undefined
    const { pid, host, since } = read as Partial<Holder>
    return typeof pid === 'number' && typeof host === 'string' && typeof since === 'string'
      ? { pid, host, since }
      : undefined
  } catch {
    // No file, or one cut off while it was written: the lock itself decides, this is only its name plate.
    return undefined
  }
}
