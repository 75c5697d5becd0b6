/**
 * The words in which a builtin declares its operands and result, and one short maker for each. A declaration is plain data in the shape that OPA's
 * capabilities file uses, so that a user's own capabilities file can be read as it stands.
 */

/** The type of one operand or result. `name` is the operand's name in messages; it takes no part in type checking. */
export type TypeDecl = { readonly name?: string } & (
  | { readonly type: 'null' | 'boolean' | 'number' | 'string' }
  /** Without `of`: every value. With `of`: one of these. */
  | { readonly type: 'any'; readonly of?: readonly TypeDecl[] }
  /** `static`: the types of the first elements; `dynamic`: the type of every further one. */
  | { readonly type: 'array'; readonly static?: readonly TypeDecl[]; readonly dynamic?: TypeDecl }
  | { readonly type: 'set'; readonly of: TypeDecl }
  | {
      readonly type: 'object'
      readonly static?: readonly { readonly key: string; readonly value: TypeDecl }[]
      readonly dynamic?: { readonly key: TypeDecl; readonly value: TypeDecl }
    }
)

/** How one builtin is called. */
export type BuiltinDecl = {
  readonly args: readonly TypeDecl[]
  /** Absent for a builtin that is a statement and has no value (`print`). */
  readonly result: TypeDecl | undefined
  /** The type of any number of further operands. */
  readonly variadic?: TypeDecl
  /** The operator that calls it. */
  readonly infix?: string
  /** The value may differ between two calls with the same operands; it is remembered for one evaluation and recorded for replay. */
  readonly nondeterministic?: true
  /** It yields many results, one after another, and binds its output to each (`walk`). */
  readonly relation?: true
  /** Refused in strict mode. */
  readonly deprecated?: true
}

export const nil: TypeDecl = { type: 'null' }
export const boolean: TypeDecl = { type: 'boolean' }
export const number: TypeDecl = { type: 'number' }
export const string: TypeDecl = { type: 'string' }
export const any: TypeDecl = { type: 'any' }

/** One of the given types. */
export const anyOf = (...of: readonly TypeDecl[]): TypeDecl => ({ type: 'any', of })

/** An array of any length whose elements have one type. */
export const array = (dynamic: TypeDecl): TypeDecl => ({ type: 'array', dynamic })

/** An array of exactly these elements. */
export const tuple = (...elements: readonly TypeDecl[]): TypeDecl => ({ type: 'array', static: elements })

export const set = (of: TypeDecl): TypeDecl => ({ type: 'set', of })

/** An object with any keys of one type. */
export const object = (key: TypeDecl, value: TypeDecl): TypeDecl => ({ type: 'object', dynamic: { key, value } })

/** An object with these keys; `key` and `value`, if given, are the types of further ones. */
export function record(fields: Readonly<Record<string, TypeDecl>>, key?: TypeDecl, value?: TypeDecl): TypeDecl {
  const entries = Object.entries(fields).map(([name, type]) => ({ key: name, value: type }))
  return { type: 'object', static: entries, ...(key && value ? { dynamic: { key, value } } : {}) }
}

/** A declaration: operands by name in order, then the result. */
export function fn(
  operands: Readonly<Record<string, TypeDecl>>,
  result: TypeDecl | undefined,
  more: Omit<BuiltinDecl, 'args' | 'result'> = {},
): BuiltinDecl {
  return { args: Object.entries(operands).map(([name, type]) => ({ ...type, name })), result, ...more }
}
