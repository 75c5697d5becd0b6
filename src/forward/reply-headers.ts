/**
 * The header that an upstream's reply has towards the agent: without what ends at this hop, without what speaks of the
 * upstream's own place in the network, and with its addresses mapped to the gateway's.
 */
import type { Call, HttpTarget } from '../model/index.ts'
import { connectionNames, isHopByHop } from '../wire/index.ts'
import { via } from './call-headers.ts'
import type { UpstreamHeaders } from './reply-head.ts'

/** Lower case. */
const dropped: ReadonlySet<string> = new Set([
  // Framing is made anew.
  'content-length',
  // Challenges are about the gateway's own credential, which the agent can do nothing about.
  'www-authenticate',
  'authentication-info',
  'proxy-authentication-info',
  // Orders about the origin, which for the agent is the gateway: where else it can be reached, how, and what to forget.
  'alt-svc',
  'clear-site-data',
  'strict-transport-security',
  'expect-ct',
  'public-key-pins',
  'refresh',
  // What runs behind the gateway is nobody's business.
  'server',
  'x-powered-by',
  'x-aspnet-version',
  'x-aspnetmvc-version',
  // Only this gateway says it.
  'gatehouse-decision',
  'via',
])

// One answer a name: names repeat from reply to reply. Bounded, because they come from outside.
const verdicts = new Map<string, boolean>()
const verdictsMax = 512

function passes(name: string): boolean {
  const known = verdicts.get(name)
  if (known !== undefined) return known
  const verdict = !(dropped.has(name) || isHopByHop(name))
  if (verdicts.size < verdictsMax) verdicts.set(name, verdict)
  return verdict
}

export interface ReplyHeaderOptions {
  /** How agents reach the gateway, without trailing slash; absent: made from the call's own scheme and host. */
  readonly publicUrl: string | undefined
  /** Lower-case names to values that obligations set. */
  readonly set: ReadonlyMap<string, string>
  /** The body is another one than the upstream's: what describes its bytes goes. */
  readonly rewritten: boolean
}

/** What describes the very bytes of a body (RFC 9110 sections 8.8.3, 14.4; RFC 9530). */
const ofTheBytes: ReadonlySet<string> = new Set([
  'etag',
  'last-modified',
  'accept-ranges',
  'content-range',
  'content-digest',
  'repr-digest',
  'digest',
  'content-md5',
])

/**
 * Name, value, name, value ... For a HEAD the upstream's `Content-Length` is kept, since there is no body that would give it
 * (RFC 9110 section 9.3.2).
 */
export function replyHeaders(
  headers: UpstreamHeaders,
  call: Call,
  target: HttpTarget,
  options: ReplyHeaderOptions,
): string[] {
  const connection = headers.connection
  const named = connectionNames(Array.isArray(connection) ? connection.join(',') : connection)
  const out: string[] = []
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined) continue
    if (!passes(name)) {
      if (name === 'content-length' && call.method === 'HEAD' && typeof value === 'string') out.push(name, value)
      continue
    }
    if (name === 'set-cookie' && !target.route.cookies) continue
    if (named.size > 0 && named.has(name)) continue
    if (options.set.size > 0 && options.set.has(name)) continue
    if (options.rewritten && ofTheBytes.has(name)) continue
    if (name === 'location' || name === 'content-location') {
      const mapped = typeof value === 'string' ? mapLocation(value, call, target, options.publicUrl) : undefined
      if (mapped !== undefined) out.push(name, mapped)
    } else if (typeof value === 'string') out.push(name, value)
    else for (const one of value) out.push(name, one)
  }
  out.push('via', via)
  for (const [name, value] of options.set) out.push(name, value)
  return out
}

/** Bytes beyond ASCII, which no URI has and some services send all the same: each as the escape of that byte (RFC 3987 section 3.1). */
function escaped(value: string): string {
  return value.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * An upstream's `Location` as an address of the gateway: it must lie on the same upstream under its base path; anything else
 * is undefined, so that no agent is sent around the gateway.
 */
export function mapLocation(
  value: string,
  call: Call,
  target: HttpTarget,
  publicUrl: string | undefined,
): string | undefined {
  const { upstream, route } = target
  const origin = new URL(upstream.origin).origin
  const called = URL.parse(`${upstream.basePath}${target.upstreamPath}`, origin)
  const meant = called === null ? null : URL.parse(escaped(value), called.href)
  if (meant === null || meant.origin !== origin || meant.username !== '' || meant.password !== '') return undefined
  const { pathname } = meant
  if (pathname !== upstream.basePath && !pathname.startsWith(`${upstream.basePath}/`)) return undefined
  const rest = pathname.slice(upstream.basePath.length)
  // A route at the root has the prefix `/`, which is no text in front of a path.
  const prefix = route.prefix === '/' ? '' : route.prefix
  const path = `${prefix}${rest}`
  return `${publicUrl ?? `${call.scheme}://${call.host}`}${path === '' ? '/' : path}${meant.search}${meant.hash}`
}
