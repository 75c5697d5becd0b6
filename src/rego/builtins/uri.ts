/**
 * `uri.*`: the parts of a URL as Go's `net/url` splits it.
 */
import type { Value } from '../value.ts'
import type { Builtin } from './builtin.ts'
import { withUrlErrors } from './encoding.ts'
import { hostname, parseUrl, port, UrlError } from './go/url.ts'
import { stringOperand } from './operands.ts'

function parse(text: string): Value {
  const url = withUrlErrors(() => parseUrl(text))
  const parts = {
    scheme: url.scheme,
    hostname: hostname(url),
    port: port(url),
    path: url.path,
    // Present with every path, so that a policy can always look at what was sent.
    raw_path: url.rawPath === '' ? url.path : url.rawPath,
    raw_query: url.rawQuery,
    fragment: url.fragment,
  }
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== ''))
}

function isValid(text: Value): boolean {
  if (typeof text !== 'string' || text === '') return false
  try {
    parseUrl(text)
    return true
  } catch (error) {
    if (error instanceof UrlError) return false
    throw error
  }
}

export const uri: Record<string, Builtin> = {
  'uri.parse': { run: (_, text) => parse(stringOperand(text, 1)) },
  'uri.is_valid': { run: (_, text) => isValid(text) },
}
