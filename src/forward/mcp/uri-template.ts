/** Whether a URI may come from a template (RFC 6570), to find the server that a resource is of. It decides nothing else. */

/** Expressions of one template: beyond them it is no address of a resource. */
const expressionsMax = 32
/** Operators of RFC 6570 level 2 to 4 whose values may hold `/` and other reserved characters, or begin with their own sign. */
const reserved = '+#./;?&'

/**
 * Literals must stand in order; between them anything may stand that the expression there allows. Linear in the length of both: no
 * regular expression is made of what a server sent.
 */
export function matchesTemplate(template: string, uri: string): boolean {
  const pieces = template.split(/\{([^{}]*)\}/)
  if (pieces.length > 2 * expressionsMax + 1) return false
  const [first = ''] = pieces
  if (!uri.startsWith(first)) return false
  let at = first.length
  for (let index = 1; index < pieces.length; index += 2) {
    const expression = pieces[index] ?? ''
    const literal = pieces[index + 1] ?? ''
    const isLast = index + 2 >= pieces.length
    const found =
      literal === '' && isLast ? uri.length : isLast ? uri.length - literal.length : uri.indexOf(literal, at)
    if (found < at || !uri.startsWith(literal, found)) return false
    const value = uri.slice(at, found)
    const open = reserved.includes(expression[0] ?? '')
    if (!open && (value === '' || value.includes('/'))) return false
    at = found + literal.length
  }
  return at === uri.length
}
