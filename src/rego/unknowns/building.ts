/**
 * Collections and documents in the making, where an element may be there under some completions only. Two values for one key are a conflict
 * as in evaluation proper; where nobody knows whether they clash, the case may fail.
 */

import type { Span } from '../ast.ts'
import { EvaluationError } from '../run/failure.ts'
import { keyOf } from '../value.ts'
import type { Case } from './case.ts'
import { Domain } from './domain.ts'
import { nothing, type Outcome } from './outcomes.ts'
import { equal } from './questions.ts'
import { collection, type Entry, either, isKnown, Outline, type Sketch, Unknown } from './sketch.ts'
import { any } from './truth.ts'

/** How an element comes: whether in any case, and whether once or any number of times with values that nobody can tell apart. */
export interface Arrival {
  readonly sure: boolean
  readonly many: boolean
}

/** What a comprehension collects. */
export class SketchBuilding {
  readonly #at: Case
  readonly #kind: Outline['kind']
  readonly #place: Span
  readonly #entries: Entry[] = []
  /** Entries with known keys by key, for sets and objects. */
  readonly #byKey = new Map<unknown, number>()
  #open = false
  /** Whether an element of an array may be missing or repeated, so that nobody knows indices. */
  #isLoose = false
  #hasUnknownKey = false

  constructor(at: Case, kind: Outline['kind'], place: Span) {
    this.#at = at
    this.#kind = kind
    this.#place = place
  }

  add(key: Sketch | undefined, value: Sketch, { sure, many }: Arrival): void {
    if (this.#kind === 'array') {
      this.#open ||= many
      this.#isLoose ||= many || !sure
      this.#entries.push({ key: this.#entries.length, value, certain: sure && !many })
      return
    }
    const name = key ?? value
    const isMany = many && (this.#at.names.of(name) === undefined || this.#at.names.of(value) === undefined)
    if (isMany) {
      this.#open = true
      if (this.#kind === 'object') this.#at.mayFail = true
      return
    }
    this.#enter(name, value, sure)
  }

  #enter(key: Sketch, value: Sketch, sure: boolean): void {
    const place = isKnown(key) ? keyOf(key) : undefined
    const index = place === undefined ? undefined : this.#byKey.get(place)
    const before = index === undefined ? undefined : this.#entries[index]
    if (before === undefined || index === undefined) {
      this.#hasUnknownKey ||= place === undefined
      if (this.#kind === 'object' && this.#hasUnknownKey) this.#mayClash(key, value)
      if (place !== undefined) this.#byKey.set(place, this.#entries.length)
      this.#entries.push({ key, value, certain: sure })
      return
    }
    const same = this.#kind === 'set' ? 'yes' : equal(this.#at, before.value, value)
    if (same === 'no' && before.certain && sure) {
      throw new EvaluationError('eval_conflict_error', 'object keys must be unique', this.#place)
    }
    if (same !== 'yes') this.#at.mayFail = true
    const both = same === 'yes' ? before.value : either([before.value, value])
    this.#entries[index] = { key, value: both, certain: before.certain || sure }
  }

  /** Keys that may be equal, with values that may differ. */
  #mayClash(key: Sketch, value: Sketch): void {
    const clashes = this.#entries.some(
      (entry) => equal(this.#at, entry.key, key) !== 'no' && equal(this.#at, entry.value, value) !== 'yes',
    )
    if (clashes) this.#at.mayFail = true
  }

  finish(): Sketch {
    if (!this.#isLoose) return collection(this.#kind, this.#entries, this.#open)
    const entries = this.#entries.map((entry) => ({ ...entry, key: new Unknown(undefined, Domain.ofType('number')) }))
    return new Outline('array', entries, this.#open)
  }
}

/** The object of a literal: of two equal keys the value of the later one stays. */
export function objectOf(at: Case, entries: readonly Entry[]): Sketch {
  const isReplaced = entries.map(({ key }, i) => any(entries.slice(i + 1).map((later) => equal(at, key, later.key))))
  if (isReplaced.includes('maybe')) return new Unknown(undefined, Domain.ofType('object'))
  return collection(
    'object',
    entries.filter((_, i) => isReplaced[i] === 'no'),
  )
}

/** A place in a document that rules build: what they have put there whole, as parts, or as members of a set. */
interface Place {
  whole: { readonly value: Sketch; readonly certain: boolean } | undefined
  parts: Map<unknown, { readonly key: Sketch; readonly place: Place }> | undefined
  members: SketchBuilding | undefined
  /** Whether the set is there in any case. */
  isSet: boolean
  /** Whether there may be more than is said here. */
  open: boolean
}

/** The document that the rules of a partial set or object make together. */
export class SketchDocument {
  readonly #at: Case
  readonly #root = emptyPlace()

  constructor(at: Case) {
    this.#at = at
  }

  put(path: readonly Sketch[], value: Sketch, arrival: Arrival, span: Span): void {
    const place = this.#reach(path, arrival.many)
    if (place === undefined) return
    const { sure } = arrival
    if (place.members !== undefined || place.parts !== undefined) this.#at.mayFail = true
    if (arrival.many && this.#at.names.of(value) === undefined) this.#at.mayFail = true
    const { whole } = place
    if (whole === undefined) {
      place.whole = { value, certain: sure }
      return
    }
    const same = equal(this.#at, whole.value, value)
    if (same === 'no' && whole.certain && sure) throw conflict(span, path.length === 0)
    if (same !== 'yes') this.#at.mayFail = true
    const both = same === 'yes' ? whole.value : either([whole.value, value])
    place.whole = { value: both, certain: whole.certain || sure }
  }

  include(path: readonly Sketch[], member: Sketch, arrival: Arrival, span: Span): void {
    const place = this.#reach(path, arrival.many)
    if (place === undefined) return
    if (place.whole !== undefined || place.parts !== undefined) this.#at.mayFail = true
    place.members ??= new SketchBuilding(this.#at, 'set', span)
    place.members.add(undefined, member, arrival)
    place.isSet ||= arrival.sure
  }

  includeNone(path: readonly Sketch[], sure: boolean, span: Span): void {
    const place = this.#reach(path, false)
    if (place === undefined) return
    if (place.whole !== undefined || place.parts !== undefined) this.#at.mayFail = true
    place.members ??= new SketchBuilding(this.#at, 'set', span)
    place.isSet ||= sure
  }

  /** The place at a path; undefined where nobody knows which it is. */
  #reach(path: readonly Sketch[], many: boolean): Place | undefined {
    let place = this.#root
    for (const key of path) {
      const isNamed = isKnown(key) || (!many && this.#at.names.of(key) !== undefined)
      if (!isNamed || (!isKnown(key) && (place.parts?.size ?? 0) > 0) || hasUnknownKey(place, key)) {
        // It may be any place that is there already, or another one.
        place.open = true
        this.#at.mayFail = true
        return undefined
      }
      if (place.members !== undefined) this.#at.mayFail = true
      place.parts ??= new Map()
      const name = isKnown(key) ? keyOf(key) : this.#at.names.of(key)
      let entry = place.parts.get(name)
      if (entry === undefined) {
        entry = { key, place: emptyPlace() }
        place.parts.set(name, entry)
      }
      place = entry.place
    }
    return place
  }

  /** The document; nothing when no rule gave anything. */
  finish(): Outcome {
    return this.#finished(this.#root)
  }

  #finished({ whole, parts, members, isSet, open }: Place): Outcome {
    if (open || (whole !== undefined && (parts !== undefined || members !== undefined))) {
      return { value: new Unknown(), certain: whole?.certain ?? isSet }
    }
    if (members !== undefined) {
      return { value: parts === undefined ? members.finish() : new Unknown(), certain: isSet && parts === undefined }
    }
    if (parts === undefined) return whole === undefined ? nothing : { value: whole.value, certain: whole.certain }
    const entries: Entry[] = []
    for (const { key, place } of parts.values()) {
      const { value, certain } = this.#finished(place)
      if (value !== undefined) entries.push({ key, value, certain })
    }
    if (entries.length === 0) return nothing
    return { value: collection('object', entries), certain: entries.some(({ certain }) => certain) }
  }
}

/** Whether a place has a part at an unknown key, which may be any other key. */
function hasUnknownKey({ parts }: Place, key: Sketch): boolean {
  return [...(parts?.values() ?? [])].some((part) => !isKnown(part.key) && part.key !== key)
}

function emptyPlace(): Place {
  return { whole: undefined, parts: undefined, members: undefined, isSet: false, open: false }
}

function conflict(at: Span, document: boolean): EvaluationError {
  const problem = document ? 'complete rules must not produce multiple outputs' : 'object keys must be unique'
  return new EvaluationError('eval_conflict_error', problem, at)
}
