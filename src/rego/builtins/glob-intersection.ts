/**
 * Whether two globs of the small language of `regex.globs_match` (characters, `.`, sets, each with `+` or `*`) have a string in common. The walk takes the same
 * decisions as the Go library that OPA uses, including where that gives up too early; answers are remembered by position, which keeps it polynomial.
 */
import { BuiltinError } from './builtin.ts'
import { checkElements, checkPattern } from './limits.ts'

interface Token {
  /** The code points it matches; undefined for `.`, which matches every one. */
  readonly runes: ReadonlySet<string> | undefined
  readonly flag: '' | '+' | '*'
}

interface Rune {
  readonly text: string
  readonly escaped: boolean
}

function invalid(input: string, problem: string): BuiltinError {
  return new BuiltinError(`input:${input}, ${problem}: the input provided is invalid`)
}

function readRunes(input: string): Rune[] {
  const runes: Rune[] = []
  let escaped = false
  for (const text of input) {
    if (!escaped && text === '\\') {
      escaped = true
      continue
    }
    runes.push({ text, escaped })
    escaped = false
  }
  if (escaped) throw invalid(input, 'input ends with a \\ (escape) character')
  return runes
}

function tokenize(input: string): Token[] {
  checkPattern(input)
  const runes = readRunes(input)
  const tokens: Token[] = []
  let at = 0
  while (at < runes.length) {
    const rune = runes[at] as Rune
    at += 1
    let matched: ReadonlySet<string> | undefined = new Set([rune.text])
    if (!rune.escaped) {
      if (rune.text === '.') matched = undefined
      else if (rune.text === ']') throw invalid(input, "set-close ']' with no preceding '['")
      else if (rune.text === '+' || rune.text === '*')
        throw invalid(input, `flag '${rune.text}' must be preceded by a non-flag`)
      else if (rune.text === '[') {
        const set = readSet(input, runes, at)
        matched = set.runes
        at = set.next
      }
    }
    const flag = runes[at]
    const flagged = flag !== undefined && !flag.escaped && (flag.text === '+' || flag.text === '*')
    tokens.push({ runes: matched, flag: flagged ? (flag.text as '+' | '*') : '' })
    if (flagged) at += 1
  }
  return tokens
}

function readSet(input: string, runes: readonly Rune[], from: number): { runes: Set<string>; next: number } {
  const set = new Set<string>()
  let previous: string | undefined
  for (let at = from; at < runes.length; at++) {
    const rune = runes[at] as Rune
    if (!rune.escaped && rune.text === ']') return { runes: set, next: at + 1 }
    if (rune.escaped || rune.text !== '-') {
      set.add(rune.text)
      previous = rune.text
      continue
    }
    if (previous === undefined) throw invalid(input, "range character '-' must be preceded by a Unicode character")
    at += 1
    const end = runes[at]
    if (end === undefined || at + 1 > runes.length - 1)
      throw invalid(input, "range character '-' must be followed by a Unicode character")
    if (!end.escaped && (end.text === ']' || end.text === '-')) {
      throw invalid(input, "range character '-' cannot be followed by a special symbol")
    }
    addRange(input, set, previous, end.text)
    previous = undefined
  }
  throw invalid(input, 'found [ without matching ]')
}

function addRange(input: string, set: Set<string>, low: string, high: string): void {
  const from = low.codePointAt(0) ?? 0
  const to = high.codePointAt(0) ?? 0
  if (to < from) throw invalid(input, `range is out of order: '${high}' comes before '${low}' in Unicode`)
  checkElements(to - from)
  for (let code = from; code <= to; code++) set.add(String.fromCodePoint(code))
}

function overlaps(a: Token, b: Token): boolean {
  if (a.runes === undefined || b.runes === undefined) return true
  const [small, large] = a.runes.size <= b.runes.size ? [a.runes, b.runes] : [b.runes, a.runes]
  for (const rune of small) if (large.has(rune)) return true
  return false
}

/** Whether some string that is not empty matches both globs. */
export function globsIntersect(left: string, right: string): boolean {
  const trimmed = trim(tokenize(left), tokenize(right))
  return trimmed !== undefined && new Walk(trimmed.left, trimmed.right).normal(0, 0, false)
}

/** Takes off matching tokens without flags at both ends, but leaves one at each; undefined when two of them do not match. */
function trim(left: Token[], right: Token[]): { left: Token[]; right: Token[] } | undefined {
  let start = 0
  while (start < left.length && start < right.length) {
    const a = left[start] as Token
    const b = right[start] as Token
    if (a.flag !== '' || b.flag !== '') break
    if (!overlaps(a, b)) return undefined
    start += 1
  }
  if (start > 0) start -= 1
  let endLeft = left.length - 1
  let endRight = right.length - 1
  while (endLeft >= start && endRight >= start) {
    const a = left[endLeft] as Token
    const b = right[endRight] as Token
    if (a.flag !== '' || b.flag !== '') break
    if (!overlaps(a, b)) return undefined
    endLeft -= 1
    endRight -= 1
  }
  if (endLeft < left.length - 1) {
    endLeft += 1
    endRight += 1
  }
  return { left: left.slice(start, endLeft + 1), right: right.slice(start, endRight + 1) }
}

/** The walk over both token lists. `swapped` says that the first place is one in the right list. */
class Walk {
  readonly #left: readonly Token[]
  readonly #right: readonly Token[]
  readonly #known = new Map<number, boolean>()

  constructor(left: readonly Token[], right: readonly Token[]) {
    this.#left = left
    this.#right = right
  }

  normal(i: number, j: number, swapped: boolean): boolean {
    const [first, second] = swapped ? [this.#right, this.#left] : [this.#left, this.#right]
    let a = i
    let b = j
    while (a < first.length && b < second.length) {
      const x = first[a] as Token
      const y = second[b] as Token
      if (x.flag !== '') return this.#special(x.flag, a, b, swapped)
      if (y.flag !== '') return this.#special(y.flag, b, a, !swapped)
      if (!overlaps(x, y)) return false
      a += 1
      b += 1
    }
    return a === first.length && b === second.length
  }

  /** The first list's token at `i` has a flag. */
  #special(flag: '+' | '*', i: number, j: number, swapped: boolean): boolean {
    const key =
      ((i * (this.#left.length + this.#right.length + 1) + j) * 2 + (flag === '+' ? 1 : 0)) * 2 + (swapped ? 1 : 0)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const answer = flag === '+' ? this.#plus(i, j, swapped) : this.#star(i, j, swapped)
    this.#known.set(key, answer)
    return answer
  }

  #plus(i: number, j: number, swapped: boolean): boolean {
    const [first, second] = swapped ? [this.#right, this.#left] : [this.#left, this.#right]
    const other = second[j] as Token
    if (!overlaps(first[i] as Token, other)) return false
    if (this.#special('*', i, j + 1, swapped)) return true
    return other.flag !== '' && this.normal(i + 1, j, swapped)
  }

  #star(i: number, j: number, swapped: boolean): boolean {
    const [first, second] = swapped ? [this.#right, this.#left] : [this.#left, this.#right]
    const star = first[i] as Token
    const next = first[i + 1]
    for (let at = j; at < second.length; at++) {
      const token = second[at] as Token
      if (next !== undefined && overlaps(token, next) && this.normal(i + 1, at, swapped)) return true
      if (!overlaps(token, star)) return false
    }
    return next === undefined
  }
}
