/** `gatehouse fmt [PATH ...]`: Rego as `opa fmt` writes it, to standard output, as a list, as a difference, or into the files. */
import { writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { format, RegoErrors } from '../rego/index.ts'
import type { Options, RunCommand } from './command.ts'
import { CommandError, exitStatus, type Io } from './io.ts'
import { unifiedDiff } from './line-diff.ts'
import { decodeRego, readRego, reasonOf, regoFilesBelow } from './rego-files.ts'

export const runFmt: RunCommand = async (options, io) => {
  if (options.operands.length === 0) {
    await io.out.write(formatted(decodeRego(await io.input.bytes(), 'stdin'), 'stdin', exitStatus.finding))
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

function write(file: string, name: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (cause) {
    throw new CommandError(`\`${name}\` cannot be written: ${reasonOf(cause)}`)
  }
}
