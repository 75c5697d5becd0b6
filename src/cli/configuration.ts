/** Finds the configuration a command is about, prepares development mode where it asks for it, and loads it. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { diskFiles, loadConfig, type Overrides, peekConfig } from '../config/index.ts'
import type { DevelopmentIssuer } from '../identify/index.ts'
import type { Config, Issuer } from '../model/index.ts'
import type { Options } from './command.ts'
import { imagineCredentials, imagineIssuer, prepareDevelopment } from './development.ts'
import { CommandError, type Io } from './io.ts'
import { embeddedConfig } from './package.ts'

/** Set in the image: a container is reachable by others, whatever address it listens on. */
const productionOnlyVariable = 'GATEHOUSE_PRODUCTION_ONLY'

export interface Located {
  /** Absolute. */
  readonly file: string
  readonly overrides: Overrides
  /** The default that comes with the package: data is then kept in the current folder. */
  readonly isEmbedded: boolean
}

export interface Loaded {
  readonly config: Config
  /** In development mode. */
  readonly developmentIssuer: DevelopmentIssuer | undefined
}

/** `--config FILE`, else `./gatehouse.yaml`, else the embedded default. Throws a `CommandError` where that may not run. */
export function locateConfig(
  options: Options,
  io: Io,
  ports: Pick<Overrides, 'agentsPort' | 'operatorsPort'> = {},
): Located {
  const named = options.text('config')
  const data = options.text('data')
  const local = join(io.directory, 'gatehouse.yaml')
  const isEmbedded = named === undefined && !existsSync(local)
  const file = named !== undefined ? resolve(io.directory, named) : isEmbedded ? embeddedConfig : local
  if (isProductionOnly(io) && (isEmbedded || !existsSync(file)))
    throw new CommandError(
      `there is no configuration at \`${isEmbedded ? local : file}\`; mount one there, or name another with \`--config FILE\``,
    )
  const dataDirectory =
    data === undefined ? (isEmbedded ? join(io.directory, 'data') : undefined) : resolve(io.directory, data)
  return {
    file,
    overrides: { ...ports, ...(dataDirectory !== undefined && { dataDirectory }) },
    isEmbedded,
  }
}

/** Loads it as it is to be run; what development mode needs is made first. Throws `ConfigErrors` or `CommandError`. */
export async function openConfig({ file, overrides }: Located, io: Io): Promise<Loaded> {
  const peeked = peekConfig(file, diskFiles, overrides)
  refuseDevelopment(peeked?.mode, file, io)
  const issuer = peeked?.mode === 'development' ? await prepared(peeked.dataDirectory, io) : undefined
  const config = load(file, overrides, io, issuer?.settings, diskFiles)
  return { config, developmentIssuer: issuer }
}

/** Loads it without making anything: what the first start would make is imagined. */
export async function checkConfig({ file, overrides }: Located, io: Io): Promise<Config> {
  const peeked = peekConfig(file, diskFiles, overrides)
  refuseDevelopment(peeked?.mode, file, io)
  if (peeked?.mode !== 'development') return load(file, overrides, io, undefined, diskFiles)
  const issuer = await imagineIssuer(peeked.dataDirectory, io)
  return load(file, overrides, io, issuer, imagineCredentials(peeked.dataDirectory, diskFiles, io.randomBytes))
}

function load(
  file: string,
  overrides: Overrides,
  { environment }: Io,
  developmentIssuer: Issuer | undefined,
  files: typeof diskFiles,
): Config {
  return loadConfig(file, { environment, files, developmentIssuer }, overrides)
}

async function prepared(dataDirectory: string, io: Io): Promise<DevelopmentIssuer> {
  try {
    return await prepareDevelopment(dataDirectory, io)
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof CommandError) throw cause
    throw new CommandError(`the keys of development mode cannot be made in \`${dataDirectory}\`: ${cause.message}`)
  }
}

function refuseDevelopment(mode: Config['mode'] | undefined, file: string, io: Io): void {
  if (mode === 'development' && isProductionOnly(io))
    throw new CommandError(`\`${file}\` says \`mode: development\`, which is refused here; write \`mode: production\``)
}

function isProductionOnly({ environment }: Io): boolean {
  return environment[productionOnlyVariable] === '1'
}
