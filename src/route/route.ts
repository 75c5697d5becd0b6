/**
 * Call -> Target. Whoever has no token learns nothing of what there is: to the anonymous every path is `token_missing`
 * unless its route says `identity: none`.
 */
import {
  aboutMessage,
  type Call,
  Fault,
  type Json,
  type McpAsk,
  type McpMessage,
  ownerOf,
  type Principal,
  type Protection,
  type Route,
  type RouteRule,
  type Target,
  toFault,
  type Upstream,
} from '../model/index.ts'
import { type Description, readDescription } from './description.ts'
import { isProtected, metadataText, type ProtectionOptions, protectionOf, resourceAskedFor } from './protection.ts'
import { makeRuleTree, pathSegments } from './rules.ts'
import { OtherMethods } from './templates.ts'
import type { Tool } from './tool.ts'
import { type MakeValidator, openValidators } from './validate.ts'

/** Faults: `token_missing`, `route_unknown`, `method_unknown`, `operation_unknown`. Costs one step a path segment. */
export type RouteCall = (call: Call, principal: Principal) => Target | Promise<Target>

/** What it takes to find the way of a message of MCP: to read it, and to ask where it goes. */
export interface McpWays {
  readonly read: (call: Call, route: Route, owner: string) => Promise<McpMessage>
  readonly aim: (message: McpMessage, route: Route, owner: string) => Promise<McpAsk>
}

export interface RouterOptions {
  readonly routes: readonly RouteRule[]
  readonly upstreams: readonly Upstream[]
  /** The parsed OpenAPI descriptions by the path that `RouteRule.description` gives. */
  readonly descriptions: ReadonlyMap<string, Json>
  /** Absent where only the rules are looked at: then no message is taken. */
  readonly mcp?: McpWays
  /** Absent: no route is shown as a protected resource. */
  readonly protection?: ProtectionOptions
}

export interface Router {
  readonly route: RouteCall
  /** What a client without a good token is told; undefined where the call is of no such route. */
  readonly protection: (call: Call) => Protection | undefined
  /** Every operation of every description as the tool that an agent sees, in the order of routes and paths. */
  readonly tools: readonly Tool[]
}

type Line = HttpLine | McpLine

interface McpLine {
  readonly rule: RouteRule
  readonly mcp: Route
}

interface HttpLine {
  readonly rule: RouteRule
  readonly mcp?: undefined
  readonly upstream: Upstream
  readonly description: Description | undefined
  /** Segments that are removed on the way up. */
  readonly prefixLength: number
}

/**
 * Throws an `Error` for rules that contradict each other or name no upstream, `Flaws` for descriptions that cannot be used,
 * each with its place and what to write instead.
 */
export function makeRouter({ routes, upstreams, descriptions, mcp, protection }: RouterOptions): Router {
  const byId = new Map(upstreams.map((upstream) => [upstream.id, upstream]))
  const makeValidator = openValidators()
  const lines = routes.map((rule) => makeLine(rule, byId, descriptions, makeValidator))
  const tree = makeRuleTree(lines.map((line) => ({ rule: line.rule, value: line })))

  function route(call: Call, principal: Principal): Target | Promise<Target> {
    const shown = documentOf(call)
    if (shown !== undefined) return shown
    const place = tree.find(call.host, call.segments)
    const line = place?.methods.get(call.method) ?? place?.any
    if (!principal.authenticated && line?.rule.route.identity !== 'none')
      throw new Fault('token_missing', 'the call has no `Authorization`, and its route does not do without')
    if (place === undefined) throw new Fault('route_unknown', `no route takes \`${call.host}\` and \`${call.path}\``)
    if (line === undefined)
      throw new Fault('method_unknown', `the routes of \`${call.path}\` do not take \`${call.method}\``, {
        allowedMethods: [...place.methods.keys()].sort(),
      })
    refuseScopes(line.rule.route, principal)
    if (line.mcp !== undefined) return aimMessage(line.mcp, call, principal, mcp)
    return aim(line, call)
  }

  /** The metadata of a route that is named in full; of the only one, where nothing is named (RFC 9728 section 3.1). */
  function documentOf(call: Call): Target | undefined {
    const asked = protection && resourceAskedFor(call)
    if (protection === undefined || asked === undefined) return undefined
    const all = lines.filter(
      (line) => line.mcp !== undefined && isProtected(line.rule, protection) && isReached(line, call.host),
    )
    const line =
      asked.length === 0 && all.length === 1
        ? all[0]
        : all.find(({ rule }) => pathSegments(rule.path).join('/') === asked.join('/'))
    if (line?.mcp === undefined) return undefined
    return { route: line.mcp, document: metadataText(line.rule, call, protection) }
  }

  /** Whether calls for this host get to the line: another host's may have the same path. */
  function isReached(line: Line, host: string): boolean {
    return tree.find(host, pathSegments(line.rule.path))?.any === line
  }

  function protectionFor(call: Call): Protection | undefined {
    const rule = tree.find(call.host, call.segments)?.any?.rule
    if (rule === undefined || protection === undefined || !isProtected(rule, protection)) return undefined
    return protectionOf(rule, call, protection)
  }

  return {
    route,
    protection: protectionFor,
    tools: lines.flatMap((line) => (line.mcp === undefined ? (line.description?.tools ?? []) : [])),
  }
}

function refuseScopes({ id, scopes = [] }: Route, { authenticated, identity }: Principal): void {
  if (scopes.length === 0 || !authenticated) return
  const missing = scopes.filter((scope) => !identity.scopes.includes(scope))
  if (missing.length > 0)
    throw new Fault('scope_missing', `route \`${id}\` needs ${missing.map((scope) => `\`${scope}\``).join(', ')}`)
}

function makeLine(
  rule: RouteRule,
  upstreams: ReadonlyMap<string, Upstream>,
  descriptions: ReadonlyMap<string, Json>,
  makeValidator: MakeValidator,
): Line {
  const { id, prefix } = rule.route
  const upstreamOf = (name: string | undefined): Upstream => {
    const upstream = upstreams.get(name ?? '')
    if (upstream !== undefined) return upstream
    throw new Error(`route \`${id}\` names the upstream \`${name}\`, which is not there: add it to \`upstreams\``)
  }
  if (rule.mcp !== undefined) return { rule, mcp: mcpRouteOf(rule.route, rule.mcp, upstreamOf) }
  const upstream = upstreamOf(rule.upstream)
  const removed = pathSegments(prefix)
  const whole = pathSegments(rule.path)
  if (removed.some((segment, index) => segment !== whole[index]))
    throw new Error(
      `route \`${id}\` removes the prefix \`${prefix}\`, which its path \`${rule.path}\` does not begin with`,
    )
  const document = rule.description === undefined ? undefined : descriptions.get(rule.description)
  if (rule.description !== undefined && document === undefined)
    throw new Error(`the description \`${rule.description}\` of route \`${id}\` was not read`)
  const description =
    rule.description === undefined || document === undefined
      ? undefined
      : readDescription({
          file: rule.description,
          document,
          server: upstream.id,
          renames: rule.renames,
          prefixLength: removed.length,
          makeValidator,
        })
  return { rule, upstream, description, prefixLength: removed.length }
}

function mcpRouteOf(route: Route, rule: NonNullable<RouteRule['mcp']>, upstreamOf: (name: string) => Upstream): Route {
  const servers = rule.servers.map(({ upstream: name, path, ...rest }) => {
    const upstream = upstreamOf(name)
    return { ...rest, upstream: { ...upstream, basePath: `${upstream.basePath}${path}` } }
  })
  return { ...route, mcp: { servers, origins: rule.origins, loopbackHostsOnly: rule.loopbackHostsOnly } }
}

/** Only who was let in gets a body read: the message is looked at behind the check of identity. */
async function aimMessage(route: Route, call: Call, principal: Principal, ways: McpWays | undefined): Promise<Target> {
  if (ways === undefined) throw new Error(`the router was made without MCP, which route \`${route.id}\` speaks`)
  const owner = ownerOf(principal)
  const message = await ways.read(call, route, owner)
  try {
    const asked = await ways.aim(message, route, owner)
    const { untilMs } = principal
    const mcp = untilMs === undefined ? asked : { ...asked, untilMs }
    const [only] = mcp.servers
    return mcp.servers.length === 1 && only !== undefined ? { route, mcp, upstream: only.upstream } : { route, mcp }
  } catch (cause) {
    throw aboutMessage(toFault(cause), message)
  }
}

function aim({ rule, upstream, description, prefixLength }: HttpLine, call: Call): Target {
  const route = rule.route
  const path = upstreamPath(call, prefixLength)
  if (description === undefined) return { route, upstream, upstreamPath: path }
  const operation = description.find(call.method, call.segments, prefixLength)
  const isKnown = operation !== undefined && !(operation instanceof OtherMethods)
  if (isKnown) return { route, upstream, operation, upstreamPath: path }
  if (route.undescribed === 'allow') return { route, upstream, upstreamPath: path }
  if (operation !== undefined)
    throw new Fault(
      'method_unknown',
      `the description of \`${upstream.id}\` has no \`${call.method}\` for \`${call.path}\``,
      { allowedMethods: operation.methods },
    )
  throw new Fault('operation_unknown', `the description of \`${upstream.id}\` has no path for \`${call.path}\``)
}

/** The path after the prefix, with the query as it came. Counted in segments: an escape may make a prefix longer than written. */
function upstreamPath({ path, query }: Call, prefixLength: number): string {
  let from = 0
  for (let count = 0; count < prefixLength && from >= 0; count++) from = path.indexOf('/', from + 1)
  const rest = from < 0 ? '/' : from === 0 ? path : path.slice(from)
  return query === undefined ? rest : `${rest}?${query}`
}
