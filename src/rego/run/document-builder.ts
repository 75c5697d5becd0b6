/**
 * The document that the rules of a partial object make together: values at paths of keys, sets at the end of others. Two rules that put
 * different values at one path, or a value where another rule has put something below, are in conflict.
 */
import type { Span } from '../ast.ts'
import { equal, keyOf, makeObject, RegoSet, type Value } from '../value.ts'
import { EvaluationError } from './failure.ts'

interface Branch {
  readonly entries: Map<unknown, { readonly key: Value; place: Place }>
}

type Place = Branch | { readonly value: Value } | { readonly members: RegoSet }

export class DocumentBuilder {
  #root: Place | undefined

  /** Puts a value at a path. */
  put(path: readonly Value[], value: Value, at: Span): void {
    const known = this.#reach(path, at, () => ({ value }))
    if ('value' in known && (known.value === value || equal(known.value, value))) return
    throw conflict(at, path.length === 0)
  }

  /** Puts a member into the set at a path. */
  include(path: readonly Value[], member: Value, at: Span): void {
    const known = this.#reach(path, at, () => ({ members: new RegoSet() }))
    if (!('members' in known)) throw conflict(at, false)
    known.members.add(member)
  }

  /** Whether nothing stands at a path, nor on the way to it but branches. */
  isFree(path: readonly Value[]): boolean {
    let place = this.#root
    for (const key of path) {
      if (place === undefined) return true
      if (!('entries' in place)) return false
      place = place.entries.get(keyOf(key))?.place
    }
    return place === undefined
  }

  /** The place at a path, made by `make` when there was none. */
  #reach(path: readonly Value[], at: Span, make: () => Place): Place {
    if (path.length === 0) {
      this.#root ??= make()
      return this.#root
    }
    this.#root ??= { entries: new Map() }
    let place = this.#root
    for (const [i, key] of path.entries()) {
      if (!('entries' in place)) throw conflict(at, false)
      const name = keyOf(key)
      let next = place.entries.get(name)
      if (next === undefined) {
        next = { key, place: i === path.length - 1 ? make() : { entries: new Map() } }
        place.entries.set(name, next)
      }
      place = next.place
    }
    return place
  }

  /** The document; undefined when no rule gave anything. */
  finish(): Value | undefined {
    return this.#root === undefined ? undefined : finished(this.#root)
  }
}

/** Puts the values of defaults where a document has nothing yet. */
export class Defaults {
  readonly #parts: DocumentBuilder

  constructor(parts: DocumentBuilder) {
    this.#parts = parts
  }

  put(path: readonly Value[], value: Value, at: Span): void {
    if (this.#parts.isFree(path)) this.#parts.put(path, value, at)
  }
}

function finished(place: Place): Value {
  if ('value' in place) return place.value
  if ('members' in place) return place.members
  return makeObject([...place.entries.values()].map((entry) => [entry.key, finished(entry.place)] as const))
}

function conflict(at: Span, whole: boolean): EvaluationError {
  const problem = whole ? 'complete rules must not produce multiple outputs' : 'object keys must be unique'
  return new EvaluationError('eval_conflict_error', problem, at)
}
