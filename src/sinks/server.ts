/** What the settings of servers that a client of their own reaches have in common: TLS, and that nothing goes without it beyond this machine. */
import { isIP } from 'node:net'
import type { z } from 'zod'
import { isLoopback } from '../model/index.ts'
import { splitHostPort } from '../settings/index.ts'
import type { ClientTls } from './sink.ts'

/** Adds an issue at the setting `field` when one of `servers` (`HOST:PORT`) is elsewhere and there is no `tls`. */
export function refuseExposed(
  field: string,
  servers: readonly string[],
  tls: ClientTls | undefined,
  context: z.RefinementCtx,
): void {
  const exposed = servers.find((server) => !isLoopback(splitHostPort(server).host))
  if (tls !== undefined || exposed === undefined) return
  context.addIssue({
    code: 'custom',
    path: [field],
    message: `what goes to \`${exposed}\` without TLS can be read and replaced on the way`,
    params: { fix: 'write `tls: {}`, or name the authorities to trust there' },
  })
}

/** The same as Node's names for it; certificates are verified, which is Node's own default. */
export function tlsOptions({ authorities, certificate, key }: ClientTls) {
  return {
    ...(authorities !== undefined && { ca: authorities }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
  }
}

/** Whether a server of this host can be asked for by name: an IP address is no server name (RFC 6066 section 3). */
export function hasServerName(host: string): boolean {
  return isIP(host) === 0
}
