/** Which header fields an obligation may set: what decides framing, addressing, identity or the connection is not for policy. */
import { hopByHop } from './hop-by-hop.ts'

/** Lower case. */
const untouchable: ReadonlySet<string> = new Set([
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'date',
  'expect',
  'forwarded',
  'gatehouse-decision',
  'host',
  'location',
  'set-cookie',
  'traceparent',
  'tracestate',
  'via',
  'www-authenticate',
])

/** `name` in lower case; `credentialHeader` as the configuration writes it. */
export function isSettableHeader(name: string, credentialHeader: string | undefined): boolean {
  return (
    !untouchable.has(name) &&
    !hopByHop.has(name) &&
    !name.startsWith('x-forwarded-') &&
    name !== credentialHeader?.toLowerCase()
  )
}
