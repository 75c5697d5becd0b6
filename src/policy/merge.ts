/** Documents that several files say together: objects are merged, anything else that two of them say about one place is a contradiction. */
import type { Json, JsonObject } from '../model/index.ts'

/** Whether a value is an object of a document, and not a number that is kept as an object. */
export function isDocumentObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.getPrototypeOf(value) === Object.prototype
}

/** `value` below the keys of `path`. */
export function nestedBelow(path: readonly string[], value: Json): Json {
  return path.reduceRight<Json>((inner, key) => Object.fromEntries([[key, inner]]), value)
}

/** Both together. `onConflict` is told the path of each place that both claim, even where both say the same; `one` stays there. */
export function mergeObjects(
  one: JsonObject,
  other: JsonObject,
  onConflict: (path: readonly string[]) => void,
  place: readonly string[] = [],
): JsonObject {
  const result = new Map(Object.entries(one))
  for (const [key, value] of Object.entries(other)) {
    const before = result.get(key)
    const at = [...place, key]
    if (before === undefined) result.set(key, value)
    else if (isDocumentObject(before) && isDocumentObject(value))
      result.set(key, mergeObjects(before, value, onConflict, at))
    else onConflict(at)
  }
  return Object.fromEntries(result)
}

/** The document without what stands at `path`. */
export function without(document: JsonObject, path: readonly string[]): JsonObject {
  const [key, ...rest] = path
  if (key === undefined) return {}
  const child = Object.hasOwn(document, key) ? document[key] : undefined
  if (child === undefined) return document
  const others = Object.entries(document).filter(([name]) => name !== key)
  if (rest.length === 0 || !isDocumentObject(child)) return Object.fromEntries(others)
  return Object.fromEntries([...others, [key, without(child, rest)]])
}
