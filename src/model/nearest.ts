/** What somebody probably meant: the nearest of the names that exist, for errors that say "did you mean". */

/** Longer words are compared no further: the cost grows with the product of the lengths. */
const charsMax = 64

/** The candidate with the fewest edits from `word`, or undefined when none is near enough to be a slip of the fingers. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let fewest = Math.floor(Math.min(word.length, charsMax) / 3) + 1
  for (const candidate of candidates) {
    const count = edits(word.toLowerCase().slice(0, charsMax), candidate.toLowerCase().slice(0, charsMax))
    if (count < fewest) {
      fewest = count
      best = candidate
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function edits(one: string, other: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const next = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      let count = Math.min(at(last, column) + 1, at(next, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      if (swapped) count = Math.min(count, at(beforeLast, column - 2) + 1)
      next.push(count)
    }
    beforeLast = last
    last = next
  }
  return at(last, other.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0
}
