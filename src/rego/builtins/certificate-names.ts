/**
 * The names in the extensions of certificates (RFC 5280 sections 4.2.1.6 and 4.2.1.10): alternative names and the subtrees that an
 * authority permits or excludes. What Go's `crypto/x509` refuses to read throws `DerError` or `UrlError`.
 */
import { children, DerError, type Element, readAll, readElement } from './go/der.ts'
import { addressText } from './go/ip.ts'
import { parseUrl } from './go/url.ts'
import {
  type ConstrainedNames,
  checkSubtrees,
  labelsOf,
  type NameConstraints,
  type Subtrees,
} from './name-constraints.ts'

/** The subject alternative names by kind (RFC 5280 section 4.2.1.6). */
export function alternativeNames(value: Buffer | undefined): ConstrainedNames {
  const names = { dns: [] as string[], emails: [] as string[], urls: [] as string[], addresses: [] as Buffer[] }
  if (value === undefined) return names
  for (const { tag, content } of children(readElement(value).element)) {
    if (tag === 0x81) names.emails.push(ascii(content))
    else if (tag === 0x82) names.dns.push(ascii(content))
    else if (tag === 0x86) names.urls.push(readUrl(ascii(content)))
    else if (tag === 0x87) {
      if (content.length !== 4 && content.length !== 16)
        throw new DerError(`x509: cannot parse IP address of length ${content.length}`)
      names.addresses.push(content)
    }
  }
  return names
}

function ascii(content: Buffer): string {
  if (content.some((byte) => byte > 0x7f)) throw new DerError('x509: SAN is malformed')
  return content.toString('latin1')
}

function readUrl(text: string): string {
  const { host } = parseUrl(text)
  if (host !== '' && labelsOf(host) === undefined) throw new DerError('x509: cannot parse URI: invalid domain')
  return text
}

/** An address of 4 or 16 bytes as text. */
export function addressOf(content: Buffer): string {
  return addressText({ bits: content.length * 8, value: BigInt(`0x${content.toString('hex')}`) })
}

/** Tags of the names that are read: e-mail, DNS, URI, address (RFC 5280 section 4.2.1.6). */
const comparedTags = new Set([0x81, 0x82, 0x86, 0x87])

/** Name constraints (RFC 5280 section 4.2.1.10). Bases of kinds that are not compared are left out. */
export function nameConstraints(value: Buffer): NameConstraints {
  const trees = children(readElement(value).element)
  const isKnown = trees.every(({ tag, content }) => (tag === 0xa0 || tag === 0xa1) && content.length > 0)
  if (trees.length === 0 || !isKnown) throw new DerError('x509: invalid NameConstraints extension')
  const isWhole = trees.every(({ content }) =>
    readAll(content).every((tree) => comparedTags.has(children(tree)[0]?.tag ?? 0)),
  )
  return { permitted: subtrees(trees, 0xa0), excluded: subtrees(trees, 0xa1), isWhole }
}

function subtrees(trees: readonly Element[], side: number): Subtrees {
  const bases = trees
    .filter(({ tag }) => tag === side)
    .flatMap((tree) => children(tree, side))
    .map((tree) => {
      const [base] = children(tree)
      if (base === undefined) throw new DerError('x509: invalid NameConstraints extension')
      return base
    })
  const texts = (tag: number) => bases.filter((base) => base.tag === tag).map(({ content }) => ascii(content))
  const ranges = bases.filter(({ tag }) => tag === 0x87).map(({ content }) => content)
  const found = { dns: texts(0x82), emails: texts(0x81), urls: texts(0x86), ranges }
  checkSubtrees(found)
  return found
}
