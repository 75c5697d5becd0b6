/** The input that a command is given: a file (`--input`) or standard input (`--stdin-input`), as JSON or YAML. */
import { resolve } from 'node:path'
import { plainPath, readBounded, readDocument, systemMessage } from '../policy/index.ts'
import { DocumentError, type Value } from '../rego/index.ts'
import type { Options } from './command.ts'
import { CommandError, type Io } from './io.ts'

/** Undefined where neither flag is given. Throws `CommandError` with `status` for what cannot be read. */
export async function readInput(options: Options, io: Io, status: number): Promise<Value | undefined> {
  const file = options.text('input')
  if (options.is('stdin-input')) return parsed(decoded(await io.input.bytes(), 'standard input', status), status)
  return file === undefined ? undefined : parsed(readFile(file, io, status), status)
}

/** UTF-8 text. Throws `CommandError` with `status` for anything else. */
export function decoded(bytes: Uint8Array, name: string, status: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (_cause) {
    throw new CommandError(`\`${name}\` is not UTF-8; save it as UTF-8`, status)
  }
}

function readFile(file: string, { directory }: Io, status: number): string {
  try {
    const path = plainPath(file)
    return decoded(readBounded(resolve(directory, path)), path, status)
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError(systemMessage('open', file, cause), status)
  }
}

function parsed(text: string, status: number): Value {
  try {
    return readDocument(text)
  } catch (cause) {
    if (!(cause instanceof DocumentError)) throw cause
    throw new CommandError(`unable to parse input: ${cause.message}`, status)
  }
}
