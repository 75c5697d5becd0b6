/**
 * Values as Rego terms, the way OPA prints them: `{"a": [1, 2]}`, `{1, 2}`, `set()`. Used wherever a value becomes part of a text: `sprintf`,
 * string interpolation, `print`.
 */
import { numberText } from '../number.ts'
import { entriesOf, isNumber, type PlainObject, type RegoObject, RegoSet, type Value } from '../value.ts'
import { enter, leave, printing } from '../visits.ts'
import { quote } from './go/quote.ts'

/** The term's text; strings are quoted. */
export function termText(value: Value): string {
  if (typeof value === 'string') return quote(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (isNumber(value)) return numberText(value)
  enter(printing)
  const text = collectionText(value)
  leave()
  return text
}

function collectionText(value: Value[] | PlainObject | RegoObject | RegoSet): string {
  if (Array.isArray(value)) return `[${value.map(termText).join(', ')}]`
  if (value instanceof RegoSet) return value.size === 0 ? 'set()' : `{${value.sorted().map(termText).join(', ')}}`
  return `{${entriesOf(value)
    .map(([key, item]) => `${termText(key)}: ${termText(item)}`)
    .join(', ')}}`
}

/** The value as part of a text: a string as it is, anything else as its term. */
export function plainText(value: Value): string {
  return typeof value === 'string' ? value : termText(value)
}
