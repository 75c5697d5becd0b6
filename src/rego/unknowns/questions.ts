/** What can be asked of sketches: equality, order, type, membership, size. Each answer holds under every completion of the case, or is `maybe`. */
import { isMember, lessOrEqual, less as lessValues } from '../run/operators.ts'
import { equal as equalValues, type TypeName, typeName, type Value } from '../value.ts'
import type { Case, Implied } from './case.ts'
import { type Domain, typeEdges } from './domain.ts'
import { compared, Seen } from './seen.ts'
import {
  type Entry,
  elementsMax,
  isKnown,
  Outline,
  outlineOf,
  type Plain,
  plain,
  type Sketch,
  Unknown,
} from './sketch.ts'
import { constant, type Term } from './term.ts'
import { all, any, negated, type Truth, truth } from './truth.ts'

/** What an unknown value may be in this case. */
export function domainOf(at: Case, unknown: Unknown): Domain {
  return unknown.id === undefined ? unknown.domain : unknown.domain.and(at.assumptions.domain(unknown.id))
}

/** The value itself where the case leaves only one. */
export function resolved(at: Case, sketch: Sketch): Sketch {
  return sketch instanceof Unknown ? (domainOf(at, sketch).only ?? sketch) : sketch
}

/** As `resolved`, to be looked at. */
export function settled(at: Case, sketch: Sketch): Plain {
  return plain(resolved(at, sketch))
}

/** A value as a term, known or seen. */
export function termOf({ names }: Case, sketch: Value | Seen): Term {
  // A value that is known has a name.
  return sketch instanceof Seen ? sketch.term : constant(String(names.of(sketch)), sketch)
}

/** What is asked of two sketches of which at least one is seen, and none unknown; undefined for others. */
function seenAnswer(at: Case, what: Parameters<typeof compared>[1], a: Sketch, b: Sketch): Truth | undefined {
  const { trace } = a instanceof Seen ? a : b instanceof Seen ? b : { trace: undefined }
  if (trace === undefined) return undefined
  const [left, right] = [resolved(at, a), resolved(at, b)]
  if (!isTerm(left) || !isTerm(right)) return undefined
  if (what === 'equal' && left instanceof Seen && typeof right === 'string') return truth(left.is(right))
  if (what === 'equal' && right instanceof Seen && typeof left === 'string') return truth(right.is(left))
  return truth(compared(trace, what, termOf(at, left), termOf(at, right)))
}

export function isTerm(sketch: Sketch): sketch is Value | Seen {
  return sketch instanceof Seen || isKnown(sketch)
}

/** Whether an unknown value is one of some values. */
export function isOneOf(at: Case, unknown: Unknown, values: readonly Value[]): Truth {
  const answer = domainOf(at, unknown).isWithin(values)
  if (answer !== 'maybe' || unknown.id === undefined || values.length > elementsMax) return answer
  return at.leaveOpen({ kind: 'within', id: unknown.id, values })
}

function isBelow(at: Case, unknown: Unknown, value: Value, orEqual: boolean): Truth {
  const answer = domainOf(at, unknown).isBelow(value, orEqual)
  if (answer !== 'maybe' || unknown.id === undefined) return answer
  return at.leaveOpen({ kind: 'below', id: unknown.id, value, orEqual })
}

export function isType(at: Case, sketch: Sketch, type: TypeName): Truth {
  if (sketch instanceof Outline) return truth(sketch.kind === type)
  if (sketch instanceof Seen) return truth(sketch.type === type)
  if (!(sketch instanceof Unknown)) return truth(typeName(sketch) === type)
  const answer = domainOf(at, sketch).isType(type)
  if (answer !== 'maybe') return answer
  if (domainOf(at, sketch).among !== undefined) return answer
  const [first, last] = typeEdges(type)
  const before = first === undefined ? 'no' : isBelow(at, sketch, first.value, first.orEqual)
  const upTo = last === undefined ? 'yes' : isBelow(at, sketch, last.value, last.orEqual)
  return all([negated(before), upTo])
}

const composite: readonly TypeName[] = ['array', 'object', 'set']

/** Whether something has elements, be it none. */
export function isCollection(at: Case, sketch: Sketch): Truth {
  return any(composite.map((type) => isType(at, sketch, type)))
}

/** Whether nothing that the case admits has elements; asks nothing. */
export function isScalar(at: Case, unknown: Unknown): boolean {
  const domain = domainOf(at, unknown)
  return composite.every((type) => domain.isType(type) === 'no')
}

/** A question about two sketches as a fact, where both have names. */
function factAbout(at: Case, what: string, a: Sketch, b: Sketch, implies?: Implied): Truth {
  const [left, right] = [at.names.of(a), at.names.of(b)]
  return left === undefined || right === undefined ? 'maybe' : at.fact(`${what} ${left} ${right}`, implies)
}

export function equal(at: Case, a: Sketch, b: Sketch): Truth {
  at.step()
  const answer = seenAnswer(at, 'equal', a, b)
  if (answer !== undefined) return answer
  const [left, right] = [settled(at, a), settled(at, b)]
  if (left === right) return 'yes'
  if (isKnown(left)) {
    if (isKnown(right)) return truth(equalValues(left, right))
    return right instanceof Unknown ? isOneOf(at, right, [left]) : outlinesEqual(at, right, left)
  }
  if (left instanceof Unknown) {
    if (isKnown(right)) return isOneOf(at, left, [right])
    return right instanceof Unknown ? unknownsEqual(at, left, right) : unknownIsOutline(at, left, right)
  }
  return right instanceof Unknown ? unknownIsOutline(at, right, left) : outlinesEqual(at, left, right)
}

function unknownsEqual(at: Case, a: Unknown, b: Unknown): Truth {
  if (a.id !== undefined && a.id === b.id) return 'yes'
  const [left, right] = [domainOf(at, a), domainOf(at, b)]
  if (left.among !== undefined && right.isWithin(left.among) === 'no') return 'no'
  if (right.among !== undefined && left.isWithin(right.among) === 'no') return 'no'
  const swapped = a.id !== undefined && b.id !== undefined && a.id > b.id
  return swapped ? factAbout(at, 'equal', b, a) : factAbout(at, 'equal', a, b)
}

function unknownIsOutline(at: Case, unknown: Unknown, outline: Outline): Truth {
  if (domainOf(at, unknown).isType(outline.kind) === 'no') return 'no'
  return factAbout(at, 'equal', unknown, outline)
}

function outlinesEqual(at: Case, outline: Outline, other: Outline | Value): Truth {
  if (!(other instanceof Outline) && typeName(other) !== outline.kind) return 'no'
  const right = outlineOf(other)
  if (right === undefined) return 'maybe'
  if (right.kind !== outline.kind) return 'no'
  if (!canMeet(sizeOf(at, outline), sizeOf(at, right))) return 'no'
  const answer = all([isPartOf(at, outline, right), isPartOf(at, right, outline)])
  if (answer !== 'yes') return answer
  return outline.isClosed && right.isClosed && [...outline.entries, ...right.entries].every(({ certain }) => certain)
    ? 'yes'
    : 'maybe'
}

/** Whether two ranges of sizes have a size in common. */
function canMeet(a: Sizes, b: Sizes): boolean {
  return (a.to === undefined || b.from <= a.to) && (b.to === undefined || a.from <= b.to)
}

/** Whether each entry of one collection is in another. */
function isPartOf(at: Case, part: Outline, whole: Outline): Truth {
  return all(
    part.entries.map((entry) => {
      const found = any(whole.entries.map((other) => sameEntry(at, entry, other, part.kind)))
      if (found === 'yes') return 'yes'
      return found === 'no' && entry.certain && whole.isClosed ? 'no' : 'maybe'
    }),
  )
}

function sameEntry(at: Case, a: Entry, b: Entry, kind: Outline['kind']): Truth {
  const same = kind === 'set' ? equal(at, a.key, b.key) : all([equal(at, a.key, b.key), equal(at, a.value, b.value)])
  return same === 'yes' && !b.certain ? 'maybe' : same
}

/** `a < b`, or `a <= b` where `orEqual`, in Rego's order of all values. */
export function less(at: Case, a: Sketch, b: Sketch, orEqual: boolean): Truth {
  const answer = seenAnswer(at, orEqual ? 'at most' : 'below', a, b)
  if (answer !== undefined) return answer
  const [left, right] = [settled(at, a), settled(at, b)]
  if (isKnown(left) && isKnown(right)) return truth(orEqual ? lessOrEqual(left, right) : lessValues(left, right))
  if (left instanceof Unknown && isKnown(right)) return isBelow(at, left, right, orEqual)
  // v < x says that x is not at most v.
  if (right instanceof Unknown && isKnown(left)) return negated(isBelow(at, right, left, !orEqual))
  const [one, two] = [typeOf(at, left), typeOf(at, right)]
  if (one !== undefined && two !== undefined && one !== two) return truth(types.indexOf(one) < types.indexOf(two))
  if (at.names.of(left) !== undefined && at.names.of(left) === at.names.of(right)) return truth(orEqual)
  return factAbout(at, orEqual ? 'at most' : 'below', left, right)
}

/** The types in their order. */
const types: readonly TypeName[] = ['null', 'boolean', 'number', 'string', 'array', 'object', 'set']

/** The only type that a sketch can have, if there is but one. */
function typeOf(at: Case, sketch: Plain): TypeName | undefined {
  if (sketch instanceof Outline) return sketch.kind
  if (isKnown(sketch)) return typeName(sketch)
  const domain = domainOf(at, sketch)
  return types.find((type) => domain.isType(type) === 'yes')
}

/** `member in collection`: false for what is no collection. */
export function isIn(at: Case, member: Sketch, whole: Sketch): Truth {
  const answer = seenAnswer(at, 'in', member, whole)
  if (answer !== undefined) return answer
  const [one, many] = [resolved(at, member), settled(at, whole)]
  if (many instanceof Unknown) {
    const { among } = domainOf(at, many)
    if (among !== undefined) return joined(among.map((each) => isIn(at, one, each)))
    if (isScalar(at, many)) return 'no'
    return factAbout(at, 'in', one, many, many.id === undefined ? undefined : { id: many.id, from: [] })
  }
  if (isKnown(many) && isKnown(one)) return truth(isMember(one, many))
  const outline = outlineOf(many)
  if (outline === undefined) return typeof many === 'object' && many !== null ? 'maybe' : 'no'
  if (one instanceof Unknown && isKnown(many))
    return isOneOf(
      at,
      one,
      outline.entries.map(({ value }) => value as Value),
    )
  const found = any(
    outline.entries.map(({ value, certain }) => {
      const same = equal(at, one, value)
      return same === 'yes' && !certain ? 'maybe' : same
    }),
  )
  return found === 'no' && !outline.isClosed ? 'maybe' : found
}

/** One answer for alternatives of which nobody knows which it is. */
export function joined(answers: readonly Truth[]): Truth {
  const [first] = answers
  return first !== undefined && answers.every((answer) => answer === first) ? first : 'maybe'
}

interface Sizes {
  readonly from: number
  readonly to: number | undefined
}

/** How many elements an outline has: at least and, where that is known, at most. */
export function sizeOf(at: Case, outline: Outline): Sizes {
  const to = outline.isClosed ? outline.entries.length : undefined
  const sure = outline.entries.filter(({ certain }) => certain)
  if (outline.kind === 'array') return { from: sure.length, to }
  // Members and keys that may be equal count once.
  const apart = sure.map(({ key }) => key).filter(isKnown) as Sketch[]
  for (const { key } of sure) {
    if (!isKnown(key) && apart.every((other) => equal(at, key, other) === 'no')) apart.push(key)
  }
  return { from: apart.length, to }
}
