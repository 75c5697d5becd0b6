/** What a start prints when the house is open: where it listens and, in development mode, three lines to paste. */
import type { DevelopmentIssuer } from '../identify/index.ts'
import type { Config } from '../model/index.ts'
import type { Located } from './configuration.ts'

/** Seconds the tokens of the pasted lines are valid: a day and an hour, so that a line works for 24 hours. */
const pastedTokenLifetimeS = 25 * 3600

export interface Opened {
  readonly agentsUrl: string
  readonly operatorsUrl: string
  readonly config: Config
  readonly located: Located
  /** In development mode. */
  readonly issuer: DevelopmentIssuer | undefined
  /** `--config FILE`, `--data FOLDER` as they were given to `start`: another command needs them too. */
  readonly flags: readonly { readonly name: string; readonly value: string }[]
}

/**
 * Text: `agents URL`, `operators URL`, then the lines to paste, each one physical line. JSON: one object on one line,
 * `{agents, operators, configuration, lines}`, where `lines` has the same three. Outside development mode there is nothing to paste; without the
 * example's orders only the line that follows the log.
 */
export async function greeting(opened: Opened, isJson: boolean): Promise<string> {
  const { agentsUrl, operatorsUrl, located, issuer } = opened
  const { file, isEmbedded } = located
  const lines = issuer === undefined ? [] : await linesToPaste(opened, issuer)
  if (isJson) return `${JSON.stringify({ agents: agentsUrl, operators: operatorsUrl, configuration: file, lines })}\n`
  const note = isEmbedded ? [`# the embedded default: ${file}`] : []
  return `${[`agents ${agentsUrl}`, `operators ${operatorsUrl}`, ...lines, ...note].join('\n')}\n`
}

async function linesToPaste({ agentsUrl, config, flags }: Opened, issuer: DevelopmentIssuer): Promise<string[]> {
  const same = flags.map(({ name, value }) => `--${name} '${value.replaceAll("'", "'\\''")}'`)
  const tail = ['npx gatehouse tail', ...same].join(' ')
  if (!hasOrders(config)) return [tail]
  const token = await issuer.sign({ subject: 'buyer', lifetimeS: pastedTokenLifetimeS })
  const order = (vendor: string) =>
    `curl -sS -w '\\n' ${agentsUrl}/erp/purchase-orders -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"vendor_id":"${vendor}","amount":900,"currency":"EUR"}'`
  return [order('acme'), order('nightshade'), tail]
}

/** Whether `buyer` can order at `/erp/purchase-orders`, as in the embedded default. */
function hasOrders({ agents, routes, upstreams }: Config): boolean {
  const erp = upstreams.find(({ origin }) => origin === 'development:erp')
  return (
    erp !== undefined &&
    agents.some(({ facts }) => facts.id === 'buyer') &&
    routes.some((route) => route.upstream === erp.id && route.path === '/erp')
  )
}
