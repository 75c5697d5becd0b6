/**
 * Header fields (RFC 9110 sections 5 and 7.6.1): from the raw array of the wire to a map that can be read in one way only,
 * and the names that end at this hop.
 */
import { type Fault, hopByHop, limits } from '../model/index.ts'
import { agentFault } from './agent-fault.ts'

/** Names in lower case to values; a field that came more than once is joined with `, ` (RFC 9110 section 5.3). */
export type Headers = ReadonlyMap<string, string>

/**
 * Fields that must come once: two of them would let two readers take different ones. RFC 9110 section 5.3 makes every field
 * that is not a list a singleton; these are the ones that decide who calls, what is framed, or where it goes.
 */
const singletons: ReadonlySet<string> = new Set([
  'authorization',
  'content-disposition',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'dpop',
  'expect',
  'from',
  'host',
  'idempotency-key',
  'if-modified-since',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'origin',
  'proxy-authorization',
  'range',
  'referer',
  'traceparent',
  'transfer-encoding',
  'user-agent',
])

/** RFC 9110 section 5.6.2. */
const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** RFC 9110 section 5.5: tab, space, visible characters and obs-text, which is kept as the bytes it was. */
const notFieldValue = /[^\t\u0020-\u007e\u0080-\u00ff]/

/** RFC 9110 section 5.1: a non-empty token. */
export function isFieldName(name: string): boolean {
  return tokenPattern.test(name)
}

/** RFC 9110 section 5.5, without leading or trailing white space. */
export function isFieldValue(value: string): boolean {
  return !notFieldValue.test(value) && value === value.trim()
}

/**
 * Reads a raw array of name, value, name, value ... Faults: `host_refused` for a second `Host`, `framing_refused` for a second
 * `Content-Length` or `Transfer-Encoding`, `header_refused` for another repeated singleton or an invalid name or value,
 * `header_too_large` beyond `limits.headerFieldsMax` fields.
 */
export function readHeaders(raw: readonly string[]): Headers {
  if (raw.length > 2 * limits.headerFieldsMax)
    throw agentFault(
      'header_too_large',
      `${raw.length / 2} header fields, at most ${limits.headerFieldsMax} are accepted`,
    )
  const headers = new Map<string, string>()
  for (let at = 0; at < raw.length; at += 2) {
    const written = raw[at] as string
    const name = lowerCased(written)
    const value = raw[at + 1] as string
    if (notFieldValue.test(value))
      throw agentFault('header_refused', `the field \`${name}\` has a character that is not allowed`)
    const before = headers.get(name)
    if (before === undefined) headers.set(name, value)
    else if (singletons.has(name)) throw repeated(name)
    else headers.set(name, `${before}, ${value}`)
  }
  return headers
}

function repeated(name: string): Fault {
  if (name === 'host') return agentFault('host_refused', 'the field `host` came twice')
  if (name === 'content-length' || name === 'transfer-encoding')
    return agentFault('framing_refused', `the field \`${name}\` came twice`)
  return agentFault('header_refused', `the field \`${name}\` came twice`)
}

// Names that agents really send, as written -> lower case: a look-up gives the same string object each time, whose hash the
// engine has computed already. Filled up to a bound, because the names come from outside.
const lowerNames = new Map<string, string>()
const lowerNamesMax = 512

/** A valid field name in lower case. Faults with `header_refused`. */
function lowerCased(name: string): string {
  const known = lowerNames.get(name)
  if (known !== undefined) return known
  if (!isFieldName(name)) throw agentFault('header_refused', `\`${name.slice(0, 80)}\` is not a field name`)
  const lower = name.toLowerCase()
  if (lowerNames.size < lowerNamesMax) lowerNames.set(name, lower)
  return lower
}

/** Whether a field (lower case) ends at this hop whatever `Connection` says. */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name)
}

const noNames: ReadonlySet<string> = new Set()

/** The fields that `Connection` names, lower case; its own options `close` and `keep-alive` are among them and harmless. */
export function connectionNames(value: string | undefined): ReadonlySet<string> {
  if (value === undefined || value === 'keep-alive' || value === 'close' || value === '') return noNames
  return new Set(
    value
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  )
}

/** The lower-case media type of a `Content-Type` value, without parameters (RFC 9110 section 8.3.1); undefined when none. */
export function mediaTypeOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (value === 'application/json') return value
  const semicolon = value.indexOf(';')
  const type = (semicolon === -1 ? value : value.slice(0, semicolon)).trim().toLowerCase()
  return type === '' ? undefined : type
}
