/**
 * Settings whose value stands for something else: a secret behind a reference, a path, a file that is read. They are marked in
 * the schema, so that whoever reads a configuration finds them wherever they stand, and follows them in one place.
 */
import { z } from 'zod'

export type Mark = 'secret' | 'path' | 'certificates' | 'private_key'

/** Clones of a schema, as `.meta()` makes them, keep the mark of what they were made from. */
const marks = z.registry<{ readonly mark: Mark }>()

/** The same schema, marked. */
export function marked<Schema extends z.ZodType>(mark: Mark, schema: Schema): Schema {
  marks.add(schema, { mark })
  return schema
}

type Path = readonly (string | number)[]

export interface Marked {
  readonly path: Path
  readonly mark: Mark
  /** As it is written. */
  readonly text: string
}

/** Every marked setting of a value that the schema takes. */
export function markedIn(schema: z.ZodType, value: unknown, path: Path = []): readonly Marked[] {
  const found: Marked[] = []
  replaceMarked(
    schema,
    value,
    (one) => {
      found.push(one)
      return one.text
    },
    path,
  )
  return found
}

/** The value with another text for every marked setting. The given value stays as it is. */
export function replaceMarked(
  schema: z.ZodType,
  value: unknown,
  replace: (one: Marked) => string,
  path: Path = [],
): unknown {
  if (value === undefined || value === null) return value
  const mark = marks.get(schema)?.mark
  if (mark !== undefined && typeof value === 'string') return replace({ path, mark, text: value })
  const inner = innerOf(schema)
  if (inner !== undefined) return replaceMarked(inner, value, replace, path)
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.map((one, index) => replaceMarked(schema.element as z.ZodType, one, replace, [...path, index]))
  if (typeof value !== 'object' || Array.isArray(value)) return value
  const fields = Object.entries(value).map(([name, one]) => {
    const field = fieldOf(schema, name)
    return [name, field === undefined ? one : replaceMarked(field, one, replace, [...path, name])]
  })
  return Object.fromEntries(fields)
}

/** The mark of the setting at a path, whatever value stands there. */
export function markAt(schema: z.ZodType, path: Path): Mark | undefined {
  const inner = innerOf(schema)
  if (inner !== undefined) return marks.get(schema)?.mark ?? markAt(inner, path)
  const [step, ...rest] = path
  if (step === undefined) return marks.get(schema)?.mark
  const next = schema instanceof z.ZodArray ? (schema.element as z.ZodType) : fieldOf(schema, String(step))
  return next === undefined ? undefined : markAt(next, rest)
}

/** What a schema that only adds a default, or makes something of the result, takes. */
function innerOf(schema: z.ZodType): z.ZodType | undefined {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly
  )
    return schema.def.innerType as z.ZodType
  return schema instanceof z.ZodPipe ? (schema.def.in as z.ZodType) : undefined
}

function fieldOf(schema: z.ZodType, name: string): z.ZodType | undefined {
  if (schema instanceof z.ZodObject)
    return Object.hasOwn(schema.shape, name) ? (schema.shape[name] as z.ZodType) : undefined
  return schema instanceof z.ZodRecord ? (schema.valueType as z.ZodType) : undefined
}
