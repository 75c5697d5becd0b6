/**
 * Regular expressions with Go's syntax and results, in time linear in the text (RE2). JavaScript's own `RegExp` is never run on a policy's pattern: it can
 * take exponential time, and reads some patterns differently.
 */
import { RE2JS } from 're2js'
import { BuiltinError } from './builtin.ts'
import { checkMatched, checkPattern } from './limits.ts'
import { memo } from './memo.ts'

/** One match: where each group begins and ends, in UTF-16 units, -1 where a group took no part; group 0 is the whole match. */
export type Match = readonly { readonly start: number; readonly end: number }[]

/** The compiled pattern. Throws `BuiltinError` with Go's reason when it is no regular expression. */
export const compilePattern: (pattern: string) => RE2JS = memo((pattern) => {
  checkPattern(pattern)
  try {
    return RE2JS.compile(pattern)
  } catch (cause) {
    throw new BuiltinError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
})

/** Whether the pattern occurs in the text. */
export function occurs(pattern: string, text: string): boolean {
  checkMatched(text)
  return compilePattern(pattern).test(text)
}

/** Matches from left to right without overlap, at most `limit` (all when negative). An empty match next to the one before it does not count, as in Go. */
export function findAll(pattern: string, text: string, limit: number): Match[] {
  checkMatched(text)
  const matcher = compilePattern(pattern).matcher(text)
  const groups = matcher.groupCount()
  const found: Match[] = []
  let at = 0
  let lastEnd = -1
  while (at <= text.length && (limit < 0 || found.length < limit) && matcher.find(at)) {
    const start = matcher.start()
    const end = matcher.end()
    const accepted = end !== at || start !== lastEnd
    at = end !== at ? end : at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
    lastEnd = end
    if (!accepted) continue
    const match = [{ start, end }]
    for (let group = 1; group <= groups; group++) match.push({ start: matcher.start(group), end: matcher.end(group) })
    found.push(match)
  }
  return found
}

/** The pattern that matches exactly this text. */
export function quotePattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}
