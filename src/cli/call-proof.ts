/** What vouches for the records of one call: found beside the log, and said in a sentence. */
import { messageOf, visible } from '../model/index.ts'
import { parseCheckpoint, parseVerifier, type SignedCheckpoint, signedBy, type VerifierKey } from '../proof/index.ts'
import {
  type FoundCall,
  newestRecorded,
  nodeFiles,
  proveLines,
  readTileStore,
  UnprovableError,
} from '../record/index.ts'

/** The records of a call as lines of the log. */
export function linesOfCall({
  decision,
  decisionText,
  outcome,
  outcomeText,
}: FoundCall): { line: number; text: string }[] {
  return [
    { line: decision.seq, text: decisionText },
    ...(outcome === undefined || outcomeText === undefined ? [] : [{ line: outcome.seq, text: outcomeText }]),
  ]
}

/** The log's own: the file, or what the log recorded last. Nobody looked at its signature. */
export async function newestCheckpoint(directory: string): Promise<SignedCheckpoint | undefined> {
  const note = await readTileStore(directory, nodeFiles).checkpoint()
  const own = note === undefined ? undefined : parseCheckpoint(note)
  return own ?? (await newestRecorded(nodeFiles, directory))
}

export function isSignedBy({ origin, parsed }: SignedCheckpoint, key: VerifierKey): boolean {
  return origin === key.name && signedBy(parsed, key).kind === 'signed'
}

export interface CallProof {
  readonly says: string
  /** False when the records, or what vouches for them, are not what was signed. */
  readonly holds: boolean
}

const look = 'run `gatehouse audit verify`'

/** With the key that lies beside the log: whoever can change the log can change it too, and `audit verify --key` takes one from elsewhere. */
export async function proofOfCall(found: FoundCall, directory: string): Promise<CallProof> {
  const { read, ...store } = readTileStore(directory, nodeFiles)
  const [keyText, checkpoint] = [await store.key(), await newestCheckpoint(directory)]
  if (keyText === undefined || checkpoint === undefined)
    return { says: 'nothing vouches for them: there is no checkpoint or no key beside the log', holds: true }
  const key = parseVerifier(keyText)
  if (key === undefined || !isSignedBy(checkpoint, key))
    return { says: `the newest checkpoint is not signed by the key beside the log; ${look}`, holds: false }
  const lines = linesOfCall(found)
  try {
    await proveLines(lines, { read, key, checkpoint })
    const what = lines.length === 1 ? 'the record is' : 'both records are'
    return { says: `${what} in the log of ${checkpoint.size} lines that \`${key.name}\` signed`, holds: true }
  } catch (cause) {
    if (cause instanceof UnprovableError) return { says: cause.message, holds: cause.code !== 'broken' }
    return { says: `the tree beside the log cannot be read: ${visible(messageOf(cause))}; ${look}`, holds: false }
  }
}
