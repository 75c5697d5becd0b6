/**
 * How a checkpoint is kept elsewhere: in a file, in a bucket, by a webhook, or by a witness that signs it too (C2SP tlog-witness).
 * Of a file, a bucket and a witness it is asked first whether what they hold is the beginning of this log.
 */
import { dirname } from 'node:path'
import type { AnchorCredential, FetchDocument, ObjectStore } from '../model/index.ts'
import {
  noteCharsMax,
  parseCheckpoint,
  parseNote,
  parseSignatures,
  parseVerifier,
  type ReadTile,
  rootAt,
  type SignedCheckpoint,
  signedBy,
  type VerifierKey,
} from '../proof/index.ts'
import type { LogFiles } from './files.ts'
import { proveConsistency, UnprovableError } from './prove.ts'
import { isAbsent } from './tile-store.ts'

/** Milliseconds for one answer. */
const answerMsMax = 10_000
/** Bytes of an answer: some signatures, or a size. */
const answerBytesMax = 64 * 1024
const text = { 'content-type': 'text/plain; charset=utf-8' }

/** The other side holds a checkpoint of this log's key that is not the beginning of this log. */
export class AnchorContradicts extends Error {
  override readonly name = 'AnchorContradicts'
}

/** Rejects with why it is not kept. */
export type Keep = (checkpoint: SignedCheckpoint) => Promise<void>

export function keepInFile(parts: {
  readonly path: string
  readonly key: VerifierKey
  readonly read: ReadTile
  readonly files: LogFiles
}): Keep {
  const { path, key, read, files } = parts
  return async (checkpoint) => {
    const held = await heldIn(path, files)
    const earlier = held === undefined ? undefined : parseCheckpoint(held)
    if (held !== undefined && earlier === undefined)
      throw new Error(`\`${path}\` holds something else than a checkpoint and is left as it is; name another file`)
    if (earlier !== undefined) await begins(earlier, { read, key, checkpoint }, `\`${path}\``)
    await files.makeDirectory(dirname(path))
    await files.replace(path, Buffer.from(checkpoint.note))
  }
}

async function heldIn(path: string, files: LogFiles): Promise<string | undefined> {
  try {
    const bytes = await files.read(path, 0, noteCharsMax)
    return bytes.length === 0 ? undefined : bytes.toString()
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    throw cause
  }
}

interface Growth {
  readonly read: ReadTile
  readonly key: VerifierKey
  readonly checkpoint: SignedCheckpoint
}

/** Rejects when the checkpoint that is held there is of another log, or of another history of this one. */
async function begins(earlier: SignedCheckpoint, growth: Growth, where: string): Promise<void> {
  if (signedBy(earlier.parsed, growth.key).kind !== 'signed')
    throw new AnchorContradicts(`${where} holds a checkpoint of \`${earlier.origin}\` that this log's key did not sign`)
  try {
    await proveConsistency(earlier, growth)
  } catch (cause) {
    if (cause instanceof UnprovableError)
      throw new AnchorContradicts(
        `${where} holds a checkpoint over ${earlier.size} lines that is not of this log, whose newest covers ${growth.checkpoint.size}`,
      )
    throw cause
  }
}

/** Opens a bucket of the settings; handed in, because this room knows none of its protocols. */
export type OpenStore = (bucket: unknown, answerMsMax: number) => ObjectStore

/** Digits of the greatest size there can be. */
const sizeDigits = 16

/**
 * Each checkpoint is an object of its own. Names begin with what is left to the greatest size, so that the newest one is listed
 * first. What the bucket holds is looked at before anything is put there, and where there is a checkpoint of that size already.
 */
export function keepInStore(parts: {
  readonly bucket: unknown
  readonly openStore: OpenStore
  readonly key: VerifierKey
  readonly read: ReadTile
}): Keep {
  const { key, read } = parts
  const store = parts.openStore(parts.bucket, answerMsMax)
  let isLookedAt = false

  async function expectBeginning(folder: string, name: string, checkpoint: SignedCheckpoint): Promise<void> {
    const where = `\`${store.place}${folder}${name}\``
    const held = await store.get(folder + name)
    const earlier = held === undefined ? undefined : parseCheckpoint(asText(held))
    if (earlier === undefined) throw new Error(`${where} is no checkpoint; name another prefix`)
    await begins(earlier, { read, key, checkpoint }, where)
  }

  return async (checkpoint) => {
    const folder = `${checkpoint.origin}/checkpoints/`
    const newest = isLookedAt ? undefined : await store.first(folder)
    if (newest !== undefined) await expectBeginning(folder, newest, checkpoint)
    isLookedAt = true
    const name = nameOfSize(checkpoint.size)
    const put = await store.put(folder + name, Buffer.from(checkpoint.note), text['content-type'])
    if (put === 'there') await expectBeginning(folder, name, checkpoint)
  }
}

function nameOfSize(size: number): string {
  return [Number.MAX_SAFE_INTEGER - size, size].map((one) => String(one).padStart(sizeDigits, '0')).join('-')
}

/** The body is the checkpoint: it is signed. */
export function postToWebhook(parts: {
  readonly url: string
  readonly credential: AnchorCredential | undefined
  readonly fetchDocument: FetchDocument
}): Keep {
  return async ({ note }) => {
    const { status } = await parts.fetchDocument(post(parts.url, note, parts.credential))
    if (status < 200 || status > 299) throw new Error(`\`${parts.url}\` answered ${status}`)
  }
}

function post(url: string, body: string, credential: AnchorCredential | undefined): Parameters<FetchDocument>[0] {
  const headers = credential === undefined ? text : { ...text, [credential.header]: credential.value }
  return { url, method: 'POST', body: Buffer.from(body), headers, bytesMax: answerBytesMax, msMax: answerMsMax }
}

/** `keep` gets the checkpoint with the signature of the witness. */
export function keepWithWitness(parts: {
  /** The submission prefix. */
  readonly url: string
  /** Its public key, as text that was checked. */
  readonly witness: string
  readonly credential: AnchorCredential | undefined
  readonly key: VerifierKey
  readonly read: ReadTile
  readonly fetchDocument: FetchDocument
  readonly keep: (note: string) => Promise<void>
}): Keep {
  const { url, credential, key, read, fetchDocument } = parts
  const witness = parseVerifier(parts.witness)
  if (witness?.kind !== 'witness') throw new TypeError('the key of a witness is not one')
  const address = `${url.replace(/\/+$/, '')}/add-checkpoint`
  /** Lines of the checkpoint that the witness saw last, as far as is known. */
  let seen = 0

  async function submit(checkpoint: SignedCheckpoint) {
    const { path } = await growth(seen, { read, key, checkpoint })
    const body = `old ${seen}\n${path.map((hash) => `${hash}\n`).join('')}\n${checkpoint.note}`
    return await fetchDocument(post(address, body, credential))
  }

  return async (checkpoint) => {
    let answer = await submit(checkpoint)
    if (answer.status === 409 && answer.headers.get('content-type') === 'text/x.tlog.size') {
      const size = Number(/^(\d{1,16})\n$/.exec(asText(answer.bytes))?.[1] ?? Number.NaN)
      if (!Number.isSafeInteger(size)) throw new Error(`\`${address}\` answered 409 without a size`)
      if (size > checkpoint.size)
        throw new AnchorContradicts(
          `\`${url}\` has seen a checkpoint over ${size} lines, and the newest of this log covers ${checkpoint.size}`,
        )
      seen = size
      answer = await submit(checkpoint)
    }
    if (answer.status === 409 || answer.status === 422)
      throw new AnchorContradicts(`\`${url}\` has seen other ${seen} lines than those that this log begins with`)
    if (answer.status !== 200) throw new Error(`\`${address}\` answered ${answer.status}`)
    const cosigned = parseNote(checkpoint.note + asText(answer.bytes))
    if (cosigned === undefined || parseSignatures(asText(answer.bytes)) === undefined)
      throw new Error(`\`${address}\` answered something else than signatures`)
    const verdict = signedBy(cosigned, witness)
    if (verdict.kind !== 'signed')
      throw new Error(
        `\`${address}\` answered no signature of \`${witness.name}\` that fits; look at \`key\` of this anchor`,
      )
    seen = checkpoint.size
    const own = cosigned.signatures.filter(({ name, id }) => name === witness.name && id === witness.id)
    await parts.keep(checkpoint.note + own.map(({ line }) => line).join(''))
  }
}

/** Of a tree that the witness saw under this very key: what it is must be asked of the tiles. */
async function growth(seen: number, { read, key, checkpoint }: Growth): Promise<{ path: readonly string[] }> {
  if (seen === 0) return { path: [] }
  const root = await rootAt(seen, checkpoint.size, read)
  return await proveConsistency({ size: seen, root }, { read, key, checkpoint })
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
