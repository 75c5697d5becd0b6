/**
 * The `Host` field and the authority of an absolute-form target (RFC 9110 section 7.2, RFC 9112 section 3.2), read into one
 * form: lower case, no default port. User information, escapes, empty hosts and trailing dots are refused, because they make
 * one host look like another.
 */
import { isIPv6 } from 'node:net'
import type { Fault } from '../model/index.ts'
import { agentFault } from './agent-fault.ts'

/** Labels of letters, digits, `-` and `_` (not in RFC 1123, but common inside companies), at most 253 characters. */
const namePattern = /^(?!.{254})[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/

/** `host[:port]` in lower case, without the scheme's default port. Faults with `host_refused`. */
export function parseHost(value: string, scheme: 'http' | 'https'): string {
  const lower = value.toLowerCase()
  const colon = lower.charCodeAt(0) === 0x5b ? lower.indexOf(':', lower.indexOf(']')) : lower.indexOf(':')
  const name = colon === -1 ? lower : lower.slice(0, colon)
  if (!isName(name)) throw refused(value, 'a host name or an IP address')
  if (colon === -1) return lower
  const port = lower.slice(colon + 1)
  // RFC 9110 section 4.2.3: an empty port is the default one.
  if (port === '') return name
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65535 || Number(port) === 0)
    throw refused(value, 'a port from 1 to 65535')
  const number = Number(port)
  return number === (scheme === 'https' ? 443 : 80) ? name : `${name}:${number}`
}

function isName(name: string): boolean {
  if (name.charCodeAt(0) !== 0x5b) return namePattern.test(name)
  return name.endsWith(']') && isIPv6(name.slice(1, -1)) && !name.includes('%')
}

function refused(value: string, expected: string): Fault {
  return agentFault('host_refused', `\`${value.slice(0, 80)}\` in Host is not ${expected}`)
}
