/** `gatehouse tail`: the newest records of the decision log, then what comes, from the files or from a gateway elsewhere. */
import { diskFiles, loadConfig, peekConfig } from '../config/index.ts'
import { visible } from '../model/index.ts'
import { formatRecord, type Logged, nodeFiles, readLog } from '../record/index.ts'
import type { Options, RunCommand } from './command.ts'
import { locateConfig } from './configuration.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { jsonFor } from './json-output.ts'
import { questionNames, questionOf } from './log-question.ts'
import { readRemote } from './log-remote.ts'
import { readNamed } from './named-file.ts'

/** Holds the operators' token where no file is named. */
const tokenVariable = 'GATEHOUSE_OPERATORS_TOKEN'

export const runTail: RunCommand = async (options, io) => {
  if (options.is('follow') && options.is('no-follow'))
    throw new CommandError('`--follow` and `--no-follow` contradict each other; write one of them')
  const stop = new AbortController()
  const forget = io.onInterrupt(() => stop.abort())
  const show = lineMaker(options, io)
  const { lines, directory } = linesOf(options, io, stop.signal)
  try {
    for await (const logged of lines) {
      await io.out.write(`${show(logged)}\n`)
      if (stop.signal.aborted) break
    }
  } catch (cause) {
    throw directory === undefined ? cause : asCommandError(cause, directory)
  } finally {
    forget()
  }
  return exitStatus.done
}

/** `directory` where files are read. */
function linesOf(
  options: Options,
  io: Io,
  signal: AbortSignal,
): { lines: AsyncIterable<Logged>; directory: string | undefined } {
  const question = questionOf(
    { one: (name) => options.text(name), all: (name) => options.list(name) },
    io.clock.nowMs(),
  )
  const follow = !options.is('no-follow')
  // Asides: whoever closes stderr has said that he wants none.
  const say = (text: string) => void io.err.write(`gatehouse: ${text}\n`).catch(() => undefined)
  const url = options.text('url')
  if (url !== undefined) {
    const asked = questionNames.flatMap((name) => options.list(name).map((value) => [name, value] as const))
    const remote = { url: operatorsUrl(url), token: operatorsToken(options, io), asked, filters: question.filters }
    const lost = (reason: string) => say(`${reason}; trying again`)
    return { lines: readRemote({ ...remote, follow, signal, pause: io.pause, lost }), directory: undefined }
  }
  if (options.text('token-file') !== undefined)
    throw new CommandError('`--token-file` is for a gateway elsewhere; name it with `--url URL`')
  const directory = logDirectory(options, io)
  const lines = readLog({
    ...question,
    directory,
    follow,
    signal,
    files: nodeFiles,
    pause: io.pause,
    unreadable: (path, position) => say(`\`${path}\` holds no record at byte ${position}; it is left out`),
  })
  return { lines, directory }
}

function operatorsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new CommandError(
      `\`--url\` takes the address of an operators' port such as \`http://127.0.0.1:8081\`, not \`${visible(text.slice(0, 80))}\``,
    )
  return url
}

function operatorsToken(options: Options, io: Io): string {
  const file = options.text('token-file')
  let token = io.environment[tokenVariable]?.trim()
  if (file !== undefined) token = readNamed(file, "the operators' token", io.directory).toString('utf8').trim()
  if (token === undefined || token === '')
    throw new CommandError(
      `a gateway elsewhere shows its log to operators only; name their token with \`--token-file FILE\` or in ${tokenVariable}`,
    )
  // A header field can hold nothing else, and whoever made the file meant no such thing.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new CommandError("the operators' token holds characters that no token has")
  return token
}

/** Where the configuration puts the log. Throws what is wrong with the configuration. */
export function logDirectory(options: Options, io: Io): string {
  const { file, overrides } = locateConfig(options, io)
  const peeked = peekConfig(file, diskFiles, overrides)
  if (peeked !== undefined) return peeked.logDirectory
  // What is wrong is said as everywhere: this throws it.
  const ports = { environment: io.environment, files: diskFiles, developmentIssuer: undefined }
  return loadConfig(file, ports, overrides).log.directory
}

/** Lines for a person on a terminal, JSON for programs; either when it is asked for. */
function lineMaker(options: Options, { out, environment }: Io): (logged: Logged) => string {
  const isForPeople = options.is('wide') || options.is('why')
  const format = options.text('format') ?? (out.isTerminal || isForPeople ? 'text' : 'json')
  if (format === 'json' && isForPeople)
    throw new CommandError('`--wide` and `--why` are for people, `--format json` is for programs; write one of them')
  if (format === 'json') return ({ text }) => jsonFor(out, text)
  // https://no-color.org
  const colours = out.isTerminal && (environment.NO_COLOR ?? '') === ''
  const view = options.is('wide') ? 'wide' : 'compact'
  const shape = { colours, width: out.columns, view, why: options.is('why') } as const
  return ({ record, facts }) => formatRecord(record, facts, shape)
}

/** What the file system says about a log that cannot be read, in words that help. */
export function asCommandError(cause: unknown, directory: string): unknown {
  if (!(cause instanceof Error && 'code' in cause)) return cause
  if (cause.code === 'ENOENT')
    return new CommandError(
      `there is no log at \`${directory}\` yet; run \`gatehouse start\` first, or name its configuration with \`--config FILE\``,
    )
  if (cause.code === 'EACCES')
    return new CommandError(`the log at \`${directory}\` may not be read by this user; change its permissions`)
  // As the system names its errors; those of our own mistakes have other names.
  if (typeof cause.code === 'string' && /^E[A-Z\d]+$/.test(cause.code))
    return new CommandError(`the log at \`${directory}\` cannot be read: ${visible(cause.message)}`)
  return cause
}
