/**
 * Builtins on sketches. On known operands a builtin is called; of a few that policies are made of, more is known here; any other call on
 * unknown operands has a result that is unknown, though the same for the same operands.
 */

import type { Span } from '../ast.ts'
import type { TypeDecl } from '../builtins/declarations.ts'
import type { BuiltinCall } from '../run/builtin-call.ts'
import type { Value } from '../value.ts'
import type { Case } from './case.ts'
import { Domain } from './domain.ts'
import type { Trace } from './findings.ts'
import { behind, defined, nothing, type Outcome, oneOf } from './outcomes.ts'
import { get, isThere, whether } from './parts.ts'
import { domainOf, equal, isCollection, isIn, isType, less, resolved, sizeOf, termOf } from './questions.ts'
import { presenceOf, Seen } from './seen.ts'
import { collection, isKnown, Outline, type Plain, plain, type Sketch, Unknown } from './sketch.ts'
import { collectionOf, resultOf, type Term } from './term.ts'
import { all, any, negated, type Truth } from './truth.ts'

/** A builtin as calls with unknown operands need it. */
export interface KnownBuiltin {
  readonly call: BuiltinCall
  /** The types of its operands. */
  readonly operands: readonly TypeDecl[]
  /** The type of its result; absent where that is not declared. */
  readonly result: TypeDecl | undefined
  /** Whether equal operands may give different results: then nothing is known of the result beforehand. */
  readonly nondeterministic: boolean
  /** Whether it is the library's own, and not one of the caller's with the same name. */
  readonly isLibrary: boolean
}

/** Combinations of operands, each one of a few values, that are tried one by one. */
const combinationsMax = 64

/** Calls a builtin. */
export function callBuiltin(
  at: Case,
  name: string,
  builtin: KnownBuiltin,
  operands: readonly Sketch[],
  place: Span,
): Outcome {
  const sketches = operands.map((operand) => resolved(at, operand))
  const { nondeterministic } = builtin
  if (sketches.every(isKnown) && !nondeterministic) return called(at, builtin, sketches, place)
  if (builtin.isLibrary) {
    const answer = condition(at, name, sketches)
    if (answer !== undefined) return defined(booleanOf(answer))
    const seen = nondeterministic ? undefined : seenResult(at, name, builtin, sketches, place)
    if (seen !== undefined) return seen
  }
  const args = sketches.map(plain)
  if (args.every(isKnown) && !nondeterministic) return called(at, builtin, args, place)
  if (builtin.isLibrary) {
    const special = specials[name]?.(at, args)
    if (special !== undefined) return special
  }
  const choices = nondeterministic ? undefined : combinations(at, args)
  if (choices !== undefined) {
    return oneOf(choices.map((choice) => at.attempt(true, () => called(at, builtin, choice, place), nothing)))
  }
  return uncertain(at, name, builtin, args)
}

/** What a builtin gives for operands of which some are seen, and none is unknown; undefined for others. */
function seenResult(
  at: Case,
  name: string,
  builtin: KnownBuiltin,
  operands: readonly Sketch[],
  place: Span,
): Outcome | undefined {
  const found = solid(at, operands)
  if (found === undefined) return undefined
  const { terms, trace } = found
  const term = resultOf(`${name}(${terms.map((each) => each.name).join()})`, builtin.call, terms)
  // A text has a value whatever is put into it; whoever only shows it does not make it.
  const presence = name === 'sprintf' && typeof operands[0] === 'string' ? true : presenceOf(trace, term)
  if (presence !== 'ends') return presence ? defined(new Seen(term, trace)) : nothing
  const args = terms.map((each) => new Seen(each, trace).value)
  return called(at, builtin, args, place)
}

/** The text that `write` makes of operands of which some are seen, and none is unknown; undefined for others. */
export function seenText(at: Case, name: string, write: BuiltinCall, operands: readonly Sketch[]): Seen | undefined {
  const found = solid(at, operands)
  if (found === undefined) return undefined
  const { terms, trace } = found
  return new Seen(resultOf(`${name}(${terms.map((each) => each.name).join()})`, write, terms), trace)
}

/** Sketches as terms, where all can be one and some are seen. */
function solid(at: Case, sketches: readonly Sketch[]): { terms: readonly Term[]; trace: Trace } | undefined {
  let trace: Trace | undefined
  const asTerm = (sketch: Sketch): Term | undefined => {
    if (sketch instanceof Unknown) return undefined
    if (!(sketch instanceof Outline)) {
      if (sketch instanceof Seen) trace = sketch.trace
      return termOf(at, sketch)
    }
    const { kind, entries, isClosed } = sketch
    const name = at.names.of(sketch)
    if (!isClosed || name === undefined) return undefined
    const parts: Term[] = []
    for (const { key, value } of entries) {
      const [keyTerm, valueTerm] = [asTerm(key), asTerm(value)]
      if (keyTerm === undefined || valueTerm === undefined) return undefined
      parts.push(keyTerm, valueTerm)
    }
    return collectionOf(name, parts, makers[kind])
  }
  const terms: Term[] = []
  for (const sketch of sketches) {
    const term = asTerm(sketch)
    if (term === undefined) return undefined
    terms.push(term)
  }
  return trace === undefined ? undefined : { terms, trace }
}

/** Made once: a function made in an evaluation would keep it. */
const makers: Readonly<Record<Outline['kind'], (parts: readonly Value[]) => Value>> = {
  array: (parts) => collectionFrom('array', parts),
  object: (parts) => collectionFrom('object', parts),
  set: (parts) => collectionFrom('set', parts),
}

/** The collection of keys and values in turn. */
function collectionFrom(kind: Outline['kind'], parts: readonly Value[]): Value {
  const entries = Array.from({ length: parts.length / 2 }, (_, i) => ({
    key: parts[2 * i] as Value,
    value: parts[2 * i + 1] as Value,
    certain: true,
  }))
  return collection(kind, entries) as Value
}

function called(at: Case, { call }: KnownBuiltin, args: readonly Value[], place: Span): Outcome {
  const value = call(at.native, place, ...args)
  return value === undefined ? nothing : defined(value)
}

/** Whether a call of one of the builtins that are conditions holds; undefined for others. */
export function condition(at: Case, name: string, args: readonly Sketch[]): Truth | undefined {
  const [left, right] = args
  if (left === undefined) return undefined
  switch (name) {
    case 'is_array':
    case 'is_boolean':
    case 'is_null':
    case 'is_number':
    case 'is_object':
    case 'is_set':
    case 'is_string':
      return isType(at, left, typeTests[name])
  }
  if (right === undefined || args.length !== 2) return undefined
  switch (name) {
    case 'equal':
      return equal(at, left, right)
    case 'neq':
      return negated(equal(at, left, right))
    case 'lt':
      return less(at, left, right, false)
    case 'lte':
      return less(at, left, right, true)
    case 'gt':
      return less(at, right, left, false)
    case 'gte':
      return less(at, right, left, true)
    case 'internal.member_2':
      return isIn(at, left, right)
    default:
      return undefined
  }
}

const typeTests = {
  is_array: 'array',
  is_boolean: 'boolean',
  is_null: 'null',
  is_number: 'number',
  is_object: 'object',
  is_set: 'set',
  is_string: 'string',
} as const

const booleans = Domain.of([false, true])

/** The boolean that says an answer. */
export function booleanOf(answer: Truth): Sketch {
  return answer === 'maybe' ? new Unknown(undefined, booleans) : answer === 'yes'
}

/** Builtins of which more is known than that their result is unknown. */
const specials: Readonly<Record<string, (at: Case, args: readonly Plain[]) => Outcome | undefined>> = {
  count: (at, [whole]) => {
    if (whole instanceof Unknown) return countOfUnknown(at, whole)
    if (!(whole instanceof Outline)) return undefined
    const { from, to } = sizeOf(at, whole)
    return defined(from === to ? from : new Unknown(undefined, Domain.size(from, to)))
  },
  'object.get': (at, [object, path, otherwise]) => {
    if (object === undefined || path === undefined || otherwise === undefined) return undefined
    if (isType(at, object, 'object') !== 'yes' || !isKnown(path)) return undefined
    const keys = Array.isArray(path) ? path : [path]
    let found: Outcome = defined(object)
    for (const key of keys) found = below(at, found, key)
    if (found.value === undefined) return defined(otherwise)
    return found.certain ? found : oneOf([defined(found.value), defined(otherwise)])
  },
  sprintf: (at, [format, items]) => {
    if (typeof format !== 'string' || !(items instanceof Outline) || items.kind !== 'array' || !items.isClosed) {
      return undefined
    }
    return defined(text(at, 'sprintf', [format, items]))
  },
  // The elements of a list and no more than those, in another order or shape.
  sort: (_at, [list]) => (list instanceof Outline && list.kind !== 'object' ? defined(sortedOf(list)) : undefined),
}

function countOfUnknown(at: Case, whole: Unknown): Outcome {
  const counts = any([isCollection(at, whole), isType(at, whole, 'string')])
  if (counts !== 'yes') mayBeError(at)
  if (counts === 'no') return nothing
  const size = new Unknown(idOf(at, 'count', [whole]), Domain.size(0, undefined))
  return { value: size, certain: counts === 'yes' }
}

function below(at: Case, outcome: Outcome, key: Sketch): Outcome {
  if (outcome.value === undefined) return nothing
  return behind(outcome, get(at, outcome.value, key))
}

function sortedOf(list: Outline): Sketch {
  const entries = list.entries.map((entry) => ({ ...entry, key: new Unknown(undefined, Domain.ofType('number')) }))
  return new Outline('array', entries, true)
}

/** A text that depends on unknown parts. */
export function text(at: Case, name: string, args: readonly Sketch[]): Sketch {
  return new Unknown(idOf(at, name, args), Domain.ofType('string'))
}

/** The name of a call's result: a builtin gives the same for the same operands. */
function idOf(at: Case, name: string, args: readonly Sketch[]): string | undefined {
  const names = args.map((arg) => at.names.of(arg))
  return names.includes(undefined) ? undefined : `${name}(${names.join()})`
}

/** Every combination of what the operands can be, where each is one of a few values. */
function combinations(at: Case, args: readonly Sketch[]): Value[][] | undefined {
  let found: Value[][] = [[]]
  for (const arg of args) {
    const values = isKnown(arg) ? [arg] : arg instanceof Unknown ? domainOf(at, arg).among : undefined
    if (values === undefined || values.length * found.length > combinationsMax) return undefined
    found = found.flatMap((before) => values.map((value) => [...before, value]))
  }
  return found
}

function uncertain(
  at: Case,
  name: string,
  { operands, result, isLibrary, nondeterministic }: KnownBuiltin,
  args: readonly Sketch[],
): Outcome {
  const domain = domainOfType(result)
  const id = idOf(at, name, args)
  if (isLibrary && total.has(name)) {
    const fits = all(args.map((arg, i) => isOfType(at, arg, operands[i])))
    if (fits === 'yes') return defined(new Unknown(id, domain))
    mayBeError(at)
    return fits === 'no' ? nothing : { value: new Unknown(id, domain), certain: false }
  }
  mayBeError(at)
  // What waits for the network ends an evaluation that cannot wait.
  if (nondeterministic) at.mayFail = true
  if (id === undefined) return { value: new Unknown(undefined, domain), certain: false }
  return whether(at, new Unknown(id, domain), isThere(id))
}

/** A call that is undefined for want of fitting operands ends the evaluation where errors are strict. */
function mayBeError(at: Case): void {
  if (at.evaluation.environment.strictBuiltinErrors) at.mayFail = true
}

/** Builtins that are defined exactly where every operand has its declared type, which is one of the basic ones. */
export const total: ReadonlySet<string> = new Set([
  'abs',
  'ceil',
  'contains',
  'endswith',
  'floor',
  'lower',
  'mul',
  'plus',
  'round',
  'startswith',
  'strings.reverse',
  'trim',
  'trim_left',
  'trim_prefix',
  'trim_right',
  'trim_space',
  'trim_suffix',
  'upper',
])

function isOfType(at: Case, sketch: Sketch, type: TypeDecl | undefined): Truth {
  return type === undefined || type.type === 'any' ? 'yes' : isType(at, sketch, type.type)
}

function domainOfType(type: TypeDecl | undefined): Domain {
  return type === undefined || type.type === 'any' ? Domain.everything : Domain.ofType(type.type)
}
