/**
 * Keys that an object literal has twice. To OPA a literal is a map of terms, so that of two entries whose keys are written alike the later one
 * stays. Which one stays of keys that only evaluate to the same value is decided in `plan/key-order.ts`.
 */

import type { Term } from '../ast.ts'
import { compareTerms } from './compare-terms.ts'

type Entry = readonly [key: Term, value: Term]

/** The entries without those that a later one replaces, otherwise in the order in which they were written. */
export function withoutRepeatedKeys(entries: readonly Entry[]): readonly Entry[] {
  if (entries.length < 2) return entries
  const sorted = entries.filter(([key]) => isComparable(key)).sort(([a], [b]) => compareTerms(a, b))
  // Sorting keeps the order of equals, so that each but the last of them is replaced.
  const replaced = new Set(sorted.filter(([key], i) => isSame(key, sorted[i + 1]?.[0])))
  return replaced.size === 0 ? entries : entries.filter((entry) => !replaced.has(entry))
}

function isSame(key: Term, next: Term | undefined): boolean {
  return next !== undefined && compareTerms(key, next) === 0
}

/** Closures are ordered by the terms in them alone, which does not tell all of them apart. */
function isComparable(key: Term): boolean {
  switch (key.kind) {
    case 'comprehension':
    case 'template':
      return false
    case 'ref':
      return [key.head, ...key.path].every(isComparable)
    case 'call':
      return key.args.every(isComparable)
    case 'array':
    case 'set':
      return key.items.every(isComparable)
    case 'object':
      return key.entries.flat().every(isComparable)
    default:
      return true
  }
}
