/**
 * The tree of documents as evaluation walks it when a key is known only then: what rules make, base documents and replacements meet here. A
 * cursor is a place in the tree; a value is read from it only at the end of a ref, so that only the rules on the way are evaluated.
 */
import { isPlainObject, lookup, type PlainObject, setField, sortedKeys, type Value } from '../value.ts'
import { elementsOf, keysOf } from './collections.ts'
import { baseAt, merged, type Overlay, overlayAt } from './overlay.ts'
import type { State } from './state.ts'

/** A group's document at each depth: `read[n]` takes n keys. */
export class Leaf {
  readonly read: readonly ((state: State, ...keys: Value[]) => Value | undefined)[]

  constructor(read: Leaf['read']) {
    this.read = read
  }
}

export class TreeNode {
  readonly path: readonly string[]
  readonly children: ReadonlyMap<string, TreeNode | Leaf>
  readonly base: Value | undefined

  constructor(path: readonly string[], children: ReadonlyMap<string, TreeNode | Leaf>, base: Value | undefined) {
    this.path = path
    this.children = children
    this.base = base
  }
}

/** A place in the tree: a node with the replacements over it, a group with the keys gathered so far, or a value. */
export type Cursor =
  | { readonly node: TreeNode; readonly overlay: Overlay | undefined }
  | { readonly leaf: Leaf; readonly keys: readonly Value[] }
  | { readonly value: Value }

export function cursorAt(state: State, place: TreeNode | Leaf, path: readonly string[]): Cursor {
  return enter(place, overlayAt(state.overlay, path))
}

function enter(place: TreeNode | Leaf, overlay: Overlay | undefined): Cursor {
  if (overlay?.value !== undefined) return { value: overlay.value }
  return place instanceof Leaf ? { leaf: place, keys: [] } : { node: place, overlay }
}

/** The place at a key below a cursor, or undefined when nothing can be there. */
export function select(state: State, cursor: Cursor, key: Value): Cursor | undefined {
  if ('node' in cursor) {
    if (typeof key === 'number') return select(state, cursor, String(key))
    if (typeof key !== 'string') return undefined
    const { node } = cursor
    const overlay = cursor.overlay?.child(key)
    const child = node.children.get(key)
    if (child !== undefined) return enter(child, overlay)
    return valueCursor(merged(baseAt(node.base, key), overlay))
  }
  if ('leaf' in cursor && cursor.keys.length < cursor.leaf.read.length - 1) {
    return { leaf: cursor.leaf, keys: [...cursor.keys, key] }
  }
  return valueCursor(lookup(settle(state, cursor), key))
}

function valueCursor(value: Value | undefined): Cursor | undefined {
  return value === undefined ? undefined : { value }
}

/** Everything below a cursor, ascending by key. */
export function below(state: State, cursor: Cursor): (readonly [Value, Cursor])[] {
  const found: (readonly [Value, Cursor])[] = []
  if ('node' in cursor) {
    for (const key of namesBelow(cursor.node, cursor.overlay)) {
      const child = select(state, cursor, key)
      if (child !== undefined) found.push([key, child])
    }
    return found
  }
  const value = settle(state, cursor)
  if (value === undefined) return found
  const elements = elementsOf(value)
  keysOf(value).forEach((key, i) => {
    found.push([key, { value: elements[i] as Value }])
  })
  return found
}

function namesBelow(node: TreeNode, overlay: Overlay | undefined): string[] {
  const names: PlainObject = {}
  for (const key of node.children.keys()) setField(names, key, null)
  if (isPlainObject(node.base)) for (const key of Object.keys(node.base)) setField(names, key, null)
  for (const key of overlay?.children.keys() ?? []) setField(names, key, null)
  return sortedKeys(names)
}

/** The value at a cursor: a node gives an object of everything below it that is defined. */
export function settle(state: State, cursor: Cursor): Value | undefined {
  if ('value' in cursor) return cursor.value
  if ('leaf' in cursor) return cursor.leaf.read[cursor.keys.length]?.(state, ...cursor.keys)
  const { base } = cursor.node
  // Rules below a base document that is no object are not seen from above.
  if (base !== undefined && !isPlainObject(base) && cursor.overlay === undefined) return base
  const result: PlainObject = {}
  for (const key of namesBelow(cursor.node, cursor.overlay)) {
    const child = select(state, cursor, key)
    const made = child === undefined ? undefined : settle(state, child)
    const base = cursor.overlay?.child(key) === undefined ? lookup(cursor.node.base, key) : undefined
    const value = united(base, made)
    if (value !== undefined) setField(result, key, value)
  }
  return result
}

/** A base document and what rules make in the same place, as one document: where both have a value, the base document's stands. */
function united(base: Value | undefined, made: Value | undefined): Value | undefined {
  if (base === undefined || base === made) return made
  if (!isPlainObject(base) || !isPlainObject(made)) return base
  const result: PlainObject = {}
  for (const key of Object.keys(made)) setField(result, key, made[key] as Value)
  for (const key of Object.keys(base)) setField(result, key, united(base[key] as Value, lookup(made, key)) as Value)
  return result
}
