/**
 * A route as a protected resource (RFC 9728): the metadata by which a client finds out where tokens come from, one document a route,
 * and the address of it for challenges. Only routes that speak MCP have it, since their clients look for it.
 */
import { type Call, isLoopback, type Protection, type RouteRule } from '../model/index.ts'

/** RFC 9728 section 3.1: put between the host and the path of the resource. */
const wellKnown = ['.well-known', 'oauth-protected-resource'] as const

export interface ProtectionOptions {
  /** Issuers whose tokens are trusted and that agents can ask for one. */
  readonly authorizationServers: readonly string[]
  /** How agents reach the gateway; absent: as the call came. */
  readonly publicUrl?: string | undefined
}

/** The segments of the resource whose metadata a call asks for; undefined for any other call. */
export function resourceAskedFor({ method, segments }: Call): readonly string[] | undefined {
  if ((method !== 'GET' && method !== 'HEAD') || segments[0] !== wellKnown[0] || segments[1] !== wellKnown[1])
    return undefined
  return segments.slice(2)
}

/**
 * Whether agents can ask this issuer for a token: its name is a URL from which they make the place of its own metadata (RFC 8414 section 2),
 * and one that can lead somewhere (RFC 6761 section 6.4). Another issuer's tokens are trusted all the same.
 */
export function isAuthorizationServer(issuer: string): boolean {
  const url = URL.parse(issuer)
  if (url === null || /[?#]/.test(issuer) || url.hostname.endsWith('.invalid')) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

export function isProtected({ route, mcp }: RouteRule, { authorizationServers }: ProtectionOptions): boolean {
  return mcp !== undefined && route.identity === 'required' && authorizationServers.length > 0
}

/** RFC 9728 section 2. `resource` is the very URL that agents use: a client refuses metadata about another one. */
export function metadataText(rule: RouteRule, call: Call, options: ProtectionOptions): string {
  return JSON.stringify({
    resource: `${originOf(rule, call, options)}${pathOf(rule)}`,
    authorization_servers: options.authorizationServers,
    bearer_methods_supported: ['header'],
    ...(rule.route.scopes !== undefined && { scopes_supported: rule.route.scopes }),
    resource_name: rule.route.id,
  })
}

export function protectionOf(rule: RouteRule, call: Call, options: ProtectionOptions): Protection {
  const metadata = `${originOf(rule, call, options)}/${wellKnown.join('/')}${pathOf(rule)}`
  return { metadata, scopes: rule.route.scopes ?? [] }
}

/** A route of a host of its own is reached by that host, over the scheme that the others are reached by. */
function originOf(rule: RouteRule, { scheme, host }: Call, { publicUrl }: ProtectionOptions): string {
  if (publicUrl === undefined) return `${scheme}://${host}`
  return rule.host === '*' ? publicUrl : `${publicUrl.slice(0, publicUrl.indexOf(':'))}://${host}`
}

function pathOf({ path }: RouteRule): string {
  return path === '/' ? '' : path
}
