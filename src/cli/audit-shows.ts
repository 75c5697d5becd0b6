/** What the operators' port shows of the proof of the log, from the log itself. */
import { join } from 'node:path'
import type { AuditShows, Proved } from '../control/index.ts'
import type { Clock, Config, RandomBytes } from '../model/index.ts'
import {
  hashBytes,
  parseTilePath,
  parseVerifier,
  rootAt,
  tileWidth,
  type VerifierKey,
  widthOf,
} from '../proof/index.ts'
import {
  type DecisionLog,
  findCall,
  isRecordId,
  type LogFiles,
  makeWitness,
  openWitnessKey,
  proveConsistency,
  proveLines,
  recordAt,
  UnprovableError,
  type Witness,
} from '../record/index.ts'

interface Parts {
  readonly config: Config
  readonly proof: NonNullable<DecisionLog['proof']>
  readonly files: LogFiles
  readonly clock: Clock
  readonly randomBytes: RandomBytes
}

/** Throws `LogOpenError` when the key of a witness cannot be used. */
export function auditShows({ config, proof, files, clock, randomBytes }: Parts): AuditShows {
  const { key, read } = proof
  const finding = { directory: config.log.directory, files, signal: new AbortController().signal }
  const witness = witnessOf({ config, files, clock, randomBytes })

  async function linesOf(id: string): Promise<{ line: number; text: string }[] | undefined> {
    if (!isRecordId(id)) {
      const line = Number(id)
      const text = await recordAt(line, finding)
      return text === undefined ? undefined : [{ line, text }]
    }
    const found = await findCall(id, finding)
    if (found === undefined) return undefined
    const { decision, decisionText, outcome, outcomeText } = found
    const first = { line: decision.seq, text: decisionText }
    return outcome === undefined || outcomeText === undefined
      ? [first]
      : [first, { line: outcome.seq, text: outcomeText }]
  }

  return {
    checkpoint: () => proof.checkpoint().note,
    key: () => key.text,
    async tile(path) {
      const asked = parseTilePath(path)
      const { size } = proof.checkpoint()
      if (asked === undefined || asked.width > widthOf(size, asked.level, asked.index)) return undefined
      const bytes = await read(asked.level, asked.index, asked.width)
      return { bytes: bytes.subarray(0, asked.width * hashBytes), isFull: asked.width === tileWidth }
    },
    async prove(text) {
      const id = text.toLowerCase()
      if (!isRecordId(id) && !/^\d{1,16}$/.test(id))
        return { refusal: 'question', says: '`id` takes the id of a call or a decision, or the number of a line' }
      const lines = await linesOf(id)
      if (lines === undefined) return { refusal: 'unknown', says: `the log has no call and no line \`${id}\`` }
      return proved(proveLines(lines, { read, key, checkpoint: proof.checkpoint() }))
    },
    async consistency(text) {
      const size = Number(text)
      const checkpoint = proof.checkpoint()
      if (!/^\d{1,16}$/.test(text) || size > checkpoint.size)
        return { refusal: 'question', says: `\`from\` takes a number of lines, from 0 to ${checkpoint.size}` }
      return proved(
        proveConsistency({ size, root: await rootAt(size, checkpoint.size, read) }, { read, key, checkpoint }),
      )
    },
    witness: witness && {
      add: (body) => witness.addCheckpoint(body),
      newest: (origin) => witness.newest(origin),
      key: () => witness.key.text,
    },
  }
}

async function proved(proving: Promise<object>): Promise<Proved> {
  try {
    return { proof: await proving }
  } catch (cause) {
    if (cause instanceof UnprovableError) return { refusal: 'unproven', says: cause.message }
    throw cause
  }
}

function witnessOf({ config, files, clock, randomBytes }: Omit<Parts, 'proof'>): Witness | undefined {
  const settings = config.audit.witness
  if (settings === undefined) return undefined
  return makeWitness({
    directory: join(config.dataDirectory, 'witness'),
    signer: openWitnessKey(settings, randomBytes),
    // Checked with the configuration.
    logs: settings.logs.map(parseVerifier).filter((key): key is VerifierKey => key !== undefined),
    files,
    clock,
  })
}
