/**
 * The types that checking infers: what values an expression can have. `undefined` in place of a type means that nothing
 * is known yet; `any` of nothing means that everything is possible.
 */

import type { TypeDecl } from '../builtins/type-decl.ts'

/** A key of an object's static part. Keys that are arrays, objects or sets are never static here. */
export interface Key {
  readonly kind: 'null' | 'boolean' | 'number' | 'string'
  readonly text: string
}

export interface Property {
  readonly key: Key
  readonly value: Type | undefined
}

export type ArrayType = {
  readonly kind: 'array'
  readonly static: readonly (Type | undefined)[]
  readonly dynamic?: Type | undefined
}
export type ObjectType = {
  readonly kind: 'object'
  readonly static: readonly Property[]
  readonly dynamic?: { readonly key: Type | undefined; readonly value: Type | undefined } | undefined
}
export type SetType = { readonly kind: 'set'; readonly of: Type | undefined }
export type AnyType = { readonly kind: 'any'; readonly of: readonly Type[] }
export type FunctionType = {
  readonly kind: 'function'
  readonly args: readonly (Type | undefined)[]
  readonly result: Type | undefined
  readonly names?: readonly string[]
}

export type Type =
  | { readonly kind: 'null' | 'boolean' | 'number' | 'string' }
  | ArrayType
  | ObjectType
  | SetType
  | AnyType
  | FunctionType
  /** A schema that refers to itself; `target` is there once the schema has been read. */
  | { readonly kind: 'recursive'; readonly name: string; readonly target: () => Type }

export const nullType: Type = { kind: 'null' }
export const booleanType: Type = { kind: 'boolean' }
export const numberType: Type = { kind: 'number' }
export const stringType: Type = { kind: 'string' }
export const anyType: AnyType = { kind: 'any', of: [] }
export const anyObject: ObjectType = { kind: 'object', static: [], dynamic: { key: anyType, value: anyType } }

export function isEverything(type: Type): boolean {
  return type.kind === 'any' && type.of.length === 0
}

export function unwrap(type: Type): Type {
  return type.kind === 'recursive' ? type.target() : type
}

/** A builtin's declared type as one of ours. */
export function fromDecl(decl: TypeDecl): Type {
  switch (decl.type) {
    case 'any':
      return { kind: 'any', of: (decl.of ?? []).map(fromDecl) }
    case 'array':
      return {
        kind: 'array',
        static: (decl.static ?? []).map(fromDecl),
        dynamic: decl.dynamic && fromDecl(decl.dynamic),
      }
    case 'set':
      return { kind: 'set', of: fromDecl(decl.of) }
    case 'object':
      return {
        kind: 'object',
        static: (decl.static ?? []).map(({ key, value }) => ({
          key: { kind: 'string', text: key },
          value: fromDecl(value),
        })),
        dynamic: decl.dynamic && { key: fromDecl(decl.dynamic.key), value: fromDecl(decl.dynamic.value) },
      }
    default:
      return { kind: decl.type }
  }
}

/** As OPA prints types in its messages. */
export function show(type: Type | undefined): string {
  if (type === undefined) return '???'
  switch (type.kind) {
    case 'array': {
      const fixed = type.static.length > 0 ? `<${type.static.map(show).join(', ')}>` : ''
      return `array${fixed}${type.dynamic === undefined ? '' : `[${show(type.dynamic)}]`}`
    }
    case 'object': {
      const fixed = type.static.map(({ key, value }) => `${key.text}: ${show(value)}`)
      const rest = type.dynamic === undefined ? '' : `[${show(type.dynamic.key)}: ${show(type.dynamic.value)}]`
      return `object${fixed.length > 0 ? `<${fixed.join(', ')}>` : ''}${rest}`
    }
    case 'set':
      return `set[${show(type.of)}]`
    case 'any':
      return type.of.length === 0 ? 'any' : `any<${type.of.map(show).join(', ')}>`
    case 'function':
      return `(${type.args.map(show).join(', ')}) => ${show(type.result)}`
    case 'recursive':
      return `recursive(${type.name})`
    default:
      return type.kind
  }
}

/** Most parts of a type, counted as often as they stand in it: everything that looks through a type visits each of them. */
const partsMax = 20_000

const counted = new WeakMap<Type, number>()

function partsOf(type: Type | undefined): number {
  if (type === undefined) return 1
  const known = counted.get(type)
  if (known !== undefined) return known
  const parts = childrenOf(type).reduce((sum, child) => sum + partsOf(child), 1)
  counted.set(type, parts)
  return parts
}

function childrenOf(type: Type): readonly (Type | undefined)[] {
  switch (type.kind) {
    case 'array':
      return [...type.static, type.dynamic]
    case 'object':
      return [...type.static.map(({ value }) => value), type.dynamic?.key, type.dynamic?.value]
    case 'set':
      return [type.of]
    case 'any':
      return type.of
    default:
      return []
  }
}

/**
 * A type that is small enough to be looked through. Values share their parts, and so do types: sixty locals that each hold the one before twice
 * have a type of 2^60 parts. Of one that has too many only the outermost level is kept.
 */
export function bounded(type: Type): Type {
  if (partsOf(type) <= partsMax) return type
  switch (type.kind) {
    case 'array':
      return { ...type, static: type.static.map(() => anyType), dynamic: type.dynamic && anyType }
    case 'object':
      return {
        ...type,
        static: type.static.map(({ key }) => ({ key, value: anyType })),
        dynamic: type.dynamic && { key: anyType, value: anyType },
      }
    case 'set':
      return { kind: 'set', of: anyType }
    default:
      return anyType
  }
}

/** Whether any part of the type is not known. */
export function isPartial(type: Type | undefined): boolean {
  if (type === undefined) return true
  switch (type.kind) {
    case 'array':
      return type.static.some(isPartial) || (type.dynamic !== undefined && isPartial(type.dynamic))
    case 'object':
      return (
        type.static.some(({ value }) => isPartial(value)) ||
        (type.dynamic !== undefined && (isPartial(type.dynamic.key) || isPartial(type.dynamic.value)))
      )
    case 'set':
      return isPartial(type.of)
    case 'any':
      return type.of.some(isPartial)
    default:
      return false
  }
}

/** Either type. Parts of unions that are equal are kept once, in a fixed order. */
export function either(a: Type | undefined, b: Type | undefined): Type | undefined {
  if (a === undefined) return b
  if (b === undefined) return a
  if (a.kind === 'function' || b.kind === 'function') {
    // Of a function that has an error nothing is known, whatever its other definitions say.
    if (isEverything(a) || isEverything(b)) return anyType
    return a.kind === b.kind ? a : undefined
  }
  if (isEverything(a) || isEverything(b)) return anyType
  const parts = new Map<string, Type>()
  for (const part of [...(a.kind === 'any' ? a.of : [a]), ...(b.kind === 'any' ? b.of : [b])])
    parts.set(show(part), part)
  const [only] = parts.values()
  if (parts.size === 1 && only !== undefined) return only
  // A union that grows without end, as in a long literal of different objects, says nothing any more.
  if (parts.size > unionMax) return anyType
  return bounded({
    kind: 'any',
    of: [...parts.values()].sort((x, y) => order(x) - order(y) || (show(x) < show(y) ? -1 : 1)),
  })
}

/** Most parts of a union: checking is quadratic in them. */
const unionMax = 128

const kinds = ['null', 'boolean', 'number', 'string', 'array', 'object', 'set', 'any', 'function', 'recursive']

function order(type: Type): number {
  return kinds.indexOf(type.kind)
}

function eitherOf(types: readonly (Type | undefined)[]): Type | undefined {
  return types.reduce(either, undefined)
}

/** The type of what may be looked up in a value; undefined where nothing may. */
export function keysOf(given: Type): Type | undefined {
  const type = unwrap(given)
  switch (type.kind) {
    case 'array':
      return numberType
    case 'object':
      return eitherOf([...type.static.map(({ key }): Type => ({ kind: key.kind })), type.dynamic?.key])
    case 'set':
      return type.of
    case 'any':
      return type.of.length === 0 ? anyType : eitherOf(type.of.map(keysOf))
    default:
      return undefined
  }
}

/** The type of what iterating over a value gives. */
export function valuesOf(given: Type | undefined): Type | undefined {
  if (given === undefined) return undefined
  const type = unwrap(given)
  switch (type.kind) {
    case 'array':
      return eitherOf([...type.static, type.dynamic])
    case 'object':
      return eitherOf([...type.static.map(({ value }) => value), type.dynamic?.value])
    case 'set':
      return type.of
    case 'any':
      return type.of.length === 0 ? anyType : eitherOf(type.of.map(valuesOf))
    default:
      return undefined
  }
}

/** The type at a constant key; undefined where the key cannot exist. */
export function select(given: Type | undefined, key: Key): Type | undefined {
  if (given === undefined) return undefined
  const type = unwrap(given)
  switch (type.kind) {
    case 'array':
      return key.kind === 'number' ? elementAt(type, Number(key.text)) : undefined
    case 'object': {
      const found = type.static.find((property) => property.key.kind === key.kind && property.key.text === key.text)
      if (found !== undefined) return found.value
      const { dynamic } = type
      return dynamic?.key !== undefined && includes(dynamic.key, key.kind) ? dynamic.value : undefined
    }
    case 'set':
      return type.of !== undefined && includes(type.of, key.kind) ? { kind: key.kind } : undefined
    case 'any':
      return type.of.length === 0 ? anyType : eitherOf(type.of.map((part) => select(part, key)))
    default:
      return undefined
  }
}

export function elementAt(type: ArrayType, position: number): Type | undefined {
  if (!Number.isInteger(position) || position < 0) return undefined
  return position < type.static.length ? type.static[position] : type.dynamic
}

function includes(type: Type, kind: Key['kind']): boolean {
  if (type.kind === 'any') return type.of.length === 0 || type.of.some((part) => part.kind === kind)
  return type.kind === kind
}

/** Joins the types of two rules of the same name: sets and objects without fixed keys grow, others are either. */
export function merge(a: Type | undefined, b: Type | undefined): Type | undefined {
  if (a === undefined) return b
  if (b === undefined) return a
  if (a.kind === 'set' && b.kind === 'set') return bounded({ kind: 'set', of: either(a.of, b.of) })
  if (
    a.kind === 'object' &&
    b.kind === 'object' &&
    a.static.length === 0 &&
    b.static.length === 0 &&
    a.dynamic &&
    b.dynamic
  )
    return bounded({
      kind: 'object',
      static: [],
      dynamic: { key: either(a.dynamic.key, b.dynamic.key), value: merge(a.dynamic.value, b.dynamic.value) },
    })
  if (a.kind === 'function' && b.kind === 'function')
    return {
      kind: 'function',
      args: a.args.map((arg, i) => either(arg, b.args[i])),
      result: either(a.result, b.result),
    }
  return either(a, b)
}

/** Whether some value has both types. */
export function unifies(first: Type | undefined, second: Type | undefined): boolean {
  if (first === undefined || second === undefined) return false
  const a = unwrap(first)
  const b = unwrap(second)
  if (a.kind === 'any' || b.kind === 'any')
    return (a.kind === 'any' && anyUnifies(a, b)) || (b.kind === 'any' && anyUnifies(b, a))
  if (a.kind === 'array' && b.kind === 'array')
    return (
      fixedElements(a, b) &&
      fixedElements(b, a) &&
      (a.dynamic === undefined || b.dynamic === undefined || unifies(a.dynamic, b.dynamic))
    )
  if (a.kind === 'object' && b.kind === 'object')
    return (
      fixedProperties(a, b) &&
      fixedProperties(b, a) &&
      (a.dynamic?.value === undefined || b.dynamic?.value === undefined || unifies(a.dynamic.value, b.dynamic.value))
    )
  if (a.kind === 'set' && b.kind === 'set') return unifies(a.of, b.of)
  if (a.kind === 'function' && b.kind === 'function')
    return a.args.length === b.args.length && a.args.every((arg, i) => unifies(arg, b.args[i]))
  return a.kind === b.kind
}

function anyUnifies(any: AnyType, other: Type): boolean {
  if (other.kind === 'function') return false
  return any.of.length === 0 || any.of.some((part) => unifies(part, other))
}

function fixedElements(a: ArrayType, b: ArrayType): boolean {
  return a.static.every((type, i) => unifies(type, elementAt(b, i)))
}

function fixedProperties(a: ObjectType, b: ObjectType): boolean {
  return a.static.every(({ key, value }) => {
    const other = select(b, key)
    return other === undefined
      ? a.dynamic?.value !== undefined || b.dynamic?.value !== undefined
      : unifies(value, other)
  })
}
