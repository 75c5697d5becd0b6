/**
 * JSON values as every room passes them on. Numbers keep what was written: a `bigint` for an integer beyond 2^53-1, a raw
 * number (`JSON.rawJSON`) for any other whose text a double would change, a plain number for the rest.
 */

/** What `JSON.rawJSON(text)` gives: a number kept as its text. Made in `wire/json`, printed by `JSON.stringify`. */
export interface RawNumber {
  readonly rawJSON: string
}

export type Json = null | boolean | number | bigint | string | RawNumber | readonly Json[] | JsonObject

/** Read own properties only: a key may be `__proto__` or `constructor`. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** A value and the very bytes that it was strictly read from: JSON in UTF-8 of any white space, with numbers as they were written. */
export interface ParsedJson {
  readonly value: Json
  readonly bytes: Uint8Array
}

/** The value of an own property, or undefined: an agent's `constructor` key must never reach a prototype. */
export function property(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, key) ? (value as JsonObject)[key] : undefined
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
}

export function isRawNumber(value: unknown): value is RawNumber {
  return rawJson.isRawJSON(value)
}

/** ES2026 "JSON.parse source text access"; TypeScript's library does not declare it yet. */
interface JsonSourceText {
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): boolean
}
const rawJson = JSON as unknown as JsonSourceText

/** A number that prints as `text`. Throws a `SyntaxError` when `text` is not one JSON scalar. */
export function rawNumber(text: string): RawNumber {
  return rawJson.rawJSON(text)
}
