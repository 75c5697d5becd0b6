/**
 * Schemas for documents inside each other, as annotations may give them: the inner one replaces a part of the outer.
 */

import type { Typed } from './check.ts'
import { anyObject, anyType, type ObjectType, type Property, type Type, unwrap } from './type.ts'

/** One type for each outermost path; a later entry wins over an earlier one. `input` is the type of all of `input`. */
export function overlay(found: readonly Typed[], input: Type | undefined): readonly Typed[] {
  const result: Typed[] = []
  const known = input === undefined ? [] : [{ path: ['input'], type: input }]
  for (const each of found) {
    const outer = [...known, ...result].findLast(({ path }) => isPrefix(path, each.path))
    if (outer === undefined || outer.path.length === each.path.length) {
      replace(result, each)
      continue
    }
    replace(result, { path: outer.path, type: override(outer.type, each.path.slice(outer.path.length), each.type) })
  }
  return result
}

function replace(result: Typed[], typed: Typed): void {
  const index = result.findIndex(({ path }) => path.length === typed.path.length && isPrefix(path, typed.path))
  if (index === -1) result.push(typed)
  else result[index] = typed
}

function isPrefix(prefix: readonly string[], path: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((name, i) => path[i] === name)
}

/** `type` with `inner` at `path`. What is not an object becomes one, of which only that path is known. */
function override(type: Type, path: readonly string[], inner: Type): Type {
  const [name, ...rest] = path
  if (name === undefined) return inner
  const base = unwrap(type)
  const object: ObjectType = base.kind === 'object' ? base : anyObject
  const before = object.static.find(({ key }) => key.text === name)
  const value = override(before?.value ?? anyType, rest, inner)
  const property: Property = { key: { kind: 'string', text: name }, value }
  const others = object.static.filter((each) => each !== before)
  return { ...object, static: [...others, property].sort((a, b) => (a.key.text < b.key.text ? -1 : 1)) }
}
