/** `gatehouse parse FILE`: the syntax tree of a Rego source file, as `opa parse` prints it. */
import { isAbsolute, join } from 'node:path'
import { rawNumber } from '../model/index.ts'
import { parse, printTree, type RegoError, RegoErrors } from '../rego/index.ts'
import type { RunCommand } from './command.ts'
import { CommandError, exitStatus } from './io.ts'
import { readRego } from './rego-files.ts'

export const runParse: RunCommand = async (options, io) => {
  const name = (options.operands[0] ?? '').replace(/^file:\/\//, '')
  const isJson = options.text('format') === 'json'
  const source = readRego(isAbsolute(name) ? name : join(io.directory, name), name, exitStatus.finding)
  try {
    await io.out.write(isJson ? `${jsonText(parse(source, name))}\n` : printTree(source, name))
    return exitStatus.done
  } catch (cause) {
    if (!(cause instanceof RegoErrors)) throw cause
    if (!isJson) throw new CommandError(`the source cannot be parsed\n${cause.message}`, exitStatus.finding)
    await io.err.write(`${jsonText({ errors: cause.errors.map(errorFacts) })}\n`)
    return exitStatus.finding
  }
}

/** An error as OPA's tools have it. */
function errorFacts({ message, code, file, row, col }: RegoError): unknown {
  return { message, code, location: { file, row, col } }
}

/** JSON as Go prints it: two spaces, and nothing in it that HTML would read. */
function jsonText(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, each: unknown) => (typeof each === 'bigint' ? rawNumber(String(each)) : each),
    2,
  )
  return text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
