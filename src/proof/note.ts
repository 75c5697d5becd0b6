/**
 * Signed notes and their keys (C2SP signed-note), with plain Ed25519 signatures of logs and timestamped ones of witnesses
 * (C2SP tlog-cosignature, Ed25519). Keys are one line of text that carries their name.
 */
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'

/** Signature type bytes of C2SP signed-note. `log`: over the note's text; `witness`: over a time and the text. */
const typeBytes = { log: 0x01, witness: 0x04 } as const
export type KeyKind = keyof typeof typeBytes

/** Characters of a note at most: a checkpoint with some sixteen signatures, also of types that are not read here. */
export const noteCharsMax = 128 * 1024
/** Signature lines of a note at most. */
const signaturesMax = 64
const seedBytes = 32
const idBytes = 4
const timeBytes = 8
const signatureBytes = 64

/** DER of an Ed25519 key before its 32 bytes (RFC 8410 sections 4 and 7). */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')

export interface VerifierKey {
  readonly name: string
  readonly kind: KeyKind
  /** 8 hexadecimal digits. */
  readonly id: string
  /** `name+id+base64`, as it is given to others. */
  readonly text: string
  readonly key: KeyObject
}

export interface SignerKey {
  readonly verifier: VerifierKey
  /** `PRIVATE+KEY+name+id+base64`: what is kept secret. */
  readonly text: string
  readonly key: KeyObject
}

/** Non-empty, without white space and `+`; bounded so that it fits a line. */
function isKeyName(name: string): boolean {
  return /^[^\s+\p{Cc}\p{Cf}\p{Z}]{1,256}$/u.test(name)
}

/** From 32 secret bytes. Throws `RangeError` for a name that may not be one. */
export function signerFromSeed(name: string, seed: Uint8Array, kind: KeyKind): SignerKey {
  if (!isKeyName(name)) throw new RangeError('a key name has 1 to 256 characters, none of them white space or `+`')
  const key = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' })
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length)
  const verifier = verifierFromRaw(name, raw, kind)
  const body = Buffer.concat([Buffer.of(typeBytes[kind]), seed]).toString('base64')
  return { verifier, text: `PRIVATE+KEY+${name}+${verifier.id}+${body}`, key }
}

function verifierFromRaw(name: string, raw: Buffer, kind: KeyKind): VerifierKey {
  const typed = Buffer.concat([Buffer.of(typeBytes[kind]), raw])
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'hex').slice(0, 2 * idBytes)
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' })
  return { name, kind, id, text: `${name}+${id}+${typed.toString('base64')}`, key }
}

/** What stands in a key file, white space around it left out; undefined when it is not such a key. */
export function parseSigner(text: string): SignerKey | undefined {
  const found = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim())
  if (found === null) return undefined
  const [, name = '', id, body = ''] = found
  const typed = exactBase64(body)
  const kind = typed === undefined ? undefined : kindOf(typed)
  if (typed === undefined || kind === undefined || !isKeyName(name)) return undefined
  const signer = signerFromSeed(name, typed.subarray(1), kind)
  return signer.verifier.id === id ? signer : undefined
}

/** A public key as text; undefined when it is none, or its id is not of it. */
export function parseVerifier(text: string): VerifierKey | undefined {
  const found = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim())
  if (found === null) return undefined
  const [, name = '', id, body = ''] = found
  const typed = exactBase64(body)
  const kind = typed === undefined ? undefined : kindOf(typed)
  if (typed === undefined || kind === undefined || !isKeyName(name)) return undefined
  const verifier = verifierFromRaw(name, typed.subarray(1), kind)
  return verifier.id === id ? verifier : undefined
}

function kindOf(typed: Buffer): KeyKind | undefined {
  if (typed.length !== 1 + seedBytes) return undefined
  return (Object.keys(typeBytes) as KeyKind[]).find((kind) => typeBytes[kind] === typed[0])
}

/** Only what encodes back to the same text: one value has one text. */
export function exactBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** The signature line of a log for this text, which ends with a newline. */
export function logSignature(text: string, { verifier, key }: SignerKey): string {
  return signatureLine(verifier, sign(null, Buffer.from(text), key))
}

/** The signature line of a witness: what it saw, and when, in whole seconds since 1970. */
export function witnessSignature(text: string, { verifier, key }: SignerKey, timeS: number): string {
  const time = Buffer.alloc(timeBytes)
  time.writeBigUInt64BE(BigInt(timeS))
  return signatureLine(verifier, Buffer.concat([time, sign(null, Buffer.from(witnessed(text, timeS)), key)]))
}

function witnessed(text: string, timeS: number | bigint): string {
  return `cosignature/v1\ntime ${timeS}\n${text}`
}

function signatureLine({ name, id }: VerifierKey, signature: Buffer): string {
  return `\u2014 ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`
}

export interface Signature {
  readonly name: string
  readonly id: string
  readonly bytes: Buffer
  /** With its newline. */
  readonly line: string
}

export interface Note {
  /** With its last newline. */
  readonly text: string
  readonly signatures: readonly Signature[]
}

/** Undefined when it is no signed note. Nothing of it is to be believed before `signedBy` said so. */
export function parseNote(note: string): Note | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: signed-note forbids these
  if (note.length > noteCharsMax || /[\u0000-\u0009\u000b-\u001f]/.test(note)) return undefined
  const border = note.lastIndexOf('\n\n')
  if (border === -1 || !note.endsWith('\n')) return undefined
  const signatures = parseSignatures(note.slice(border + 2))
  return signatures === undefined || signatures.length === 0
    ? undefined
    : { text: note.slice(0, border + 1), signatures }
}

/** Lines of signatures alone, as a witness answers them. */
export function parseSignatures(lines: string): Signature[] | undefined {
  if (!lines.endsWith('\n')) return undefined
  const found: Signature[] = []
  for (const line of lines.slice(0, -1).split('\n')) {
    const [, name = '', body = ''] = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? []
    const bytes = exactBase64(body)
    if (!isKeyName(name) || bytes === undefined || bytes.length <= idBytes) return undefined
    const id = bytes.toString('hex', 0, idBytes)
    found.push({ name, id, bytes: bytes.subarray(idBytes), line: `${line}\n` })
    if (found.length > signaturesMax) return undefined
  }
  return found
}

/**
 * `absent`: no signature of this key; `wrong`: one that does not verify; else it is signed, by a witness at `timeS`, seconds
 * since 1970.
 */
export type Verdict = { readonly kind: 'absent' | 'wrong' } | { readonly kind: 'signed'; readonly timeS?: number }

export function signedBy({ text, signatures }: Note, { name, id, kind, key }: VerifierKey): Verdict {
  const own = signatures.filter((one) => one.name === name && one.id === id)
  let timeS: number | undefined
  for (const { bytes } of own) {
    if (kind === 'log') {
      if (bytes.length !== signatureBytes || !verify(null, Buffer.from(text), key, bytes)) return { kind: 'wrong' }
      continue
    }
    if (bytes.length !== timeBytes + signatureBytes) return { kind: 'wrong' }
    const time = bytes.readBigUInt64BE(0)
    if (!verify(null, Buffer.from(witnessed(text, time)), key, bytes.subarray(timeBytes))) return { kind: 'wrong' }
    timeS = Number(time)
  }
  if (own.length === 0) return { kind: 'absent' }
  return timeS === undefined ? { kind: 'signed' } : { kind: 'signed', timeS }
}
