/** The cache that builtins keep for a prepared query. The entry that was used least recently leaves first. */
import type { BuiltinCache } from '../builtins/builtin.ts'

/** Entries kept: compiled patterns and schemas of one policy; policies that make patterns from input must not grow without end. */
const entriesMax = 1_000

export function makeBuiltinCache(): BuiltinCache {
  const entries = new Map<string, unknown>()
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry
    },
    set(key, entry) {
      entries.delete(key)
      entries.set(key, entry)
      if (entries.size <= entriesMax) return
      const [oldest] = entries.keys()
      if (oldest !== undefined) entries.delete(oldest)
    },
  }
}
