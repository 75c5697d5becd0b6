/** Values as JSON text, by hand where that is cheaper. Keeps big integers and raw numbers as they were written. */
import { type Json, rawNumber } from './json.ts'

/** Printable ASCII without `"` and `\`: what stands in JSON as it is. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** A JSON string: most are short and plain, and then two quotes are all that is needed. */
export function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** `JSON.stringify` throws on a bigint; values that hold one are rare and pay for a replacer. */
export function textOf(value: Json): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? rawNumber(String(part)) : part))
  }
}
