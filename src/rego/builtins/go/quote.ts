/**
 * Go's quoted strings, as `strconv.Quote` and its kin write them: what OPA shows wherever a string is part of a larger text.
 */

/** What Go calls printable: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
const plain = /^[ !#-[\]-~]*$/

const escapes: Record<string, string> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

function escapeRune(rune: string, delimiter: string, asciiOnly: boolean): string {
  if (rune === delimiter) return `\\${rune}`
  const named = escapes[rune]
  if (named !== undefined) return named
  const code = rune.codePointAt(0) ?? 0
  if (code < 0x80 || !asciiOnly) if (printable.test(rune)) return rune
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
  // A lone surrogate is no character; Go has the replacement character in its place.
  if (code >= 0xd800 && code <= 0xdfff) return asciiOnly ? '\\ufffd' : '\ufffd'
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\U${code.toString(16).padStart(8, '0')}`
}

/** `"text"` with Go's escapes; `asciiOnly` escapes everything beyond ASCII. */
export function quote(text: string, asciiOnly = false): string {
  if (plain.test(text)) return `"${text}"`
  let quoted = '"'
  for (const rune of text) quoted += escapeRune(rune, '"', asciiOnly)
  return `${quoted}"`
}

/** `'r'` with Go's escapes. */
export function quoteRune(rune: string, asciiOnly = false): string {
  return `'${escapeRune(rune, "'", asciiOnly)}'`
}

/** Whether the text can stand between backquotes unchanged. */
export function canBackquote(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return !/[\u0000-\u0008\u000a-\u001f\u007f`\ufeff]/.test(text)
}

/** Whether Go prints the code point as it is. */
export function isPrintable(rune: string): boolean {
  return printable.test(rune)
}
