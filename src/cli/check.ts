/** `gatehouse check`: everything that `start` would read, read without starting; all that is wrong, at once. */
import { existsSync } from 'node:fs'
import { ConfigErrors, formatConfigError, maskedConfig } from '../config/index.ts'
import { readKeyFile } from '../identify/index.ts'
import { type Config, type Flaw, Flaws, formatFlaw } from '../model/index.ts'
import { parseJson } from '../wire/index.ts'
import type { RunCommand } from './command.ts'
import { checkConfig, locateConfig } from './configuration.ts'
import { exitStatus, type Io } from './io.ts'
import { loadCertificate, loadPolicy, loadRouter } from './loading.ts'

/** One thing that is wrong, whatever kind of file it is in. */
interface Wrong {
  readonly file: string
  /** `12:3`, a JSON pointer, or empty. */
  readonly place: string
  /** The setting of the configuration; empty in other files. */
  readonly path: string
  readonly message: string
  readonly fix: string
  readonly text: string
}

export const runCheck: RunCommand = async (options, io) => {
  const located = locateConfig(options, io)
  const isJson = options.text('format') === 'json'
  let config: Config
  try {
    config = await checkConfig(located, io)
  } catch (cause) {
    if (!(cause instanceof ConfigErrors)) throw cause
    const wrong = cause.errors.map((error) => ({
      file: error.file,
      place: `${error.line}:${error.column}`,
      path: error.path,
      message: error.message,
      fix: error.fix,
      text: formatConfigError(error),
    }))
    return tell(wrong, isJson, io)
  }
  const flaws = [
    await flawsOf(() => loadCertificate(config)),
    ...(await Promise.all(keyFilesOf(config).map((file) => flawsOf(() => readKeyFile(file, parseJson))))),
    await flawsOf(() => loadRouter(config)),
    await flawsOf(() => loadPolicy(config)),
  ].flat()
  const wrong = flaws.map((flaw) => ({ ...flaw, path: '', text: formatFlaw(flaw) }))
  if (wrong.length > 0) return tell(wrong, isJson, io)
  if (isJson) await io.out.write(`${JSON.stringify({ ok: true, errors: [], config: maskedConfig(config) }, null, 2)}\n`)
  else await io.out.write(summary(config, located.isEmbedded))
  return exitStatus.done
}

/** The development issuer's are made at the first start: before it there is nothing that could be wrong. */
function keyFilesOf({ issuers }: Config): readonly string[] {
  return issuers.flatMap(({ keys }) => ('file' in keys && existsSync(keys.file) ? [keys.file] : []))
}

/** What is wrong with what `read` reads. */
async function flawsOf(read: () => unknown): Promise<readonly Flaw[]> {
  try {
    await read()
    return []
  } catch (cause) {
    if (cause instanceof Flaws) return cause.flaws
    throw cause
  }
}

async function tell(wrong: readonly Wrong[], isJson: boolean, { out }: Io): Promise<number> {
  const errors = wrong.map(({ text: _text, ...error }) => error)
  const count = wrong.length === 1 ? 'one thing is wrong' : `${wrong.length} things are wrong`
  await out.write(
    isJson
      ? `${JSON.stringify({ ok: false, errors }, null, 2)}\n`
      : `${wrong.map(({ text }) => text).join('\n')}\n\n${count}\n`,
  )
  return exitStatus.usage
}

function summary(config: Config, isEmbedded: boolean): string {
  const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
  const parts = [
    counted(config.issuers.length, 'issuer'),
    counted(config.agents.length, 'agent'),
    counted(config.upstreams.length, 'upstream'),
    counted(config.routes.length, 'route'),
  ]
  const what = isEmbedded ? 'the embedded default' : config.file
  return `${what} is right: mode ${config.mode}, ${parts.join(', ')}\n`
}
