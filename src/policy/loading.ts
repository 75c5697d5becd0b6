/** What loading files and loading bundles have in common: what is asked for, what is given, bounds, and the words for what is wrong. */
import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { JsonObject } from '../model/index.ts'
import { type RegoError, RegoErrors } from '../rego/index.ts'
import { matchesName } from './name-pattern.ts'

/** Bytes of one file: Node's longest text is about twice as long, and beyond it data belongs elsewhere. */
const fileBytesMax = 256 * 1024 * 1024
/** Files and folders that are looked at in all, and how deep they lie: a link may lead round in a circle. */
export const entriesMax = 200_000
export const depthMax = 64

export interface Loaded {
  /** Source by name: the path as it was asked for. */
  readonly modules: Readonly<Record<string, string>>
  readonly data: JsonObject
}

export interface LoadOptions {
  /** Absolute: what relative paths are relative to. */
  readonly directory: string
  /** Names of files and folders to pass over, as patterns; never a path that was asked for itself. */
  readonly ignore?: readonly string[]
  /** Only `.rego`. Default false. */
  readonly onlyRego?: boolean
}

/** One thing that is wrong with what is loaded: a sentence, or an error of the parser with its place. */
export type LoadProblem = RegoError | { readonly message: string }

export class LoadErrors extends Error {
  override readonly name = 'LoadErrors'
  readonly problems: readonly LoadProblem[]

  constructor(problems: readonly LoadProblem[]) {
    super(problems.map(({ message }) => message).join('\n'))
    this.problems = problems
  }
}

/** The bytes of a file within bounds. Throws an `Error` with the words of the system. */
export function readBounded(file: string): Uint8Array {
  const descriptor = openSync(file, 'r')
  try {
    if (fstatSync(descriptor).size > fileBytesMax) throw new Error(`the file has more than ${fileBytesMax} bytes`)
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The path of a `file://` URL, any other path as it is. Throws an `Error` for other URLs. */
export function plainPath(path: string): string {
  if (!path.includes('://')) return path
  const url = URL.parse(path)
  if (url?.protocol !== 'file:') throw new Error(`unsupported URL scheme: ${path}`)
  return decodeURIComponent(url.pathname)
}

/** The text in a file. Throws an `Error`: bytes that are no UTF-8 would be taken for others. */
export function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new Error(`${name} is not UTF-8; save it as UTF-8`, { cause })
  }
}

/** Whether a file or folder is passed over: never at depth 0, where it was asked for. */
export function isIgnored(name: string, depth: number, { ignore = [] }: LoadOptions): boolean {
  return depth > 0 && ignore.some((pattern) => matchesName(pattern, name))
}

/** What stands at a path, links followed. Throws an `Error` in the words of the system. */
export function statAt(name: string, options: LoadOptions): Stats {
  try {
    return statSync(resolve(options.directory, name))
  } catch (cause) {
    throw new Error(systemMessage('stat', name, cause), { cause })
  }
}

export function problemsOf(cause: unknown): readonly LoadProblem[] {
  if (cause instanceof LoadErrors) return cause.problems
  if (cause instanceof RegoErrors) return cause.errors
  if (cause instanceof Error) return [{ message: cause.message }]
  throw cause
}

/** `stat x: no such file or directory`, as the system's own tools say it. */
export function systemMessage(call: string, name: string, cause: unknown): string {
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    ENOTDIR: 'not a directory',
    EACCES: 'permission denied',
    ELOOP: 'too many levels of symbolic links',
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const message = Object.hasOwn(words, code) ? words[code] : cause instanceof Error ? cause.message : String(cause)
  return `${call} ${name}: ${message}`
}
