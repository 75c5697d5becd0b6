/**
 * The header of a reply as the lane writes it: the very fields, in the very order, that node:http writes. A name or value that
 * could end its line is never written: it is an error before the first byte.
 */
import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'

/** What keeps the connection, ends it, and frames the body. */
export interface ReplyFraming {
  readonly closing: boolean
  readonly chunked: boolean
}

/**
 * `headers` are name, value, name, value ...; `date` is an IMF-fixdate (RFC 9110 section 6.6.1), left out when `headers` has one.
 * Throws on a status outside 200 to 999, a name that is no token, a value with a character that no field may have, and a field
 * that frames the message, which is nobody else's to say.
 */
export function replyHead(
  status: number,
  headers: readonly string[],
  date: string,
  { closing, chunked }: ReplyFraming,
): string {
  if (!Number.isInteger(status) || status < 200 || status > 999)
    throw new RangeError(`the status is \`${status}\`, expected 200 to 999`)
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
  let dated = false
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string
    const value = headers[at + 1] as string
    validateHeaderName(name)
    validateHeaderValue(name, value)
    if (name.length === 4) dated ||= name.toLowerCase() === 'date'
    else if (name.length === 10 || name.length === 17) refuseFraming(name)
    text += `${name}: ${value}\r\n`
  }
  if (!dated) text += `Date: ${date}\r\n`
  text += closing ? 'Connection: close\r\n' : 'Connection: keep-alive\r\n'
  return chunked ? `${text}Transfer-Encoding: chunked\r\n\r\n` : `${text}\r\n`
}

function refuseFraming(name: string): void {
  const lower = name.toLowerCase()
  if (lower === 'connection' || lower === 'transfer-encoding')
    throw new TypeError(`the reply has the field \`${name}\`, which only the connection may set`)
}

/** The text of `Date`, made once a second. */
export class DateText {
  #second = Number.NaN
  #text = ''

  /** `nowMs` since 1970. */
  at(nowMs: number): string {
    const second = Math.floor(nowMs / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(nowMs).toUTCString()
    }
    return this.#text
  }
}
