/**
 * The document that the rules of a partial object make together: values at paths of keys, sets at the end of others. Two rules may say the
 * same of one path, be it as a value or as parts of one; anything else is a conflict.
 */
import type { Span } from '../ast.ts'
import { equal, keyOf, lookup, makeObject, RegoSet, type Value } from '../value.ts'
import { EvaluationError } from './failure.ts'

interface Branch {
  readonly entries: Map<unknown, Entry>
}

interface Entry {
  readonly key: Value
  place: Place
}

type Place = Branch | { readonly value: Value } | { readonly members: RegoSet }

export class DocumentBuilder {
  #root: Place | undefined

  /** Puts a value at a path. */
  put(path: readonly Value[], value: Value, at: Span): void {
    if (path.length === 0) {
      if (this.#root === undefined) this.#root = { value }
      else if (!isPartOf(this.#root, value)) throw conflict(at, true)
      return
    }
    const found = this.#entryAt(path, at)
    if ('inside' in found) {
      if (found.inside === undefined || !equal(found.inside, value)) throw conflict(at, false)
    } else if (found.entry === undefined) found.branch.entries.set(found.name, { key: found.key, place: { value } })
    else if (isPartOf(found.entry.place, value)) found.entry.place = { value }
    else throw conflict(at, false)
  }

  /** Puts a member into the set at a path. */
  include(path: readonly Value[], member: Value, at: Span): void {
    if (path.length === 0) {
      this.#root ??= { members: new RegoSet() }
      addMember(this.#root, member, at)
      return
    }
    const found = this.#entryAt(path, at)
    if ('inside' in found) throw conflict(at, false)
    const entry = found.entry ?? { key: found.key, place: { members: new RegoSet() } }
    found.branch.entries.set(found.name, entry)
    addMember(entry.place, member, at)
  }

  /** The entry at the end of a path, with the branch that holds or would hold it; or, where a value stands on the way, the part of that value. */
  #entryAt(
    path: readonly Value[],
    at: Span,
  ): { branch: Branch; name: unknown; key: Value; entry: Entry | undefined } | { inside: Value | undefined } {
    this.#root ??= { entries: new Map() }
    let place = this.#root
    for (const [i, key] of path.entries()) {
      if ('value' in place) {
        let inside: Value | undefined = place.value
        for (const rest of path.slice(i)) inside = lookup(inside, rest)
        return { inside }
      }
      if ('members' in place) throw conflict(at, false)
      const name = keyOf(key)
      const entry = place.entries.get(name)
      if (i === path.length - 1) return { branch: place, name, key, entry }
      if (entry === undefined) {
        const branch: Branch = { entries: new Map() }
        place.entries.set(name, { key, place: branch })
        place = branch
      } else place = entry.place
    }
    throw new Error('a path without keys has no entry')
  }

  /** The document; undefined when no rule gave anything. */
  finish(): Value | undefined {
    return this.#root === undefined ? undefined : finished(this.#root)
  }
}

/** Whether everything that stands at a place stands in a value too. */
function isPartOf(place: Place, value: Value): boolean {
  if ('value' in place) return equal(place.value, value)
  if ('members' in place) return equal(place.members, value)
  for (const { key, place: below } of place.entries.values()) {
    const part = lookup(value, key)
    if (part === undefined || !isPartOf(below, part)) return false
  }
  return true
}

function addMember(place: Place, member: Value, at: Span): void {
  if (!('members' in place)) throw conflict(at, false)
  place.members.add(member)
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
