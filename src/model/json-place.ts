/** Places inside a JSON value, as the steps of a JSON pointer (RFC 6901) name them: what is removed there, and in which order. */
import { isJsonObject, type Json, type JsonObject } from './json.ts'

/** Numbers by their value, so that the element after is the greater one. */
export function comparePlaces(one: readonly string[], other: readonly string[]): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    const left = one[at] as string
    const right = other[at] as string
    if (left === right) continue
    const difference = Number(left) - Number(right)
    return Number.isNaN(difference) || difference === 0 ? (left < right ? -1 : 1) : difference
  }
  return one.length - other.length
}

/** The element that a step names, or -1. */
export function elementAt(step: string, { length }: readonly unknown[]): number {
  const index = /^(0|[1-9]\d{0,9})$/.test(step) ? Number(step) : -1
  return index < length ? index : -1
}

/** The value without what stands at a place; the same value where nothing is there. Nothing is changed in place. */
export function removeAt(value: Json, steps: readonly string[], at = 0): Json {
  const step = steps[at] as string
  const isLast = at === steps.length - 1
  if (Array.isArray(value)) {
    const index = elementAt(step, value)
    if (index === -1) return value
    if (isLast) return value.toSpliced(index, 1)
    const old = value[index] as Json
    const next = removeAt(old, steps, at + 1)
    return next === old ? value : value.with(index, next)
  }
  if (!isJsonObject(value) || !Object.hasOwn(value, step)) return value
  const old = value[step]
  if (old === undefined) return value
  if (isLast) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== step)) as JsonObject
  const next = removeAt(old, steps, at + 1)
  return next === old ? value : withField(value, step, next)
}

/** `fromEntries` defines properties: a field called `__proto__` stays one. */
export function withField(value: JsonObject, name: string, field: Json): JsonObject {
  const entries = Object.entries(value)
  if (!Object.hasOwn(value, name)) return Object.fromEntries([...entries, [name, field]]) as JsonObject
  return Object.fromEntries(entries.map(([one, old]) => [one, one === name ? field : old])) as JsonObject
}
