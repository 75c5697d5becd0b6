/** Patterns for names of files as the shell has them and Go's `path.Match` reads them: `*`, `?`, `[a-z]`, `[^a]`, `\`. */

/** Whether all of `name` matches. A pattern that is not well formed matches nothing. Linear in the name for each star. */
export function matchesName(pattern: string, name: string): boolean {
  const wanted = Array.from(pattern)
  const given = Array.from(name)
  // The place to go on from when what follows the last star did not fit: one more character belongs to the star.
  let retry: { readonly pattern: number; readonly name: number } | undefined
  let p = 0
  let n = 0
  while (n < given.length || p < wanted.length) {
    if (wanted[p] === '*') {
      retry = { pattern: p, name: n + 1 }
      p++
      continue
    }
    const step = p < wanted.length && n < given.length ? one(wanted, p, given[n] as string) : undefined
    if (step !== undefined) {
      p = step
      n++
      continue
    }
    if (retry === undefined || retry.name > given.length) return false
    p = retry.pattern
    n = retry.name
  }
  return true
}

/** The place after the one element of the pattern at `at`, where that takes `char`. No element takes `/`. */
function one(pattern: readonly string[], at: number, char: string): number | undefined {
  const element = pattern[at]
  if (element === '?') return char === '/' ? undefined : at + 1
  if (element === '\\') return pattern[at + 1] === char ? at + 2 : undefined
  if (element === '[') return oneOf(pattern, at + 1, char)
  return element === char ? at + 1 : undefined
}

function oneOf(pattern: readonly string[], start: number, char: string): number | undefined {
  let at = start
  const isNegated = pattern[at] === '^'
  if (isNegated) at++
  let isIn = false
  for (let first = true; first || pattern[at] !== ']'; first = false) {
    const low = bound(pattern, at)
    if (low === undefined) return undefined
    at = low.next
    let high = low
    if (pattern[at] === '-') {
      const found = bound(pattern, at + 1)
      if (found === undefined) return undefined
      high = found
      at = found.next
    }
    if (codeOf(low.char) <= codeOf(char) && codeOf(char) <= codeOf(high.char)) isIn = true
  }
  return isIn !== isNegated ? at + 1 : undefined
}

function bound(pattern: readonly string[], at: number): { readonly char: string; readonly next: number } | undefined {
  const isEscaped = pattern[at] === '\\'
  const char = pattern[isEscaped ? at + 1 : at]
  if (char === undefined || (!isEscaped && (char === '-' || char === ']'))) return undefined
  return { char, next: at + (isEscaped ? 2 : 1) }
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0
}
