/**
 * Schemas of a description as JSON Schema 2020-12 that means what the gateway enforces: 3.0's dialect translated, read-only
 * fields gone, and every object that lists its fields closed, so that a field nobody described is refused at any depth.
 * References become `$defs` once each, whatever circles they form.
 */
import { isJsonObject, type Json, type JsonObject, property } from '../model/index.ts'
import {
  type Document,
  elements,
  flawed,
  isTrue,
  type Located,
  member,
  members,
  resolve,
  target,
} from './references.ts'

export interface Schemas {
  /** The schema of a part. Throws `Flaws` for what cannot be enforced. */
  convert(part: Located): Json
  /** Every definition that converted schemas refer to as `#/$defs/NAME`. */
  readonly definitions: { readonly [name: string]: Json }
}

/** Schema objects of one description, all told, and their nesting without references: bounds on a hostile file. */
const schemasMax = 20_000
const depthMax = 64

/** Keywords whose value is passed on. */
const plain = [
  ...['title', 'description', 'default', 'examples', 'deprecated', 'enum', 'const', 'format', 'required'],
  ...['minLength', 'maxLength', 'pattern', 'minItems', 'maxItems', 'uniqueItems', 'minContains', 'maxContains'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minProperties', 'maxProperties', 'dependentRequired'],
]
/** Keywords whose value is one schema, a list of schemas, or schemas by name; each is a place of its own in the value. */
const inner = [
  'items',
  'contains',
  'propertyNames',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
]
const innerByName = ['properties', 'patternProperties']
/** Keywords whose schemas speak of the same value as the schema around: they add fields, only the outermost closes. */
const sameValue = ['not', 'if', 'then', 'else']
const sameValueLists = ['allOf', 'anyOf', 'oneOf']
const refused: { readonly [keyword: string]: string } = {
  $dynamicRef: 'write `$ref` with `#/components/...`',
  $recursiveRef: 'write `$ref` with `#/components/...`',
  $id: 'remove it: references are read from the top of the file',
}

export function makeSchemas(document: Document): Schemas {
  const definitions: { [name: string]: Json } = {}
  const names = new Map<string, string>()
  let count = 0

  function convert(part: Located, closed: boolean, depth: number): Json {
    if (++count > schemasMax || depth > depthMax)
      throw flawed(
        document,
        part,
        `there are more than ${schemasMax} schemas, or more than ${depthMax} in one another`,
        'simplify them',
      )
    if (typeof part.value === 'boolean') return part.value
    if (!isJsonObject(part.value))
      throw flawed(document, part, 'this is not a schema', 'write an object, e.g. `{ "type": "string" }`')
    const reference = property(part.value, '$ref')
    if (reference === undefined) return convertObject(part, closed, depth)
    const siblings = Object.keys(part.value).filter(
      (key) => key !== '$ref' && !['summary', 'description'].includes(key),
    )
    // OpenAPI 3.0 ignores what stands beside a `$ref`; JSON Schema 2020-12 means both.
    if (document.version === '3.0' || siblings.length === 0)
      return { $ref: define(target(document, part, reference), closed, depth) }
    const both = {
      allOf: [{ $ref: define(target(document, part, reference), false, depth) }, convertObject(part, false, depth)],
    }
    return closed ? { ...both, unevaluatedProperties: false } : both
  }

  function define(part: Located, closed: boolean, depth: number): string {
    const key = `${closed ? 'closed' : 'open'} ${part.pointer}`
    let name = names.get(key)
    if (name === undefined) {
      name = freeName(part.pointer, closed)
      names.set(key, name)
      definitions[name] = true
      definitions[name] = convert(part, closed, depth + 1)
    }
    return `#/$defs/${name}`
  }

  function freeName(pointer: string, closed: boolean): string {
    const last = (pointer.split('/').at(-1) ?? '').replaceAll(/[^A-Za-z0-9_.-]/g, '_')
    const base = `${last === '' || last === '__proto__' ? 'schema' : last}${closed ? '' : '.part'}`
    let name = base
    for (let next = 2; Object.hasOwn(definitions, name); next++) name = `${base}.${next}`
    return name
  }

  function convertObject(part: Located, closed: boolean, depth: number): Json {
    const schema: { [keyword: string]: Json } = {}
    const from = part.value as JsonObject
    for (const [keyword, fix] of Object.entries(refused))
      if (property(from, keyword) !== undefined)
        throw flawed(document, part, `the keyword \`${keyword}\` is not read here`, fix)
    for (const keyword of plain) {
      const value = property(from, keyword)
      if (value !== undefined) schema[keyword] = value
    }
    checkConstants(part)
    translateType(part, schema)
    const each = (at: Located, closes: boolean): Json => convert(at, closes, depth + 1)
    for (const keyword of inner) convertOne(part, schema, keyword, (at) => each(at, true))
    for (const keyword of sameValue) convertOne(part, schema, keyword, (at) => each(at, false))
    for (const keyword of innerByName) {
      const byName = member(part, keyword)
      if (byName !== undefined)
        schema[keyword] = Object.fromEntries(writable(byName).map(([name, at]) => [name, each(at, true)]))
    }
    for (const keyword of sameValueLists) {
      const list = member(part, keyword)
      if (list !== undefined) schema[keyword] = elements(list).map((at) => each(at, false))
    }
    dropReadOnly(part, schema)
    close(schema, closed)
    return schema
  }

  /** Read-only fields belong to replies alone (OpenAPI 3.0.3 section 4.7.24.2, JSON Schema validation section 9.4). */
  function writable(byName: Located): readonly (readonly [string, Located])[] {
    return members(byName).filter(([, at]) => !isTrue(resolve(document, at), 'readOnly'))
  }

  function dropReadOnly(part: Located, schema: { [keyword: string]: Json }): void {
    const required = property(schema, 'required')
    const fields = member(part, 'properties')
    if (!Array.isArray(required) || fields === undefined) return
    const gone = new Set(members(fields).map(([name]) => name))
    for (const [name] of writable(fields)) gone.delete(name)
    if (gone.size > 0) schema.required = required.filter((name) => !gone.has(name))
  }

  function translateType(part: Located, schema: { [keyword: string]: Json }): void {
    const type = property(part.value, 'type')
    const nullable = document.version === '3.0' && isTrue(part, 'nullable')
    if (type !== undefined) schema.type = nullable && typeof type === 'string' ? [type, 'null'] : type
    const example = property(part.value, 'example')
    if (example !== undefined && schema.examples === undefined) schema.examples = [example]
    if (document.version !== '3.0') return
    // OpenAPI 3.0 writes exclusive bounds as a flag beside the bound.
    for (const [flag, bound] of [
      ['exclusiveMinimum', 'minimum'],
      ['exclusiveMaximum', 'maximum'],
    ] as const) {
      if (typeof schema[flag] !== 'boolean') continue
      const exclusive = schema[flag]
      delete schema[flag]
      if (!exclusive || schema[bound] === undefined) continue
      schema[flag] = schema[bound]
      delete schema[bound]
    }
  }

  /** A listed number that a double does not hold would match other numbers too, or none. */
  function checkConstants(part: Located): void {
    const list = property(part.value, 'enum')
    const values = [...(Array.isArray(list) ? list : []), property(part.value, 'const')]
    const loose = values.find(
      (value) =>
        typeof value === 'bigint' ||
        (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)),
    )
    if (loose !== undefined)
      throw flawed(
        document,
        part,
        `the listed number \`${String(loose)}\` is beyond 2^53-1`,
        'use a range, or list it as text',
      )
  }

  return { convert: (part) => convert(part, true, 0), definitions }
}

function convertOne(
  part: Located,
  schema: { [keyword: string]: Json },
  keyword: string,
  convert: (at: Located) => Json,
): void {
  const at = member(part, keyword)
  if (at !== undefined) schema[keyword] = convert(at)
}

function close(schema: { [keyword: string]: Json }, closed: boolean): void {
  if (schema.additionalProperties !== undefined || schema.unevaluatedProperties !== undefined) return
  const listed = schema.properties !== undefined || schema.patternProperties !== undefined
  const composed = sameValueLists.some((keyword) => schema[keyword] !== undefined) || schema.if !== undefined
  // An object that lists nothing takes anything, wherever it stands.
  if (!listed && !composed) {
    if (includesObject(schema.type)) schema.additionalProperties = true
  } else if (closed) schema.unevaluatedProperties = false
}

function includesObject(type: Json | undefined): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object'))
}
