/**
 * The header that a call has upstream: what the agent sent, without what ends here, what authenticates the agent, what claims
 * to come from a proxy, and what would make the upstream act on another method or path than policy saw.
 */
import type { Call, HttpTarget } from '../model/index.ts'
import { connectionNames, isHopByHop, traceparentOf } from '../wire/index.ts'

/** How this hop is called in `Via` (RFC 9110 section 7.6.3). */
export const via = '1.1 gatehouse'

/** Lower case. Fields whose name begins with `x-forwarded-` are dropped too. */
const dropped: ReadonlySet<string> = new Set([
  // Framing and addressing are made anew; an expectation was met here.
  'host',
  'content-length',
  'expect',
  // The agent's credentials are for this gateway (RFC 9110 section 11.6.2, RFC 9449).
  'authorization',
  'dpop',
  'client-cert',
  'client-cert-chain',
  'gatehouse-decision',
  // What proxies say about the agent: only this gateway may say it.
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'x-host',
  'x-original-host',
  'x-original-forwarded-for',
  'x-remote-user',
  'remote-user',
  'x-authenticated-user',
  // Fields that frameworks let override what the request line says.
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
  'x-override-url',
  'x-envoy-original-path',
  // The trace goes on with our own span.
  'traceparent',
  'tracestate',
])

/**
 * CGI, WSGI, Rack and PHP make one variable of `x-tenant`, `x_tenant` and `x.tenant`: the second one could take the place of what
 * policy saw, of what it set, or of the credential. So only names pass that are read in one way, as with nginx.
 */
const unambiguous = /^[a-z0-9-]+$/

/** Whether an agent's field (lower case) may go upstream, apart from what `Connection` names. */
function passesUpstream(name: string): boolean {
  return unambiguous.test(name) && !dropped.has(name) && !isHopByHop(name) && !name.startsWith('x-forwarded-')
}

// One answer a name: names repeat from call to call. Bounded, because they come from outside.
const verdicts = new Map<string, boolean>()
const verdictsMax = 512

function passes(name: string): boolean {
  const known = verdicts.get(name)
  if (known !== undefined) return known
  const verdict = passesUpstream(name)
  if (verdicts.size < verdictsMax) verdicts.set(name, verdict)
  return verdict
}

/** What the obligations of a decision ask of the header. */
export interface HeaderWishes {
  /** Lower-case names to values. */
  readonly upstream: ReadonlyMap<string, string>
  /** The reply must come uncompressed and whole, because it is read here. */
  readonly identity: boolean
}

/**
 * Name, value, name, value ... without `Host`, `Connection` and what delimits the body: `requestHead` writes those.
 */
export function callHeaders(call: Call, target: HttpTarget, wishes: HeaderWishes): string[] {
  const { credential } = target.upstream
  const credentialName = credential?.header.toLowerCase()
  // In a compressed reply the credential would not be found, should the upstream say it back: the agent must not choose that.
  const plain = wishes.identity || credential !== undefined
  const named = connectionNames(call.headers.get('connection'))
  const out: string[] = []
  for (const [name, value] of call.headers) {
    if (!passes(name) || name === credentialName) continue
    if (name === 'cookie' && !target.route.cookies) continue
    if (named.size > 0 && named.has(name)) continue
    if (plain && name === 'accept-encoding') continue
    if (wishes.identity && (name === 'range' || name === 'if-range')) continue
    if (wishes.upstream.size > 0 && wishes.upstream.has(name)) continue
    out.push(name, value)
  }
  if (plain) out.push('accept-encoding', 'identity')
  out.push('via', via, 'forwarded', forwarded(call), 'traceparent', traceparentOf(call.trace))
  if (call.trace.state !== undefined) out.push('tracestate', call.trace.state)
  for (const [name, value] of wishes.upstream) out.push(name, value)
  if (credential !== undefined) out.push(credential.header, credential.value)
  return out
}

/** RFC 7239 section 4: who called, under which name, how. IPv6 addresses and hosts with a port need quotes. */
export function forwarded(call: Call): string {
  const { address } = call.peer
  const peer = address.includes(':') ? `"[${address}]"` : address
  const host = call.host.includes(':') ? `"${call.host}"` : call.host
  return `for=${peer};host=${host};proto=${call.scheme}`
}
