/**
 * Characters that a model reads and a person does not see: in what a tool server writes for people to judge by, they can say something
 * else to the model. What text of many languages and emoji need is none of them.
 */
import { isJsonObject, type Json } from '../model/index.ts'

/**
 * Controls, and what Unicode says to leave out in display (`Default_Ignorable_Code_Point`: tags, zero-width and bidirectional characters,
 * fillers, variation selectors), with three exceptions: line ends and tabs; joiners between letters or emoji; the selector behind an
 * emoji that says how it looks. One character with one neighbour each side, so that it takes time linear in the text.
 */
const invisible =
  /[[\p{DI}\p{Cc}\ufff9-\ufffb]--[\t\n\r\u200c\u200d\ufe0e\ufe0f]]|(?<!\p{Emoji})[\ufe0e\ufe0f]|(?<!\ufe0f|[[\p{L}\p{M}\p{Emoji}]--[\p{ASCII}\p{DI}]])[\u200c\u200d]|[\u200c\u200d](?![[\p{L}\p{M}\p{Emoji}]--[\p{ASCII}\p{DI}]])/v
const everyInvisible = new RegExp(invisible.source, 'gv')

/** Members whose text is for reading alone: nothing is named by it, and nothing compared with it. */
const prose: ReadonlySet<string> = new Set(['title', 'description'])

export interface Invisible {
  /** Members from the root to the text, `.` between them. */
  readonly place: string
  /** Such as `U+200B`. */
  readonly character: string
  /** Whether the text is for reading alone. */
  readonly isProse: boolean
}

/** The first invisible character of a document, in keys and values; one that is not in prose comes before those that are. */
export function invisibleIn(value: Json): Invisible | undefined {
  let found: Invisible | undefined
  const look = (text: string, path: readonly string[], isProse: boolean): Invisible | undefined => {
    const character = invisible.exec(text)?.[0]
    if (character === undefined) return undefined
    const one = { place: withInvisibleShown(path.join('.')), character: nameOf(character), isProse }
    if (!isProse) return one
    found ??= one
    return undefined
  }
  const walk = (at: Json, path: readonly string[], isProse: boolean): Invisible | undefined => {
    if (typeof at === 'string') return look(at, path, isProse)
    if (Array.isArray(at)) return firstOf(at.entries(), ([index, one]) => walk(one, [...path, String(index)], false))
    if (!isJsonObject(at)) return undefined
    return firstOf(
      Object.entries(at),
      ([key, one]) => look(key, path, false) ?? walk(one, [...path, key], prose.has(key)),
    )
  }
  return walk(value, [], false) ?? found
}

/** The text with each of them written out, such as `[U+200B]`. */
export function withInvisibleShown(text: string): string {
  return text.replace(everyInvisible, (character) => `[${nameOf(character)}]`)
}

/** JSON text, all of whose strings are written in that way. Every other byte stays; the text must be strict JSON. */
export function jsonWithInvisibleShown(text: string): string {
  const pieces: string[] = []
  let from = 0
  for (let open = text.indexOf('"'); open !== -1; open = text.indexOf('"', from)) {
    const end = endOfString(text, open)
    const token = text.slice(open, end)
    const said = JSON.parse(token) as string
    pieces.push(text.slice(from, open), invisible.test(said) ? JSON.stringify(withInvisibleShown(said)) : token)
    from = end
  }
  return pieces.join('') + text.slice(from)
}

/** Behind the closing quote of the string that opens at `open`. */
function endOfString(text: string, open: number): number {
  let at = open + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

function firstOf<T>(all: Iterable<T>, find: (one: T) => Invisible | undefined): Invisible | undefined {
  for (const one of all) {
    const found = find(one)
    if (found !== undefined) return found
  }
  return undefined
}
