/** Header fields that end at a hop, whoever sends them. */

/** Lower case. RFC 9110 section 7.6.1, plus `Proxy-Connection` that old clients send and `TE`, `Trailer`, `Upgrade` that speak of this hop. */
export const hopByHop: ReadonlySet<string> = new Set([
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
