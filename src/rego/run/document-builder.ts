/**
 * The document that the rules of a partial object make together: values at paths of keys, sets at the end of others. A path may be given its
 * value whole by one rule and in parts by others as long as all say the same; anything else is a conflict.
 */
import type { Span } from '../ast.ts'
import { equal, keyOf, makeObject, RegoSet, type Value } from '../value.ts'
import { EvaluationError } from './failure.ts'

/** A place in the document: what rules have put there whole, as parts, or as members of a set. */
interface Place {
  whole: { readonly value: Value; readonly at: Span } | undefined
  parts: Map<unknown, { readonly key: Value; readonly place: Place }> | undefined
  members: RegoSet | undefined
}

export class DocumentBuilder {
  readonly #root = emptyPlace()

  /** Puts a value at a path. */
  put(path: readonly Value[], value: Value, at: Span): void {
    const place = this.#reach(path, at)
    if (place.members !== undefined) throw conflict(at, false)
    if (place.whole === undefined) place.whole = { value, at }
    else if (!equal(place.whole.value, value)) throw conflict(at, path.length === 0)
  }

  /** Puts a member into the set at a path. */
  include(path: readonly Value[], member: Value, at: Span): void {
    const place = this.#reach(path, at)
    if (place.whole !== undefined || place.parts !== undefined) throw conflict(at, false)
    place.members ??= new RegoSet()
    place.members.add(member)
  }

  /** Makes an empty set at a path, unless one is there. */
  includeNone(path: readonly Value[], at: Span): void {
    const place = this.#reach(path, at)
    if (place.whole !== undefined || place.parts !== undefined) throw conflict(at, false)
    place.members ??= new RegoSet()
  }

  #reach(path: readonly Value[], at: Span): Place {
    let place = this.#root
    for (const key of path) {
      if (place.members !== undefined) throw conflict(at, false)
      place.parts ??= new Map()
      const name = keyOf(key)
      let entry = place.parts.get(name)
      if (entry === undefined) {
        entry = { key, place: emptyPlace() }
        place.parts.set(name, entry)
      }
      place = entry.place
    }
    return place
  }

  /** The document; undefined when no rule gave anything. */
  finish(): Value | undefined {
    return finished(this.#root)
  }
}

function emptyPlace(): Place {
  return { whole: undefined, parts: undefined, members: undefined }
}

function finished({ whole, parts, members }: Place): Value | undefined {
  if (members !== undefined) return members
  if (parts === undefined) return whole?.value
  const entries: (readonly [Value, Value])[] = []
  for (const { key, place } of parts.values()) {
    const value = finished(place)
    if (value !== undefined) entries.push([key, value])
  }
  const made = makeObject(entries)
  if (whole !== undefined && !equal(whole.value, made)) throw conflict(whole.at, false)
  return made
}

function conflict(at: Span, document: boolean): EvaluationError {
  const problem = document ? 'complete rules must not produce multiple outputs' : 'object keys must be unique'
  return new EvaluationError('eval_conflict_error', problem, at)
}
