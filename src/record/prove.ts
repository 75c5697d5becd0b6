/** Proofs for others: that records stand in the log at their places, and that a later log begins with an earlier one. */
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  type ReadTile,
  type SignedCheckpoint,
  type VerifierKey,
} from '../proof/index.ts'

/** Why there is no proof; the message is for whoever asked. */
export class UnprovableError extends Error {
  override readonly name = 'UnprovableError'
  /** `uncovered`: not yet; `broken`: the log is not what it was. */
  readonly code: 'uncovered' | 'broken'

  constructor(code: UnprovableError['code'], message: string) {
    super(message)
    this.code = code
  }
}

export interface ProveOptions {
  readonly read: ReadTile
  readonly key: VerifierKey
  readonly checkpoint: SignedCheckpoint
}

/** All that a stranger needs to check it, but the public key, which they should have from elsewhere. */
export interface InclusionProof {
  /** The signed note. */
  readonly checkpoint: string
  readonly key: string
  readonly records: readonly {
    /** Its place in the log, from 0. */
    readonly line: number
    /** The line without its newline. */
    readonly text: string
    /** RFC 6962 section 2.1.1, base64. */
    readonly path: readonly string[]
  }[]
}

export interface ConsistencyProof {
  readonly earlier: { readonly size: number; readonly root: string }
  /** The signed note of the later one. */
  readonly checkpoint: string
  readonly key: string
  /** RFC 6962 section 2.1.2, base64. */
  readonly path: readonly string[]
}

/** `lines`: places and texts. Throws `UnprovableError`, and what reading the tiles throws. */
export async function proveLines(
  lines: readonly { readonly line: number; readonly text: string }[],
  { read, key, checkpoint }: ProveOptions,
): Promise<InclusionProof> {
  const { size, root, note } = checkpoint
  const records = []
  for (const { line, text } of lines) {
    if (line >= size)
      throw new UnprovableError(
        'uncovered',
        `the line ${line} is behind the newest checkpoint, which covers ${size} lines; ask again in a second`,
      )
    const path = await inclusionProof(line, size, read)
    if (!isIncluded(leafHash(Buffer.from(text)), line, size, path, root))
      throw new UnprovableError(
        'broken',
        `the line ${line} or the tiles are not what the checkpoint was signed over; run \`gatehouse audit verify\``,
      )
    records.push({ line, text, path: path.map((hash) => hash.toString('base64')) })
  }
  return { checkpoint: note, key: key.text, records }
}

/** That the log of the checkpoint begins with the earlier one. Throws `UnprovableError`, and what reading the tiles throws. */
export async function proveConsistency(
  earlier: { readonly size: number; readonly root: Buffer },
  { read, key, checkpoint }: ProveOptions,
): Promise<ConsistencyProof> {
  const { size } = checkpoint
  if (earlier.size > size)
    throw new UnprovableError(
      'broken',
      `the earlier checkpoint covers ${earlier.size} lines, the later one only ${size}: the log was rolled back, or they are in the wrong order`,
    )
  const path = await consistencyProof(earlier.size, size, read)
  if (!isConsistent(earlier, checkpoint, path))
    throw new UnprovableError(
      'broken',
      `the log of ${size} lines does not begin with the ${earlier.size} lines of the earlier checkpoint; run \`gatehouse audit verify\` with that one`,
    )
  return {
    earlier: { size: earlier.size, root: earlier.root.toString('base64') },
    checkpoint: checkpoint.note,
    key: key.text,
    path: path.map((hash) => hash.toString('base64')),
  }
}
