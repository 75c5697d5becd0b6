/**
 * Strict JSON (RFC 8259): bytes to values that can be read in one way only, and values back to text. The engine's own reader
 * makes the value; one pass over the bytes finds what it would forgive or lose (duplicate keys, depth, long numbers, half
 * surrogates), and only then the exact reader runs.
 */
import { isUtf8 } from 'node:buffer'
import { asBuffer, type Json, limits, type ParsedJson, rawNumber } from '../model/index.ts'
import { agentFault } from './agent-fault.ts'
import { errorAt, JsonError, readExactly } from './json-exact.ts'
import { hasBoundedDigits, isPlainNumber } from './json-number.ts'

/**
 * Refuses: a byte order mark, bytes that are not UTF-8, duplicate keys at any depth (compared after escapes), half surrogates in
 * escapes, more than `limits.jsonDepthMax` levels, numbers of more than `limits.jsonNumberDigitsMax` digits, anything after
 * the value. Numbers are kept as written (`model/json.ts`); `__proto__` is an own key. Throws a `JsonError`.
 */
export function parseJson(bytes: Uint8Array): Json {
  return read(bytes, textOf(bytes))
}

function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new JsonError('malformed', 'the text begins with a byte order mark', { row: 1, column: 1, offset: 0 })
  if (!isUtf8(bytes)) throw notUtf8(bytes)
  return asBuffer(bytes).toString('utf8')
}

function read(bytes: Uint8Array, text: string): Json {
  const members = countMembers(bytes)
  if (members === unusual) return readExactly(text)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (cause) {
    readExactly(text)
    throw new Error('the two readers of JSON disagree', { cause })
  }
  // Fewer keys than members: two members had the same key, and the exact reader says which.
  return keysOf(value) === members ? value : readExactly(text)
}

/** The body of a call. Faults: `body_malformed`, `body_too_deep`; the agent is told the place. */
export function parseBody(bytes: Uint8Array): ParsedJson {
  try {
    return { value: parseJson(bytes), bytes }
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause
    throw agentFault(cause.kind === 'too_deep' ? 'body_too_deep' : 'body_malformed', `the body at ${cause.message}`)
  }
}

/** The text of a value, numbers as they were written: `parseJson` of it gives the value again. */
export function printJson(value: Json): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    // JSON.stringify refuses a bigint; asking a replacer for every value would make all others slower.
    if (!(cause instanceof TypeError)) throw cause
    return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? rawNumber(one.toString()) : one))
  }
}

const unusual = -1
/** Characters that a number may have without any look at it: a double keeps every decimal of up to 15 digits. */
const certainNumberChars = 15

/**
 * Members of all objects in what looks like JSON, or `unusual` where the exact reader must look: deeper than the bound, a number
 * that a double may not keep, an unpaired surrogate, a string without end, a key with an escape. Multi-byte characters hold no
 * byte below 0x80.
 */
function countMembers(bytes: Uint8Array): number {
  const end = bytes.length
  let members = 0
  let depth = 0
  let at = 0
  let escapes = false
  while (at < end) {
    const byte = bytes[at++] as number
    if (byte === 0x22) {
      escapes = false
      for (;;) {
        if (at >= end) return unusual
        const inside = bytes[at++] as number
        if (inside === 0x22) break
        if (inside !== 0x5c) continue
        escapes = true
        if (bytes[at] === 0x75 && isSurrogate(bytes, at + 1)) {
          if (!isPair(bytes, at + 1)) return unusual
          at += 10
        }
        at++
      }
    } else if (byte === 0x3a) {
      // V8 13.6 compares an escaped key as it is written, cut to its length, with the key that came here in the last object alike, and
      // takes that one: after `{"a":1,"\\u0061":2}` it reads `{"a":1,"\u0061mount":2}` without an `amount`. A caller could hide an argument so.
      if (escapes) return unusual
      members++
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > limits.jsonDepthMax) return unusual
    } else if (byte === 0x7d || byte === 0x5d) depth--
    else if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d) {
      const start = at - 1
      let exponent = false
      for (; at < end; at++) {
        const next = bytes[at] as number
        if (next >= 0x30 && next <= 0x39) continue
        if (next === 0x65 || next === 0x45) exponent = true
        else if (next !== 0x2e && next !== 0x2b && next !== 0x2d) break
      }
      if ((exponent || at - start > certainNumberChars) && !isPlainIn(bytes, start, at)) return unusual
    }
  }
  return members
}

function isPlainIn(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > limits.jsonNumberDigitsMax) return false
  const text = String.fromCharCode(...bytes.subarray(start, end))
  return hasBoundedDigits(text) && isPlainNumber(text)
}

/** Whether the four hexadecimal digits at `at` begin with D8 to DF. */
function isSurrogate(bytes: Uint8Array, at: number): boolean {
  const second = bytes[at + 1] as number
  return ((bytes[at] as number) | 0x20) === 0x64 && (second === 0x38 || second === 0x39 || second >= 0x41)
}

/** Whether `D8xx\uDCxx` stands at `at`: a high half and then a low one. */
function isPair(bytes: Uint8Array, at: number): boolean {
  const high = bytes[at + 1] as number
  const low = ((bytes[at + 7] as number) | 0x20) as number
  return (
    (high === 0x38 || high === 0x39 || high === 0x61 || high === 0x62 || high === 0x41 || high === 0x42) &&
    bytes[at + 4] === 0x5c &&
    bytes[at + 5] === 0x75 &&
    ((bytes[at + 6] as number) | 0x20) === 0x64 &&
    low >= 0x63 &&
    low <= 0x66
  )
}

/** Keys of all objects; `value` is at most `limits.jsonDepthMax` deep. */
function keysOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let keys = 0
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const one = value[index]
      if (typeof one === 'object') keys += keysOf(one)
    }
    return keys
  }
  // JSON.parse makes plain objects: every enumerable key is their own.
  for (const key in value) {
    keys++
    const one = (value as { readonly [key: string]: Json })[key] as Json
    if (typeof one === 'object') keys += keysOf(one)
  }
  return keys
}

function notUtf8(bytes: Uint8Array): JsonError {
  const at = firstInvalid(bytes)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, at).toString('utf8')
  const byte = (bytes[at] as number).toString(16).padStart(2, '0')
  return errorAt(text, text.length, `the byte \`0x${byte}\` begins no UTF-8 character`)
}

/** Index of the first byte that belongs to no whole UTF-8 character. `bytes` holds one. */
function firstInvalid(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at] as number
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    const character = bytes.subarray(at, at + length)
    if (character.length < length || !isUtf8(character)) return at
    at += length
  }
  return bytes.length
}
