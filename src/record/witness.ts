/**
 * A witness for the logs of others (C2SP tlog-witness, tlog-cosignature): it remembers the newest checkpoint of each log that it knows
 * and signs a newer one only if the log did nothing but grow since then.
 */
import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../model/index.ts'
import {
  exactBase64,
  isConsistent,
  noteCharsMax,
  parseCheckpoint,
  type SignedCheckpoint,
  type SignerKey,
  signedBy,
  type VerifierKey,
  witnessSignature,
} from '../proof/index.ts'
import type { LogFiles } from './files.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { isAbsent } from './tile-store.ts'

/** Hashes of a consistency proof at most (C2SP tlog-witness). */
const proofHashesMax = 63
const hashBytes = 32

export interface WitnessOptions {
  /** Absolute: where the newest checkpoints are kept. */
  readonly directory: string
  readonly signer: SignerKey
  /** Of the logs whose checkpoints it signs. */
  readonly logs: readonly VerifierKey[]
  readonly files: LogFiles
  readonly clock: Clock
}

export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly type: string
  readonly body: string
}

export interface Witness {
  readonly key: VerifierKey
  /** Answers the body of `add-checkpoint`. One at a time: none can overtake another. */
  addCheckpoint(body: string): Promise<WitnessAnswer>
  /** The newest checkpoint of a log with both signatures; undefined when none was seen. */
  newest(origin: string): Promise<string | undefined>
}

const plain = 'text/plain; charset=utf-8'

export function makeWitness({ directory, signer, logs, files, clock }: WitnessOptions): Witness {
  const alone = oneAtATime()

  const pathOf = (origin: string) => join(directory, `${hash('sha256', origin, 'hex')}.checkpoint`)

  async function newest(origin: string): Promise<string | undefined> {
    try {
      return (await files.read(pathOf(origin), 0, noteCharsMax)).toString()
    } catch (cause) {
      if (isAbsent(cause)) return undefined
      throw cause
    }
  }

  async function add(body: string): Promise<WitnessAnswer> {
    const request = parseRequest(body)
    if (request === undefined) return answered(400, 'an old size, a proof, an empty line and a checkpoint are expected')
    const { oldSize, path, checkpoint } = request
    const keys = logs.filter(({ name }) => name === checkpoint.origin)
    if (keys.length === 0) return answered(404, 'this log is not known here')
    if (!keys.some((key) => signedBy(checkpoint.parsed, key).kind === 'signed'))
      return answered(403, 'no signature of a known key of this log fits')
    if (oldSize > checkpoint.size) return answered(400, 'the old size is larger than that of the checkpoint')
    const held = await newest(checkpoint.origin)
    const last = held === undefined ? undefined : parseCheckpoint(held)
    if (held !== undefined && last === undefined)
      throw new Error(`\`${pathOf(checkpoint.origin)}\` holds no checkpoint; restore it`)
    if (oldSize !== (last?.size ?? 0)) return { status: 409, type: 'text/x.tlog.size', body: `${last?.size ?? 0}\n` }
    if (last?.size === checkpoint.size && !last.root.equals(checkpoint.root))
      return answered(409, 'another root was seen for this size')
    if (last !== undefined && !isConsistent(last, checkpoint, path))
      return answered(422, 'the proof does not lead from the old checkpoint to the new one')
    const line = witnessSignature(checkpoint.parsed.text, signer, Math.floor(clock.nowMs() / 1_000))
    // Before it is given away: what was signed once is never forgotten.
    await files.makeDirectory(directory)
    await files.replace(pathOf(checkpoint.origin), Buffer.from(ownSignatures(checkpoint, keys) + line))
    return { status: 200, type: plain, body: line }
  }

  return {
    key: signer.verifier,
    newest,
    addCheckpoint(body) {
      return alone(() => add(body))
    },
  }
}

function answered(status: Exclude<WitnessAnswer['status'], 200>, says: string): WitnessAnswer {
  return { status, type: plain, body: `${says}\n` }
}

/** The text with the signatures of the log alone: what else came with it is not ours to keep. */
function ownSignatures({ parsed }: SignedCheckpoint, keys: readonly VerifierKey[]): string {
  const own = parsed.signatures.filter(({ name, id }) => keys.some((key) => key.name === name && key.id === id))
  return `${parsed.text}\n${own.map(({ line }) => line).join('')}`
}

function parseRequest(
  body: string,
): { oldSize: number; path: readonly Buffer[]; checkpoint: SignedCheckpoint } | undefined {
  const border = body.indexOf('\n\n')
  const [first = '', ...hashes] = body.slice(0, Math.max(0, border)).split('\n')
  const digits = /^old (0|[1-9]\d{0,15})$/.exec(first)?.[1]
  if (digits === undefined || hashes.length > proofHashesMax) return undefined
  const path = hashes.map(exactBase64)
  const checkpoint = parseCheckpoint(body.slice(border + 2))
  if (checkpoint === undefined || path.some((one) => one?.length !== hashBytes)) return undefined
  if (digits === '0' && path.length > 0) return undefined
  return { oldSize: Number(digits), path: path as Buffer[], checkpoint }
}
