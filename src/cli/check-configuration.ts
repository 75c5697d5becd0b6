/** Checks a configuration: everything that `start` would read, read without starting; all that is wrong, at once. */
import { existsSync } from 'node:fs'
import { ConfigErrors, maskedConfig } from '../config/index.ts'
import { readKeyFile } from '../identify/index.ts'
import { type Config, type Flaw, Flaws } from '../model/index.ts'
import { parseJson } from '../wire/index.ts'
import type { RunCommand } from './command.ts'
import { checkConfig, locateConfig } from './configuration.ts'
import { exitStatus, type Io } from './io.ts'
import { loadCertificate, loadPolicy, loadRouter } from './loading.ts'
import { countText, wrongsOf, wrongText } from './wrong.ts'

export const checkConfiguration: RunCommand = async (options, io) => {
  const located = locateConfig(options, io)
  const isJson = options.text('format') === 'json'
  let config: Config
  try {
    config = await checkConfig(located, io)
  } catch (cause) {
    if (!(cause instanceof ConfigErrors)) throw cause
    return tell(cause, isJson, io)
  }
  const flaws = [
    await flawsOf(() => loadCertificate(config)),
    ...(await Promise.all(keyFilesOf(config).map((file) => flawsOf(() => checkKeyFile(file))))),
    await flawsOf(() => loadRouter(config)),
    await flawsOf(() => loadPolicy(config)),
  ].flat()
  if (flaws.length > 0) return tell(new Flaws(flaws), isJson, io)
  if (isJson) await io.out.write(`${JSON.stringify({ ok: true, errors: [], config: maskedConfig(config) }, null, 2)}\n`)
  else await io.out.write(summary(config, located.isEmbedded))
  return exitStatus.done
}

/** The development issuer's are made at the first start: before it there is nothing that could be wrong. */
function keyFilesOf({ issuers }: Config): readonly string[] {
  return issuers.flatMap(({ keys }) => ('file' in keys && existsSync(keys.file) ? [keys.file] : []))
}

/** A start would take a set without a usable key and wait for one in readiness; before it, it is a mistake. */
function checkKeyFile(file: string): void {
  if (readKeyFile(file, parseJson).length > 0) return
  const message = 'no key in this set can verify a token'
  const fix = 'add a public key of an asymmetric algorithm (RFC 7517: `kty` RSA, EC or OKP)'
  throw new Flaws([{ file, place: '', message, fix }])
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

async function tell(cause: ConfigErrors | Flaws, isJson: boolean, { out }: Io): Promise<number> {
  const errors = wrongsOf(cause)
  await out.write(
    isJson
      ? `${JSON.stringify({ ok: false, errors }, null, 2)}\n`
      : `${wrongText(cause)}\n\n${countText(errors.length)}\n`,
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
