/**
 * JSON Schema as types: the parts of a schema that say what values there can be, as OPA reads them. What a schema says
 * about ranges, patterns and formats has no type.
 */

import type { Plain } from '../ast.ts'
import {
  anyObject,
  anyType,
  booleanType,
  either,
  nullType,
  numberType,
  type Property,
  stringType,
  type Type,
} from './type.ts'

type Fields = { readonly [key: string]: Plain }

/** Raised where a schema cannot be read; the message says which part. */
export class SchemaFault extends Error {
  override readonly name = 'SchemaFault'
}

/** How deep a schema may nest: it is read recursively. */
const nestingMax = 200

/** The type of the values that a schema allows. Throws `SchemaFault`. */
export function typeOfSchema(schema: Plain): Type {
  return new SchemaReader(schema).read(schema, 0)
}

class SchemaReader {
  private readonly root: Plain
  private readonly open = new Map<string, { used: boolean; type?: Type }>()

  constructor(root: Plain) {
    this.root = root
  }

  read(schema: Plain, depth: number): Type {
    if (depth > nestingMax) throw new SchemaFault(`schema nests deeper than ${nestingMax}`)
    if (typeof schema === 'boolean') return anyType
    if (!isFields(schema))
      throw new SchemaFault(`unable to compile the schema: \`${JSON.stringify(schema)}\` is not a schema`)
    const { $ref: ref, anyOf, allOf } = schema
    if (typeof ref === 'string') return this.reference(ref, depth)
    if (Array.isArray(anyOf)) return this.union(schema, anyOf, depth)
    if (Array.isArray(allOf) && allOf.length > 0) return this.all(schema, allOf, depth)
    return this.byType(schema, depth)
  }

  private reference(ref: string, depth: number): Type {
    const known = this.open.get(ref)
    if (known?.type !== undefined) return known.type
    if (known !== undefined) return { kind: 'recursive', name: ref, target: () => known.type ?? anyType }
    const entry: { used: boolean; type?: Type } = { used: false }
    this.open.set(ref, entry)
    entry.type = this.read(this.target(ref), depth + 1)
    return entry.type
  }

  /** Only refs into the schema itself: fetching others would make compiling reach the network. */
  private target(ref: string): Plain {
    if (!ref.startsWith('#'))
      throw new SchemaFault(`unable to compile the schema: remote reference \`${ref}\` is not allowed`)
    let at: Plain = this.root
    for (const part of ref.slice(1).split('/').slice(1)) {
      const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
      const next: Plain | undefined = Array.isArray(at)
        ? at[Number(name)]
        : isFields(at) && Object.hasOwn(at, name)
          ? at[name]
          : undefined
      if (next === undefined)
        throw new SchemaFault(`unable to compile the schema: reference \`${ref}\` points to nothing`)
      at = next
    }
    return at
  }

  private union(schema: Fields, anyOf: readonly Plain[], depth: number): Type {
    const { anyOf: _, ...core } = schema
    const own = core.type === undefined ? undefined : this.read(core, depth + 1)
    const fixed = own?.kind === 'object' && own.static.length > 0 && own.dynamic === undefined ? own : undefined
    return anyOf.map((each) => this.read(each, depth + 1)).reduce<Type | undefined>(either, fixed) ?? anyType
  }

  /** The parts of `allOf` together. Only objects with objects and arrays with arrays can be put together. */
  private all(schema: Fields, allOf: readonly Plain[], depth: number): Type {
    const { allOf: _, ...core } = schema
    const parts = [...allOf, ...(core.type !== undefined || core.properties !== undefined ? [core] : [])]
      .map((each) => this.resolved(each))
      .filter((each) => each.anyOf === undefined || each.type !== undefined || each.properties !== undefined)
      .map((each) => this.read(each, depth + 1))
    const [first, ...rest] = parts
    return rest.reduce<Type>(both, first ?? anyType)
  }

  private resolved(schema: Plain): Fields {
    let at = schema
    for (let i = 0; i < nestingMax && isFields(at) && typeof at.$ref === 'string'; i++) at = this.target(at.$ref)
    return isFields(at) ? at : {}
  }

  private byType(schema: Fields, depth: number): Type {
    const { type, properties, items } = schema
    const types = Array.isArray(type) ? type : type === undefined ? [] : [type]
    if (types.includes('boolean')) return booleanType
    if (types.includes('string')) return stringType
    if (types.includes('integer') || types.includes('number')) return numberType
    const children = isFields(properties) ? Object.entries(properties) : []
    if (types.includes('object') || (types.length === 0 && children.length > 0)) return this.object(children, depth)
    if (types.includes('array') || (types.length === 0 && items !== undefined)) return this.array(items, depth)
    return types.includes('null') ? nullType : anyType
  }

  private object(children: readonly [string, Plain][], depth: number): Type {
    if (children.length === 0) return anyObject
    const properties = children.map(
      ([name, each]): Property => ({ key: { kind: 'string', text: name }, value: this.read(each, depth + 1) }),
    )
    return { kind: 'object', static: properties.sort((a, b) => (a.key.text < b.key.text ? -1 : 1)) }
  }

  private array(items: Plain | undefined, depth: number): Type {
    if (items === undefined) return { kind: 'array', static: [], dynamic: anyType }
    if (Array.isArray(items)) return { kind: 'array', static: items.map((each: Plain) => this.read(each, depth + 1)) }
    return { kind: 'array', static: [], dynamic: this.read(items, depth + 1) }
  }
}

function both(a: Type, b: Type): Type {
  if (a.kind === 'object' && b.kind === 'object') {
    const properties = new Map([...a.static, ...b.static].map((each) => [each.key.text, each]))
    if (properties.size === 0) return a
    return { kind: 'object', static: [...properties.values()].sort((x, y) => (x.key.text < y.key.text ? -1 : 1)) }
  }
  if (a.kind === 'array' && b.kind === 'array') return a.static.length >= b.static.length ? a : b
  if (a.kind !== b.kind) throw new SchemaFault(`unable to merge these schemas: type mismatch: ${a.kind} and ${b.kind}`)
  return a
}

function isFields(value: Plain | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
