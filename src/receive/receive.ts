/**
 * The first step: an arrival becomes a call, strictly. Everything is refused here that two readers could take differently:
 * framing, host, target, repeated fields. A pure function: it reads no bytes and waits for nothing.
 */
import type { Arrival, Call } from '../model/index.ts'
import {
  agentFault,
  connectionNames,
  type Headers,
  isHopByHop,
  parseHost,
  parseTarget,
  readHeaders,
} from '../wire/index.ts'

export type Receive = (arrival: Arrival) => Call

/**
 * Faults: the arrival's own `refusal`; `method_refused` for CONNECT, TRACE and `Upgrade`; `framing_refused`; `host_refused`;
 * `header_refused`; `header_too_large`; `target_refused`.
 */
export function receive(arrival: Arrival): Call {
  if (arrival.refusal !== undefined) throw arrival.refusal
  refuseMethod(arrival.method)
  const headers = readHeaders(arrival.rawHeaders)
  if (headers.has('upgrade'))
    throw agentFault('method_refused', `an upgrade to \`${headers.get('upgrade')?.slice(0, 80)}\` was asked for`)
  refuseFraming(headers)
  refuseStripping(headers)
  const hostField = headers.get('host')
  if (hostField === undefined) throw agentFault('host_refused', 'there is no Host field')
  const host = parseHost(hostField, arrival.scheme)
  const { path, segments, query, queryPairs } = parseTarget(originForm(arrival, host))
  const call = {
    id: arrival.id,
    protocol: arrival.protocol,
    receivedMs: arrival.receivedMs,
    startedMs: arrival.startedMs,
    method: arrival.method,
    scheme: arrival.scheme,
    rawTarget: arrival.rawTarget,
    rawHeaders: arrival.rawHeaders,
    peer: arrival.peer,
    trace: arrival.trace,
    body: arrival.body,
    departure: arrival.departure,
    host,
    path,
    segments,
    queryPairs,
    headers,
  }
  return query === undefined ? call : { ...call, query }
}

function refuseMethod(method: string): void {
  if (method === 'CONNECT') throw agentFault('method_refused', 'the method is `CONNECT`')
  // RFC 9110 section 9.3.8: TRACE sends the request back, and with it the credential that only the upstream may see.
  if (method === 'TRACE') throw agentFault('method_refused', 'the method is `TRACE`')
}

/** RFC 9112 section 6.3: a length or chunks, never both, and no coding but `chunked`. */
function refuseFraming(headers: Headers): void {
  const coding = headers.get('transfer-encoding')
  const length = headers.get('content-length')
  if (coding !== undefined && length !== undefined)
    throw agentFault('framing_refused', 'Content-Length came together with Transfer-Encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw agentFault('framing_refused', `the transfer coding is \`${coding.slice(0, 80)}\`, expected \`chunked\``)
  if (length !== undefined && !(/^[0-9]{1,16}$/.test(length) && Number.isSafeInteger(Number(length))))
    throw agentFault('framing_refused', `the Content-Length is \`${length.slice(0, 80)}\`, expected digits`)
}

/**
 * A proxy takes off what `Connection` names (RFC 9110 section 7.6.1): policy would see a field that the upstream never gets.
 * That section forbids to name fields that are meant for the end, so whoever does it is refused.
 */
function refuseStripping(headers: Headers): void {
  for (const name of connectionNames(headers.get('connection')))
    if (headers.has(name) && !isHopByHop(name))
      throw agentFault('header_refused', `Connection names the field \`${name}\`, which is not about the connection`)
}

/**
 * RFC 9112 section 3.2.2 makes a server take the absolute form; here its authority must be the one of `Host`, so that no
 * reader can prefer the other. The authority and asterisk forms end as faults of the target.
 */
function originForm(arrival: Arrival, host: string): string {
  const target = arrival.rawTarget
  if (target.charCodeAt(0) === 0x2f) return target
  const start = `${arrival.scheme}://`
  if (target.slice(0, start.length).toLowerCase() !== start) return target
  const rest = target.slice(start.length)
  const end = rest.search(/[/?]/)
  const authority = end === -1 ? rest : rest.slice(0, end)
  if (parseHost(authority, arrival.scheme) !== host)
    throw agentFault('host_refused', `the target names \`${authority.slice(0, 80)}\` and Host names \`${host}\``)
  if (end === -1) return '/'
  return rest.charAt(end) === '?' ? `/${rest.slice(end)}` : rest.slice(end)
}
