/**
 * The code writer. Everything that is emitted is a `Code`, and a `Code` can only be made here: from the text of this program's own templates,
 * from numbers, from names of our own making, and from strings, which are always quoted. A policy's text therefore reaches the output as a
 * string literal or not at all.
 */

const made = Symbol('made by the code writer')

/** JavaScript source. */
export class Code {
  readonly text: string

  constructor(key: typeof made, text: string) {
    if (key !== made) throw new TypeError('code is made by the code writer only')
    this.text = text
  }
}

/** What a template may contain. Strings become string literals. */
export type Part = Code | string | number | boolean | null

/** Code from a template: the literal text stands as it is, every part as what it is. */
export function code(literal: TemplateStringsArray, ...parts: readonly Part[]): Code {
  let text = literal[0] ?? ''
  for (const [i, part] of parts.entries()) text += printed(part) + (literal[i + 1] ?? '')
  return new Code(made, text)
}

function printed(part: Part): string {
  if (part instanceof Code) return part.text
  if (typeof part === 'string') return JSON.stringify(part)
  if (typeof part === 'number' && !Number.isFinite(part)) throw new RangeError(`\`${part}\` cannot be emitted`)
  return String(part)
}

/** The names that compiled code uses, by what they hold. */
const prefixes = {
  temp: 't',
  state: 's',
  procedure: 'p',
  group: 'g',
  exists: 'e',
  constant: 'k',
  place: 'at',
  base: 'd',
  directory: 'y',
  builtin: 'b',
  index: 'i',
  map: 'm',
  node: 'n',
  label: 'l',
  flag: 'f',
  list: 'v',
  keys: 'q',
  argument: 'a',
  inherited: 'o',
  level: 'u',
  filed: 'h',
} as const

/** A name of our own making. */
export function name(kind: keyof typeof prefixes, number: number, second?: number): Code {
  if (!Number.isSafeInteger(number)) throw new RangeError(`\`${number}\` does not number a name`)
  return new Code(made, `${prefixes[kind]}${number}${second === undefined ? '' : `_${second}`}`)
}

/** Codes with a separator of this program's between them. */
export function join(parts: readonly Code[], separator: ', ' | '\n' | ' + ' | ' && ' | ' || ' = ', '): Code {
  return new Code(made, parts.map(({ text }) => text).join(separator))
}

/** The property names of one of our own tables, as names. */
export function namesOf(table: object): Code[] {
  return Object.keys(table).map((key) => {
    if (!/^[A-Za-z]+$/.test(key)) throw new TypeError(`\`${key}\` is no name for compiled code`)
    return new Code(made, key)
  })
}
