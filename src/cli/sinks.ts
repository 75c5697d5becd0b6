/**
 * `gatehouse sinks`: how far each receiver of the log is, what it refused, and that sent again. Reads what the gateway leaves in its data
 * folder, and leaves there what it is asked to do.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { nearest, type SinkStatus, visible } from '../model/index.ts'
import { endOfLog, nodeFiles, parseRecord, recordAt } from '../record/index.ts'
import {
  filesOf,
  leaveRequest,
  loadRejected,
  loadState,
  readAnswer,
  type SinkAnswer,
  type SinkFiles,
} from '../sinks/index.ts'
import type { Options, RunCommand } from './command.ts'
import { dataDirectory } from './erase.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { sinksFolder } from './streaming.ts'
import { asCommandError, logDirectory } from './tail.ts'

/** Milliseconds that a command waits for the gateway to do what it was asked, and between two looks. */
const answerMsMax = 20_000
const lookMs = 200

export const runSinks: RunCommand = async (options, io) => {
  const [what = 'status', name, ...seqs] = options.operands
  const folder = sinksFolder(dataDirectory(options, io))
  const asked: Asked = { options, io, folder, json: options.text('format') === 'json' }
  switch (what) {
    case 'status':
      noMore(name, what)
      return await showStatus(asked)
    case 'rejected':
      noMore(seqs[0], what)
      return await showRejected(asked, name)
    case 'retry':
    case 'drop':
      return await askFor(asked, what, name, seqs)
    default:
      // INVARIANT: the table lets only these names pass.
      throw new TypeError('something that sinks do not do')
  }
}

interface Asked {
  readonly options: Options
  readonly io: Io
  /** Absolute: `data/sinks`. */
  readonly folder: string
  readonly json: boolean
}

type Shown = Omit<SinkStatus, 'required' | 'lagMsMax'> & { readonly active: boolean }

function noMore(word: string | undefined, what: string): void {
  if (word !== undefined) throw new CommandError(`\`sinks ${what}\` takes no \`${visible(word)}\``)
}

function namesIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    if (cause.code === 'ENOENT') return []
    if (cause.code === 'EACCES')
      throw new CommandError(`\`${folder}\` may not be read by this user; run it as the user of the gateway`)
    throw cause
  }
}

function sinkCalled({ folder }: Asked, name: string): SinkFiles {
  const names = namesIn(folder)
  if (names.includes(name)) return filesOf(join(folder, name))
  const meant = nearest(name, names)
  const known = names.length === 0 ? 'no sink has run yet' : `there is ${names.map((one) => `\`${one}\``).join(', ')}`
  throw new CommandError(
    `there is no sink \`${visible(name)}\`; ${meant === undefined ? known : `did you mean \`${meant}\`?`}`,
  )
}

async function showStatus({ options, io, folder, json }: Asked): Promise<number> {
  const directory = logDirectory(options, io)
  const end = await endOfLog({ directory, files: nodeFiles }).catch((cause: unknown) => {
    throw asCommandError(cause, directory)
  })
  const shown: Shown[] = []
  for (const name of namesIn(folder)) {
    const one = await statusOf(name, filesOf(join(folder, name)), directory, end, io)
    if (one !== undefined) shown.push(one)
  }
  if (json) await io.out.write(`${JSON.stringify(shown)}\n`)
  else if (shown.length === 0)
    await io.out.write(
      'no sink has run yet: `sinks:` in the configuration names them, and the gateway begins them while it runs\n',
    )
  else await io.out.write(tableOf(shown))
  return shown.some(({ active, failing, rejected }) => active && (failing !== undefined || rejected > 0))
    ? exitStatus.finding
    : exitStatus.done
}

async function statusOf(
  id: string,
  files: SinkFiles,
  directory: string,
  end: number,
  { clock }: Io,
): Promise<Shown | undefined> {
  const state = await loadState(files)
  if (state === undefined) return undefined
  const { kind, place, active, batches, records, failures, setAside, failing } = state
  const lagRecords = Math.max(0, end - (place?.seq ?? 0))
  const signal = new AbortController().signal
  const oldest = lagRecords === 0 ? undefined : await recordAt(place?.seq ?? 0, { directory, files: nodeFiles, signal })
  const written = oldest === undefined ? undefined : parseRecord(oldest)?.timestamp
  return {
    id,
    kind,
    active,
    nextSeq: place?.seq,
    lagRecords,
    lagMs: written === undefined ? 0 : Math.max(0, Math.round(clock.nowMs() - Date.parse(written))),
    batches,
    records,
    failures,
    setAside,
    rejected: (await loadRejected(files)).length,
    ...(failing !== undefined && { failing }),
  }
}

/** Names of columns, and a line a sink; below it why it fails. */
function tableOf(shown: readonly Shown[]): string {
  const rows = shown.map((one) => [
    one.id,
    one.kind,
    !one.active ? 'gone' : one.failing === undefined ? 'working' : 'failing',
    String(one.lagRecords),
    `${(one.lagMs / 1_000).toFixed(1)} s`,
    String(one.records),
    String(one.batches),
    String(one.failures),
    String(one.rejected),
  ])
  const header = ['sink', 'kind', 'state', 'lag', 'behind', 'records', 'batches', 'failures', 'rejected']
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  const lines = rows.flatMap((row, place) => {
    const failing = shown[place]?.failing
    return [line(row), ...(failing === undefined ? [] : [`  since ${failing.since}: ${visible(failing.reason)}`])]
  })
  return `${[line(header), ...lines].join('\n')}\n`
}

async function showRejected(asked: Asked, name: string | undefined): Promise<number> {
  const { io, folder, json } = asked
  const names = name === undefined ? namesIn(folder) : [name]
  let count = 0
  for (const sink of names) {
    for (const { seq, at, reason, line } of await loadRejected(sinkCalled(asked, sink))) {
      count += 1
      const text = Buffer.from(line).toString('utf8')
      await io.out.write(
        json
          ? `${JSON.stringify({ sink, seq, at, reason, line: text })}\n`
          : `${sink}  ${seq}  ${at}  ${visible(reason)}\n`,
      )
    }
  }
  if (count === 0 && !json) await io.out.write('nothing is set aside\n')
  return count === 0 ? exitStatus.done : exitStatus.finding
}

async function askFor(
  asked: Asked,
  action: 'retry' | 'drop',
  name: string | undefined,
  seqs: readonly string[],
): Promise<number> {
  const { io, json } = asked
  if (name === undefined) throw new CommandError(`\`sinks ${action}\` takes the name of a sink`)
  const wrong = seqs.find((text) => !/^\d{1,16}$/.test(text))
  if (wrong !== undefined)
    throw new CommandError(`\`${visible(wrong)}\` is no number of a record; see \`gatehouse sinks rejected ${name}\``)
  const files = sinkCalled(asked, name)
  const id = Buffer.from(io.randomBytes(16)).toString('hex')
  await leaveRequest(files, { id, action, ...(seqs.length > 0 && { seqs: seqs.map(Number) }) })
  const answer = await answerTo(id, files, io)
  if (answer === undefined)
    throw new CommandError(
      'the gateway did not take it yet: it does so when it runs and the receiver answers; `gatehouse sinks` shows what is left',
      exitStatus.unreachable,
    )
  await io.out.write(json ? `${JSON.stringify(answer)}\n` : answerText(action, answer))
  return answer.refused.length > 0 || answer.problem !== undefined ? exitStatus.finding : exitStatus.done
}

async function answerTo(id: string, files: SinkFiles, { clock, pause }: Io): Promise<SinkAnswer | undefined> {
  const untilMs = clock.monotonicMs() + answerMsMax
  const { signal } = new AbortController()
  while (clock.monotonicMs() < untilMs) {
    const answer = await readAnswer(files, id)
    if (answer !== undefined) return answer
    await pause(lookMs, signal)
  }
  return undefined
}

function answerText(action: 'retry' | 'drop', { done, refused, problem }: SinkAnswer): string {
  const counted = (count: number) => `${count} ${count === 1 ? 'record' : 'records'}`
  const lines = [action === 'drop' ? `${counted(done.length)} dropped` : `${counted(done.length)} taken`]
  for (const { seq, reason } of refused) lines.push(`${seq} refused again: ${visible(reason)}`)
  if (problem !== undefined) lines.push(`the rest is still set aside: ${visible(problem)}`)
  return `${lines.join('\n')}\n`
}
