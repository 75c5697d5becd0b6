/**
 * The header of an upstream's reply as text, read strictly (RFC 9112 sections 2 to 6): what two readers could take differently is no
 * reply. A pure function; where the header ends in the bytes is found by `ReplyReader`.
 */

/** Names in lower case; a field that came more than once is an array. Values are the bytes as they came, a character each. */
export type UpstreamHeaders = { readonly [name: string]: string | string[] | undefined }

/** How the body is delimited (RFC 9112 section 6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

export interface ReplyHead {
  /** 100 to 999. */
  readonly status: number
  readonly headers: UpstreamHeaders
  readonly framing: Framing
  /** Of the body: 0 without one, null when it is not known before its end. */
  readonly lengthBytes: number | null
  /** Whether the upstream takes another call on this connection when the reply has ended. */
  readonly keepsConnection: boolean
  /** Milliseconds for which it does at most, where it says so in `Keep-Alive`. */
  readonly keepsMs: number | undefined
}

/** What came is no reply: nothing of it may be believed. */
export class MalformedReply extends Error {
  override readonly name = 'MalformedReply'
}

/** A status line, then fields: a name that is a token, no white space before the colon, no folded line, no control character. */
const headShape =
  /^HTTP\/1\.[01] [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*)*$/
const lengthShape = /^[0-9]{1,15}$/
const statusOffset = 'HTTP/1.1 '.length

/** `text` is everything before the empty line; `method` the call's. Throws `MalformedReply`. */
export function parseReplyHead(text: string, method: string): ReplyHead {
  if (!headShape.test(text))
    throw new MalformedReply(`the header of the reply is not HTTP/1.1: \`${firstOddLine(text)}\``)
  const status = Number(text.slice(statusOffset, statusOffset + 3))
  const headers = fieldsOf(text)
  const isFirstVersion = text.charCodeAt(statusOffset - 2) === 0x30
  const { framing, lengthBytes } = framingOf(headers, status, method, isFirstVersion)
  const options = connectionOptions(headers.connection)
  const isOffered = !options.includes('close') && (!isFirstVersion || options.includes('keep-alive'))
  const keepsConnection = isOffered && framing !== 'close' && (framing !== 'none' || !announcesBody(headers))
  return { status, headers, framing, lengthBytes, keepsConnection, keepsMs: keptMs(headers['keep-alive']) }
}

function fieldsOf(text: string): UpstreamHeaders {
  const headers: Record<string, string | string[]> = Object.create(null)
  let at = text.indexOf('\r\n')
  while (at !== -1) {
    const begin = at + 2
    const colon = text.indexOf(':', begin)
    at = text.indexOf('\r\n', begin)
    const name = lowerCased(text.slice(begin, colon))
    const value = trimmed(text, colon + 1, at === -1 ? text.length : at)
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (typeof before === 'string') headers[name] = [before, value]
    else before.push(value)
  }
  return headers
}

// One answer a spelling: names repeat from reply to reply. Bounded, because they come from outside.
const spellings = new Map<string, string>()
const spellingsMax = 512

function lowerCased(name: string): string {
  const known = spellings.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  if (spellings.size < spellingsMax) spellings.set(name, lower)
  return lower
}

/** Without the optional white space around it (RFC 9110 section 5.5). */
function trimmed(text: string, from: number, to: number): string {
  let begin = from
  let end = to
  while (begin < end && isSpace(text.charCodeAt(begin))) begin += 1
  while (end > begin && isSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(begin, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function framingOf(
  headers: UpstreamHeaders,
  status: number,
  method: string,
  isFirstVersion: boolean,
): { framing: Framing; lengthBytes: number | null } {
  const coding = headers['transfer-encoding']
  const length = headers['content-length']
  if (coding !== undefined) {
    if (typeof coding !== 'string' || coding.toLowerCase() !== 'chunked')
      throw new MalformedReply(`the reply's transfer coding is \`${String(coding).slice(0, 80)}\``)
    if (length !== undefined) throw new MalformedReply('the reply names a length and a transfer coding')
    // RFC 9112 section 6.1: that version has no codings, so whoever sends one is not understood.
    if (isFirstVersion) throw new MalformedReply('the reply is HTTP/1.0 and has a transfer coding')
  }
  if (Array.isArray(length)) throw new MalformedReply('the reply names its length twice')
  if (length !== undefined && !lengthShape.test(length))
    throw new MalformedReply(`the reply's length is \`${length.slice(0, 80)}\``)
  // RFC 9112 section 6.3: these end with their header, whatever it says.
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { framing: 'none', lengthBytes: 0 }
  if (coding !== undefined) return { framing: 'chunked', lengthBytes: null }
  if (length === undefined) return { framing: 'close', lengthBytes: null }
  return length === '0' ? { framing: 'none', lengthBytes: 0 } : { framing: 'length', lengthBytes: Number(length) }
}

/** Lower case. */
function connectionOptions(field: string | string[] | undefined): readonly string[] {
  if (field === undefined) return noOptions
  if (field === 'keep-alive') return keepAliveOnly
  return (Array.isArray(field) ? field.join(',') : field)
    .toLowerCase()
    .split(',')
    .map((option) => option.trim())
}

/** Whoever announces a body where there is none may send it: it would be taken for the next reply. */
function announcesBody(headers: UpstreamHeaders): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

const noOptions: readonly string[] = []
const keepAliveOnly: readonly string[] = ['keep-alive']

function keptMs(field: string | string[] | undefined): number | undefined {
  if (typeof field !== 'string') return undefined
  const seconds = /(?:^|[,;\s])timeout="?([0-9]{1,6})/i.exec(field)?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1_000
}

/** For the fault's detail: the first line that is not as it should be, as far as it tells. */
function firstOddLine(text: string): string {
  const [statusLine = '', ...fields] = text.split('\r\n')
  // A line is looked at as if it were all there is: with those before it again each time, a long header would take long.
  const odd = headShape.test(statusLine)
    ? fields.find((field) => !headShape.test(`${shortest}\r\n${field}`))
    : statusLine
  return (odd ?? '').slice(0, 80)
}

const shortest = 'HTTP/1.1 200'
