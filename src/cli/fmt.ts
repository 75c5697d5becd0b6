/** `gatehouse fmt [PATH ...]`: Rego as `opa fmt` writes it, to standard output, as a list, as a difference, or into the files. */
import { writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { format, parse, RegoErrors } from '../rego/index.ts'
import type { Options, RunCommand } from './command.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { unifiedDiff } from './line-diff.ts'
import { decodeRego, readRego, reasonOf, regoFilesBelow } from './rego-files.ts'

export const runFmt: RunCommand = async (options, io) => {
  if (options.operands.length === 0) {
    const source = decodeRego(await io.input.bytes(), 'stdin')
    const text = formatted(source, 'stdin', exitStatus.finding)
    if (!options.isOff('check-result')) checkResult(text, 'stdin')
    await io.out.write(text)
    return exitStatus.done
  }
  for (const path of options.operands)
    for (const name of regoFilesBelow(isAbsolute(path) || path.startsWith('file://') ? path : join(io.directory, path)))
      await formatFile(name, shownName(name, path, io.directory), options, io)
  return exitStatus.done
}

/** Errors and lists name a file as it was asked for. */
function shownName(name: string, asked: string, directory: string): string {
  const prefix = join(directory, '/')
  return !isAbsolute(asked) && !asked.startsWith('file://') && name.startsWith(prefix)
    ? name.slice(prefix.length)
    : name
}

/** What is asked for first decides, as with `opa fmt`: a failure, the list, the difference, the file, the text. */
async function formatFile(file: string, name: string, options: Options, io: Io): Promise<void> {
  const source = readRego(file, name)
  const text = formatted(source, name, exitStatus.usage)
  const isChanged = text !== source
  if (isChanged && !options.isOff('check-result')) checkResult(text, name)
  const isRefused = isChanged && options.is('fail')
  if (options.is('list') || options.is('diff')) {
    if (isChanged) await io.out.write(options.is('list') ? `${name}\n` : unifiedDiff(name, source, text))
    if (isRefused) throw unexpected(name)
    return
  }
  if (isRefused) throw unexpected(name)
  if (!options.is('write')) await io.out.write(text)
  else if (isChanged) write(file, name, text)
}

function unexpected(name: string): CommandError {
  return new CommandError(`\`${name}\` is not formatted; run \`gatehouse fmt --write ${name}\``)
}

function formatted(source: string, name: string, status: number): string {
  try {
    return format(source, name)
  } catch (cause) {
    if (cause instanceof RegoErrors) throw new CommandError(`the source cannot be formatted\n${cause.message}`, status)
    throw cause
  }
}

/** A layout that is no Rego any more would be a mistake of the formatter, and must not be written. */
function checkResult(text: string, name: string): void {
  try {
    parse(text, name)
  } catch (cause) {
    if (!(cause instanceof RegoErrors)) throw cause
    const problem = `the result for \`${name}\` cannot be parsed, which is a mistake of the formatter`
    throw new CommandError(`${problem}\n${cause.message}`)
  }
}

function write(file: string, name: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (cause) {
    throw new CommandError(`\`${name}\` cannot be written: ${reasonOf(cause)}`)
  }
}
