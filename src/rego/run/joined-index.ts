/** Rule indexes whose probe can select several branches at once: texts by what they begin with, collections by what they hold. */
import { keyOf, type Value } from '../value.ts'
import { anyElementsOf } from './collections.ts'

/** Candidates by prefix. A text is looked up once for each length that a prefix has. */
export class PrefixIndex<Rule> {
  readonly #branches: ReadonlyMap<string, readonly Rule[]>
  readonly #lengths: readonly number[]

  constructor(branches: readonly (readonly [string, readonly Rule[]])[]) {
    this.#branches = new Map(branches)
    this.#lengths = [...new Set(branches.map(([prefix]) => prefix.length))].sort((a, b) => a - b)
  }

  /** The rules of `otherwise` and of every prefix that the text has. */
  find(text: Value | undefined, otherwise: readonly Rule[]): readonly Rule[] {
    if (typeof text !== 'string') return otherwise
    let found = otherwise
    for (const length of this.#lengths) {
      if (length > text.length) break
      found = united(found, this.#branches.get(text.slice(0, length)))
    }
    return found
  }
}

/** Candidates by an element that a collection must hold. */
export class ElementIndex<Rule> {
  readonly #branches: ReadonlyMap<unknown, readonly Rule[]>

  constructor(branches: readonly (readonly [Value, readonly Rule[]])[]) {
    this.#branches = new Map(branches.map(([value, rules]) => [keyOf(value), rules]))
  }

  /** The rules of `otherwise` and of every element of the collection. */
  find(collection: Value | undefined, otherwise: readonly Rule[]): readonly Rule[] {
    if (collection === undefined) return otherwise
    let found = otherwise
    for (const element of anyElementsOf(collection)) found = united(found, this.#branches.get(keyOf(element)))
    return found
  }
}

function united<Rule>(found: readonly Rule[], more: readonly Rule[] | undefined): readonly Rule[] {
  if (more === undefined) return found
  // An element that a collection holds twice brings its rules once.
  return found.length === 0 ? more : [...new Set([...found, ...more])]
}
