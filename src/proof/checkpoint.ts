/** Checkpoints of a log: its name, how many lines it has and the root over them, signed (C2SP tlog-checkpoint). */
import { hashBytes } from './hash.ts'
import { exactBase64, logSignature, type Note, parseNote, type SignerKey } from './note.ts'

export interface Checkpoint {
  /** Name of the log; the name of its key as well. */
  readonly origin: string
  /** Lines, 0 or more. */
  readonly size: number
  readonly root: Buffer
}

/** The text that is signed. */
function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`
}

/** The whole note, signed by the log. */
export function signCheckpoint(size: number, root: Buffer, signer: SignerKey): string {
  const text = checkpointText({ origin: signer.verifier.name, size, root })
  return `${text}\n${logSignature(text, signer)}`
}

export interface SignedCheckpoint extends Checkpoint {
  /** As it was given. */
  readonly note: string
  readonly parsed: Note
}

/** Origins are shown to people: none of what moves a cursor or turns writing around stands in one. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** Undefined when it is no checkpoint. Whether its signature is right, `signedBy` says. */
export function parseCheckpoint(note: string): SignedCheckpoint | undefined {
  const parsed = parseNote(note)
  if (parsed === undefined) return undefined
  const [origin = '', sizeText = '', rootText = '', ...rest] = parsed.text.slice(0, -1).split('\n')
  const size = Number(sizeText)
  const root = exactBase64(rootText)
  if (origin === '' || invisible.test(origin)) return undefined
  if (!/^(0|[1-9]\d{0,15})$/.test(sizeText) || !Number.isSafeInteger(size)) return undefined
  if (root?.length !== hashBytes || rest.includes('')) return undefined
  return { origin, size, root, note, parsed }
}
