/** `gatehouse check`: everything that `start` would read, read without starting; all that is wrong, at once. */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ConfigErrors, formatConfigError, maskedConfig } from '../config/index.ts'
import { type Config, type Flaw, Flaws, formatFlaw } from '../model/index.ts'
import { compilePolicies, readPolicySources } from '../policy/index.ts'
import { makeRouter } from '../route/index.ts'
import { parseJson } from '../wire/index.ts'
import type { RunCommand } from './command.ts'
import { checkConfig, locateConfig } from './configuration.ts'
import { readDescriptions } from './descriptions.ts'
import { exitStatus, type Io } from './io.ts'

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
  const wrong = [...flawsOfCertificate(config), ...flawsOfDescriptions(config), ...(await flawsOfPolicies(config))].map(
    (flaw) => ({
      ...flaw,
      path: '',
      text: formatFlaw(flaw),
    }),
  )
  if (wrong.length > 0) return tell(wrong, isJson, io)
  if (isJson) await io.out.write(`${JSON.stringify({ ok: true, errors: [], config: maskedConfig(config) }, null, 2)}\n`)
  else await io.out.write(summary(config, located.isEmbedded))
  return exitStatus.done
}

function flawsOfDescriptions(config: Config): readonly Flaw[] {
  try {
    makeRouter({ routes: config.routes, upstreams: config.upstreams, descriptions: readDescriptions(config) })
    return []
  } catch (cause) {
    return flawsOf(cause)
  }
}

/** Whether the certificate can be used and belongs to the key. */
function flawsOfCertificate({ agentsListener: { tls } }: Config): readonly Flaw[] {
  if (tls === undefined) return []
  try {
    createSecureContext({ cert: readFileSync(tls.certificate), key: readFileSync(tls.key) })
    return []
  } catch (cause) {
    const message = `certificate and key cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`
    return [{ file: tls.certificate, place: '', message, fix: 'name a PEM certificate and the key that belongs to it' }]
  }
}

async function flawsOfPolicies(config: Config): Promise<readonly Flaw[]> {
  const entrypoints = [...new Set(config.routes.map(({ route }) => route.entrypoint))].sort()
  try {
    compilePolicies(await readPolicySources(config.policy, { parseJson }), entrypoints)
    return []
  } catch (cause) {
    return flawsOf(cause)
  }
}

function flawsOf(cause: unknown): readonly Flaw[] {
  if (cause instanceof Flaws) return cause.flaws
  throw cause
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
