/**
 * The body of an operation: whether it is JSON, and which fields of it are arguments. A body that is an object gives its
 * fields, any other one is the single argument `body`.
 */
import { isJsonMediaType, type Json, property } from '../model/index.ts'
import { kindsOf } from './kinds.ts'
import { type Document, elements, flawed, type Located, member, members, resolve } from './references.ts'

export interface BodyFields {
  readonly required: boolean
  readonly schema: Located
  /** The arguments by the name of their field; undefined when the whole body is one argument. */
  readonly fields: ReadonlyMap<string, Located> | undefined
  /** Fields that must be there whenever there is a body. */
  readonly requiredFields: ReadonlySet<string>
  /** Whether the description says that further fields may come. */
  readonly further: boolean
}

/** What an operation says of its body: JSON, other media types only (their names), or nothing. */
export type Body =
  | { readonly kind: 'json'; readonly fields: BodyFields }
  | { readonly kind: 'other'; readonly mediaTypes: readonly string[]; readonly required: boolean }
  | { readonly kind: 'none' }

/** Alternatives within references within alternatives: beyond it nobody reads the schema either. */
const depthMax = 16

export function readBody(document: Document, operation: Located): Body {
  const part = member(operation, 'requestBody')
  if (part === undefined) return { kind: 'none' }
  const at = resolve(document, part)
  const required = property(at.value, 'required') === true
  const content = member(at, 'content')
  const media = content === undefined ? [] : members(content)
  if (media.length === 0)
    throw flawed(document, at, 'the request body has no `content`', 'describe it under `content: application/json`')
  const named = media.map(([name, value]) => [(name.split(';')[0] ?? '').trim().toLowerCase(), value] as const)
  const json = named.find(([name]) => isJsonMediaType(name))
  if (json === undefined) return { kind: 'other', mediaTypes: named.map(([name]) => name), required }
  const schema = member(json[1], 'schema')
  if (schema === undefined)
    throw flawed(document, json[1], 'the JSON body has no `schema`', 'describe its fields, or write `schema: {}`')
  return { kind: 'json', fields: fieldsOf(document, schema, required) }
}

function fieldsOf(document: Document, schema: Located, required: boolean): BodyFields {
  const fields = new Map<string, Located>()
  const requiredFields = new Set<string>()
  let further = false

  /** `certain` is false within alternatives, whose fields need not be there. */
  function gather(part: Located, certain: boolean, depth: number): void {
    if (depth > depthMax) throw flawed(document, schema, 'the schema of the body is nested too deeply', 'simplify it')
    const reference = property(part.value, '$ref')
    const beside = reference !== undefined && document.version === '3.1' ? part : undefined
    for (const at of beside === undefined ? [resolve(document, part)] : [resolve(document, part), beside]) {
      const properties = member(at, 'properties')
      for (const [name, field] of properties === undefined ? [] : members(properties))
        if (property(resolve(document, field).value, 'readOnly') !== true && !fields.has(name)) fields.set(name, field)
      const wanted = property(at.value, 'required')
      if (certain && Array.isArray(wanted))
        for (const name of wanted) if (typeof name === 'string') requiredFields.add(name)
      further ||= takesMore(property(at.value, 'additionalProperties')) || member(at, 'patternProperties') !== undefined
      for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
        const list = member(at, keyword)
        if (list === undefined) continue
        for (const each of elements(list)) gather(each, certain && keyword === 'allOf', depth + 1)
      }
    }
  }

  gather(schema, true, 0)
  for (const name of requiredFields) if (!fields.has(name)) requiredFields.delete(name)
  const kinds = kindsOf(document, schema)
  kinds.delete('null')
  const isObject = kinds.size === 0 ? fields.size > 0 || further : kinds.size === 1 && kinds.has('object')
  // An object without a single listed field takes any.
  const free = isObject && fields.size === 0
  return {
    required,
    schema,
    fields: isObject ? fields : undefined,
    requiredFields,
    further: further || (free && property(resolve(document, schema).value, 'additionalProperties') !== false),
  }
}

function takesMore(additional: Json | undefined): boolean {
  return additional !== undefined && additional !== false
}
