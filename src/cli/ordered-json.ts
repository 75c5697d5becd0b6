/** JSON as `opa` prints it: two spaces, keys of documents ascending, fields of a record in the order in which they are given. */
import type { Json } from '../model/index.ts'
import { printJson, type Json as RegoJson } from '../rego/index.ts'

/** A record is a map, whose fields keep their order; everything else is a document. */
export type Record = ReadonlyMap<string, Printed>
export type Printed = Json | Record | readonly Printed[]

const step = '  '

/** A record of the fields that are not undefined. */
export function record(fields: { readonly [name: string]: Printed | undefined }): Record {
  return new Map(Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** `indent` stands before every line but the first. Numbers, `<`, `>` and `&` are written as Go writes them. */
export function orderedJson(value: Printed, indent = ''): string {
  const inner = indent + step
  if (value instanceof Map) {
    const fields = [...value].map(([name, field]) => `${inner}${printJson(name)}: ${orderedJson(field, inner)}`)
    return fields.length === 0 ? '{}' : `{\n${fields.join(',\n')}\n${indent}}`
  }
  if (!Array.isArray(value)) return printJson(value as RegoJson, { prefix: indent, indent: step })
  const items = value.map((item: Printed) => inner + orderedJson(item, inner))
  return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${indent}]`
}
