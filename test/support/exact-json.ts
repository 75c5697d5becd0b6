/**
 * JSON as anybody reads it, numbers as doubles: not by the engine, whose `JSON.parse` may take an escaped key for one of the object before
 * (src/wire/json.ts), as records of any content show it now and then.
 */
import { isRawNumber, type Json } from '../../src/model/index.ts'
import { parseJson } from '../../src/wire/index.ts'

export function exactJson(text: string): unknown {
  return withDoubles(parseJson(Buffer.from(text)))
}

function withDoubles(value: Json): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (isRawNumber(value)) return Number(value.rawJSON)
  if (Array.isArray(value)) return value.map((one: Json) => withDoubles(one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withDoubles(one as Json)]))
}
