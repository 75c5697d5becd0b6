/**
 * IP addresses and networks as numbers, read and written as Go's `net` does. An IPv4 address that is written as IPv6 (`::ffff:1.2.3.4`) is an IPv4 address.
 */
import { isIPv4, isIPv6 } from 'node:net'

export interface Address {
  /** 32 or 128. */
  readonly bits: number
  readonly value: bigint
}

/** All addresses whose first `prefix` bits are those of `base`, whose other bits are zero. */
export interface Network {
  readonly base: Address
  readonly prefix: number
}

const mapped = 0xffffn << 32n

/** The address, or undefined when the text is none. Zones (`%eth0`) are not taken. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: fromParts(text.split('.').map(Number), 8) }
  if (!isIPv6(text) || text.includes('%')) return undefined
  const value = parse6(text)
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value }
}

function fromParts(parts: readonly number[], bits: number): bigint {
  return parts.reduce((value, part) => (value << BigInt(bits)) | BigInt(part), 0n)
}

/** `text` is known to be IPv6. */
function parse6(text: string): bigint {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const tail = embedded === null ? '' : (embedded[2] as string).split('.')
  const [a = 0, b = 0, c = 0, d = 0] = Array.from(tail, Number)
  const hex = embedded === null ? text : `${embedded[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  const [head = '', rest] = hex.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const before = groups(head)
  const after = rest === undefined ? [] : groups(rest)
  return fromParts([...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after], 16)
}

/** `address/prefix`, or undefined when the text is none. */
export function parseCidr(text: string): Network | undefined {
  const [host = '', size = '', ...more] = text.split('/')
  if (more.length > 0 || !/^\d{1,6}$/.test(size)) return undefined
  const address = parseAddress(host)
  // The prefix counts from the left of what is written, so a mapped IPv4 address has 96 bits before its own.
  const written = host.includes(':') ? 128 : 32
  if (address === undefined || Number(size) > written) return undefined
  const prefix = Math.max(0, Number(size) - (written - address.bits))
  return networkOf(address, prefix)
}

export function networkOf(address: Address, prefix: number): Network {
  const host = BigInt(address.bits - prefix)
  return { base: { bits: address.bits, value: (address.value >> host) << host }, prefix }
}

export function lastAddress({ base, prefix }: Network): Address {
  return { bits: base.bits, value: base.value | ((1n << BigInt(base.bits - prefix)) - 1n) }
}

export function contains({ base, prefix }: Network, address: Address): boolean {
  const host = BigInt(base.bits - prefix)
  return base.bits === address.bits && base.value >> host === address.value >> host
}

/** Addresses of both kinds on one line: IPv4 at its place among the mapped ones. */
export function linear({ bits, value }: Address): bigint {
  return bits === 32 ? mapped | value : value
}

export function fromLinear(value: bigint): Address {
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value }
}

/** RFC 5952 for IPv6. */
export function addressText({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - i * 16)) & 0xffffn).toString(16))
  const { start, length } = longestZeros(groups)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === '0') length += 1
    if (length > best.length) best = { start, length }
  }
  return best
}

export function networkText({ base, prefix }: Network): string {
  return `${addressText(base)}/${prefix}`
}

/** The fewest networks that hold exactly the addresses from `first` to `last`, which are of one kind. */
export function networksBetween(first: Address, last: Address): Network[] {
  const networks: Network[] = []
  let { value } = first
  while (value <= last.value) {
    let host = 0
    while (
      host < first.bits &&
      value % (1n << BigInt(host + 1)) === 0n &&
      value + (1n << BigInt(host + 1)) - 1n <= last.value
    )
      host += 1
    networks.push({ base: { bits: first.bits, value }, prefix: first.bits - host })
    value += 1n << BigInt(host)
  }
  return networks
}
