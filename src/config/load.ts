/** Reads `gatehouse.yaml` into the frozen `Config`, or throws every error that is in it at once. */
import { dirname } from 'node:path'
import { type Config, type Issuer, limits, unreadable } from '../model/index.ts'
import { contradictions } from './contradictions.ts'
import { convert } from './convert.ts'
import { type ConfigError, ConfigErrors, type Finding } from './errors.ts'
import type { Files } from './files.ts'
import { schemaFindings } from './issues.ts'
import { foldersOf, followReferences, logFolder } from './references.ts'
import { fileSchema } from './schema.ts'
import { sectionsOf } from './sections.ts'
import { readSource, type Source } from './source.ts'

export interface LoadPorts {
  /** What `${VARIABLE}` stands for. */
  readonly environment: { readonly [name: string]: string | undefined }
  readonly files: Files
  /** The issuer that development mode trusts. Needed when `peekConfig` says that the file is of that mode. */
  readonly developmentIssuer: Issuer | undefined
}

/** What the command line says instead of the file. */
export interface Overrides {
  /** Absolute. Paths that the file places in its own data directory move with it. */
  readonly dataDirectory?: string
  readonly agentsPort?: number
  readonly operatorsPort?: number
}

/** `file` is an absolute path. Throws `ConfigErrors`; reads the disk synchronously. */
export function loadConfig(file: string, ports: LoadPorts, overrides: Overrides = {}): Config {
  const source = sourceOf(file, ports.files)
  if (source.errors.length > 0) throw new ConfigErrors(source.errors)
  const sections = sectionsOf(source.value)
  const folders = foldersOf(dirname(file), sections.data, overrides.dataDirectory)
  const { references, findings } = followReferences(sections, folders, ports)
  const all = [
    ...schemaFindings(source.value),
    ...contradictions(sections, ports.developmentIssuer?.issuer),
    ...findings,
  ]
  if (all.length > 0) throw new ConfigErrors(placed(source, all))
  return convert(fileSchema.parse(source.value), {
    file,
    folders,
    references,
    developmentIssuer: ports.developmentIssuer,
    agentsPort: overrides.agentsPort,
    operatorsPort: overrides.operatorsPort,
  })
}

export interface Peeked {
  readonly mode: Config['mode']
  /** Absolute. */
  readonly dataDirectory: string
  /** Absolute. */
  readonly logDirectory: string
}

/**
 * What a file says about its mode and folders, without following a reference: enough to prepare what it refers to, or to read
 * the log without the right to read secrets. Never throws; undefined when the file cannot be read as YAML.
 */
export function peekConfig(file: string, files: Files, overrides: Overrides = {}): Peeked | undefined {
  let source: Source
  try {
    source = sourceOf(file, files)
  } catch (cause) {
    if (cause instanceof ConfigErrors) return undefined
    throw cause
  }
  if (source.errors.length > 0) return undefined
  const { mode, data, log } = sectionsOf(source.value)
  const folders = foldersOf(dirname(file), data, overrides.dataDirectory)
  return { mode, dataDirectory: folders.data, logDirectory: logFolder(log?.directory, folders) }
}

function sourceOf(file: string, files: Files): Source {
  try {
    return readSource(file, files.read(file, limits.configurationBytesMax))
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    throw new ConfigErrors([{ file, line: 1, column: 1, path: '', ...unreadable(file, cause) }])
  }
}

/** In their places, and no sentence twice. */
function placed(source: Source, findings: readonly Finding[]): ConfigError[] {
  const seen = new Map<string, ConfigError>()
  for (const finding of findings) {
    const error = source.place(finding)
    seen.set(JSON.stringify([error.line, error.column, error.path, error.message]), error)
  }
  return [...seen.values()]
}
