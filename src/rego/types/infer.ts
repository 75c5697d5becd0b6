/**
 * Types of terms, and unification of terms with types: what is known flows into locals that nothing is known of.
 */

import type { Term } from '../program.ts'
import { constantKey, type TypeEnv } from './env.ts'
import {
  anyType,
  booleanType,
  bounded,
  either,
  elementAt,
  isEverything,
  isPartial,
  nullType,
  numberType,
  type Property,
  select,
  stringType,
  type Type,
  unifies,
  unwrap,
  valuesOf,
} from './type.ts'

/** What inference asks the checker for: types of comprehensions and calls. */
export interface Known {
  comprehension(term: Extract<Term, { kind: 'comprehension' }>): Type | undefined
  call(term: Extract<Term, { kind: 'call' }>): Type | undefined
}

export class Inference {
  readonly env: TypeEnv
  private readonly known: Known

  constructor(env: TypeEnv, known: Known) {
    this.env = env
    this.known = known
  }

  typeOf(term: Term): Type | undefined {
    switch (term.kind) {
      case 'null':
        return nullType
      case 'boolean':
        return booleanType
      case 'number':
        return numberType
      case 'string':
      case 'template':
        return stringType
      case 'local':
        return this.env.locals.get(term.local)
      case 'ref':
        return this.env.refType(term, (each) => this.typeOf(each))
      case 'call':
        return this.known.call(term)
      case 'comprehension':
        return this.known.comprehension(term)
      case 'array': {
        const types = term.items.map((item) => this.typeOf(item))
        return bounded({ kind: 'array', static: types, dynamic: types.length === 0 ? anyType : undefined })
      }
      case 'set': {
        const of = term.items.map((item) => this.typeOf(item)).reduce(either, undefined)
        return bounded({ kind: 'set', of: of ?? anyType })
      }
      case 'object':
        return this.objectType(term)
    }
  }

  private objectType(term: Extract<Term, { kind: 'object' }>): Type {
    const properties = new Map<string, Property>()
    let dynamic: { readonly key: Type | undefined; readonly value: Type | undefined } | undefined
    for (const [key, value] of term.entries) {
      const constant = constantKey(key)
      if (constant === undefined) dynamic = { key: this.typeOf(key), value: this.typeOf(value) }
      else properties.set(`${constant.kind} ${constant.text}`, { key: constant, value: this.typeOf(value) })
    }
    const fixed = [...properties.values()].sort((a, b) =>
      a.key.text < b.key.text ? -1 : a.key.text > b.key.text ? 1 : 0,
    )
    if (fixed.length === 0 && dynamic === undefined) dynamic = { key: anyType, value: anyType }
    return bounded({ kind: 'object', static: fixed, dynamic })
  }

  /** Whether the term may have the type; locals without one get it, or with `union` may have it as well. */
  fits(term: Term, type: Type | undefined, union = false): boolean {
    if (type === undefined) return false
    switch (term.kind) {
      case 'array':
      case 'object':
      case 'set':
        return this.compositeFits(term, type, union)
      case 'local': {
        const { locals } = this.env
        const before = locals.get(term.local)
        if (union) locals.set(term.local, either(before, type) ?? type)
        else if (before !== undefined) return unifies(before, type)
        else locals.set(term.local, type)
        return true
      }
      default:
        return unifies(this.typeOf(term), type)
    }
  }

  private compositeFits(
    term: Extract<Term, { kind: 'array' | 'object' | 'set' }>,
    given: Type,
    union: boolean,
  ): boolean {
    const type = unwrap(given)
    if (isEverything(type)) {
      const parts = term.kind === 'object' ? term.entries.flat() : term.items
      for (const part of parts) this.fits(part, anyType, true)
      return true
    }
    if (type.kind === 'any') {
      let fits = false
      for (const part of type.of) fits = this.fits(term, part, true) || fits
      return fits
    }
    if (term.kind === 'array' && type.kind === 'array')
      return (
        (term.items.length === type.static.length || type.dynamic !== undefined) &&
        term.items.every((item, i) => this.fits(item, elementAt(type, i), union))
      )
    if (term.kind === 'set' && type.kind === 'set')
      return term.items.every((item) => this.fits(item, valuesOf(type), union))
    if (term.kind !== 'object' || type.kind !== 'object') return false
    if (term.entries.length !== type.static.length && type.dynamic?.value === undefined) return false
    return term.entries.every(([key, value]) => {
      const constant = constantKey(key)
      if (constant === undefined) {
        this.fits(value, anyType, union)
        return true
      }
      const child = select(type, constant)
      return child !== undefined && this.fits(value, child, union)
    })
  }

  /** Whether two terms may be equal. */
  unify(left: Term, right: Term): boolean {
    const a = this.typeOf(left)
    const b = this.typeOf(right)
    const partialA = isPartial(a)
    const partialB = isPartial(b)
    if (partialA && !partialB) return this.fits(left, b)
    if (partialB && !partialA) return this.fits(right, a)
    if (!partialA) return unifies(a, b)
    if (left.kind === 'local' && right.kind === 'local')
      return this.fits(left, anyType) && this.fits(right, this.typeOf(left))
    if (left.kind === 'array' || left.kind === 'object') return this.unifyComposite(left, right)
    if (right.kind === 'array' || right.kind === 'object') return this.unifyComposite(right, left)
    if (left.kind === 'local' && a === undefined && b !== undefined) return this.fits(left, b)
    if (right.kind === 'local' && b === undefined && a !== undefined) return this.fits(right, a)
    return false
  }

  private unifyComposite(left: Extract<Term, { kind: 'array' | 'object' }>, right: Term): boolean {
    if (right.kind === 'local') return this.fits(left, anyType) && this.fits(right, this.typeOf(left))
    if (left.kind === 'array' && right.kind === 'array')
      return (
        left.items.length === right.items.length &&
        left.items.every((item, i) => this.unify(item, right.items[i] as Term))
      )
    if (left.kind !== 'object' || right.kind !== 'object' || left.entries.length !== right.entries.length) return false
    return left.entries.every(([key, value]) => {
      const other = right.entries.find(([each]) => sameKey(key, each))
      return other !== undefined && this.unify(value, other[1])
    })
  }
}

function sameKey(a: Term, b: Term): boolean {
  if (a.kind === 'local' || b.kind === 'local') return a.kind === 'local' && b.kind === 'local' && a.local === b.local
  const x = constantKey(a)
  const y = constantKey(b)
  return x !== undefined && y !== undefined && x.kind === y.kind && x.text === y.text
}
