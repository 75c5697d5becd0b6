/** Which header fields an obligation may set: what decides framing, addressing, identity or the connection is not for policy. */

/** Lower case. The second half is what ends at a hop (RFC 9110 section 7.6.1). */
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

  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** `name` in lower case; `credentialHeader` as the configuration writes it. */
export function isSettableHeader(name: string, credentialHeader: string | undefined): boolean {
  return !untouchable.has(name) && !name.startsWith('x-forwarded-') && name !== credentialHeader?.toLowerCase()
}
