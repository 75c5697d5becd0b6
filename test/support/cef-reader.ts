/** Reads a CEF line back, by the words of the format's description alone: the header's fields and the pairs, unescaped. */

export interface CefEvent {
  /** Version, vendor, product, product's version, signature id, name, severity. */
  readonly header: readonly string[]
  readonly pairs: ReadonlyMap<string, string>
}

const headerFields = 7

/** Throws an error when the line is not well-formed. */
export function readCef(line: string): CefEvent {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(line)) throw new Error('a control character or an end of line in the line')
  if (!line.startsWith('CEF:')) throw new Error('no CEF')
  const header: string[] = []
  let at = 'CEF:'.length
  for (let field = ''; header.length < headerFields; at++) {
    const character = line[at]
    if (character === undefined) throw new Error('the header does not end')
    if (character === '\\') {
      const next = line[++at]
      if (next !== '\\' && next !== '|') throw new Error(`\\${next} in the header`)
      field += next
    } else if (character === '|') {
      header.push(field)
      field = ''
    } else field += character
  }
  return { header, pairs: readPairs(line.slice(at)) }
}

/** A key begins after a space or at the beginning and ends in the first `=` that is not escaped. */
function readPairs(text: string): Map<string, string> {
  const equals: number[] = []
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '=') equals.push(at)
  }
  const pairs = new Map<string, string>()
  equals.forEach((place, index) => {
    const keyAt = index === 0 ? 0 : text.lastIndexOf(' ', place) + 1
    const next = equals[index + 1]
    const end = next === undefined ? text.length : text.lastIndexOf(' ', next)
    const key = text.slice(keyAt, place)
    if (!/^[A-Za-z0-9]+$/.test(key)) throw new Error(`\`${key}\` is no key`)
    if (pairs.has(key)) throw new Error(`\`${key}\` comes twice`)
    pairs.set(key, unescaped(text.slice(place + 1, end)))
  })
  return pairs
}

const escapes: { readonly [character: string]: string } = { '\\': '\\', '=': '=', n: '\n', r: '\r' }

function unescaped(value: string): string {
  return value.replaceAll(/\\(.?)/g, (_, character: string) => {
    const plain = escapes[character]
    if (plain === undefined) throw new Error(`\\${character} in a value`)
    return plain
  })
}
