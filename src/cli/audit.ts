/** `gatehouse audit`: whether the log is what was signed, and proofs for others. Reads the files of the log; the gateway need not run. */
import { join, resolve } from 'node:path'
import { messageOf, visible } from '../model/index.ts'
import {
  noteCharsMax,
  parseCheckpoint,
  parseVerifier,
  type SignedCheckpoint,
  type VerifierKey,
} from '../proof/index.ts'
import {
  type Finding,
  findCall,
  isRecordId,
  nodeFiles,
  proveConsistency,
  proveLines,
  readTileStore,
  recordAt,
  UnprovableError,
  UnverifiableError,
  type Verified,
  verifyLog,
} from '../record/index.ts'
import { isSignedBy, linesOfCall, newestCheckpoint } from './call-proof.ts'
import type { Options, RunCommand } from './command.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { jsonFor } from './json-output.ts'
import { readNamed } from './named-file.ts'
import { goneText } from './removed.ts'
import { asCommandError, logDirectory } from './tail.ts'

export const runAudit: RunCommand = async (options, io) => {
  const [what = '', ...values] = options.operands
  // INVARIANT: the table lets only these names pass.
  const run = doings[what]
  if (run === undefined) throw new TypeError('an audit that is not there')
  const log = options.text('log')
  const directory = log === undefined ? logDirectory(options, io) : resolve(io.directory, log)
  try {
    return await run({ options, io, directory, values })
  } catch (cause) {
    if (cause instanceof UnverifiableError)
      throw new CommandError(cause.message, cause.isChanged ? exitStatus.finding : exitStatus.usage)
    if (cause instanceof UnprovableError) throw new CommandError(cause.message, exitStatus.finding)
    throw asCommandError(cause, directory)
  }
}

interface Asked {
  readonly options: Options
  readonly io: Io
  /** Absolute: of the log. */
  readonly directory: string
  readonly values: readonly string[]
}

const doings: { readonly [what: string]: (asked: Asked) => Promise<number> } = { verify, prove, consistency, key }

interface FoundKey {
  readonly key: VerifierKey
  /** Where it came from, and what that means. */
  readonly source: 'file' | 'log'
  readonly path: string
}

async function verify(asked: Asked): Promise<number> {
  noValues(asked, 0, 'verify')
  const { options, io, directory } = asked
  const found = await keyOf(asked)
  const checkpoints = options.list('checkpoint').map((file) => ({
    source: `\`${visible(file)}\``,
    note: textOf(file, io, 'the checkpoint'),
  }))
  const verified = await verifyLog({
    directory,
    files: nodeFiles,
    key: found.key,
    checkpoints,
    witness: witnessKeyOf(options, io),
  })
  await io.out.write(options.text('format') === 'json' ? verifiedJson(verified, found) : verifiedText(verified, found))
  return verified.finding === undefined ? exitStatus.done : exitStatus.finding
}

function verifiedJson(
  { lines, removed, checkpoint, source, after, witnessed, finding }: Verified,
  { key, source: from, path }: FoundKey,
): string {
  return `${JSON.stringify({
    whole: finding === undefined,
    lines,
    covered: checkpoint.size,
    after,
    ...(removed !== undefined && {
      removed: { lines: removed.lines, record: removed.by.seq, time: removed.by.timestamp },
    }),
    ...(finding !== undefined && { first: finding, says: findingText(finding) }),
    ...(witnessed !== undefined && { witnessed: { size: witnessed.size, time: timeText(witnessed.timeS) } }),
    checkpoint: { source, origin: checkpoint.origin, size: checkpoint.size, root: checkpoint.root.toString('base64') },
    key: { source: from, path, text: key.text },
  })}\n`
}

function verifiedText(
  { lines, removed, checkpoint, source, after, witnessed, finding }: Verified,
  { key, source: from, path }: FoundKey,
): string {
  const which =
    removed === undefined
      ? `the first ${linesText(checkpoint.size)} are`
      : `the lines ${removed.lines} to ${checkpoint.size - 1} are`
  const verdict =
    finding === undefined ? `whole: ${which} as they were when they were signed` : `changed: ${findingText(finding)}`
  const retained = removed === undefined ? '' : removedText(removed, finding === undefined)
  const behind =
    after === 0
      ? `after it: no lines; the log has ${linesText(lines)}`
      : `after it: ${linesText(after)}, for which nothing vouches yet`
  const trust =
    from === 'file'
      ? `from \`${visible(path)}\``
      : `from \`${visible(path)}\`, beside the log: whoever can change the log can change it too; keep it elsewhere and name it with \`--key FILE\``
  const seen =
    witnessed === undefined
      ? ''
      : `witnessed: the first ${linesText(witnessed.size)}, at ${timeText(witnessed.timeS)}\n`
  return `${verdict}\n${retained}${seen}checkpoint: over ${linesText(checkpoint.size)}, of \`${visible(checkpoint.origin)}\`, from ${source}\n${behind}\nkey: \`${visible(key.text)}\`, ${trust}\n`
}

function removedText({ lines, by }: NonNullable<Verified['removed']>, fit: boolean): string {
  const which = lines === 1 ? 'line 0 was' : `lines 0 to ${lines - 1} were`
  const hashes = fit ? '; their hashes fit' : ''
  return `retention: ${which} removed by retention on ${by.timestamp.slice(0, 10)}, as record ${by.seq} says${hashes}\n`
}

function timeText(timeS: number): string {
  return new Date(timeS * 1_000).toISOString()
}

/** Lines are counted from 0, as `seq` is. */
function findingText({ kind, from, to, count, file, fileLine }: Finding): string {
  const place = file === undefined ? ', where the log ends' : ` (\`${file}\`, its line ${fileLine})`
  if (from !== to) {
    const ends = file === undefined ? ', or is missing at the end' : ''
    return `the first line that is not right is one of ${from} to ${to}${ends}${place}; the tiles beside the log cannot say which`
  }
  switch (kind) {
    case 'changed':
      return `line ${to} was changed${place}`
    case 'removed':
      return `line ${to}${count === undefined || count === 1 ? ' is' : ` and the ${count - 1} after it are`} missing${place}`
    case 'added':
      return `line ${to}${count === undefined || count === 1 ? ' was' : ` and the ${count - 1} after it were`} added${place}`
    case 'moved':
      return `line ${to} was moved${place}`
    case 'unclear':
      return `line ${to} is not right${place}`
  }
}

function linesText(count: number): string {
  return count === 1 ? '1 line' : `${count} lines`
}

async function prove(asked: Asked): Promise<number> {
  noValues(asked, 1, 'prove ID')
  const { io, directory, values } = asked
  const id = values[0] ?? ''
  const lines = /^\d{1,16}$/.test(id) ? await lineAt(asked, Number(id)) : await linesOf(asked, id)
  const { key } = await keyOf(asked)
  const checkpoint = signed(await newestCheckpoint(directory), key, `the log at \`${directory}\``)
  const { read } = readTileStore(directory, nodeFiles)
  const proof = await readingTiles(proveLines(lines, { read, key, checkpoint }))
  await io.out.write(`${jsonFor(io.out, JSON.stringify(proof, undefined, 2))}\n`)
  return exitStatus.done
}

async function lineAt({ directory }: Asked, line: number): Promise<{ line: number; text: string }[]> {
  const text = await recordAt(line, { directory, files: nodeFiles, signal: new AbortController().signal })
  if (text === undefined)
    throw new CommandError(
      `the log at \`${directory}\` has no line \`${line}\`${await goneText(directory, { line })}`,
      exitStatus.finding,
    )
  return [{ line, text }]
}

async function linesOf({ directory }: Asked, text: string): Promise<{ line: number; text: string }[]> {
  const id = text.toLowerCase()
  if (!isRecordId(id))
    throw new CommandError(
      `\`${visible(text.slice(0, 80))}\` is neither the id of a call nor the number of a line; the id is in the reply's \`Gatehouse-Decision\` and at the end of each line of \`gatehouse tail\``,
    )
  const found = await findCall(id, { directory, files: nodeFiles, signal: new AbortController().signal })
  if (found === undefined)
    throw new CommandError(
      `the log at \`${directory}\` has no call \`${id}\`${await goneText(directory, { id })}`,
      exitStatus.finding,
    )
  return linesOfCall(found)
}

async function consistency(asked: Asked): Promise<number> {
  noValues(asked, 2, 'consistency EARLIER [LATER]')
  const { io, directory, values } = asked
  const { key } = await keyOf(asked)
  const [earlierFile, laterFile] = values
  if (earlierFile === undefined)
    throw new CommandError(
      '`audit consistency` needs the file of an earlier checkpoint; write `audit consistency EARLIER [LATER]`',
    )
  const earlier = checkpointIn(earlierFile, io, key)
  const checkpoint =
    laterFile === undefined
      ? signed(await newestCheckpoint(directory), key, `the log at \`${directory}\``)
      : checkpointIn(laterFile, io, key)
  const { read } = readTileStore(directory, nodeFiles)
  const proof = await readingTiles(proveConsistency(earlier, { read, key, checkpoint }))
  await io.out.write(`${jsonFor(io.out, JSON.stringify(proof, undefined, 2))}\n`)
  return exitStatus.done
}

async function key(asked: Asked): Promise<number> {
  noValues(asked, 0, 'key')
  const { options, io } = asked
  const { key: found } = await keyOf(asked)
  const { text, name, id } = found
  await io.out.write(
    options.text('format') === 'json' ? `${JSON.stringify({ key: text, origin: name, id })}\n` : `${text}\n`,
  )
  return exitStatus.done
}

function noValues({ values, options }: Asked, allowed: number, usage: string): void {
  if (values.length > allowed)
    throw new CommandError(
      `\`audit ${options.operands[0]}\` takes no \`${visible(values[allowed] ?? '')}\`; write \`audit ${usage}\``,
    )
}

function witnessKeyOf(options: Options, io: Io): VerifierKey | undefined {
  const file = options.text('witness')
  if (file === undefined) return undefined
  const found = parseVerifier(textOf(file, io, 'the key of the witness'))
  if (found?.kind === 'witness') return found
  throw new CommandError(
    `\`${visible(file)}\` holds no public key of a witness; a Gatehouse that is one prints it at \`/audit/witness/key\` on its port for operators`,
  )
}

/** `--key FILE`, else what lies beside the log. */
async function keyOf({ options, io, directory }: Asked): Promise<FoundKey> {
  const named = options.text('key')
  const path = named === undefined ? join(directory, 'checkpoints', 'log.pub') : resolve(io.directory, named)
  const text = named === undefined ? await readTileStore(directory, nodeFiles).key() : textOf(named, io, 'the key')
  if (text === undefined)
    throw new CommandError(
      `there is no public key at \`${path}\`; a log is proven since \`gatehouse start\` made one. Name another place of the log with \`--log FOLDER\`, or a key with \`--key FILE\``,
    )
  const found = parseVerifier(text)
  if (found?.kind !== 'log')
    throw new CommandError(`\`${path}\` holds no public key of a log; \`gatehouse audit key\` prints one`)
  return { key: found, source: named === undefined ? 'log' : 'file', path }
}

function textOf(file: string, io: Io, what: string): string {
  return readNamed(file, what, io.directory).toString('utf8').slice(0, noteCharsMax)
}

function checkpointIn(file: string, io: Io, key: VerifierKey): SignedCheckpoint {
  return signed(parseCheckpoint(textOf(file, io, 'the checkpoint')), key, `\`${visible(file)}\``)
}

function signed(checkpoint: SignedCheckpoint | undefined, key: VerifierKey, where: string): SignedCheckpoint {
  if (checkpoint === undefined)
    throw new CommandError(
      `${where} holds no checkpoint; an anchor keeps them, and the port for operators gives the newest at \`/audit/checkpoint\``,
    )
  if (!isSignedBy(checkpoint, key))
    throw new CommandError(
      `the checkpoint in ${where} is not signed by \`${key.name}\` with the id \`${key.id}\``,
      exitStatus.finding,
    )
  return checkpoint
}

/** Tiles are made again from the lines at the next start, if need be. */
async function readingTiles<T>(proving: Promise<T>): Promise<T> {
  try {
    return await proving
  } catch (cause) {
    if (cause instanceof UnprovableError) throw cause
    throw new CommandError(
      `the tiles of the log cannot be read: ${messageOf(cause)}; the gateway makes them again when it starts`,
      exitStatus.finding,
    )
  }
}
