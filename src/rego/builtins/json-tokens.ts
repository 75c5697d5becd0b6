/**
 * Reads JSON whose keys have escapes, token by token. V8 13.6 compares such a key as it is written, cut to its length, with the key that came
 * here in the last object alike, and may take that one: after `{"a":1,"\\":2}` it reads `{"a":1,"\n":2}` as the same. What it says of the syntax
 * stands, and it reads single strings right.
 */
import { parseNumber } from '../number.ts'
import { type PlainObject, setField, type Value } from '../value.ts'

const strings = /"(?:[^"\\]|\\.)*"\s*:?/g
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]]|[^\s{}[\],:"]+/g

/** Whether a key of `text`, which need not be JSON, is written with an escape. */
export function hasEscapedKey(text: string): boolean {
  if (!text.includes('\\')) return false
  for (const [string] of text.matchAll(strings)) if (string.endsWith(':') && string.includes('\\')) return true
  return false
}

/** The value of a JSON text: numbers exact, U+FFFD in the place of lone surrogates, of equal keys the last. Throws `SyntaxError`. */
export function readTokens(text: string): Value {
  JSON.parse(text)
  const left = text.matchAll(tokens)
  const next = (): string => left.next().value?.[0] ?? ''
  const read = (token: string): Value => {
    if (token === '{') return readObject()
    if (token === '[') return readArray()
    if (token.startsWith('"')) return readString(token)
    if (token === 'null') return null
    if (token === 'true' || token === 'false') return token === 'true'
    return parseNumber(token) ?? Number(token)
  }
  const readObject = (): Value => {
    const object: PlainObject = {}
    for (let token = next(); token !== '}'; token = next()) setField(object, readString(token), read(next()))
    return object
  }
  const readArray = (): Value => {
    const array: Value[] = []
    for (let token = next(); token !== ']'; token = next()) array.push(read(token))
    return array
  }
  return read(next())
}

function readString(token: string): string {
  return (JSON.parse(token) as string).toWellFormed()
}
