/**
 * The request target: path and query that can be read in one way only, or a fault. Whatever two servers are known to read
 * differently (dot segments, empty segments, encoded separators, double encoding, path parameters) is refused, not repaired,
 * so that the path policy sees is the path the upstream acts on.
 */
import { type Fault, limits } from '../model/index.ts'
import { agentFault } from './agent-fault.ts'
import { hexDigit, percentDecoded } from './percent.ts'

export interface RequestTarget {
  /** Normalised (RFC 3986 section 6.2.2): unreserved characters decoded, other escapes in upper case. Begins with `/`. */
  readonly path: string
  /** `path` split at `/`, without the leading empty piece, percent-decoded: `/a%20b/` is `['a b', '']`, `/` is `['']`. */
  readonly segments: readonly string[]
  /** As received, without `?`; absent when there was none. */
  readonly query?: string
  /** Decoded names and values in order; `+` is a space, as every form decoder reads it. A name without `=` has value ''. */
  readonly queryPairs: readonly (readonly [name: string, value: string])[]
}

// What a character may do, by its code: bits of a table so that a target is read in one pass.
const inPath = 1
const inQuery = 2
const unreserved = 4
const classOf = makeClasses()

function makeClasses(): Uint8Array {
  const classes = new Uint8Array(128)
  const add = (characters: string, bits: number): void => {
    for (const character of characters) {
      const code = character.charCodeAt(0)
      classes[code] = (classes[code] as number) | bits
    }
  }
  add('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~', inPath | inQuery | unreserved)
  // RFC 3986 pchar without `;`: Java servers cut `;...` off a segment, so `/a;/b` would be two different paths.
  add("!$&'()*+,=:@%", inPath | inQuery)
  add('/', inPath | inQuery)
  // `;` is left out of the query too: old parsers split pairs at it. The rest of this line is not in RFC 3986 but sent by
  // every browser (WHATWG URL, query percent-encode set) and read by all as itself.
  add('?[]{}|^`', inQuery)
  return classes
}

const noPairs: readonly (readonly [string, string])[] = []

function refused(detail: string): Fault {
  return agentFault('target_refused', detail)
}

/**
 * Reads an origin-form target (RFC 9112 section 3.2.1). Faults with `target_refused` on: anything longer than
 * `limits.targetCharsMax`; a character that is not a path or query character; `;` anywhere; a broken or non-UTF-8 escape; an
 * escape of a control character, `/` or `\` in the path, or NUL in the query; `%25` before two hexadecimal digits in the path
 * (double encoding); `.` and `..` segments after decoding; empty segments but the last; empty query pairs; too many of either.
 */
export function parseTarget(text: string): RequestTarget {
  if (text.length > limits.targetCharsMax)
    throw refused(`the target has ${text.length} characters, at most ${limits.targetCharsMax} are accepted`)
  if (text.charCodeAt(0) !== 0x2f) throw refused(`the target \`${shown(text)}\` does not begin with \`/\``)
  let end = text.length
  let escaped = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x3f) {
      end = at
      break
    }
    if (code > 127 || ((classOf[code] as number) & inPath) === 0) throw refusedCharacter(text, at, 'path')
    if (code === 0x25) escaped = true
  }
  const written = end === text.length ? text : text.slice(0, end)
  const path = escaped ? normalised(written) : written
  const segments = segmentsOf(path, escaped)
  if (end === text.length) return { path, segments, queryPairs: noPairs }
  const query = text.slice(end + 1)
  return { path, segments, query, queryPairs: queryPairsOf(query) }
}

/** RFC 3986 section 6.2.2.1 and 6.2.2.2, refusing escapes that servers are known to read in different ways. */
function normalised(path: string): string {
  let out = ''
  let from = 0
  for (let at = path.indexOf('%'); at !== -1; at = path.indexOf('%', from)) {
    const high = hexDigit(path.charCodeAt(at + 1))
    const low = hexDigit(path.charCodeAt(at + 2))
    if (high < 0 || low < 0)
      throw refused(
        `\`${shown(path.slice(at, at + 3))}\` at character ${at} of the path is no escape: expected \`%XX\``,
      )
    const byte = high * 16 + low
    const triplet = path.slice(at, at + 3)
    if (byte < 0x20 || byte === 0x7f) throw refused(`the path holds the control character \`${triplet}\``)
    if (byte === 0x2f || byte === 0x5c) throw refused(`the path holds \`${triplet}\`, an encoded separator`)
    if (byte === 0x25 && hexDigit(path.charCodeAt(at + 3)) >= 0 && hexDigit(path.charCodeAt(at + 4)) >= 0)
      throw refused(`the path holds \`${path.slice(at, at + 5)}\`, which is encoded twice`)
    out += path.slice(from, at)
    out +=
      byte < 128 && ((classOf[byte] as number) & unreserved) !== 0 ? String.fromCharCode(byte) : triplet.toUpperCase()
    from = at + 3
  }
  return out + path.slice(from)
}

function segmentsOf(path: string, escaped: boolean): readonly string[] {
  const segments = path.split('/')
  segments.shift()
  if (segments.length > limits.segmentsMax)
    throw refused(`the path has ${segments.length} segments, at most ${limits.segmentsMax} are accepted`)
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index] as string
    if (segment === '' && index < segments.length - 1) throw refused(`segment ${index + 1} of the path is empty`)
    if (segment === '.' || segment === '..') throw refused(`segment ${index + 1} of the path is \`${segment}\``)
    if (!escaped) continue
    const decoded = percentDecoded(segment)
    if (decoded === undefined) throw refused(`segment ${index + 1} of the path, \`${shown(segment)}\`, is not UTF-8`)
    segments[index] = decoded
  }
  return segments
}

function queryPairsOf(query: string): readonly (readonly [string, string])[] {
  if (query === '') return noPairs
  for (let at = 0; at < query.length; at++) {
    const code = query.charCodeAt(at)
    if (code > 127 || ((classOf[code] as number) & inQuery) === 0) throw refusedCharacter(query, at, 'query')
  }
  const pairs: (readonly [string, string])[] = []
  for (const piece of query.split('&')) {
    if (piece === '') throw refused('the query holds an empty pair: one `&` stands between two pairs')
    if (pairs.length === limits.queryPairsMax) throw refused(`the query has more than ${limits.queryPairsMax} pairs`)
    const equals = piece.indexOf('=')
    pairs.push(
      equals === -1
        ? [formDecoded(piece), '']
        : [formDecoded(piece.slice(0, equals)), formDecoded(piece.slice(equals + 1))],
    )
  }
  return pairs
}

function formDecoded(text: string): string {
  const decoded = percentDecoded(text.includes('+') ? text.replaceAll('+', ' ') : text)
  if (decoded === undefined) throw refused(`\`${shown(text)}\` in the query is not percent-encoded UTF-8`)
  if (decoded.includes('\0')) throw refused(`\`${shown(text)}\` in the query holds a NUL`)
  return decoded
}

function refusedCharacter(text: string, at: number, place: 'path' | 'query'): Fault {
  return refused(
    `the ${place} holds ${characterName(text.charCodeAt(at))} at character ${at}, which must be percent-encoded`,
  )
}

function characterName(code: number): string {
  return code > 0x20 && code < 0x7f
    ? `\`${String.fromCharCode(code)}\``
    : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Text of the agent in a detail: short, printable. */
function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not printable must not reach a log line
  return text.slice(0, 80).replaceAll(/[\u0000-\u001f\u007f-\uffff]/g, '?')
}
