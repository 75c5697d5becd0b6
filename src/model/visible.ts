/** Text of others on a terminal: what an agent, a server or a policy wrote is shown, never obeyed, and nothing in it stays unseen. */

/** Controls, format characters (among them those that turn the direction), surrogates, line and paragraph separators. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** The same text with every character that a terminal could act on written as `\u{...}`. */
export function visible(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** A line of JSON that stays the same JSON, with what JSON leaves as it is and a terminal could act on escaped. */
export function visibleJson(line: string): string {
  return line.replace(unsafe, (character) =>
    Array.from(
      { length: character.length },
      (_, place) => `\\u${character.charCodeAt(place).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}
