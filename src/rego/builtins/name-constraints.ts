/**
 * Name constraints of certificate authorities (RFC 5280 section 4.2.1.10): what they permit and exclude, read and held
 * against the names of the certificates below them with the leniences and refusals of Go's `crypto/x509`.
 */
import { DerError } from './go/der.ts'
import { parseAddress } from './go/ip.ts'
import { hostname, parseUrl, UrlError } from './go/url.ts'

/** The alternative names of a certificate that constraints can speak of. */
export interface ConstrainedNames {
  readonly dns: readonly string[]
  readonly emails: readonly string[]
  readonly urls: readonly string[]
  /** Addresses of 4 or 16 bytes. */
  readonly addresses: readonly Buffer[]
}

/** Subtrees of names; an address is followed by a mask of its size. */
export interface Subtrees {
  readonly dns: readonly string[]
  readonly emails: readonly string[]
  readonly urls: readonly string[]
  readonly ranges: readonly Buffer[]
}

export interface NameConstraints {
  readonly permitted: Subtrees
  readonly excluded: Subtrees
  /** Every base is of a kind that is compared; where not, nothing below the authority can be trusted. */
  readonly isWhole: boolean
}

/** Refuses subtrees that could not be compared with any name. Throws `DerError`. */
export function checkSubtrees({ dns, emails, urls, ranges }: Subtrees): void {
  for (const base of dns) if (!isSubtree(base)) throw new DerError(`x509: failed to parse dnsName constraint ${base}`)
  for (const base of emails)
    if (base.includes('@') ? mailboxOf(base) === undefined : !isSubtree(base))
      throw new DerError(`x509: failed to parse rfc822Name constraint ${base}`)
  for (const base of urls)
    if (parseAddress(base) !== undefined || !isSubtree(base))
      throw new DerError(`x509: failed to parse URI constraint ${base}`)
  for (const range of ranges)
    if ((range.length !== 8 && range.length !== 32) || !isMask(range.subarray(range.length / 2)))
      throw new DerError('x509: IP constraint is no address with a mask')
}

/** Ones, then zeros. */
function isMask(mask: Buffer): boolean {
  return /^1*0*$/.test([...mask].map((byte) => byte.toString(2).padStart(8, '0')).join(''))
}

function isSubtree(base: string): boolean {
  return labelsOf(base.startsWith('.') ? base.slice(1) : base) !== undefined
}

/** Whether an authority with these constraints may stand above a certificate with these names. */
export function allowsNames({ permitted, excluded }: NameConstraints, names: ConstrainedNames): boolean {
  return (
    names.dns.every((name) => labelsOf(name) !== undefined && allows(name, permitted.dns, excluded.dns, matchesName)) &&
    names.emails.every((name) => {
      const mailbox = mailboxOf(name)
      return mailbox !== undefined && allows(mailbox, permitted.emails, excluded.emails, matchesMailbox)
    }) &&
    names.urls.every((name) => {
      if (permitted.urls.length + excluded.urls.length === 0) return true
      const host = hostOf(name)
      return host !== undefined && allows(host, permitted.urls, excluded.urls, matchesName)
    }) &&
    names.addresses.every((name) => allows(name, permitted.ranges, excluded.ranges, isInRange))
  )
}

/** A name of a kind of which nothing is permitted is only asked whether it is excluded. */
function allows<Name, Base>(
  name: Name,
  permitted: readonly Base[],
  excluded: readonly Base[],
  matches: (name: Name, base: Base, isExcluded: boolean) => boolean,
): boolean {
  if (excluded.some((base) => matches(name, base, true))) return false
  return permitted.length === 0 || permitted.some((base) => matches(name, base, false))
}

/**
 * `host` and everything below it; with a dot before it only what is below. A name with a wildcard is excluded, too, where
 * one of the names that it stands for is.
 */
function matchesName(name: string, base: string, isExcluded: boolean): boolean {
  if (base === '') return true
  const below = base.startsWith('.')
  const wanted = labelsOf(below ? base.slice(1) : base)
  const labels = labelsOf(name)
  if (wanted === undefined || labels === undefined) return false
  if (isExcluded && !below && name.startsWith('*.') && wanted.length === labels.length)
    return wanted.slice(0, -1).every((label, i) => label === labels[i])
  if (labels.length < wanted.length || (below && labels.length === wanted.length)) return false
  return wanted.every((label, i) => label === labels[i])
}

function matchesMailbox(mailbox: Mailbox, base: string, isExcluded: boolean): boolean {
  if (!base.includes('@')) return matchesName(mailbox.domain, base, isExcluded)
  const wanted = mailboxOf(base)
  return (
    wanted !== undefined &&
    mailbox.local === wanted.local &&
    mailbox.domain.toLowerCase() === wanted.domain.toLowerCase()
  )
}

function isInRange(address: Buffer, range: Buffer): boolean {
  if (range.length !== address.length * 2) return false
  return address.every((byte, i) => {
    const mask = range[address.length + i] ?? 0
    return (byte & mask) === ((range[i] ?? 0) & mask)
  })
}

/** The host of a URL; undefined where it has none, or an address in its place, of which constraints say nothing. */
function hostOf(text: string): string | undefined {
  try {
    const url = parseUrl(text)
    const host = hostname(url)
    if (host === '' || parseAddress(host) !== undefined) return undefined
    return host
  } catch (cause) {
    if (cause instanceof UrlError) return undefined
    throw cause
  }
}

/** The labels of a domain from the last one, in lower case; undefined where one is empty or has other than printable characters. */
export function labelsOf(domain: string): readonly string[] | undefined {
  if (domain === '') return []
  const labels = domain.toLowerCase().split('.').reverse()
  return labels.every((label) => /^[!-~]+$/.test(label)) ? labels : undefined
}

interface Mailbox {
  readonly local: string
  readonly domain: string
}

/** `local@domain` (RFC 2821 section 4.1.2), the local part with its quotes and escapes undone. */
function mailboxOf(text: string): Mailbox | undefined {
  const found = text.startsWith('"') ? quotedPart(text) : plainPart(text)
  if (found === undefined || !found.rest.startsWith('@')) return undefined
  const domain = found.rest.slice(1)
  return labelsOf(domain) === undefined ? undefined : { local: found.local, domain }
}

const quotedPattern = /^"((?:[^"\\\t\n\r]|\\[^\n\r])*)"/

function quotedPart(text: string): { local: string; rest: string } | undefined {
  const found = quotedPattern.exec(text)
  if (found === null || text.includes('\0')) return undefined
  return { local: (found[1] ?? '').replace(/\\(.)/gs, '$1'), rest: text.slice(found[0].length) }
}

const plainPattern = /^(?:\\?[0-9A-Za-z!#$%&'*+\-/=?^_`{|}~.])+/

function plainPart(text: string): { local: string; rest: string } | undefined {
  const found = plainPattern.exec(text)
  if (found === null) return undefined
  const local = found[0].replaceAll('\\', '')
  const isDotted = local.startsWith('.') || local.endsWith('.') || local.includes('..')
  return isDotted ? undefined : { local, rest: text.slice(found[0].length) }
}
