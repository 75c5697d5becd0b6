/**
 * `net.*`: networks in CIDR notation, and host names.
 */
import { entriesOf, isObject, RegoSet, typeName, type Value } from '../value.ts'
import { type Builtin, type BuiltinContext, BuiltinError, operandTypeError } from './builtin.ts'
import {
  type Address,
  addressText,
  contains,
  fromLinear,
  lastAddress,
  linear,
  type Network,
  networksBetween,
  networkText,
  parseAddress,
  parseCidr,
} from './go/ip.ts'
import { checkElements } from './limits.ts'
import { stringOperand } from './operands.ts'

function network(value: Value): Network {
  const text = stringOperand(value, 1)
  const parsed = parseCidr(text)
  if (parsed === undefined) throw new BuiltinError(`invalid CIDR address: ${text}`)
  return parsed
}

function cidrContains(cidr: Value, inner: Value): boolean {
  const outer = network(cidr)
  const text = stringOperand(inner, 1)
  const address = parseAddress(text)
  if (address !== undefined) return contains(outer, address)
  const other = parseCidr(text)
  if (other === undefined)
    throw new BuiltinError(`not a valid textual representation of an IP address or CIDR: ${text}`)
  return contains(outer, other.base) && contains(outer, lastAddress(other))
}

function intersects(a: Value, b: Value): boolean {
  const one = network(a)
  const two = network(b)
  return contains(one, two.base) || contains(two, one.base)
}

/**
 * The CIDRs or addresses of an operand, each with what stands for it in the result: its index, key or itself. One after the other, as OPA takes them:
 * which one is wrong first decides which error there is.
 */
function* matchTerms(value: Value, position: number): Generator<readonly [cidr: Value, name: Value]> {
  const named = Array.isArray(value)
    ? value.map((term, i) => [i, term] as const)
    : value instanceof RegoSet
      ? value.sorted().map((term) => [term, term] as const)
      : isObject(value)
        ? entriesOf(value)
        : typeof value === 'string'
          ? [[value, value] as const]
          : []
  for (const [name, term] of named) {
    const cidr = Array.isArray(term) ? term[0] : term
    if (cidr === undefined || (typeof term !== 'string' && !Array.isArray(term)))
      throw new BuiltinError(`operand ${position}: element must be string or non-empty array`)
    yield [cidr, name]
  }
}

function containsMatches(context: BuiltinContext, cidrs: Value, inner: Value): RegoSet {
  const result = new RegoSet()
  for (const [cidr, name] of matchTerms(cidrs, 1)) {
    for (const [other, otherName] of matchTerms(inner, 2)) {
      context.charge(1)
      if (cidrContains(cidr, other)) result.add([name, otherName])
    }
  }
  return result
}

function expand(context: BuiltinContext, cidr: Value): RegoSet {
  const { base, prefix } = network(cidr)
  const count = 1n << BigInt(base.bits - prefix)
  checkElements(count)
  context.charge(Number(count))
  const result = new RegoSet()
  for (let i = 0n; i < count; i++) result.add(addressText({ bits: base.bits, value: base.value + i }))
  return result
}

/** A range of addresses on one line, and its text while it is still what was written. */
interface Range {
  readonly first: bigint
  readonly last: bigint
  readonly text: string | undefined
}

/** A CIDR, or an IPv4 address that stands for the network of its class (RFC 791): OPA takes it so. */
function rangeOf(term: Value): Range {
  if (typeof term !== 'string') throw new BuiltinError('element must be string')
  const address = parseAddress(term)
  if (address !== undefined && address.bits === 128) throw new BuiltinError('IPv6 invalid: needs prefix length')
  const written = address === undefined ? network(term) : classOf(address)
  const text = address === undefined ? networkText(written) : `${addressText(address)}/${written.prefix}`
  return { first: linear(written.base), last: linear(lastAddress(written)), text }
}

function classOf(address: Address): Network {
  const top = Number(address.value >> 24n)
  const prefix = top < 128 ? 8 : top < 192 ? 16 : 24
  const host = BigInt(32 - prefix)
  return { base: { bits: 32, value: (address.value >> host) << host }, prefix }
}

/** The ends of the lines of IPv4 and IPv6 addresses: nothing comes before them. */
const lowest = [0n, 0xffffn << 32n]

function merge(addresses: Value): RegoSet {
  if (!Array.isArray(addresses) && !(addresses instanceof RegoSet)) throw new BuiltinError('operand must be an array')
  const ranges = [...addresses].map(rangeOf)
  ranges.sort((a, b) =>
    a.last !== b.last ? (a.last < b.last ? -1 : 1) : a.first < b.first ? -1 : a.first > b.first ? 1 : 0,
  )
  for (let i = ranges.length - 1; i > 0; i--) {
    const upper = ranges[i] as Range
    const lower = ranges[i - 1] as Range
    const before = lowest.includes(upper.first) ? upper.first : upper.first - 1n
    if (before > lower.last) continue
    const [first] = lower.first < upper.first ? [lower.first] : [upper.first]
    ranges.splice(i - 1, 2, { first, last: upper.last, text: undefined })
  }
  const result = new RegoSet()
  for (const { first, last, text } of ranges) {
    if (text !== undefined) result.add(text)
    else for (const part of networksBetween(...sameKind(first, last))) result.add(networkText(part))
  }
  return result
}

/** A range that reaches beyond the mapped addresses is one of IPv6. */
function sameKind(first: bigint, last: bigint): [Address, Address] {
  const one = fromLinear(first)
  const two = fromLinear(last)
  if (one.bits === two.bits) return [one, two]
  return [
    { bits: 128, value: first },
    { bits: 128, value: last },
  ]
}

/** All addresses of a host. Literals and `localhost` need no look-up. */
function lookupAddresses(context: BuiltinContext, value: Value): RegoSet {
  const host = stringOperand(value, 1)
  const literal = parseAddress(host)
  if (literal !== undefined) return RegoSet.from([addressText(literal)])
  if (host === 'localhost') return RegoSet.from(['127.0.0.1', '::1'])
  const { lookup } = context.ports
  if (lookup === undefined) throw new BuiltinError(`lookup ${host}: there is no resolver`)
  const found = context.wait(`net.lookup_ip_addr:${host}`, async () => [...(await lookup(host))])
  if (!Array.isArray(found)) throw operandTypeError(1, typeName(found), ['array'])
  return RegoSet.from(found)
}

export const net: Record<string, Builtin> = {
  'net.cidr_contains': { run: (_, cidr, inner) => cidrContains(cidr, inner) },
  'net.cidr_overlap': { run: (_, cidr, inner) => cidrContains(cidr, inner) },
  'net.cidr_intersects': { run: (_, a, b) => intersects(a, b) },
  'net.cidr_contains_matches': { run: (context, cidrs, inner) => containsMatches(context, cidrs, inner) },
  'net.cidr_expand': { run: (context, cidr) => expand(context, cidr) },
  'net.cidr_is_valid': { run: (_, cidr) => typeof cidr === 'string' && parseCidr(cidr) !== undefined },
  'net.cidr_merge': { run: (_, addresses) => merge(addresses) },
  'net.lookup_ip_addr': { nondeterministic: true, run: (context, host) => lookupAddresses(context, host) },
}
