/**
 * A value that follows from the input of one evaluation and is known, of which only what the evaluation asks is found out: that it is one of a
 * list, say, and not which. Whatever looks at the value itself has found out all of it.
 */
import { EvaluationError } from '../run/failure.ts'
import { isMember, lessOrEqual, less as lessValues } from '../run/operators.ts'
import { equal, keyOf, sizeOf, type TypeName, typeName, type Value } from '../value.ts'
import { Exhausted } from './exhausted.ts'
import type { Finding, Trace } from './findings.ts'
import { labelOf, type Reader, type Term } from './term.ts'

export class Seen {
  readonly term: Term
  readonly trace: Trace
  // A loop asks the same in each of its rounds.
  readonly #texts = new Map<string, boolean>()
  readonly #parts = new Map<string, Seen | null>()

  constructor(term: Term, trace: Trace) {
    this.term = term
    this.trace = trace
  }

  /** All of it. Throws `Exhausted` where making it again does not end within the bounds. */
  get value(): Value {
    const { term, trace } = this
    trace.find(term.name, [term], labelling(term))
    trace.know(term)
    return readBy(term, trace.reader)
  }

  /** Whether it is this text. */
  is(text: string): boolean {
    let answer = this.#texts.get(text)
    if (answer === undefined) {
      answer = this.trace.is(this.term, text)
      this.#texts.set(text, answer)
    }
    return answer
  }

  /** What stands at a key, looked for once: `look` gives undefined where nothing does. */
  part(key: Value, look: () => Seen | undefined): Seen | undefined {
    if (typeof key !== 'string') return look()
    let part = this.#parts.get(key)
    if (part === undefined) {
      part = look() ?? null
      this.#parts.set(key, part)
    }
    return part ?? undefined
  }

  get type(): TypeName {
    return this.#find('type of', typeName) as TypeName
  }

  /** How many elements it has; undefined for what has none. */
  get size(): number | undefined {
    return this.#find('size of', sizeOf) as number | undefined
  }

  /** Answers a question about it, whose name says all that `ask` depends on. */
  find(name: string, ask: (value: Value) => Finding): Finding {
    return this.#find(name, ask)
  }

  #find(name: string, ask: (value: Value) => Finding): Finding {
    const { term } = this
    return this.trace.find(`${name} ${term.name}`, [term], asking(term, ask))
  }
}

// What is asked outlives the evaluation: each question is made apart from it, or it would be kept with everything that it holds.

function labelling(term: Term): (reader: Reader) => Finding {
  return (reader) => labelOf(term, term.of(reader))
}

function asking(term: Term, ask: (value: Value) => Finding): (reader: Reader) => Finding {
  return (reader) => ask(readBy(term, reader))
}

function readBy(term: Term, reader: Reader): Value {
  const value = term.of(reader)
  if (value === undefined) throw new Exhausted(`\`${term.name}\` is not there`)
  return value
}

/** What is asked of two values, at least one of them seen. */
type Comparison = 'equal' | 'below' | 'at most' | 'in'

const comparisons: Readonly<Record<Comparison, (a: Value, b: Value) => boolean>> = {
  equal,
  below: lessValues,
  'at most': lessOrEqual,
  in: isMember,
}

/** Answers a question about two terms. */
export function compared(trace: Trace, what: Comparison, a: Term, b: Term): boolean {
  const compare = what === 'in' && b.isData ? isMemberOfData : comparisons[what]
  return trace.find(
    `${what} ${a.name} ${b.name}`,
    [a, b],
    (reader) => compare(readBy(a, reader), readBy(b, reader)) === true,
  ) as boolean
}

/** Arrays of documents that were searched, by their elements. */
const elements = new WeakMap<readonly Value[], ReadonlySet<unknown>>()
/** Elements from which on a set of them is made. */
const searchedMin = 8

/** As `isMember`, for a document that stays: a long list is searched for every tool of a server. */
function isMemberOfData(member: Value, whole: Value): boolean {
  if (!Array.isArray(whole) || whole.length < searchedMin) return isMember(member, whole)
  let known = elements.get(whole)
  if (known === undefined) {
    known = new Set(whole.map(keyOf))
    elements.set(whole, known)
  }
  return known.has(keyOf(member))
}

/** What comes of reading a term: whether it has a value, or `ends` where that ends the evaluation. */
export function presenceOf(trace: Trace, term: Term): boolean | 'ends' {
  return trace.find(`there ${term.name}`, [term], (reader) => {
    try {
      return term.of(reader) !== undefined
    } catch (error) {
      if (!(error instanceof EvaluationError) || error.code === 'eval_cancel_error') throw error
      return 'ends'
    }
  }) as boolean | 'ends'
}
