/**
 * Percent-encoding (RFC 3986 section 2.1), read strictly: two hexadecimal digits after each `%`, and the bytes must be
 * UTF-8. What JavaScript's own decoder forgives (nothing much) and what servers forgive (a lot) is refused alike.
 */

/** The value of a hexadecimal digit's char code, or -1. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** `text` with every `%XX` decoded, or undefined when an escape is broken or the bytes are not UTF-8 (overlong included). */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    // decodeURIComponent refuses a broken escape, overlong forms, surrogates and bytes beyond U+10FFFF (ECMA-262 19.2.6.5).
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
