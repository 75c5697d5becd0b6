/**
 * What an evaluation with unknown parts computes with: values as they are, values of which nothing but their domain is known, and collections
 * that are known in part. A sketch stands for every value that it can be when the unknown parts are filled in. What of it comes from an input that
 * is watched is seen: known, but not looked at.
 */
import { isCollection } from '../run/collections.ts'
import { entriesOf, isPlainObject, makeObject, RegoObject, RegoSet, sizeOf, type Value } from '../value.ts'
import { Domain } from './domain.ts'
import { Seen } from './seen.ts'

/** One value, though nobody knows which. Two with the same `id` are the same value; without an `id` an object is equal to itself only. */
export class Unknown {
  readonly id: string | undefined
  readonly domain: Domain
  /** Whether it is a JSON document, and so has no sets in it. */
  readonly isJson: boolean

  constructor(id?: string, domain: Domain = Domain.everything, isJson = false) {
    this.id = id
    this.domain = isJson ? domain.and(Domain.json) : domain
    this.isJson = isJson
  }
}

/** A part of an outline. In a set, `key` and `value` are the member. */
export interface Entry {
  readonly key: Sketch
  readonly value: Sketch
  /** Whether it is there in any case. */
  readonly certain: boolean
  /** For an entry that is not certain: the fact that says whether it is there, where there is such a fact. */
  readonly fact?: string
}

/** A collection known in part. */
export class Outline {
  readonly kind: 'array' | 'object' | 'set'
  readonly entries: readonly Entry[]
  /** Whether there may be more than the entries. In an open array nothing is known of indices. */
  readonly open: boolean
  /** What an object holds at all other keys is what this unknown value, if it is an object, holds there. */
  readonly rest: Unknown | undefined

  constructor(kind: Outline['kind'], entries: readonly Entry[], open = false, rest?: Unknown) {
    this.kind = kind
    this.entries = entries
    this.open = open
    this.rest = rest
  }

  get isClosed(): boolean {
    return !this.open && this.rest === undefined
  }
}

export type Sketch = Value | Unknown | Outline | Seen

/** What can be looked at without finding out more about the input than is meant. */
export type Plain = Exclude<Sketch, Seen>

export function isKnown(sketch: Sketch): sketch is Value {
  return !(sketch instanceof Unknown || sketch instanceof Outline || sketch instanceof Seen)
}

/** A sketch to look at: where it is seen, all of it is found out. */
export function plain<Given extends Sketch>(sketch: Given): Exclude<Given, Seen> | Value {
  return sketch instanceof Seen ? sketch.value : (sketch as Exclude<Given, Seen>)
}

/** The collection of these entries: a value where all of it is known. Keys of an array ascend from 0 unless it is open. */
export function collection(kind: Outline['kind'], entries: readonly Entry[], open = false, rest?: Unknown): Sketch {
  const isSettled = entries.every(({ key, value, certain }) => certain && isKnown(key) && isKnown(value))
  if (open || rest !== undefined || !isSettled) return new Outline(kind, entries, open, rest)
  const values = entries.map(({ value }) => value as Value)
  if (kind === 'array') return values
  if (kind === 'set') return RegoSet.from(values)
  return makeObject(entries.map(({ key, value }) => [key as Value, value as Value]))
}

/** Values that a list of alternatives may have at most; more are any value. */
const alternativesMax = 64

/** A value that is one of several sketches. */
export function either(sketches: readonly Sketch[]): Sketch {
  const [first] = sketches
  if (first === undefined) throw new Error('a value has no alternatives')
  if (sketches.every((each) => each === first)) return first
  const values: Value[] = []
  for (const sketch of sketches) {
    const each = plain(sketch)
    if (isKnown(each)) values.push(each)
    else if (each instanceof Unknown && each.domain.among !== undefined) values.push(...each.domain.among)
    else return new Unknown()
    if (values.length > alternativesMax) return new Unknown()
  }
  const domain = Domain.of(values)
  return domain.only ?? new Unknown(undefined, domain)
}

/** Elements of a collection that are looked at one by one; of larger ones nothing is found out. */
export const elementsMax = 1_000

/** The entries of a collection that is known; undefined for one of more than `elementsMax`. */
export function entriesOfValue(value: Value): readonly Entry[] | undefined {
  if ((sizeOf(value) ?? 0) > elementsMax) return undefined
  const entry = (key: Value, item: Value): Entry => ({ key, value: item, certain: true })
  if (Array.isArray(value)) return value.map((item, i) => entry(i, item))
  if (value instanceof RegoSet) return value.sorted().map((item) => entry(item, item))
  if (value instanceof RegoObject || isPlainObject(value))
    return entriesOf(value).map(([key, item]) => entry(key, item))
  return []
}

/** The outline of a collection, known or not; undefined for scalars, unknown values and collections of more than `elementsMax`. */
export function outlineOf(sketch: Plain): Outline | undefined {
  if (sketch instanceof Outline) return sketch
  if (sketch instanceof Unknown || !isCollection(sketch)) return undefined
  const entries = entriesOfValue(sketch)
  if (entries === undefined) return undefined
  return new Outline(Array.isArray(sketch) ? 'array' : sketch instanceof RegoSet ? 'set' : 'object', entries)
}
