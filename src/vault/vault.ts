/**
 * Hides values so that they can still be found or read by those who may: a keyed hash is the same for the same value, and what is
 * encrypted for a subject is readable as long as the subject's key is there. It keeps the key of seals too. Keys are made when they are
 * first needed.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, JsonObject, RandomBytes } from '../model/index.ts'
import { keyOfFile, VaultError } from './key-file.ts'
import { type Erasure, SubjectKeys } from './subject-keys.ts'

export { type Erasure, VaultError }

/** AES-256-GCM (NIST SP 800-38D): a nonce of 96 bits drawn for each value, a tag of 128. */
const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16
/** Characters of a subject. */
const subjectCharsMax = 256

export interface VaultOptions {
  /** Absolute; the folder of keys. Made when a key is. */
  readonly directory: string
  readonly randomBytes: RandomBytes
  readonly clock: Pick<Clock, 'nowMs'>
}

/** The value as JSON text, or why it cannot be read any more; undefined: it was not encrypted here. */
export type Revealed = { readonly text: string } | 'erased' | undefined

/** Each method throws `VaultError` when the keys cannot be used. */
export interface Vault {
  /** `hmac-sha256:` and 43 characters (RFC 2104), the same for the same text. */
  hash(text: string): string
  /** `{"encrypted": "...", "key": "..."}`: `text` is a value as JSON. */
  encrypt(subject: string, text: string): JsonObject
  /** Reads what `encrypt` gave. */
  reveal(value: JsonObject): Revealed
  /** 32 bytes with which is sealed what agents are given to bring back. */
  sealKey(): Uint8Array
  /** Deletes the subject's key for good. False where it has none. */
  erase(subject: string): boolean
  /** Erasures that no record tells of yet. */
  unrecordedErasures(): readonly Erasure[]
  erasureRecorded(erasure: Erasure): void
  close(): void
}

export function openVault({ directory, randomBytes, clock }: VaultOptions): Vault {
  const hashFile = join(directory, 'record-hash.key')
  const subjectsFile = join(directory, 'subjects.sqlite')
  const sealFile = join(directory, 'seal.key')
  let hashKey: Buffer | undefined
  let sealKey: Buffer | undefined
  let subjectKeys: SubjectKeys | undefined

  function hash(text: string): string {
    hashKey ??= keyOfFile(hashFile, 'finds no old value', randomBytes)
    return `hmac-sha256:${createHmac('sha256', hashKey).update(text, 'utf8').digest('base64url')}`
  }

  function keys(): SubjectKeys {
    subjectKeys ??= new SubjectKeys(subjectsFile)
    return subjectKeys
  }

  /** Undefined where nothing was ever encrypted: looking makes no file. */
  function keysThere(): SubjectKeys | undefined {
    return subjectKeys === undefined && !existsSync(subjectsFile) ? undefined : keys()
  }

  return {
    hash,
    encrypt(subject, text) {
      if (subject === '' || subject.length > subjectCharsMax)
        throw new VaultError(`a subject has 1 to ${subjectCharsMax} characters, this one ${subject.length}`)
      const { id, key } = keys().keyOf(hash(subject), randomBytes)
      const nonce = randomBytes(nonceBytes)
      const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(id))
      const sealed = Buffer.concat([nonce, sealing.update(text, 'utf8'), sealing.final(), sealing.getAuthTag()])
      return { encrypted: sealed.toString('base64url'), key: id }
    },
    reveal({ encrypted, key: id }) {
      if (typeof encrypted !== 'string' || typeof id !== 'string') return undefined
      const there = keysThere()
      const key = there?.keyById(id)
      if (key === undefined) return there?.wasErased(id) === true ? 'erased' : undefined
      const sealed = Buffer.from(encrypted, 'base64url')
      if (sealed.length < nonceBytes + tagBytes) return undefined
      const opening = createDecipheriv(cipher, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(id))
        .setAuthTag(sealed.subarray(-tagBytes))
      try {
        const text = Buffer.concat([opening.update(sealed.subarray(nonceBytes, -tagBytes)), opening.final()])
        return { text: text.toString('utf8') }
      } catch {
        // Another text under the same name, or one that was changed.
        return undefined
      }
    },
    sealKey() {
      sealKey ??= keyOfFile(sealFile, 'opens nothing that agents were given', randomBytes)
      return sealKey
    },
    erase: (subject) => keysThere()?.erase(hash(subject), clock.nowMs()) !== undefined,
    unrecordedErasures: () => keysThere()?.unrecorded() ?? [],
    erasureRecorded: ({ id }) => keys().recorded(id),
    close() {
      subjectKeys?.close()
      subjectKeys = undefined
    },
  }
}
