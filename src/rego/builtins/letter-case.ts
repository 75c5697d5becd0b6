/**
 * Upper and lower case one code point at a time, as Go maps runes: `ß` has no upper case of one letter and stays, no letter depends on its neighbours.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII as a whole
const ascii = /^[\u0000-\u007f]*$/

export function upper(text: string): string {
  return ascii.test(text) ? text.toUpperCase() : mapRunes(text, upperRune)
}

export function lower(text: string): string {
  return ascii.test(text) ? text.toLowerCase() : mapRunes(text, lowerRune)
}

function mapRunes(text: string, map: (rune: string) => string): string {
  let mapped = ''
  for (const rune of text) mapped += map(rune)
  return mapped
}

function upperRune(rune: string): string {
  const mapped = rune.toUpperCase()
  if (isOne(mapped)) return mapped
  // Greek letters with iota subscript: JavaScript writes the iota out, the simple mapping is the title case letter.
  const code = rune.codePointAt(0) ?? 0
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCodePoint(code | 8)
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCodePoint(code + 9)
  return rune
}

function lowerRune(rune: string): string {
  if (rune === '\u0130') return 'i'
  const mapped = rune.toLowerCase()
  return isOne(mapped) ? mapped : rune
}

function isOne(text: string): boolean {
  return text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff)
}
