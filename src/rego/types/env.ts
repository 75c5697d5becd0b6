/**
 * What is known about types while a rule is checked: of its locals, and of the documents under `input` and `data`.
 */

import type { Ref, Term } from '../program.ts'
import { anyType, either, type Key, merge, type ObjectType, select, stringType, type Type, valuesOf } from './type.ts'

/** Types by path. A node with a type is a document whose inside is described by that type alone. */
export class TypeTree {
  readonly children = new Map<string, TypeTree>()
  type: Type | undefined

  find(path: readonly string[]): TypeTree | undefined {
    let node: TypeTree | undefined = this
    for (const name of path) node = node?.children.get(name)
    return node
  }

  ensure(path: readonly string[]): TypeTree {
    let node: TypeTree = this
    for (const name of path) {
      const child: TypeTree = node.children.get(name) ?? new TypeTree()
      node.children.set(name, child)
      node = child
    }
    return node
  }

  /** Adds the type of a rule, into objects that other rules have put above it and with what stands below. */
  insert(path: readonly string[], type: Type): void {
    let node: TypeTree = this
    for (const [i, name] of path.entries()) {
      node = node.ensure([name])
      if (node.type?.kind === 'object' && i + 1 < path.length)
        node.type = insertInto(node.type, path.slice(i + 1), type)
    }
    node.type = merge(node.type, type)
    if (type.kind !== 'object') return
    for (const [below, each] of node.leaves())
      if (node.type?.kind === 'object') node.type = insertInto(node.type, below, each)
  }

  private *leaves(): Generator<[string[], Type]> {
    for (const [name, child] of this.children) {
      if (child.type !== undefined) yield [[name], child.type]
      else for (const [path, type] of child.leaves()) yield [[name, ...path], type]
    }
  }

  /** The type of everything at and below the node. */
  extent(): Type {
    if (this.type !== undefined) return this.type
    const properties = [...this.children].map(([name, child]) => ({
      key: { kind: 'string', text: name } as const,
      value: child.extent(),
    }))
    // Base documents may stand beside the rules, and nothing is known of them.
    return { kind: 'object', static: properties, dynamic: { key: stringType, value: anyType } }
  }
}

function insertInto(object: ObjectType, path: readonly string[], type: Type): ObjectType {
  const value = path.length === 1 ? type : insertInto({ kind: 'object', static: [] }, path.slice(1), type)
  const { dynamic } = object
  return { ...object, dynamic: { key: either(dynamic?.key, stringType), value: either(dynamic?.value, value) } }
}

/** A constant as a key of a type; undefined for anything else. */
export function constantKey(term: Term): Key | undefined {
  switch (term.kind) {
    case 'string':
      return { kind: 'string', text: term.value }
    case 'number':
      return { kind: 'number', text: String(Number(term.text)) }
    case 'boolean':
      return { kind: 'boolean', text: String(term.value) }
    case 'null':
      return { kind: 'null', text: 'null' }
    default:
      return undefined
  }
}

export class TypeEnv {
  readonly locals = new Map<number, Type>()
  /** Looked through in order: what annotations say for this rule, then what holds everywhere. */
  private readonly layers: readonly TypeTree[]

  constructor(layers: readonly TypeTree[]) {
    this.layers = layers
  }

  /** The same locals, with layers over the documents: for an expression that replaces some of them. */
  under(layers: readonly TypeTree[]): TypeEnv {
    return Object.assign(new TypeEnv([...layers, ...this.layers]), { locals: this.locals })
  }

  /** The tree that knows the root, the innermost first. */
  layersOf(root: 'input' | 'data'): TypeTree[] {
    return this.layers.flatMap((layer) => layer.children.get(root) ?? [])
  }

  /** The type at a ref; undefined where nothing is known or nothing can be there. */
  refType(ref: Ref, typeOf: (term: Term) => Type | undefined): Type | undefined {
    const { root, path } = ref
    if (root.kind === 'local') return follow(this.locals.get(root.local), path)
    if (root.kind === 'term') return follow(typeOf(root.term), path)
    for (const layer of this.layersOf(root.kind)) {
      const found = inTree(layer, path)
      if (found !== 'elsewhere') return found
    }
    return anyType
  }
}

function inTree(node: TypeTree, path: readonly Term[]): Type | undefined | 'elsewhere' {
  const [part, ...rest] = path
  if (part === undefined) return node.extent()
  const child = part.kind === 'string' ? node.children.get(part.value) : undefined
  if (child !== undefined) return inTree(child, rest)
  if (node.type !== undefined) return follow(node.type, path)
  return constantKey(part) === undefined ? follow(node.extent(), path) : 'elsewhere'
}

export function follow(type: Type | undefined, path: readonly Term[]): Type | undefined {
  let result = type
  for (const part of path) {
    const key = constantKey(part)
    result = key === undefined ? valuesOf(result) : select(result, key)
  }
  return result
}
