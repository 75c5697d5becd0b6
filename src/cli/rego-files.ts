/** The Rego files below the operands of a command, in the order in which `opa` visits them. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { CommandError, exitStatus } from './io.ts'

/** How deep folders are looked into; a deeper one is a mistake or an attack. */
const depthMax = 100

/**
 * Files whose names end in `.rego`, folders in the order of their names. Links to folders are not followed. `file://` before a path is
 * allowed. Throws `CommandError` with status 1 where there is nothing at `path`.
 */
export function* regoFilesBelow(path: string, depth = 0): Generator<string> {
  const plain = depth === 0 ? path.replace(/^file:\/\//, '') : path
  if (depth > depthMax) throw new CommandError(`\`${plain}\` lies more than ${depthMax} folders deep`)
  let isFolder: boolean
  try {
    isFolder = lstatSync(plain).isDirectory()
  } catch (cause) {
    throw new CommandError(`\`${plain}\` cannot be read: ${reasonOf(cause)}`, exitStatus.finding)
  }
  if (!isFolder) {
    if (extname(plain) === '.rego') yield plain
    return
  }
  for (const name of readdirSync(plain).sort()) yield* regoFilesBelow(join(plain, name), depth + 1)
}

/** The source in a file; `name` is what errors call it. Throws `CommandError`. */
export function readRego(file: string, name: string, status: number = exitStatus.usage): string {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new CommandError(`\`${name}\` cannot be read: ${reasonOf(cause)}`, status)
  }
  return decodeRego(bytes, name)
}

/** Bytes that are no UTF-8 are refused: written back they would be others. */
export function decodeRego(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new CommandError(`\`${name}\` is not UTF-8; save it as UTF-8`)
  }
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
