/** What rounds are summed up in. */

/** The middle one; of an even count the mean of the two in the middle. NaN when there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** With so many digits behind the point. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
