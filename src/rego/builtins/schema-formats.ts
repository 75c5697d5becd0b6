/**
 * The formats of JSON Schema that OPA checks (`format: date-time` and so on). Formats with another name are not checked; values that are no strings have every format.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { BuiltinError } from './builtin.ts'
import { parseTime, TimeError } from './go/time-layout.ts'
import { parseUrl, type Url, UrlError } from './go/url.ts'
import { compilePattern } from './pattern.ts'

function isTime(text: string, layouts: readonly string[]): boolean {
  return layouts.some((layout) => {
    try {
      parseTime(layout, text)
      return true
    } catch (error) {
      if (error instanceof TimeError) return false
      throw error
    }
  })
}

function asUrl(text: string): Url | undefined {
  if (text.includes('\\')) return undefined
  try {
    return parseUrl(text)
  } catch (error) {
    if (error instanceof UrlError) return undefined
    throw error
  }
}

function isPattern(text: string): boolean {
  try {
    compilePattern(text)
    return true
  } catch (error) {
    if (error instanceof BuiltinError && !error.halts) return false
    throw error
  }
}

const isUri = (text: string): boolean => (asUrl(text)?.scheme ?? '') !== ''
const isUriReference = (text: string): boolean => asUrl(text) !== undefined
const isEmail = (text: string): boolean =>
  /^[^\s@<>(),;:\\"[\]]+@[^\s@<>(),;:\\"[\]]+$/.test(text) || /^"[^"\\]*"@[^\s@]+$/.test(text)

/** Whether a text has the format; formats are those of drafts 4 to 7. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => isTime(text, ['2006-01-02']),
  time: (text) => isTime(text, ['15:04:05', '15:04:05Z07:00']),
  'date-time': (text) =>
    isTime(text, [
      '15:04:05',
      '15:04:05Z07:00',
      '2006-01-02',
      '2006-01-02T15:04:05Z07:00',
      '2006-01-02T15:04:05.999999999Z07:00',
    ]),
  hostname: (text) =>
    /^([a-zA-Z]|[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9])(\.([a-zA-Z]|[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9]))*$/.test(text) &&
    text.length < 256,
  email: isEmail,
  'idn-email': isEmail,
  ipv4: (text) => isIPv4(text),
  ipv6: (text) => isIPv6(text) && !text.includes('%'),
  uri: isUri,
  iri: isUri,
  'uri-reference': isUriReference,
  'iri-reference': isUriReference,
  'uri-template': (text) => isUriReference(text) && /^(?:[^{}]|\{[^{}]*\})*$/.test(text),
  uuid: (text) => /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i.test(text),
  regex: (text) => text !== '' && isPattern(text),
  'json-pointer': (text) => /^(?:\/(?:[^~/]|~0|~1)*)*$/.test(text),
  'relative-json-pointer': (text) => /^(?:0|[1-9][0-9]*)(?:#|(?:\/(?:[^~/]|~0|~1)*)*)$/.test(text),
}
