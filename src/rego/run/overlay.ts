/** What `with` does to documents: `input` is copied along the path that changes, `data` gets a tree of replacements over it. */
import { isPlainObject, lookup, type PlainObject, RegoObject, setField, type Value } from '../value.ts'

/** Replacements in the data document: a value that stands for everything from here down, or further replacements below. Never changed once made. */
export class Overlay {
  readonly value: Value | undefined
  readonly children: ReadonlyMap<string, Overlay>

  constructor(value: Value | undefined, children: ReadonlyMap<string, Overlay> = new Map()) {
    this.value = value
    this.children = children
  }

  /** The replacement tree below a key, or undefined when nothing is replaced there. */
  child(key: string): Overlay | undefined {
    return this.children.get(key)
  }
}

/** An overlay in which `path` is replaced too. A replacement below a replaced value changes that value. */
export function overlaid(overlay: Overlay | undefined, path: readonly string[], value: Value): Overlay {
  if (overlay?.value !== undefined) return new Overlay(upsert(overlay.value, path, value))
  const [key, ...rest] = path
  if (key === undefined) return new Overlay(value)
  const children = new Map(overlay?.children)
  children.set(key, overlaid(overlay?.children.get(key), rest, value))
  return new Overlay(undefined, children)
}

/** What stands at a name in a base document: the field of an object, or the element of an array whose index the name writes. */
export function baseAt(document: Value | undefined, name: string): Value | undefined {
  return Array.isArray(document) && /^(0|[1-9]\d*)$/.test(name) ? document[Number(name)] : lookup(document, name)
}

/** What an overlay says about a path: the value that stands there, or `unreplaced`. */
export function replacementAt(
  overlay: Overlay,
  path: readonly string[],
): { readonly value: Value | undefined } | undefined {
  let node: Overlay | undefined = overlay
  for (let i = 0; ; i++) {
    if (node === undefined) return undefined
    if (node.value !== undefined) {
      let value: Value | undefined = node.value
      for (const key of path.slice(i)) value = baseAt(value, key)
      return { value }
    }
    const key = path[i]
    if (key === undefined) return undefined
    node = node.child(key)
  }
}

/** A base document with the replacements below it put in. */
export function merged(base: Value | undefined, overlay: Overlay | undefined): Value | undefined {
  if (overlay === undefined) return base
  if (overlay.value !== undefined) return overlay.value
  const result: PlainObject = isPlainObject(base) ? copy(base) : {}
  for (const [key, child] of overlay.children) {
    const value = merged(lookup(result, key), child)
    if (value !== undefined) setField(result, key, value)
  }
  return result
}

/** The overlay below a path, or undefined. */
export function overlayAt(overlay: Overlay | undefined, path: readonly string[]): Overlay | undefined {
  let node = overlay
  for (const key of path) node = node?.child(key)
  return node
}

/** A document in which `path` has a value; objects on the way are copied, missing ones made, other values on the way replaced. */
export function upsert(document: Value | undefined, path: readonly string[], value: Value): Value {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (document instanceof RegoObject) {
    const result = new RegoObject()
    for (const [name, item] of document) result.set(name, item)
    result.set(key, upsert(document.get(key), rest, value))
    return result
  }
  const result = isPlainObject(document) ? copy(document) : {}
  setField(result, key, upsert(lookup(result, key), rest, value))
  return result
}

function copy(object: PlainObject): PlainObject {
  const result: PlainObject = {}
  for (const key of Object.keys(object)) setField(result, key, object[key] as Value)
  return result
}
