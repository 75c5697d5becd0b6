/**
 * `json.filter` and `json.remove`: keeping or leaving out the places of a document that a list of paths names. Paths are JSON pointers (the first slash may be
 * missing) or arrays of keys; elements of arrays are named by their index as a string.
 */
import { entriesOf, isObject, keyOf, makeObject, RegoSet, typeName, type Value } from '../value.ts'
import { type Builtin, operandError } from './builtin.ts'
import { listOperand, objectOperand } from './operands.ts'

/** The named paths as a tree: a place without children is named itself. */
interface Place {
  children: Map<unknown, Place> | undefined
}

/** The keys of a path. Position 2 is where both builtins take paths; `json.patch` reports the same. */
export function parsePath(path: Value): readonly Value[] {
  if (Array.isArray(path)) return path
  if (typeof path === 'string') {
    if (path === '') return []
    return path
      .replace(/^\/+/, '')
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  throw operandError(
    2,
    `must be one of {set, array} containing string paths or array of path segments but got ${typeName(path)}`,
  )
}

function placesOf(paths: Value): Place {
  const root: Place = { children: new Map() }
  for (const path of listOperand(paths, 2)) {
    const keys = parsePath(path)
    let place: Place | undefined = root
    for (const key of keys.slice(0, -1)) {
      // A place that is named as a whole swallows everything below it.
      if (place.children === undefined) break
      const known: Place | undefined = place.children.get(keyOf(key))
      const next: Place = known ?? { children: new Map() }
      place.children.set(keyOf(key), next)
      place = next
    }
    const last = keys.at(-1)
    if (last !== undefined) place.children?.set(keyOf(last), { children: undefined })
  }
  return root
}

function filter(value: Value, place: Place): Value {
  const { children } = place
  if (children === undefined) return value
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => {
      const inner = children.get(String(i))
      return inner === undefined ? [] : [filter(item, inner)]
    })
  }
  if (value instanceof RegoSet) {
    const kept = new RegoSet()
    for (const member of value.sorted()) {
      const inner = children.get(keyOf(member))
      if (inner !== undefined) kept.add(filter(member, inner))
    }
    return kept
  }
  if (!isObject(value)) return value
  return makeObject(
    entriesOf(value).flatMap(([key, item]): [Value, Value][] => {
      const inner = children.get(keyOf(key))
      return inner === undefined ? [] : [[key, filter(item, inner)]]
    }),
  )
}

/** The value without the named places, or undefined when it is named itself. */
function remove(value: Value, place: Place | undefined): Value | undefined {
  if (place === undefined) return value
  const { children } = place
  if (children === undefined) return undefined
  if (Array.isArray(value)) {
    return value.map((item, i) => remove(item, children.get(String(i)))).filter((item) => item !== undefined)
  }
  if (value instanceof RegoSet) {
    return RegoSet.from(
      value
        .sorted()
        .map((member) => remove(member, children.get(keyOf(member))))
        .filter((member) => member !== undefined),
    )
  }
  if (!isObject(value)) return value
  return makeObject(
    entriesOf(value).flatMap(([key, item]): [Value, Value][] => {
      const rest = remove(item, children.get(keyOf(key)))
      return rest === undefined ? [] : [[key, rest]]
    }),
  )
}

export const jsonPaths: Record<string, Builtin> = {
  'json.filter': { run: (_, object, paths) => filter(objectOperand(object, 1), placesOf(paths)) },
  'json.remove': { run: (_, object, paths) => remove(objectOperand(object, 1), placesOf(paths)) },
}
