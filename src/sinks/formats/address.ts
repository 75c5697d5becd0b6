/** What a peer's address is: receivers refuse an event whose IP field holds something else. */
import { isIP } from 'node:net'

/** `::ffff:192.0.2.7` is told as `192.0.2.7`: receivers look for the address that a firewall shows. */
const mapped = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

export interface Address {
  /** The IP address, without a zone, or undefined when the text is none. */
  readonly ip: string | undefined
  readonly version: 4 | 6 | undefined
}

const none: Address = { ip: undefined, version: undefined }

export function addressOf(text: string | undefined): Address {
  if (text === undefined) return none
  const ip = text.replace(mapped, '').split('%', 1)[0] ?? ''
  const version = isIP(ip)
  return version === 4 || version === 6 ? { ip, version } : none
}
