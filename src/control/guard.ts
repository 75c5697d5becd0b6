/** Who may ask what on the operators' port: the `Host` must be one of ours, and the token the one that is configured. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback } from '../model/index.ts'

/**
 * True for the names under which a browser on this machine reaches us, and for the configured ones. Anything else may be a
 * page of somebody else whose name was pointed at this address (DNS rebinding).
 */
export function makeHostCheck(hosts: readonly string[]): (host: string | undefined) => boolean {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()))
  return (host) => {
    const name = host?.toLowerCase() ?? ''
    const bare = withoutPort(name)
    return bare !== undefined && (isLoopback(bare) || allowed.has(name) || allowed.has(bare))
  }
}

/** RFC 9110 section 7.2: a host, and a port where it is not the default one. */
function withoutPort(host: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/.exec(host)
  return match?.[1]
}

/**
 * Checks `Authorization: Bearer TOKEN` (RFC 6750 section 2.1). Without a configured token everybody passes. Takes as long for
 * a token that is nearly right as for one that is not: digests are compared, and those in constant time.
 */
export function makeTokenCheck(token: string | undefined): (authorization: string | undefined) => boolean {
  if (token === undefined) return () => true
  const wanted = digest(token)
  return (authorization) => {
    const given = /^bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(digest(given), wanted)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
