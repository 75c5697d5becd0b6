/**
 * `uuid.*` (RFC 9562): random UUIDs, and what stands in one.
 */
import type { PlainObject, Value } from '../value.ts'
import type { Builtin, BuiltinContext } from './builtin.ts'
import { fromBigInt } from './integers.ts'
import { stringOperand } from './operands.ts'

function dashed(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** One UUID for each key during an evaluation. */
function random(context: BuiltinContext, key: Value): string {
  const known = `uuid.rfc4122:${stringOperand(key, 1)}`
  const before = context.session.get(known)
  if (before !== undefined) return before as string
  const bytes = Uint8Array.from(context.random(16))
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const uuid = dashed(bytes)
  context.session.set(known, uuid)
  return uuid
}

/** The 16 bytes of a UUID: plain, without dashes, in braces or as a URN. */
function bytesOf(text: string): Buffer | undefined {
  const plain =
    text.length === 45 && /^urn:uuid:/i.test(text) ? text.slice(9) : text.length === 38 ? text.slice(1, 37) : text
  const shape =
    text.length === 32 ? /^[0-9a-f]{32}$/i : /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
  return shape.test(plain) ? Buffer.from(plain.replaceAll('-', ''), 'hex') : undefined
}

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122'
  if ((byte & 0xe0) === 0xc0) return 'Microsoft'
  return (byte & 0xe0) === 0xe0 ? 'Future' : 'Reserved'
}

/** Between 1582-10-15, where the time of a UUID begins, and 1970, in steps of 100 ns. */
const gregorianOffset = 122_192_928_000_000_000n

function timeOf(bytes: Buffer): bigint {
  const time =
    BigInt(bytes.readUInt32BE(0)) |
    (BigInt(bytes.readUInt16BE(4)) << 32n) |
    (BigInt(bytes.readUInt16BE(6) & 0xfff) << 48n)
  return BigInt.asIntN(64, (time - gregorianOffset) * 100n)
}

function macVariables(byte: number): string {
  return `${(byte & 2) === 2 ? 'local' : 'global'}:${(byte & 1) === 1 ? 'multicast' : 'unicast'}`
}

function parse(text: string): PlainObject | undefined {
  const bytes = bytesOf(text)
  if (bytes === undefined) return undefined
  const version = (bytes[6] as number) >> 4
  const variant = variantOf(bytes[8] as number)
  if (version !== 1 && version !== 2) return { version, variant }
  const node = bytes.subarray(10)
  const timed = {
    version,
    variant,
    time: fromBigInt(timeOf(bytes)),
    nodeid: (node.toString('hex').match(/../g) ?? []).join('-'),
    macvariables: macVariables(node[0] as number),
    clocksequence: bytes.readUInt16BE(8) & 0x3fff,
  }
  if (version === 1) return timed
  const domain = bytes[9] as number
  return { ...timed, id: bytes.readUInt32BE(0), domain: ['Person', 'Group', 'Org'][domain] ?? `Domain${domain}` }
}

export const uuid: Record<string, Builtin> = {
  'uuid.rfc4122': { nondeterministic: true, run: (context, key) => random(context, key) },
  'uuid.parse': { run: (_, text) => parse(stringOperand(text, 1)) },
}
