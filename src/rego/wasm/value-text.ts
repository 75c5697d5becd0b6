/**
 * Values as the text in which they go into a module and come out of it: JSON, with sets as `{1, 2}` or `set()` and keys of any type. It is what
 * OPA's `opa_value_parse` reads and `opa_value_dump` writes.
 */
import { numberText, parseNumber } from '../number.ts'
import { entriesOf, isNumber, makeObject, RegoSet, type Value } from '../value.ts'
import { enter, leave, printing } from '../visits.ts'

/** The text of a value. A lone surrogate becomes U+FFFD, as in Go; the module would refuse it. */
export function valueText(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value.isWellFormed() ? value : value.toWellFormed())
  if (value === null || typeof value === 'boolean') return String(value)
  if (isNumber(value)) return numberText(value)
  enter(printing)
  let text: string
  if (Array.isArray(value)) text = `[${value.map(valueText).join()}]`
  else if (value instanceof RegoSet) text = value.size === 0 ? 'set()' : `{${value.unsorted().map(valueText).join()}}`
  else
    text = `{${entriesOf(value)
      .map(([key, item]) => `${valueText(key)}:${valueText(item)}`)
      .join()}}`
  leave()
  return text
}

/** The value of a text that a module wrote. Throws `SyntaxError` for any other. */
export function parseValue(text: string): Value {
  const reader = new TextReader(text)
  const value = reader.value()
  reader.end()
  return value
}

const number = /-?[0-9][0-9.eE+-]*/y
const space = /[ \n]*/y

class TextReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): Value {
    this.#pass(space)
    switch (this.#text[this.#at]) {
      case '"':
        return this.#string()
      case '[':
        return this.#nested(() => this.#array())
      case '{':
        return this.#nested(() => this.#objectOrSet())
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      case 's':
        return this.#word('set()', new RegoSet())
      default:
        return this.#number()
    }
  }

  end(): void {
    if (this.#at < this.#text.length) this.#fail()
  }

  #nested(read: () => Value): Value {
    enter()
    this.#at++
    const value = read()
    leave()
    return value
  }

  #array(): Value {
    const items: Value[] = []
    if (this.#takes(']')) return items
    do items.push(this.value())
    while (this.#takes(','))
    this.#expect(']')
    return items
  }

  #objectOrSet(): Value {
    if (this.#takes('}')) return {}
    const first = this.value()
    if (!this.#takes(':')) return this.#set(first)
    const entries: [Value, Value][] = [[first, this.value()]]
    while (this.#takes(',')) {
      const key = this.value()
      this.#expect(':')
      entries.push([key, this.value()])
    }
    this.#expect('}')
    return makeObject(entries)
  }

  #set(first: Value): Value {
    const set = RegoSet.from([first])
    while (this.#takes(',')) set.add(this.value())
    this.#expect('}')
    return set
  }

  #string(): string {
    const start = this.#at
    let end = this.#text.indexOf('"', start + 1)
    while (end > 0 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1)
    if (end < 0) this.#fail()
    this.#at = end + 1
    const inner = this.#text.slice(start + 1, end)
    return inner.includes('\\') ? (JSON.parse(`"${inner}"`) as string) : inner
  }

  /** Whether an odd number of backslashes stands before a place. */
  #isEscaped(at: number): boolean {
    let before = at - 1
    while (this.#text[before] === '\\') before--
    return (at - before) % 2 === 0
  }

  #number(): Value {
    number.lastIndex = this.#at
    const value = parseNumber(number.exec(this.#text)?.[0] ?? '')
    if (value === undefined) return this.#fail()
    this.#at = number.lastIndex
    return value
  }

  #word<Word extends Value>(word: string, value: Word): Word {
    if (!this.#text.startsWith(word, this.#at)) this.#fail()
    this.#at += word.length
    return value
  }

  #takes(mark: string): boolean {
    this.#pass(space)
    if (this.#text[this.#at] !== mark) return false
    this.#at++
    return true
  }

  #expect(mark: string): void {
    if (!this.#takes(mark)) this.#fail()
  }

  #pass(pattern: RegExp): void {
    pattern.lastIndex = this.#at
    pattern.exec(this.#text)
    this.#at = pattern.lastIndex
  }

  #fail(): never {
    throw new SyntaxError(`\`${this.#text.slice(this.#at, this.#at + 20)}\` at ${this.#at} is no value`)
  }
}
