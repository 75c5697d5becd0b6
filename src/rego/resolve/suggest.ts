/**
 * The name that somebody may have meant, for `did you mean` in messages.
 */

/** Longest name for which a suggestion is looked for: the comparison takes time by the product of the lengths. */
const nameCharsMax = 100

/** The closest of `names`, if it is at most a third of the letters away; the first in order where several are. */
export function closest(name: string, names: Iterable<string>): string | undefined {
  if (name.length > nameCharsMax) return undefined
  let best: string | undefined
  let distance = Math.floor(name.length / 3) + 1
  for (const candidate of names) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= distance) continue
    const found = edits(name, candidate)
    if (found < distance) {
      best = candidate
      distance = found
    }
  }
  return best
}

/** One line that asks for the closest name, or none: for the details of an error. */
export function suggestions(name: string, names: Iterable<string>): readonly string[] {
  const found = closest(name, names)
  return found === undefined ? [] : [`did you mean \`${found}\`?`]
}

/** ` (did you mean \`x\`?)`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const found = closest(name, names)
  return found === undefined ? '' : ` (did you mean \`${found}\`?)`
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one to the other. */
function edits(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
