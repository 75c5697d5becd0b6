/**
 * Remembers what was made from a text that comes again and again: compiled patterns, parsed schemas. What is made depends on the text alone, so it may be
 * shared by all queries of the process.
 */
import { cachedMax } from './limits.ts'

/** A function that makes each value once and keeps the last `size` of them; the one unused longest leaves first. Failures are not kept. */
export function memo<T>(make: (key: string) => T, size: number = cachedMax): (key: string) => T {
  const kept = new Map<string, T>()
  let last: { key: string; value: T } | undefined
  return (key) => {
    if (last !== undefined && last.key === key) return last.value
    let value = kept.get(key)
    if (value === undefined) {
      value = make(key)
      if (kept.size >= size) kept.delete(kept.keys().next().value as string)
    } else {
      kept.delete(key)
    }
    kept.set(key, value)
    last = { key, value }
    return value
  }
}
