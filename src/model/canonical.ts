/** The canonical text of a value, for digests. */
import { isJsonObject, type Json } from './json.ts'

/** One text for one value: keys in ascending order of code units (as RFC 8785 section 3.2.3), numbers as written. */
export function canonicalText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value === 'bigint') return value.toString()
  if (!isJsonObject(value)) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalText(value[key] as Json)}`).join(',')}}`
}
