/** What stands at a key: of a value, of an unknown value, of an outline; and documents with something else put in their place. */

import { baseAt } from '../run/overlay.ts'
import { isObject, lookup, type Value } from '../value.ts'
import type { Case, Implied } from './case.ts'
import { Domain } from './domain.ts'
import type { Trace } from './findings.ts'
import { anything, behind, defined, nothing, type Outcome, oneOf, onlyIf } from './outcomes.ts'
import { domainOf, equal, isOneOf, isScalar, isTerm, isType, resolved, settled, termOf } from './questions.ts'
import { presenceOf, Seen } from './seen.ts'
import {
  collection,
  type Entry,
  either,
  entriesOfValue,
  isKnown,
  Outline,
  outlineOf,
  type Plain,
  plain,
  type Sketch,
  Unknown,
} from './sketch.ts'
import { fieldOf, partOf, type Term } from './term.ts'

/** What `source[key]` reads. */
export function get(at: Case, source: Sketch, key: Sketch): Outcome {
  const [from, by] = [resolved(at, source), resolved(at, key)]
  if ((from instanceof Seen && isTerm(by)) || (by instanceof Seen && isTerm(from))) return getOfSeen(at, from, by)
  if (from instanceof Outline) return getOfOutline(at, from, by)
  const [whole, name] = [plain(from), plain(by)]
  if (whole instanceof Unknown) return getOfUnknown(at, whole, name)
  if (isKnown(name)) return known(lookup(whole, name))
  if (name instanceof Unknown) return getAtUnknown(at, whole, name)
  const outline = outlineOf(whole)
  if (outline !== undefined) return getOfOutline(at, outline, name)
  return typeof whole === 'object' && whole !== null ? anything() : nothing
}

/** What stands there is seen, too. */
function getOfSeen(at: Case, source: Value | Seen, key: Value | Seen): Outcome {
  const found = key instanceof Seen ? partAtSeen(at, source, key) : fieldOfSeen(at, source as Seen, key)
  return found === undefined ? nothing : defined(found)
}

function partAtSeen(at: Case, source: Value | Seen, key: Seen): Seen | undefined {
  if (!(source instanceof Seen) && (typeof source !== 'object' || source === null)) return undefined
  return seenAt(key.trace, partOf(termOf(at, source), key.term))
}

function fieldOfSeen(at: Case, source: Seen, key: Value): Seen | undefined {
  return source.part(key, () => seenAt(source.trace, fieldOf(source.term, key, String(at.names.of(key)))))
}

function seenAt(trace: Trace, term: Term): Seen | undefined {
  return presenceOf(trace, term) === true ? new Seen(term, trace) : undefined
}

function known(value: Value | undefined): Outcome {
  return value === undefined ? nothing : defined(value)
}

function getOfUnknown(at: Case, source: Unknown, key: Plain): Outcome {
  const { among } = domainOf(at, source)
  if (among !== undefined) return oneOf(among.map((each) => get(at, each, key)))
  if (isScalar(at, source)) return nothing
  const name = at.names.of(key)
  if (source.id === undefined || name === undefined) return anything()
  const id = `${source.id}[${name}]`
  // Only an object or a set has something at a name.
  const implies = { id: source.id, from: typeof key === 'string' ? {} : [] }
  return whether(at, new Unknown(id, Domain.everything, source.isJson), isThere(id), implies)
}

/** The fact that an unknown value is defined. */
export function isThere(id: string): string {
  return `${id} is defined`
}

/** A value that is there when a fact holds. */
export function whether(at: Case, value: Sketch, fact: string, implies?: Implied): Outcome {
  const there = at.fact(fact, implies)
  return there === 'no' ? nothing : { value, certain: there === 'yes' }
}

/** A known collection at an unknown key: the keys that the case admits are the candidates. */
function getAtUnknown(at: Case, source: Value, key: Unknown): Outcome {
  if (typeof source !== 'object' || source === null) return nothing
  const entries = entriesOfValue(source)
  if (entries === undefined) return anything()
  const domain = domainOf(at, key)
  const candidates = entries.filter((entry) => domain.admits(entry.key as Value))
  if (candidates.length === 0) return nothing
  const keys = candidates.map((entry) => entry.key as Value)
  const found = isOneOf(at, key, keys)
  // Where it is one of several keys, the case can be divided between them.
  if (found === 'yes') isOneOf(at, key, keys.slice(0, Math.ceil(keys.length / 2)))
  return { value: either(candidates.map(({ value }) => value)), certain: found === 'yes' }
}

function getOfOutline(at: Case, source: Outline, key: Sketch): Outcome {
  const candidates: { readonly entry: Entry; readonly sure: boolean }[] = []
  for (const entry of source.entries) {
    const same = equal(at, entry.key, key)
    if (same === 'no') continue
    const there = entry.certain ? 'yes' : entry.fact === undefined ? 'maybe' : at.fact(entry.fact)
    if (there === 'no') continue
    const sure = same === 'yes' && there === 'yes'
    if (sure) return defined(entry.value)
    candidates.push({ entry, sure })
  }
  if (source.open) return anything()
  const values = candidates.map(({ entry }) => entry.value)
  if (source.rest === undefined) return values.length === 0 ? nothing : { value: either(values), certain: false }
  const isObject = isType(at, source.rest, 'object')
  const below = isObject === 'no' ? nothing : onlyIf(isObject === 'yes', get(at, source.rest, key))
  if (values.length === 0) return below
  return { value: either([...values, ...(below.value === undefined ? [] : [below.value])]), certain: false }
}

/** What stands at a name in a document: as `get`, and names that write an index find elements. */
export function getNamed(at: Case, document: Outcome, name: string): Outcome {
  if (document.value === undefined) return nothing
  const source = settled(at, document.value)
  let found: Outcome
  if (isKnown(source)) found = known(baseAt(source, name))
  else if (/^\d/.test(name)) found = anything()
  else found = get(at, source, name)
  return behind(document, found)
}

/** A document in which a path has another value: what `upsert` makes of values. Objects on the way are kept, other values replaced. */
export function put(at: Case, document: Sketch | undefined, path: readonly string[], value: Sketch): Sketch {
  const [key, ...rest] = path
  if (key === undefined) return value
  const whole = document === undefined ? undefined : settled(at, document)
  if (whole instanceof Unknown) {
    // What is undefined is replaced as something that is no object is: an unknown value stands for that, too.
    const inner = rest.length === 0 || isScalar(at, whole) ? undefined : get(at, whole, key).value
    return collection('object', [{ key, value: put(at, inner, rest, value), certain: true }], false, whole)
  }
  const isWhole = whole instanceof Outline ? whole.kind === 'object' : isObject(whole)
  const outline = isWhole && whole !== undefined ? outlineOf(whole) : undefined
  if (outline === undefined) {
    // What is no object is replaced; one of too many fields to go through is kept as something unknown.
    const others = isWhole ? new Unknown() : undefined
    return collection('object', [{ key, value: put(at, undefined, rest, value), certain: true }], false, others)
  }
  const there = rest.length === 0 ? nothing : getOfOutline(at, outline, key)
  const inner = there.certain || there.value === undefined ? there.value : new Unknown()
  const others = outline.entries.filter((entry) => equal(at, entry.key, key) === 'no')
  const entry = { key, value: put(at, inner, rest, value), certain: true }
  return collection('object', [...others, entry], outline.open, outline.rest)
}
