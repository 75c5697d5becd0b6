/**
 * One key for each subject, in a database beside the other keys. A subject stands there as a keyed hash only. Deleting the key erases what
 * it encrypted, wherever copies of that are; that it was deleted stays, until a record of the log says so and after.
 */
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { messageOf, type RandomBytes } from '../model/index.ts'
import { keyBytes, VaultError } from './key-file.ts'

/** Milliseconds to wait for another process, such as `gatehouse erase`, which takes some. */
const busyMsMax = 1_000
/** Keys that are remembered; beyond it the oldest are read again. */
const rememberedMax = 4_096
/** Bytes of a key's id: 2^64 of them. */
const idBytes = 8
const folderMode = 0o700
const fileMode = 0o600

/** Overwrites what is deleted, keeps no copy in a journal that outlives the change, and is durable when it returns. */
const settings = 'PRAGMA journal_mode = TRUNCATE; PRAGMA secure_delete = ON; PRAGMA synchronous = EXTRA;'
const tables = `
  CREATE TABLE IF NOT EXISTS subject_key (subject TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, key BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS erasure (id TEXT PRIMARY KEY, subject TEXT NOT NULL, erased_ms INTEGER NOT NULL, recorded INTEGER NOT NULL DEFAULT 0) STRICT;
`

export interface SubjectKey {
  readonly id: string
  readonly key: Uint8Array
}

export interface Erasure {
  /** Of the key. */
  readonly id: string
  /** Keyed hash of the subject. */
  readonly subject: string
  /** Milliseconds since 1970. */
  readonly erasedMs: number
}

export class SubjectKeys {
  private readonly database: DatabaseSync
  private readonly remembered = new Map<string, SubjectKey>()
  private readonly version: StatementSync
  private seenVersion: unknown

  /** Throws `VaultError`. */
  constructor(file: string) {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: folderMode })
      this.database = new DatabaseSync(file, { timeout: busyMsMax })
      chmodSync(file, fileMode)
      this.database.exec(settings)
      this.database.exec(tables)
      this.version = this.database.prepare('PRAGMA data_version')
    } catch (cause) {
      throw new VaultError(`the keys of subjects in \`${file}\` cannot be used: ${messageOf(cause)}`, { cause })
    }
  }

  /** The subject's key; made, durable, where it has none. */
  keyOf(subject: string, randomBytes: RandomBytes): SubjectKey {
    this.forgetAfterChange()
    const known = this.remembered.get(subject)
    if (known !== undefined) return known
    const id = Buffer.from(randomBytes(idBytes)).toString('hex')
    this.run('INSERT INTO subject_key (subject, id, key) VALUES (?, ?, ?) ON CONFLICT (subject) DO NOTHING', [
      subject,
      id,
      Buffer.from(randomBytes(keyBytes)),
    ])
    const row = this.database.prepare('SELECT id, key FROM subject_key WHERE subject = ?').get(subject)
    const found = row as unknown as SubjectKey
    if (this.remembered.size >= rememberedMax) this.remembered.delete(this.remembered.keys().next().value ?? '')
    this.remembered.set(subject, found)
    return found
  }

  /** Undefined where the key was deleted, or never was here. */
  keyById(id: string): Uint8Array | undefined {
    const row = this.database.prepare('SELECT key FROM subject_key WHERE id = ?').get(id)
    return (row as unknown as { key: Uint8Array } | undefined)?.key
  }

  wasErased(id: string): boolean {
    return this.database.prepare('SELECT 1 FROM erasure WHERE id = ?').get(id) !== undefined
  }

  /** Gives the id of the deleted key; undefined where the subject has none. */
  erase(subject: string, nowMs: number): string | undefined {
    const row = this.database.prepare('SELECT id FROM subject_key WHERE subject = ?').get(subject)
    if (row === undefined) return undefined
    const id = String(row.id)
    this.database.exec('BEGIN IMMEDIATE')
    try {
      this.run('INSERT INTO erasure (id, subject, erased_ms) VALUES (?, ?, ?)', [id, subject, Math.floor(nowMs)])
      this.run('DELETE FROM subject_key WHERE id = ?', [id])
      this.database.exec('COMMIT')
    } catch (cause) {
      this.database.exec('ROLLBACK')
      throw cause
    }
    this.remembered.clear()
    return id
  }

  /** Those that no record tells of yet, the oldest first. */
  unrecorded(): Erasure[] {
    const rows = this.database
      .prepare('SELECT id, subject, erased_ms AS erasedMs FROM erasure WHERE recorded = 0 ORDER BY erased_ms, id')
      .all()
    return rows as unknown as Erasure[]
  }

  recorded(id: string): void {
    this.run('UPDATE erasure SET recorded = 1 WHERE id = ?', [id])
  }

  close(): void {
    this.database.close()
  }

  private run(sql: string, values: (string | number | Uint8Array)[]): void {
    this.database.prepare(sql).run(...values)
  }

  /** Another process may have deleted a key: what is remembered of it must not be used any more. */
  private forgetAfterChange(): void {
    const { data_version: now } = this.version.get() as { data_version: unknown }
    if (now !== this.seenVersion) this.remembered.clear()
    this.seenVersion = now
  }
}
