/** A Rego term as a value: what a person writes where a value is wanted that JSON cannot say. */
import { declarations } from './builtins/declarations.ts'
import { RegoErrors } from './errors.ts'
import { parseQuery } from './parse/module.ts'
import { constantOf } from './plan/constant.ts'
import { resolveModules, resolveQuery } from './resolve/resolve.ts'
import type { Value } from './value.ts'

/**
 * The value of a term without variables, refs or calls, sets and objects with any keys included: `{"a": {1, 2}, [1]: null}`. Throws
 * `RegoErrors` with `rego_parse_error` for anything else.
 */
export function parseTerm(text: string): Value {
  const settings = { builtins: new Map(Object.entries(declarations)) }
  const { term } = resolveQuery(resolveModules([], settings), text, parseQuery(text), settings)
  const value = term === undefined ? undefined : constantOf(term)
  if (value !== undefined) return value
  const message = `\`${text}\` is not a closed term: expected a scalar, array, set or object without variables, refs or calls`
  throw new RegoErrors([{ code: 'rego_parse_error', message, file: '', row: 1, col: 1 }])
}
