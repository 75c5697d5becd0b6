/**
 * What a tool's input schema (JSON Schema 2020-12) says about single arguments: which types they may have, and a line about each for a
 * person. It does not validate: the server does, and says more about it than could be said here. Nothing is fetched for a `$ref`.
 */
import { canonicalText, isJsonObject, isRawNumber, type Json, type JsonObject, property } from '../../model/index.ts'
import { printJson } from '../../wire/index.ts'

export type TypeName = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'object' | 'array'

/** `number` stands for numbers that are no integers: a schema of `number` allows both. */
export const allTypes: readonly TypeName[] = ['null', 'boolean', 'integer', 'number', 'string', 'object', 'array']

/** References and alternatives that are followed from one schema: honest ones are a few deep, hostile ones have no end. */
const depthMax = 16
/** Levels of arguments that are listed one by one; what lies deeper is in the definition. */
const levelsMax = 4
/** Lines about one tool: a schema may branch without end. */
const argumentsMax = 500

/** What one argument of a tool is, for a person. */
export interface Argument {
  /** `lines[].sku`. */
  readonly path: string
  /** `string`, `array of object`, `integer or null`. */
  readonly type: string
  readonly isRequired: boolean
  /** Bounds and choices, such as `1 to 500` or `one of "EUR", "USD"`; empty where there are none. */
  readonly bounds: string
  readonly description: string
}

/** A schema with its local references followed; the first of them that leads nowhere gives an empty one. */
export function resolved(schema: Json | undefined, root: Json | undefined): JsonObject {
  let at = schema
  for (let depth = 0; depth < depthMax; depth++) {
    const reference = property(at, '$ref')
    if (typeof reference !== 'string') return isJsonObject(at) ? at : {}
    // What stands beside a reference holds too (2020-12 section 8.2.3.1).
    const { $ref: _followed, ...beside } = at as JsonObject
    const target = targetOf(reference, root)
    at = { ...(isJsonObject(target) ? target : {}), ...beside }
  }
  return {}
}

/** RFC 6901, as a fragment of this document alone. */
function targetOf(reference: string, root: Json | undefined): Json | undefined {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let at = root
  for (const part of reference.slice(2).split('/')) {
    const key = unescaped(part)
    if (key === undefined) return undefined
    at = Array.isArray(at) ? at[Number(key)] : property(at, key)
  }
  return at
}

function unescaped(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return undefined
  }
}

/** The types that a value may have, in the order of `allTypes`. Empty where nothing is allowed. */
export function typesOf(schema: Json | undefined, root: Json | undefined, depth = 0): readonly TypeName[] {
  if (schema === false) return []
  if (depth > depthMax) return allTypes
  const { type, const: only, enum: choices, anyOf, oneOf, allOf } = resolved(schema, root)
  const inner = (one: Json): readonly TypeName[] => typesOf(one, root, depth + 1)
  const sets: (readonly TypeName[])[] = []
  if (type !== undefined) sets.push((Array.isArray(type) ? type : [type]).flatMap(typesNamed))
  if (only !== undefined) sets.push([typeOf(only)])
  if (Array.isArray(choices)) sets.push(choices.map(typeOf))
  for (const branches of [anyOf, oneOf]) if (Array.isArray(branches)) sets.push(branches.flatMap(inner))
  if (Array.isArray(allOf)) sets.push(...allOf.map(inner))
  return allTypes.filter((name) => sets.every((set) => set.includes(name)))
}

function typesNamed(name: Json): readonly TypeName[] {
  if (name === 'number') return ['integer', 'number']
  return allTypes.filter((one) => one === name)
}

/** The type of a value; a number without a fraction is an integer, however it is written. */
export function typeOf(value: Json): TypeName {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'bigint') return 'integer'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  if (isRawNumber(value)) return Number.isInteger(Number(value.rawJSON)) ? 'integer' : 'number'
  if (typeof value === 'boolean') return 'boolean'
  return typeof value === 'string' ? 'string' : 'object'
}

/** `integer or null`. */
export function typeWords(types: readonly TypeName[]): string {
  const names = types.filter((name) => name !== 'integer' || !types.includes('number'))
  return types.length === allTypes.length ? 'any value' : names.join(' or ')
}

/** The values that alone are allowed; undefined where there is no such list. */
export function choicesOf(schema: Json | undefined, root: Json | undefined): readonly Json[] | undefined {
  const { enum: choices, const: only } = resolved(schema, root)
  if (only !== undefined) return [only]
  return Array.isArray(choices) ? choices : undefined
}

export function isOneOf(value: Json, choices: readonly Json[]): boolean {
  const text = canonicalText(value)
  return choices.some((one) => canonicalText(one) === text)
}

/** Every argument in the order of the schema, those of objects and of elements below them. */
export function argumentsOf(schema: Json | undefined): readonly Argument[] {
  const found: Argument[] = []
  const walk = (object: JsonObject, before: string, level: number): void => {
    const { properties, required } = object
    if (!isJsonObject(properties) || level > levelsMax) return
    for (const [name, one] of Object.entries(properties)) {
      if (found.length >= argumentsMax) return
      const at = resolved(one, schema)
      const elements = resolved(at.items, schema)
      const path = `${before}${name}`
      const isRequired = Array.isArray(required) && required.includes(name)
      const description = typeof at.description === 'string' ? at.description : ''
      found.push({ path, type: typeText(one, schema), isRequired, bounds: boundsText(at), description })
      walk(at, `${path}.`, level + 1)
      walk(elements, `${path}[].`, level + 1)
    }
  }
  walk(resolved(schema, schema), '', 1)
  return found
}

function typeText(schema: Json, root: Json | undefined): string {
  const types = typesOf(schema, root)
  const { items } = resolved(schema, root)
  const words = types.length === 0 ? 'nothing' : typeWords(types)
  return items === undefined || !types.includes('array') ? words : `${words} of ${typeWords(typesOf(items, root))}`
}

/** Keywords that are told of with their value. */
const toldKeywords: readonly (readonly [keyword: string, words: string])[] = [
  ['exclusiveMinimum', 'more than'],
  ['exclusiveMaximum', 'less than'],
  ['multipleOf', 'a multiple of'],
  ['format', 'format'],
  ['pattern', 'pattern'],
]

function boundsText(schema: JsonObject): string {
  const { enum: choices, const: only, examples, default: usual } = schema
  const listed = (values: readonly Json[]): string => values.map(printJson).join(', ')
  const parts = [
    only === undefined ? '' : `always ${printJson(only)}`,
    Array.isArray(choices) ? `one of ${listed(choices)}` : '',
    rangeText(schema.minimum, schema.maximum, ''),
    rangeText(schema.minLength, schema.maxLength, ' characters'),
    rangeText(schema.minItems, schema.maxItems, ' elements'),
    ...toldKeywords.map(([keyword, words]) => {
      const value = schema[keyword]
      return value === undefined ? '' : `${words} ${typeof value === 'string' ? value : printJson(value)}`
    }),
    usual === undefined ? '' : `default ${printJson(usual)}`,
    Array.isArray(examples) && examples.length > 0 ? `such as ${listed(examples)}` : '',
  ]
  return parts.filter((part) => part !== '').join('; ')
}

/** `1 to 32 characters`, `at least 0`; empty without bounds. */
function rangeText(min: Json | undefined, max: Json | undefined, unit: string): string {
  if (min === undefined) return max === undefined ? '' : `at most ${printJson(max)}${unit}`
  return max === undefined ? `at least ${printJson(min)}${unit}` : `${printJson(min)} to ${printJson(max)}${unit}`
}
