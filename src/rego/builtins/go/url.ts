/**
 * URLs and query strings as Go's `net/url` reads and writes them: lenient where the WHATWG parser rewrites, strict where it repairs.
 */
import { compareStrings } from '../../value.ts'
import { quote } from './quote.ts'

/** What is wrong with a URL or query, in Go's words. */
export class UrlError extends Error {}

type Encoding = 'path' | 'query' | 'host' | 'zone' | 'userPassword' | 'fragment'

/** The parts of a URL; absent parts are empty. `rawPath` is set only where the usual escaping of `path` is not what was written. */
export interface Url {
  readonly scheme: string
  readonly opaque: string
  readonly host: string
  readonly path: string
  readonly rawPath: string
  readonly rawQuery: string
  readonly fragment: string
}

const unreserved = /^[A-Za-z0-9\-_.~]$/

/** Whether a byte must be escaped in the given part (RFC 3986, with Go's exceptions). */
function mustEscape(byte: number, part: Encoding): boolean {
  const char = String.fromCharCode(byte)
  if (byte < 0x80 && unreserved.test(char)) return false
  if ((part === 'host' || part === 'zone') && '!$&\'()*+,;=:[]<>"'.includes(char)) return false
  if ('$&+,/:;=?@'.includes(char)) {
    if (part === 'path') return char === '?'
    if (part === 'userPassword') return '@/?:'.includes(char)
    if (part === 'query') return true
    return part !== 'fragment'
  }
  return !(part === 'fragment' && '!()*'.includes(char))
}

function encodeBytes(text: string, part: Encoding): string {
  let escaped = ''
  for (const byte of Buffer.from(text)) {
    if (byte === 0x20 && part === 'query') escaped += '+'
    else if (mustEscape(byte, part)) escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    else escaped += String.fromCharCode(byte)
  }
  return escaped
}

function decodeBytes(text: string, part: Encoding): string {
  if (!text.includes('%') && !(part === 'query' && text.includes('+')) && part !== 'host' && part !== 'zone')
    return text
  const bytes: number[] = []
  const source = Buffer.from(text)
  for (let i = 0; i < source.length; i++) {
    const byte = source[i] as number
    if (byte === 0x25) {
      const pair = source.toString('latin1', i, i + 3)
      if (!/^%[0-9a-fA-F]{2}$/.test(pair))
        throw new UrlError(`invalid URL escape ${quote(source.toString('utf8', i, i + 3))}`)
      const value = Number.parseInt(pair.slice(1), 16)
      // RFC 6874: a zone may hold escaped bytes, a host only those beyond ASCII.
      if (part === 'host' && value < 0x80 && pair !== '%25') throw new UrlError(`invalid URL escape ${quote(pair)}`)
      if (part === 'zone' && pair !== '%25' && value !== 0x20 && mustEscape(value, 'host')) {
        throw new UrlError(`invalid URL escape ${quote(pair)}`)
      }
      bytes.push(value)
      i += 2
    } else if (byte === 0x2b && part === 'query') {
      bytes.push(0x20)
    } else {
      if ((part === 'host' || part === 'zone') && byte < 0x80 && mustEscape(byte, part)) {
        throw new UrlError(`invalid character ${quote(String.fromCharCode(byte))} in host name`)
      }
      bytes.push(byte)
    }
  }
  return Buffer.from(bytes).toString('utf8')
}

export function queryEscape(text: string): string {
  return encodeBytes(text, 'query')
}

/** Throws `UrlError` when an escape is malformed. */
export function queryUnescape(text: string): string {
  return decodeBytes(text, 'query')
}

/** `a=1&b=2` as names with their values in order. Throws `UrlError` on a malformed escape or a semicolon. */
export function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const pair of query.split('&')) {
    if (pair.includes(';')) throw new UrlError('invalid semicolon separator in query')
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const key = queryUnescape(equals < 0 ? pair : pair.slice(0, equals))
    const value = equals < 0 ? '' : queryUnescape(pair.slice(equals + 1))
    const known = values.get(key)
    if (known === undefined) values.set(key, [value])
    else known.push(value)
  }
  return values
}

/** Names ascending, each with its values in order. */
export function encodeQuery(values: ReadonlyMap<string, readonly string[]>): string {
  return [...values.keys()]
    .sort(compareStrings)
    .flatMap((key) => (values.get(key) ?? []).map((value) => `${queryEscape(key)}=${queryEscape(value)}`))
    .join('&')
}

/** Throws `UrlError` with the text that Go's `url.Parse` would give. */
export function parseUrl(raw: string): Url {
  const hash = raw.indexOf('#')
  const withoutFragment = hash < 0 ? raw : raw.slice(0, hash)
  try {
    const url = parseWithoutFragment(withoutFragment)
    if (hash < 0) return url
    const fragment = raw.slice(hash + 1)
    return { ...url, fragment: decodeBytes(fragment, 'fragment') }
  } catch (error) {
    if (error instanceof UrlError)
      throw new UrlError(`parse ${quote(hash < 0 ? raw : withoutFragment)}: ${error.message}`)
    throw error
  }
}

function parseWithoutFragment(raw: string): Url {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(raw)) throw new UrlError('net/url: invalid control character in URL')
  const empty = { scheme: '', opaque: '', host: '', path: '', rawPath: '', rawQuery: '', fragment: '' }
  if (raw === '*') return { ...empty, path: '*' }
  const { scheme, rest: afterScheme } = splitScheme(raw)
  let rest = afterScheme
  let rawQuery = ''
  const question = rest.indexOf('?')
  if (question >= 0) {
    rawQuery = rest.slice(question + 1)
    rest = rest.slice(0, question)
  }
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...empty, scheme, opaque: rest, rawQuery }
    const colon = rest.split('/', 1)[0]?.includes(':') ?? false
    if (colon) throw new UrlError('first path segment in URL cannot contain colon')
  }
  let host = ''
  if ((scheme !== '' || !rest.startsWith('///')) && rest.startsWith('//')) {
    const slash = rest.indexOf('/', 2)
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
    rest = slash < 0 ? '' : rest.slice(slash)
    host = parseAuthority(scheme, authority)
  }
  const path = decodeBytes(rest, 'path')
  const rawPath = rest === encodeBytes(path, 'path') ? '' : rest
  return { ...empty, scheme, host, path, rawPath, rawQuery }
}

function splitScheme(raw: string): { scheme: string; rest: string } {
  for (let i = 0; i < raw.length; i++) {
    const char = raw[i] as string
    if (/[a-zA-Z]/.test(char)) continue
    if (/[0-9+\-.]/.test(char)) {
      if (i === 0) break
      continue
    }
    if (char === ':') {
      if (i === 0) throw new UrlError('missing protocol scheme')
      return { scheme: raw.slice(0, i).toLowerCase(), rest: raw.slice(i + 1) }
    }
    break
  }
  return { scheme: '', rest: raw }
}

function parseAuthority(scheme: string, authority: string): string {
  const at = authority.lastIndexOf('@')
  const host = parseHost(scheme, at < 0 ? authority : authority.slice(at + 1))
  if (at < 0) return host
  const user = authority.slice(0, at)
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw new UrlError('net/url: invalid userinfo')
  const colon = user.indexOf(':')
  decodeBytes(colon < 0 ? user : user.slice(0, colon), 'userPassword')
  if (colon >= 0) decodeBytes(user.slice(colon + 1), 'userPassword')
  return host
}

/** Go takes colons inside a host from every scheme but the web's: databases list several hosts with ports. */
function parseHost(scheme: string, host: string): string {
  const open = host.lastIndexOf('[')
  if (open > 0) throw new UrlError('invalid IP-literal')
  if (open === 0) {
    const close = host.lastIndexOf(']')
    if (close < 0) throw new UrlError("missing ']' in host")
    checkPort(host.slice(close + 1))
    const zone = host.slice(0, close).indexOf('%25')
    const unescaped =
      zone >= 0
        ? decodeBytes(host.slice(0, zone), 'host') +
          decodeBytes(host.slice(zone, close), 'zone') +
          decodeBytes(host.slice(close), 'host')
        : decodeBytes(host, 'host')
    const literal = unescaped.slice(1, unescaped.lastIndexOf(']')).split('%', 1)[0] ?? ''
    if (!literal.includes(':') || !isIpv6(literal))
      throw new UrlError(`invalid host: ParseAddr(${quote(literal)}): unable to parse IP`)
    return unescaped
  }
  const colon = host.indexOf(':')
  if (colon >= 0) {
    const web = scheme === 'http' || scheme === 'https'
    checkPort(host.slice(web ? colon : host.lastIndexOf(':')))
  }
  return decodeBytes(host, 'host')
}

function isIpv6(text: string): boolean {
  try {
    return new URL(`http://[${text}]/`).hostname !== ''
  } catch {
    return false
  }
}

function checkPort(port: string): void {
  if (!/^(?::\d*)?$/.test(port)) throw new UrlError(`invalid port ${quote(port)} after host`)
}

/** The host without its port and without the brackets of an IPv6 literal. */
export function hostname(url: Url): string {
  return splitHost(url.host).host
}

export function port(url: Url): string {
  return splitHost(url.host).port
}

function splitHost(hostPort: string): { host: string; port: string } {
  const colon = hostPort.lastIndexOf(':')
  const hasPort = colon >= 0 && /^:\d*$/.test(hostPort.slice(colon))
  const host = hasPort ? hostPort.slice(0, colon) : hostPort
  return {
    host: host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host,
    port: hasPort ? hostPort.slice(colon + 1) : '',
  }
}

/** The path as it is sent: as it was written where that is a right escaping of it. */
export function escapedPath(url: Url): string {
  if (url.rawPath !== '' && isEscaped(url.rawPath)) return url.rawPath
  return url.path === '*' ? '*' : encodeBytes(url.path, 'path')
}

/** No byte of the text would have to be escaped in a path; Go lets some reserved ones stand. */
function isEscaped(text: string): boolean {
  return [...Buffer.from(text)].every(
    (byte) => "!$&'()*+,;=:@[]%".includes(String.fromCharCode(byte)) || !mustEscape(byte, 'path'),
  )
}
