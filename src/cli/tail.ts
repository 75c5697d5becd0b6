/** `gatehouse tail`: the newest records of the decision log, then what comes. Reads the files; neither gateway nor secrets are needed. */
import { diskFiles, loadConfig, parseDuration, peekConfig } from '../config/index.ts'
import { formatRecord, nodeFiles, type ReadOptions, readLog, visible, visibleJson } from '../record/index.ts'
import type { Options, RunCommand } from './command.ts'
import { locateConfig } from './configuration.ts'
import { CommandError, exitStatus, type Io } from './io.ts'

/** Records shown before following, where no time is named. */
const lastRecords = 10

/** RFC 3339 section 5.6, with a zone: a time without one would mean another moment on another machine. */
const instant = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

export const runTail: RunCommand = async (options, io) => {
  if (options.is('follow') && options.is('no-follow'))
    throw new CommandError('`--follow` and `--no-follow` contradict each other; write one of them')
  const directory = logDirectory(options, io)
  const stop = new AbortController()
  const forget = io.onInterrupt(() => stop.abort())
  const show = lineMaker(options, io)
  try {
    const lines = readLog({
      directory,
      from: beginning(options, io),
      filters: filtersOf(options),
      follow: !options.is('no-follow'),
      signal: stop.signal,
      files: nodeFiles,
      pause: io.pause,
      unreadable: (path, position) =>
        void io.err
          .write(`gatehouse: \`${path}\` holds no record at byte ${position}; it is left out\n`)
          .catch(() => undefined),
    })
    for await (const { record, text, facts } of lines) {
      await io.out.write(`${show(record, text, facts)}\n`)
      if (stop.signal.aborted) break
    }
  } catch (cause) {
    throw asCommandError(cause, directory)
  } finally {
    forget()
  }
  return exitStatus.done
}

function logDirectory(options: Options, io: Io): string {
  const { file, overrides } = locateConfig(options, io)
  const peeked = peekConfig(file, diskFiles, overrides)
  if (peeked !== undefined) return peeked.logDirectory
  // What is wrong is said as everywhere: this throws it.
  const ports = { environment: io.environment, files: diskFiles, developmentIssuer: undefined }
  return loadConfig(file, ports, overrides).log.directory
}

function beginning(options: Options, { clock }: Io): ReadOptions['from'] {
  const since = options.text('since')
  const last = options.count('last')
  if (since !== undefined && last !== undefined)
    throw new CommandError('`--last` and `--since` both say where to begin; write one of them')
  if (last === 0) return { sinceMs: clock.nowMs() }
  if (since === undefined) return { last: last ?? lastRecords }
  const ago = parseDuration(since)
  if (ago !== undefined) return { sinceMs: clock.nowMs() - ago }
  const at = instant.test(since) ? Date.parse(since.replace(' ', 'T')) : Number.NaN
  if (Number.isNaN(at))
    throw new CommandError(
      `\`--since\` takes a time such as \`2026-03-02T10:00:00Z\`, or how long ago: \`15m\`, \`2h\`, \`7d\`; not \`${visible(since.slice(0, 60))}\``,
    )
  return { sinceMs: at }
}

function filtersOf(options: Options): ReadOptions['filters'] {
  const names = ['agent', 'decision', 'route', 'type', 'code'] as const
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = options.text(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

type ShowRecord = (
  record: Parameters<typeof formatRecord>[0],
  text: string,
  facts: Parameters<typeof formatRecord>[1],
) => string

/** Lines for a person on a terminal, JSON for programs; either when it is asked for. */
function lineMaker(options: Options, { out, environment }: Io): ShowRecord {
  const format = options.text('format') ?? (out.isTerminal ? 'text' : 'json')
  // On a terminal even JSON must not move the cursor; in a pipe it stays as it is in the log, byte by byte.
  if (format === 'json') return (_record, text) => (out.isTerminal ? visibleJson(text) : text)
  // https://no-color.org
  const colours = out.isTerminal && (environment.NO_COLOR ?? '') === ''
  return (record, _text, facts) => formatRecord(record, facts, { colours, width: out.columns })
}

function asCommandError(cause: unknown, directory: string): unknown {
  if (!(cause instanceof Error && 'code' in cause)) return cause
  if (cause.code === 'ENOENT')
    return new CommandError(
      `there is no log at \`${directory}\` yet; run \`gatehouse start\` first, or name its configuration with \`--config FILE\``,
    )
  if (cause.code === 'EACCES')
    return new CommandError(`the log at \`${directory}\` may not be read by this user; change its permissions`)
  return cause
}
