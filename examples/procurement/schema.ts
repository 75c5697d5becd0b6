/**
 * What an operation takes, said once: fields as JSON Schema fragments from which the types follow. The checker knows
 * exactly the keywords that the fragments use; the OpenAPI descriptions beside it are compared with them by a test.
 */

export type Schema =
  | {
      readonly type: 'string'
      readonly minLength: number
      readonly maxLength: number
      readonly pattern?: string
      readonly enum?: readonly string[]
    }
  | {
      readonly type: 'number' | 'integer'
      readonly minimum?: number
      readonly exclusiveMinimum?: number
      readonly maximum: number
    }
  | { readonly type: 'array'; readonly items: Schema; readonly maxItems: number }
  | {
      readonly type: 'object'
      readonly properties: { readonly [name: string]: Schema }
      readonly required: readonly string[]
      readonly additionalProperties: false
    }

/** A field of type `T`; `value` is never set, it carries the type. */
export interface Field<T, Required extends boolean = true> {
  readonly schema: Schema
  readonly required: Required
  readonly value?: T
}

export type Fields = { readonly [name: string]: Field<unknown, boolean> }

/** The checked values of `F`: required fields always there, others only when they were sent. */
export type Values<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Field<unknown, true> ? K : never]: F[K] extends Field<infer T, boolean>
    ? T
    : never
} & {
  readonly [K in keyof F as F[K] extends Field<unknown, true> ? never : K]?: F[K] extends Field<infer T, boolean>
    ? T
    : never
}

/** Text of `minLength` (default 1) to `maxLength` code points. */
export function text(bounds: { maxLength: number; minLength?: number; pattern?: string }): Field<string> {
  return { schema: { type: 'string', minLength: 1, ...bounds }, required: true }
}

export function oneOf<const T extends string>(...values: readonly T[]): Field<T> {
  const lengths = values.map((value) => value.length)
  const bounds = { minLength: Math.min(...lengths), maxLength: Math.max(...lengths) }
  return { schema: { type: 'string', ...bounds, enum: values }, required: true }
}

export function number(bounds: { maximum: number; minimum?: number; exclusiveMinimum?: number }): Field<number> {
  return { schema: { type: 'number', ...bounds }, required: true }
}

export function integer(bounds: { maximum: number; minimum: number }): Field<number> {
  return { schema: { type: 'integer', ...bounds }, required: true }
}

export function listOf<F extends Fields>(fields: F, maxItems: number): Field<readonly Values<F>[]> {
  return { schema: { type: 'array', items: objectSchema(fields), maxItems }, required: true }
}

export function optional<T>(field: Field<T>): Field<T, false> {
  return { schema: field.schema, required: false }
}

export function objectSchema(fields: Fields): Extract<Schema, { type: 'object' }> {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.schema]))
  const required = Object.keys(fields).filter((name) => fields[name]?.required)
  return { type: 'object', properties, required, additionalProperties: false }
}

/** One thing that is wrong with what was sent; `field` is a path such as `lines[2].qty`. */
export interface Violation {
  readonly field: string
  readonly problem: string
}

/** Violations that are listed at once: a reader mends a few at a time. */
const violationsMax = 10

/** Everything that is wrong with `value`, at most 10; empty means that it has the schema's type. */
export function violations(schema: Schema, value: unknown, field = ''): readonly Violation[] {
  const found: Violation[] = []
  inspect(schema, value, field, found)
  return found.slice(0, violationsMax)
}

function inspect(schema: Schema, value: unknown, field: string, found: Violation[]): void {
  if (found.length > violationsMax) return
  const problem = problemWith(schema, value)
  if (problem !== undefined) {
    found.push({ field: field === '' ? 'body' : field, problem })
  } else if (schema.type === 'array' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) inspect(schema.items, item, `${field}[${index}]`, found)
  } else if (schema.type === 'object' && isObject(value)) {
    const at = (name: string): string => (field === '' ? name : `${field}.${name}`)
    for (const name of schema.required)
      if (!Object.hasOwn(value, name)) found.push({ field: at(name), problem: 'is missing' })
    for (const [name, inner] of Object.entries(value)) {
      // Own properties only: a field may be called `constructor` or `__proto__`.
      const known = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
      if (known === undefined) found.push({ field: at(name), problem: 'is not a field of this operation' })
      else inspect(known, inner, at(name), found)
    }
  }
}

/** What is wrong with the value itself, not with what it contains. */
function problemWith(schema: Schema, value: unknown): string | undefined {
  switch (schema.type) {
    case 'string':
      return problemWithText(schema, value)
    case 'number':
    case 'integer':
      return problemWithNumber(schema, value)
    case 'array':
      if (!Array.isArray(value)) return 'must be a list'
      return value.length > schema.maxItems ? `must have at most ${schema.maxItems} entries` : undefined
    case 'object':
      return isObject(value) ? undefined : 'must be an object'
  }
}

function problemWithText(schema: Extract<Schema, { type: 'string' }>, value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be text'
  if (schema.enum !== undefined && !schema.enum.includes(value)) return `must be one of ${schema.enum.join(', ')}`
  const length = Array.from(value).length
  if (length < schema.minLength || length > schema.maxLength)
    return `must have ${schema.minLength} to ${schema.maxLength} characters`
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
    return `must match ${schema.pattern}`
  return undefined
}

function problemWithNumber(schema: Extract<Schema, { maximum: number }>, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number'
  if (schema.type === 'integer' && !Number.isInteger(value)) return 'must be a whole number'
  if (schema.minimum !== undefined && value < schema.minimum) return `must be at least ${schema.minimum}`
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum)
    return `must be more than ${schema.exclusiveMinimum}`
  return value > schema.maximum ? `must be at most ${schema.maximum}` : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
