/** What `eval`, `test` and `check` have in common: the policies, data, schemas and capabilities that their flags name. */
import { resolve } from 'node:path'
import { type Loaded, loadBundles, loadFiles, loadSchemas, readBounded, systemMessage } from '../policy/index.ts'
import {
  type Capabilities,
  DocumentError,
  DurationError,
  parseDuration,
  type Json as RegoJson,
  readJson,
} from '../rego/index.ts'
import type { Options } from './command.ts'
import { CommandError, type Io } from './io.ts'

/** The language of this compiler, as capabilities name it. */
const capabilitiesVersion = 'v1.20.2'

/** What flags say about compiling, in the form that the compiler takes. */
export interface Compiling {
  readonly schemas?: Readonly<Record<string, never>>
  readonly capabilities?: Capabilities
}

/** Reads `--data` and `--bundle`. Throws `LoadErrors`. */
export function loadPolicies(options: Options, { directory }: Io): Loaded {
  const how = { directory, ignore: options.list('ignore') }
  return loadBundles(options.list('bundle'), how, loadFiles(options.list('data'), how))
}

/** Reads the operands: files and folders, or bundles where `--bundle` says so. Throws `LoadErrors`. */
export function loadOperands(options: Options, { directory }: Io): Loaded {
  const how = { directory, ignore: options.list('ignore') }
  return options.is('bundle') ? loadBundles(options.operands, how) : loadFiles(options.operands, how)
}

/** What `opa.runtime` shows of the environment. */
export function environmentOf({ environment }: Io): Readonly<Record<string, string>> {
  const known = Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return Object.fromEntries(known)
}

/** Reads `--schema` and `--capabilities`. Throws `LoadErrors`, and `CommandError` with `usage` for capabilities. */
export function readCompiling(options: Options, { directory }: Io, usage: number): Compiling {
  const schema = options.text('schema')
  const capabilities = readCapabilities(options.text('capabilities'), directory, usage)
  return {
    ...(schema === undefined ? {} : { schemas: loadSchemas(schema, { directory }) as Readonly<Record<string, never>> }),
    ...(capabilities === undefined ? {} : { capabilities }),
  }
}

function readCapabilities(asked: string | undefined, directory: string, status: number): Capabilities | undefined {
  if (asked === undefined || asked === capabilitiesVersion) return undefined
  const wrong = (problem: string): CommandError =>
    new CommandError(
      `the capabilities \`${asked}\` ${problem}; name a file as \`opa capabilities\` prints it, or \`${capabilitiesVersion}\``,
      status,
    )
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readBounded(resolve(directory, asked)))
  } catch (cause) {
    throw wrong(`cannot be read: ${systemMessage('open', asked, cause)}`)
  }
  try {
    const value = readJson(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('are no object')
    return value as RegoJson as Capabilities
  } catch (cause) {
    throw cause instanceof DocumentError ? wrong(`are no JSON: ${cause.message}`) : cause
  }
}

/** Hosts that `http.send` may reach: what capabilities say under `allow_net`; undefined is all. */
export function allowedHosts(capabilities: Capabilities | undefined): readonly string[] | undefined {
  return capabilities?.allow_net
}

/** Milliseconds of `--timeout`, as Go writes a length of time; undefined is no bound, and so is zero. Throws `CommandError`. */
export function timeoutMs(options: Options, status: number): number | undefined {
  const text = options.text('timeout')
  if (text === undefined) return undefined
  try {
    const ms = Number(parseDuration(text)) / 1e6
    return ms > 0 ? ms : undefined
  } catch (cause) {
    if (!(cause instanceof DurationError)) throw cause
    throw new CommandError(
      `\`--timeout\` takes a length of time such as \`500ms\`, \`10s\` or \`1m30s\`, not \`${text}\``,
      status,
    )
  }
}
