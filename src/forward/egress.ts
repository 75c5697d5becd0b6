/**
 * The way out: connections to configured hosts only, to addresses that are looked at after DNS (so that a name cannot be
 * pointed at the house itself or at a cloud's metadata service), with TLS 1.2 or later, HTTP/1.1, and no proxy.
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction, type Socket } from 'node:net'
import { buildConnector } from 'undici'

/** All addresses of a name, or an error. */
export type Lookup = (
  hostname: string,
  options: { readonly all: true; readonly family: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export const systemLookup: Lookup = (hostname, options, callback) => {
  dnsLookup(hostname, { all: true, family: options.family }, callback)
}

/** All addresses of a host name by the system's resolver. Rejects with its error. */
export function addressesOf(host: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    systemLookup(host, { all: true, family: 0 }, (error, addresses) => {
      if (error === null) resolve(addresses.map(({ address }) => address))
      else reject(error)
    })
  })
}

/** The address that a name led to is not allowed. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused'
  readonly code = 'EGRESS_REFUSED'
}

/**
 * What a name must not lead to: this machine, the local link (where clouds keep 169.254.169.254), nowhere, everybody. Private
 * networks are not among them: that is where enterprise services live.
 */
const refused = makeRefused()

function makeRefused(): BlockList {
  const list = new BlockList()
  list.addSubnet('0.0.0.0', 8, 'ipv4')
  list.addSubnet('127.0.0.0', 8, 'ipv4')
  list.addSubnet('169.254.0.0', 16, 'ipv4')
  list.addSubnet('224.0.0.0', 4, 'ipv4')
  list.addAddress('255.255.255.255', 'ipv4')
  // Metadata services outside the local link: Alibaba Cloud's, Azure's wire server, Oracle's older one.
  list.addAddress('100.100.100.200', 'ipv4')
  list.addAddress('168.63.129.16', 'ipv4')
  list.addAddress('192.0.0.192', 'ipv4')
  list.addAddress('::', 'ipv6')
  list.addAddress('::1', 'ipv6')
  list.addSubnet('fe80::', 10, 'ipv6')
  list.addSubnet('ff00::', 8, 'ipv6')
  list.addAddress('fd00:ec2::254', 'ipv6')
  // IPv4 inside IPv6: deprecated compatible (RFC 4291), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380). A
  // name never needs them, and each hides an address of the first lines. Mapped addresses are matched by BlockList itself.
  list.addSubnet('::', 96, 'ipv6')
  list.addSubnet('64:ff9b::', 96, 'ipv6')
  list.addSubnet('64:ff9b:1::', 48, 'ipv6')
  list.addSubnet('2002::', 16, 'ipv6')
  list.addSubnet('2001::', 32, 'ipv6')
  return list
}

/** Whether DNS may lead to `address`. */
export function isAllowedAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 0) return false
  return !refused.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** `localhost` is a literal with letters (RFC 6761 section 6.3): who configures it means this machine. */
function isLocalName(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost')
}

export interface EgressOptions {
  readonly connectMsMax: number
  /** PEM of the authorities to trust instead of the system's. */
  readonly authorities?: string | undefined
  /** PEM of the certificate that proves us, with its chain, and of its key. */
  readonly certificate?: string | undefined
  readonly key?: string | undefined
}

/**
 * A connector for undici. An origin that is an IP literal, or `localhost`, is taken as configured; any other name is resolved
 * here, every address is checked, and exactly those addresses are connected to: nothing is resolved a second time.
 */
export function makeConnector(options: EgressOptions, lookup: Lookup, onread?: OnRead): buildConnector.connector {
  return buildConnector({
    ...(onread === undefined ? {} : { onread: onread as never }),
    timeout: options.connectMsMax,
    allowH2: false,
    minVersion: 'TLSv1.2',
    lookup: guardedLookup(lookup) as never,
    ...(options.authorities === undefined ? {} : { ca: options.authorities }),
    ...(options.certificate === undefined ? {} : { cert: options.certificate }),
    ...(options.key === undefined ? {} : { key: options.key }),
  })
}

/** What a socket reads into and who is told: `this` is the socket. The buffer is written over by the next read. */
export interface OnRead {
  readonly buffer: Uint8Array
  readonly callback: (this: Socket, bytes: number) => boolean
}

/** Connects once, to an origin: calls back with a socket that is ready, TLS included, or with why there is none. */
export type Connect = (
  callback: (...result: [error: null, socket: Socket] | [error: Error, socket: null]) => void,
) => void

/** As `makeConnector`, for connections to one upstream that read into a buffer of ours. */
export function makeConnect(
  upstream: EgressOptions & { readonly origin: string },
  lookup: Lookup,
  onread: OnRead,
): Connect {
  const { host, hostname, protocol, port } = new URL(upstream.origin)
  const connector = makeConnector(upstream, lookup, onread)
  const address = { host, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), protocol, port }
  return (callback) => connector(address, callback)
}

/** For `net.connect` and `tls.connect`: gives no address that a name must not lead to. */
export function guardedLookup(lookup: Lookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    const family =
      options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 || options.family === 'IPv6' ? 6 : 0
    lookup(hostname, { all: true, family }, (error, addresses) => {
      if (error !== null) {
        callback(error, '')
        return
      }
      const first = addresses[0]
      const bad = isLocalName(hostname) ? undefined : addresses.find(({ address }) => !isAllowedAddress(address))
      if (bad !== undefined)
        callback(new EgressRefused(`\`${hostname}\` leads to \`${bad.address}\`, which is not allowed`), '')
      else if (first === undefined) callback(new Error(`\`${hostname}\` has no address`), '')
      else if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

/** For clients that resolve names themselves. Rejects when an address of `host` is not allowed, or there is none. */
export function checkHost(host: string, lookup: Lookup = systemLookup): Promise<void> {
  // As configured: nothing is looked up.
  if (isIP(host) !== 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    guardedLookup(lookup)(host, { all: true }, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}
