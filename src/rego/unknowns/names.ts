/** Names for sketches: what lets two places of an evaluation, or two cases of a question, know that they speak of one value. */
import { canonicalText, keyOf, type Value } from '../value.ts'
import { Seen } from './seen.ts'
import { elementsMax, entriesOfValue, Outline, type Sketch, Unknown } from './sketch.ts'

/** Whether a value has at most `elementsMax` parts, however deep. */
function isSmall(value: Value): boolean {
  const waiting: Value[] = [value]
  for (let count = 0; count <= elementsMax; count++) {
    const next = waiting.pop()
    if (next === undefined) return true
    const entries = entriesOfValue(next)
    if (entries === undefined || waiting.length > elementsMax) return false
    for (const entry of entries) waiting.push(entry.key as Value, entry.value as Value)
  }
  return false
}

/**
 * Gives names: equal names are equal values under every completion. Names of composite values are numbers, given when they are first
 * asked for, so that a large document is written down once.
 */
export class Names {
  readonly #texts = new Map<string, number>()
  readonly #known = new WeakMap<object, string>()
  readonly #own = new WeakMap<object, number>()
  #count = 0

  /** The name of a sketch, or undefined where it has none. */
  of(sketch: Sketch): string | undefined {
    if (sketch instanceof Unknown) return sketch.id
    if (sketch instanceof Outline) return this.#ofOutline(sketch)
    if (sketch instanceof Seen) return sketch.term.name
    if (typeof sketch !== 'object' || sketch === null) return canonicalText(sketch)
    let name = this.#known.get(sketch)
    if (name === undefined) {
      // What is larger is known by being itself: base documents are, in every case.
      name = isSmall(sketch) ? this.#numbered(String(keyOf(sketch))) : `#${this.#count++}`
      this.#known.set(sketch, name)
    }
    return name
  }

  /** A key under which a sketch may be remembered during one evaluation: its name, or one for this very object. */
  keyOf(sketch: Sketch): string {
    const name = this.of(sketch)
    if (name !== undefined) return name
    return `own ${this.numberOf(sketch as object)}`
  }

  /** A number for an object itself. */
  numberOf(object: object): number {
    let own = this.#own.get(object)
    if (own === undefined) {
      own = this.#count++
      this.#own.set(object, own)
    }
    return own
  }

  #ofOutline(outline: Outline): string | undefined {
    if (!outline.isClosed) return undefined
    const parts: string[] = []
    for (const { key, value, certain } of outline.entries) {
      const [keyName, valueName] = [this.of(key), this.of(value)]
      if (!certain || keyName === undefined || valueName === undefined) return undefined
      parts.push(`${keyName}:${valueName}`)
    }
    return this.#numbered(`${outline.kind} of ${parts.join()}`)
  }

  #numbered(text: string): string {
    let number = this.#texts.get(text)
    if (number === undefined) {
      number = this.#count++
      this.#texts.set(text, number)
    }
    return `#${number}`
  }
}
