/**
 * Holds a document of data smaller: equal small parts become one and the same object. Roles, permissions and flags repeat in the records of a directory,
 * and each copy costs several times its text.
 */
import { isRawNumber } from './number.ts'
import { type Json, type PlainObject, setField, type Value } from './value.ts'

/** Elements or fields of a part that is compared: larger ones are seldom equal, and their text would be long. */
const partSizeMax = 16

/** Different parts that are remembered, some hundred bytes each while the document is gone through. */
const partsMax = 50_000

/** Parts looked at before it is known whether it is worth going on, and how many of them must have been there before: one of so many. */
const trialSize = 5_000
const hitOf = 10

/** Levels that are gone down: what lies deeper stays as it is. */
const levelsMax = 500

/** Changes a document in place; what it says stays the same. For data that nobody changes afterwards, which were parsed for this alone. */
export function shareEqualParts(document: Json): void {
  new Sharing().share(document as Value, 0)
}

class Sharing {
  readonly #byText = new Map<string, object>()
  /** The numbers of the parts that are remembered. */
  readonly #numbers = new Map<object, number>()
  #looked = 0
  #found = 0

  /** The part to hold in place of a value. */
  share(value: Value, level: number): Value {
    if (typeof value !== 'object' || value === null || isRawNumber(value) || level > levelsMax || this.#isIdle())
      return value
    const isArray = Array.isArray(value)
    const keys = isArray ? undefined : Object.keys(value)
    const size = isArray ? value.length : (keys?.length ?? 0)
    let text: string | undefined = size > partSizeMax ? undefined : isArray ? '[' : '{'
    for (let i = 0; i < size; i++) {
      const key = keys?.[i]
      const before = (isArray ? value[i] : (value as PlainObject)[key as string]) as Value
      const after = this.share(before, level + 1)
      if (after !== before) {
        if (isArray) value[i] = after
        else setField(value as PlainObject, key as string, after)
      }
      const part = text === undefined ? undefined : this.#textOf(after)
      text =
        part === undefined ? undefined : key === undefined ? `${text}${part},` : `${text}${key.length}:${key}${part},`
    }
    return text === undefined ? value : this.#known(text, value)
  }

  /** Whether so little has repeated that the rest is left alone. */
  #isIdle(): boolean {
    return this.#looked >= trialSize && this.#found * hitOf < this.#looked
  }

  #known(text: string, value: Exclude<Value, null | boolean | number | bigint | string>): Value {
    this.#looked++
    const known = this.#byText.get(text)
    if (known !== undefined) {
      this.#found++
      return known as Value
    }
    if (this.#byText.size < partsMax) {
      this.#numbers.set(value, this.#byText.size)
      this.#byText.set(text, value)
    }
    return value
  }

  /** What a part is to the one around it: its text, or its number; undefined where it cannot be compared. */
  #textOf(part: Value): string | undefined {
    // With its length before it, a text needs no escapes to end where it does.
    if (typeof part === 'string') return `"${part.length}:${part}`
    if (typeof part === 'number') return Object.is(part, -0) ? '-0' : String(part)
    if (typeof part === 'bigint') return `${part}n`
    if (typeof part !== 'object' || part === null) return String(part)
    const number = this.#numbers.get(part)
    return number === undefined ? undefined : `#${number}`
  }
}
