/**
 * Strings by Unicode code point, as Go counts runes. Most strings have no surrogate pairs, and for those every answer is JavaScript's own.
 */

const surrogate = /[\ud800-\udbff][\udc00-\udfff]/

/** Whether code points and UTF-16 units differ for this string. */
export function hasPairs(text: string): boolean {
  return surrogate.test(text)
}

export function codePointCount(text: string): number {
  let pairs = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0xd800 && unit <= 0xdbff && i + 1 < text.length) {
      const next = text.charCodeAt(i + 1)
      if (next >= 0xdc00 && next <= 0xdfff) {
        pairs += 1
        i += 1
      }
    }
  }
  return text.length - pairs
}

/** How many bytes the text has in UTF-8. */
export function byteCount(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

/** The code points from `start` up to `end`, exclusive; positions past the end are the end. */
export function sliceCodePoints(text: string, start: number, end: number): string {
  if (!hasPairs(text)) return text.slice(start, end)
  return [...text].slice(start, end).join('')
}

/** The position in code points of a position in UTF-16 units. */
export function codePointIndex(text: string, unitIndex: number): number {
  return codePointCount(text.slice(0, unitIndex))
}
