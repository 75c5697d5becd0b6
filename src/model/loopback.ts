/** Hosts that lead to this machine alone, whatever DNS says. */
import { isIPv4 } from 'node:net'

/**
 * 127.0.0.0/8 (RFC 1122 section 3.2.1.3), ::1 with or without brackets (RFC 4291 section 2.5.3), `localhost` and names under it
 * (RFC 6761 section 6.3), also with the dot of the root. `host` has no port.
 */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
  if (isIPv4(name)) return name.startsWith('127.')
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost')
}
