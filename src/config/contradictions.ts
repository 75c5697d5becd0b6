/**
 * What settings mean together: references that lead nowhere, things that come twice, combinations that cannot be meant.
 * Works on the parts that are right by themselves, so that all errors are told at once.
 */
import { isLoopback, nearest, parseDuration, parseSize } from '../model/index.ts'
import { hostOf, parseUpstreamUrl } from './addresses.ts'
import type { Finding, Path } from './errors.ts'
import type { AgentFile, IssuerFile, RouteFile, UpstreamFile } from './schema.ts'
import type { Sections } from './sections.ts'

/** `developmentIssuer` is the `iss` of development tokens, trusted in development mode. */
export function contradictions(sections: Sections, developmentIssuer: string | undefined): Finding[] {
  const found: Finding[] = []
  const add = (path: Path, message: string, fix: string, at: 'key' | 'value' = 'value'): void => {
    found.push({ path, at, message, fix })
  }
  const trusted = issuerNames(sections, developmentIssuer)
  listeners(sections, add)
  timing(sections, add)
  log(sections, add)
  issuers(sections, developmentIssuer, add)
  agents(sections, trusted, add)
  for (const { path, entry } of sections.upstreams) upstream(sections, path, entry, add)
  once(sections.ids.upstreams, 'upstreams', 'id', add)
  for (const { path, entry } of sections.routes) route(sections, path, entry, add)
  once(sections.ids.routes, 'routes', 'id', add)
  ambiguousRoutes(sections, add)
  anchors(sections, add)
  once(sections.ids.sinks, 'sinks', 'id', add)
  if (trusted.length === 0 && sections.routes.some(({ entry }) => entry.identity === 'required'))
    add(['issuers'], 'no issuer is trusted, so every call would be refused', "add the issuer of your agents' tokens")
  return found
}

type Add = (path: Path, message: string, fix: string, at?: 'key' | 'value') => void

function issuerNames(sections: Sections, developmentIssuer: string | undefined): string[] {
  const named = sections.ids.issuers.filter((name) => name !== undefined)
  return sections.mode === 'development' && developmentIssuer !== undefined ? [...named, developmentIssuer] : named
}

function listeners({ mode, agents_listener: agents, operators }: Sections, add: Add): void {
  const path = ['listeners']
  if (agents !== undefined && mode === 'development' && !isLoopback(agents.host))
    add(
      [...path, 'agents', 'host'],
      `development mode listens on loopback only, not on \`${agents.host}\``,
      'write `host: 127.0.0.1`, or `mode: production`',
    )
  if (operators !== undefined && !isLoopback(operators.host)) {
    const at = [...path, 'operators', 'host']
    if (mode === 'development')
      add(
        at,
        `development mode listens on loopback only, not on \`${operators.host}\``,
        'write `host: 127.0.0.1`, or `mode: production`',
      )
    else if (operators.token === undefined)
      add(
        at,
        `operators would need no token on \`${operators.host}\``,
        'write `token: file:PATH` beside it, or `host: 127.0.0.1`',
      )
  }
  if (agents !== undefined && operators !== undefined && agents.port !== 0 && agents.port === operators.port)
    add([...path, 'operators', 'port'], `\`${operators.port}\` is the port of agents too`, 'write another port')
  if (agents?.tls !== undefined && agents.public_url?.startsWith('http:'))
    add([...path, 'agents', 'public_url'], 'it says `http:` although the listener speaks TLS', 'write `https:`')
}

function log({ log }: Sections, add: Add): void {
  if (log?.total_max === undefined || (parseSize(log.total_max) ?? 0) >= 2 * (parseSize(log.segment_max) ?? 0)) return
  add(
    ['log', 'total_max'],
    `\`${log.total_max}\` is less than two segments of \`segment_max\`, \`${log.segment_max}\`: hardly more than the segment that is written would stay`,
    'write more, or a smaller `segment_max`',
  )
}

function timing({ timing }: Sections, add: Add): void {
  if (timing === undefined) return
  const ms = (text: string): number => parseDuration(text) ?? 0
  if (ms(timing.header_max) > ms(timing.request_max))
    add(
      ['timing', 'header_max'],
      `\`${timing.header_max}\` is longer than \`request_max\`, \`${timing.request_max}\`, of which it is a part`,
      'write a shorter time',
    )
  if (ms(timing.request_max) > ms(timing.call_max))
    add(
      ['timing', 'request_max'],
      `\`${timing.request_max}\` is longer than \`call_max\`, \`${timing.call_max}\`, of which it is a part`,
      'write a shorter time',
    )
}

function issuers(sections: Sections, developmentIssuer: string | undefined, add: Add): void {
  once(sections.ids.issuers, 'issuers', 'issuer', add)
  for (const { path, entry } of sections.issuers) {
    if (sections.mode === 'development' && entry.issuer === developmentIssuer)
      add([...path, 'issuer'], 'development mode brings this issuer itself', 'remove the entry')
    keysUrl(path, entry, add)
  }
}

function anchors({ audit, log }: Sections, add: Add): void {
  const entries = audit?.anchors ?? []
  const seen = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    const path = ['audit', 'anchors', index]
    if (seen.has(entry.id)) add([...path, 'id'], `\`${entry.id}\` comes twice`, 'write another name')
    seen.add(entry.id)
    for (const key of ['webhook', 'witness'] as const)
      if (entry[key] !== undefined) anchorUrl([...path, key], entry[key], add)
    const { file } = entry
    if (file !== undefined && log?.directory !== undefined && `${file}/`.startsWith(`${log.directory}/`))
      add(
        [...path, 'file'],
        'it is in the folder of the log: whoever can change the log can change it too',
        'name a file elsewhere',
      )
  }
}

function anchorUrl(at: Path, text: string, add: Add): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    add(at, 'must be a URL', 'write for example `https://witness.example.com/audit/witness`')
  else if (url.protocol === 'http:' && !isLoopback(hostOf(url)))
    add(at, 'what goes over `http:` can be read and replaced on the way', 'write `https:`')
  if (url !== undefined && (url.username !== '' || url.password !== ''))
    add(at, 'a URL here carries no name or password', 'remove what stands before `@`, and write `credential:`')
}

function keysUrl(path: Path, { keys }: IssuerFile, add: Add): void {
  if (keys.url === undefined) return
  const url = URL.canParse(keys.url) ? new URL(keys.url) : undefined
  const at = [...path, 'keys', 'url']
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    add(at, 'must be a URL', 'write for example `url: https://login.example.com/jwks.json`')
  else if (url.protocol === 'http:' && !isLoopback(hostOf(url)))
    add(at, 'keys that come over `http:` can be replaced on the way', 'write `https:`')
  if (url !== undefined && (url.username !== '' || url.password !== ''))
    add(at, 'a URL here carries no name or password', 'remove what stands before `@`')
}

function agents(sections: Sections, trusted: readonly string[], add: Add): void {
  once(sections.ids.agents, 'agents', 'id', add)
  const identities = new Map<string, string>()
  for (const { path, entry } of sections.agents) {
    const issuer = issuerOf(entry, sections.mode, trusted, sections.mode === 'development' ? trusted.at(-1) : undefined)
    if (issuer === undefined) {
      add(
        [...path, 'identity'],
        'it is not said whose tokens name this agent',
        trusted.length === 0 ? 'add an issuer under `issuers:`' : 'write `issuer:` and the `iss` of its tokens',
      )
      continue
    }
    if (!trusted.includes(issuer)) {
      add([...path, 'identity', 'issuer'], `\`${issuer}\` is not a trusted issuer`, known('issuer', issuer, trusted))
      continue
    }
    const { claim, value = entry.id } = entry.identity
    const key = JSON.stringify([issuer, claim, value])
    const other = identities.get(key)
    if (other !== undefined && other !== entry.id)
      add(
        [...path, 'identity'],
        `the same tokens name the agent \`${other}\``,
        `write another \`value:\` of the claim \`${claim}\``,
      )
    else identities.set(key, entry.id)
  }
}

/** The issuer of an agent that names none: the development issuer, or the only one there is. */
export function issuerOf(
  { identity }: AgentFile,
  mode: Sections['mode'],
  trusted: readonly string[],
  developmentIssuer: string | undefined,
): string | undefined {
  if (identity.issuer !== undefined) return identity.issuer
  if (mode === 'development') return developmentIssuer
  return trusted.length === 1 ? trusted[0] : undefined
}

function upstream(sections: Sections, path: Path, entry: UpstreamFile, add: Add): void {
  const at = [...path, 'url']
  const url = parseUpstreamUrl(entry.url)
  if ('problem' in url) {
    add(at, url.problem, url.fix)
    return
  }
  if (url.kind === 'development') {
    if (sections.mode === 'production')
      add(
        at,
        `\`${entry.url}\` is there in development mode only`,
        'write the URL of your service, or `mode: development`',
      )
    if (entry.authorities !== undefined)
      add([...path, 'authorities'], 'the services of development mode do not speak TLS', 'remove it')
    return
  }
  if (entry.authorities !== undefined && url.scheme === 'http')
    add([...path, 'authorities'], 'there is no TLS to an `http:` service', 'write `https:` in `url`, or remove it')
  const own = [sections.agents_listener, sections.operators].find(
    (listener) => listener !== undefined && listener.port !== 0 && listener.port === url.port && isLoopback(url.host),
  )
  if (own !== undefined)
    add(at, 'this is an address of Gatehouse itself: it would call itself', 'write the URL of the service')
}

function route(sections: Sections, path: Path, entry: RouteFile, add: Add): void {
  const upstreams = sections.ids.upstreams.filter((name) => name !== undefined)
  if (entry.protocol === 'mcp') mcpRoute(path, entry, upstreams, add)
  else httpRoute(path, entry, upstreams, add)
  const wrong = pathProblem(entry.path)
  if (wrong !== undefined) add([...path, 'path'], `\`${entry.path}\` ${wrong}`, 'write it as `/erp` or `/`')
  if (entry.methods.includes('CONNECT'))
    add([...path, 'methods'], 'tunnels (`CONNECT`) are never opened', 'remove `CONNECT`')
  if (entry.description === undefined && Object.keys(entry.renames).length > 0)
    add(
      [...path, 'renames'],
      'there is no description whose fields could be renamed',
      'add `description:`, or remove it',
      'key',
    )
  identity(sections, path, entry, add)
  const parsed = entry.parsed_body_max
  if (parsed !== undefined && (parseSize(parsed) ?? 0) > (parseSize(entry.body_max) ?? 0))
    add(
      [...path, 'parsed_body_max'],
      `\`${parsed}\` is more than \`body_max\`, \`${entry.body_max}\``,
      'write less, or a larger `body_max`',
    )
}

function httpRoute(path: Path, entry: RouteFile, upstreams: readonly string[], add: Add): void {
  if (entry.upstream === undefined)
    add(path, 'the route has no `upstream`', 'add `upstream:`, or `protocol: mcp` and `servers:`')
  else if (!upstreams.includes(entry.upstream))
    add(
      [...path, 'upstream'],
      `there is no upstream \`${entry.upstream}\``,
      known('upstream', entry.upstream, upstreams),
    )
  for (const key of ['servers', 'origins'] as const)
    if (entry[key].length > 0)
      add(
        [...path, key],
        `only routes of \`protocol: mcp\` have \`${key}\``,
        'add `protocol: mcp`, or remove it',
        'key',
      )
}

/** What an endpoint of MCP has, and what only other routes have. */
function mcpRoute(path: Path, entry: RouteFile, upstreams: readonly string[], add: Add): void {
  if (entry.servers.length === 0)
    add(path, 'an MCP endpoint without `servers` has nothing to offer', 'add `servers:` with the `upstream` of each')
  const seen = new Map<string, number>()
  for (const [index, server] of entry.servers.entries()) {
    const at = [...path, 'servers', index, 'upstream']
    if (!upstreams.includes(server.upstream))
      add(at, `there is no upstream \`${server.upstream}\``, known('upstream', server.upstream, upstreams))
    const first = seen.get(server.upstream)
    if (first !== undefined) add(at, `\`${server.upstream}\` comes twice, first as \`servers[${first}]\``, 'remove one')
    else seen.set(server.upstream, index)
    for (const kind of ['tools', 'prompts', 'resources'] as const)
      selection([...path, 'servers', index, kind], server[kind] ?? [], add)
  }
  if (entry.upstream !== undefined)
    add([...path, 'upstream'], 'an MCP endpoint has `servers` instead', 'write it under `servers:`', 'key')
  if (entry.description !== undefined)
    add([...path, 'description'], 'the servers of an MCP endpoint describe themselves', 'remove it', 'key')
  if (entry.methods.length > 0) add([...path, 'methods'], 'MCP says which methods of HTTP it takes', 'remove it', 'key')
  if (entry.cookies) add([...path, 'cookies'], 'MCP has no cookies', 'remove it', 'key')
}

/** A name that another one covers says something else than it seems to. */
function selection(path: Path, names: readonly string[], add: Add): void {
  for (const [index, name] of names.entries()) {
    const other = names.findIndex(
      (pattern, at) => at !== index && covers(pattern, name) && (at < index || pattern !== name),
    )
    if (other !== -1) add([...path, index], `\`${name}\` is in \`${names[other]}\` already`, 'remove one of them')
  }
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}

function identity({ agents_listener }: Sections, path: Path, entry: RouteFile, add: Add): void {
  const meant = entry.identity_none_is_meant === true
  if (entry.identity === 'required' && meant)
    add(
      [...path, 'identity_none_is_meant'],
      'the route requires an identity',
      'write `identity: none`, or remove it',
      'key',
    )
  if (entry.identity === 'none' && entry.scopes.length > 0)
    add([...path, 'scopes'], 'calls without a token have no scopes', 'remove it, or write `identity: required`', 'key')
  if (entry.identity === 'none' && !meant && agents_listener !== undefined && !isLoopback(agents_listener.host))
    add(
      [...path, 'identity'],
      `calls without a token would be taken from the network (\`${agents_listener.host}\`)`,
      'write `identity_none_is_meant: true` beside it, or remove it',
    )
}

/** RFC 3986 section 6.2.2: a path that can be written in one way only, so that no call slips past it. */
function pathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'does not begin with `/`'
  if (path !== '/' && path.endsWith('/')) return 'ends with `/`'
  if (/\/\//.test(path)) return 'has an empty segment'
  if (/\/\.{1,2}(\/|$)/.test(path)) return 'has a dot segment'
  if (!/^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/.test(path)) return 'has a character that is written in more than one way'
  return undefined
}

/** Two routes with the same host and path must differ in their methods, or the order would decide. */
function ambiguousRoutes({ routes }: Sections, add: Add): void {
  const places = new Map<string, { id: string; methods: readonly string[] }[]>()
  for (const { path, entry } of routes) {
    const place = `${entry.host} ${entry.path}`
    const others = places.get(place) ?? []
    const rival = others.find(
      ({ methods }) =>
        methods.length === 0 || entry.methods.length === 0 || methods.some((method) => entry.methods.includes(method)),
    )
    if (rival !== undefined && rival.id !== entry.id)
      add(
        [...path, 'path'],
        `\`${entry.path}\` of host \`${entry.host}\` is taken by the route \`${rival.id}\` with the same methods`,
        'write another path, host or `methods:`',
      )
    places.set(place, [...others, { id: entry.id, methods: entry.methods }])
  }
}

function once(names: readonly (string | undefined)[], list: string, key: string, add: Add): void {
  const seen = new Map<string, number>()
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue
    const first = seen.get(name)
    if (first !== undefined)
      add(
        [list, index, key],
        `\`${name}\` comes twice, first as \`${list}[${first}]\``,
        'write another name, or remove one',
      )
    else seen.set(name, index)
  }
}

function known(what: string, name: string, names: readonly string[]): string {
  const meant = nearest(name, names)
  if (meant !== undefined) return `did you mean \`${meant}\`?`
  return names.length === 0
    ? `add the ${what} first`
    : `there is ${names
        .slice(0, 20)
        .map((one) => `\`${one}\``)
        .join(', ')}`
}
