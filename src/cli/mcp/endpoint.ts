/**
 * Which endpoint of MCP a command speaks to, and as whom: the running gateway of the configuration, or any URL; with a token that was
 * given, or in development mode one that is made for an agent. The configuration is read only where something of it is needed.
 */
import { limits, nearest, type RouteRule, visible } from '../../model/index.ts'
import type { Options } from '../command.ts'
import type { Loaded, Located } from '../configuration.ts'
import { CommandError, type Io } from '../io.ts'
import { readNamed } from '../named-file.ts'

export interface Endpoint {
  readonly url: URL
  /** Sent as a bearer token; undefined: none is. */
  readonly token: string | undefined
}

/** The flags that name an endpoint; a comparison has a second set. */
export interface EndpointFlags {
  readonly url: string
  readonly agent: string
  readonly token?: string
  readonly tokenFile: string
}

export const ownFlags: EndpointFlags = { url: 'url', agent: 'agent', token: 'token', tokenFile: 'token-file' }
export const otherFlags: EndpointFlags = { url: 'to', agent: 'as', tokenFile: 'to-token-file' }

/** Seconds that a token lives which is made for one command. */
const tokenLifetimeS = 600
/** RFC 6750 section 2.1, `b64token`. */
const tokenForm = /^[A-Za-z0-9._~+/-]+=*$/
/** Where a token is looked for that no flag gives. */
const tokenVariable = 'GATEHOUSE_TOKEN'

/** Throws `CommandError` and what is wrong with the configuration. */
export async function endpointOf(flags: EndpointFlags, options: Options, io: Io): Promise<Endpoint> {
  const who = saysWho(flags, options) ? flags : ownFlags
  const agent = options.text(who.agent)
  const given = tokenGiven(who, options, io)
  if (agent !== undefined && given !== undefined && given.flag !== undefined)
    throw new CommandError(`\`--${who.agent}\` and \`--${given.flag}\` both say whose call it is; write one of them`)
  const urlText = options.text(flags.url) ?? options.text(ownFlags.url)
  const url = urlText === undefined ? undefined : urlOf(urlText, flags.url)
  if (url !== undefined && agent === undefined) return { url, token: given?.token }
  const { locateConfig, openConfig } = await import('../configuration.ts')
  const located = locateConfig(options, io)
  const loaded = await openConfig(located, io)
  const rule = url === undefined ? routeOf(loaded, located, options) : undefined
  const place = url ?? addressOf(loaded, located, rule as RouteRule)
  if (agent !== undefined) {
    const { signAgentToken } = await import('../agent-token.ts')
    const wishes = { actors: [], scopes: options.list('scope'), roles: options.list('role'), lifetimeS: tokenLifetimeS }
    return { url: place, token: await signAgentToken(located, loaded, agent, wishes) }
  }
  if (given === undefined && rule?.route.identity === 'required') throw new CommandError(noToken(flags, loaded))
  return { url: place, token: given?.token }
}

/** Another endpoint without another caller is asked by the same one. */
function saysWho(flags: EndpointFlags, options: Options): boolean {
  return options.text(flags.agent) !== undefined || options.text(flags.tokenFile) !== undefined
}

function tokenGiven(
  flags: EndpointFlags,
  options: Options,
  io: Io,
): { readonly flag: string | undefined; readonly token: string } | undefined {
  const text = flags.token === undefined ? undefined : options.text(flags.token)
  const file = options.text(flags.tokenFile)
  if (text !== undefined && file !== undefined)
    throw new CommandError(`\`--${flags.token}\` and \`--${flags.tokenFile}\` both give a token; write one of them`)
  if (text !== undefined) return { flag: flags.token, token: checkedToken(text, `--${flags.token}`) }
  if (file !== undefined)
    return {
      flag: flags.tokenFile,
      token: checkedToken(readNamed(file, 'the token', io.directory).toString('utf8'), file),
    }
  const variable = io.environment[tokenVariable]
  if (variable === undefined || variable === '') return undefined
  return { flag: undefined, token: checkedToken(variable, tokenVariable) }
}

/** A token is a secret: what is wrong with it is said without it. */
function checkedToken(text: string, from: string): string {
  const token = text.trim()
  if (token.length > limits.tokenBytesMax || !tokenForm.test(token))
    throw new CommandError(`what \`${visible(from)}\` gives is no bearer token; \`gatehouse token AGENT\` prints one`)
  return token
}

function urlOf(text: string, flag: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new CommandError(
      `\`--${flag}\` takes the URL of an endpoint, such as \`http://127.0.0.1:8080/mcp\`, not \`${visible(text.slice(0, 200))}\``,
    )
  if (url.username !== '' || url.password !== '')
    throw new CommandError(`\`--${flag}\` takes a URL without a name and password; give a token with \`--token-file\``)
  url.hash = ''
  return url
}

function routeOf({ config }: Loaded, { file }: Located, options: Options): RouteRule {
  const rules = config.routes.filter(({ mcp }) => mcp !== undefined)
  const ids = rules.map(({ route }) => route.id)
  const wanted = options.text('route')
  if (ids.length === 0)
    throw new CommandError(`\`${file}\` has no route of \`protocol: mcp\`; name an endpoint with \`--url URL\``)
  if (wanted === undefined) {
    const [only] = rules
    if (rules.length === 1 && only !== undefined) return only
    throw new CommandError(
      `\`${file}\` has several routes of \`protocol: mcp\`; write \`--route\` with one of ${ids.join(', ')}`,
    )
  }
  const rule = rules.find(({ route }) => route.id === wanted)
  if (rule !== undefined) return rule
  const meant = nearest(wanted, ids)
  const offer = meant === undefined ? `there is ${ids.join(', ')}` : `did you mean \`${meant}\`?`
  throw new CommandError(`\`${file}\` has no route \`${visible(wanted)}\` of \`protocol: mcp\`; ${offer}`)
}

/** Where the gateway of this configuration listens, as this machine reaches it. */
function addressOf({ config }: Loaded, { file }: Located, { host: routeHost, path, route }: RouteRule): URL {
  const { host, port, tls, publicUrl } = config.agentsListener
  if (port === 0)
    throw new CommandError(`\`${file}\` lets the gateway take any port; name the endpoint with \`--url URL\``)
  // A certificate is made for the public name.
  if (tls !== undefined && publicUrl !== undefined) return new URL(path, publicUrl)
  if (routeHost !== '*')
    throw new CommandError(
      `the route \`${route.id}\` answers to the host \`${routeHost}\` alone; name the endpoint with \`--url URL\``,
    )
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' || host === '[::]' ? '[::1]' : host
  const bracketed = reached.includes(':') && !reached.startsWith('[') ? `[${reached}]` : reached
  return new URL(path, `${tls === undefined ? 'http' : 'https'}://${bracketed}:${port}`)
}

function noToken(flags: EndpointFlags, { config, developmentIssuer }: Loaded): string {
  const ways = `\`--${flags.tokenFile} FILE\`, or ${tokenVariable}`
  if (developmentIssuer === undefined) return `the endpoint wants a token; give one with ${ways}`
  const ids = config.agents.map(({ facts }) => facts.id)
  return `say whose call it is: \`--${flags.agent}\` with one of ${ids.join(', ')}; or give a token with ${ways}`
}
