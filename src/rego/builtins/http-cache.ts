/**
 * Replies that `http.send` keeps beyond one evaluation, as OPA's inter-query cache does: for the time that their headers or the policy
 * give them, then asked for again with their validators (RFC 9111 section 4.3, as far as OPA follows it).
 */
import { LRUCache } from 'lru-cache'
import type { PlainObject } from '../value.ts'
import type { BuiltinContext, HttpReply } from './builtin.ts'
import type { Caching } from './http-request.ts'

/** Bytes of all replies that one prepared query keeps; the one unused longest leaves first. OPA has no limit by default. */
const keptBytesMax = 16 * 1024 * 1024

/** Bytes of one reply that is kept: a larger one would push out all others. */
const replyBytesMax = keptBytesMax / 8

/** What an entry takes besides its body, key and headers, in bytes. */
const entryBytes = 200

export interface KeptReply {
  readonly reply: HttpReply
  /** Nanoseconds since 1970; 0 where nothing says how long the reply is good. */
  readonly expiresNs: bigint
  /** The reply as a value, where that is kept, too. */
  readonly value?: PlainObject
}

/** The replies by `Caching.key`. */
export type ReplyCache = LRUCache<string, KeptReply>

const cacheKey = 'http.send:replies'

/** The replies that the prepared query of this evaluation keeps. */
export function replyCache({ cache }: BuiltinContext): ReplyCache {
  const known = cache.get(cacheKey)
  if (known instanceof LRUCache) return known
  const made: ReplyCache = new LRUCache({
    maxSize: keptBytesMax,
    maxEntrySize: replyBytesMax,
    sizeCalculation: ({ reply }, key) => entryBytes + reply.body.length + 2 * (key.length + headerLength(reply)),
  })
  cache.set(cacheKey, made)
  return made
}

function headerLength({ headers }: HttpReply): number {
  return Object.entries(headers).reduce((sum, [name, values]) => sum + name.length + values.join('').length, 0)
}

/** The statuses of which replies are kept (RFC 9110 section 15.1, in OPA's selection). */
const keptStatuses = new Set([200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501])

/** When a reply stops being good; undefined where it must not be kept. */
export function expiryOf(reply: HttpReply, caching: Caching, nowNs: bigint): bigint | undefined {
  if (!keptStatuses.has(reply.status)) return undefined
  if (caching.forcedSeconds !== undefined) return nowNs + BigInt(caching.forcedSeconds) * 1_000_000_000n
  return directivesOf(reply).has('no-store') ? undefined : expiryByHeaders(reply)
}

/** By `max-age` from the reply's `Date` on, else by `Expires`; undefined where these cannot be read. */
function expiryByHeaders(reply: HttpReply): bigint | undefined {
  const written = directivesOf(reply).get('max-age')
  if (written === undefined) return httpDate(header(reply, 'expires')) ?? 0n
  const date = httpDate(header(reply, 'date'))
  if (date === undefined || !/^\d+$/.test(written)) return undefined
  return date + BigInt(Math.min(Number(written), 2 ** 31 - 1)) * 1_000_000_000n
}

function header(reply: HttpReply, name: string): string {
  return reply.headers[name]?.[0] ?? ''
}

/** `Cache-Control` (RFC 9111 section 5.2). */
function directivesOf(reply: HttpReply): ReadonlyMap<string, string> {
  const parts = header(reply, 'cache-control').split(',')
  return new Map(
    parts.flatMap((part) => {
      const [name = '', value = ''] = part.split('=', 2)
      return name.trim() === '' ? [] : [[name.trim(), value.trim()]]
    }),
  )
}

const datePatterns = [
  // RFC 9110 section 5.6.7: the one form that is written, and two that are still read.
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
]

/** Nanoseconds since 1970 of a date as HTTP writes it. */
function httpDate(text: string): bigint | undefined {
  if (!datePatterns.some((pattern) => pattern.test(text))) return undefined
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n
}

/** The headers that ask whether a kept reply is still what would be sent; undefined where it has no validator. */
export function validatorsOf(reply: HttpReply): Readonly<Record<string, string>> | undefined {
  const tag = header(reply, 'etag')
  const modified = header(reply, 'last-modified')
  if (tag === '' && modified === '') return undefined
  return {
    ...(tag === '' ? {} : { 'if-none-match': tag }),
    ...(modified === '' ? {} : { 'if-modified-since': modified }),
  }
}

/** A kept reply with the headers of the 304 that confirmed it (RFC 9111 section 4.3.4), and for how long it is good now. */
export function refreshed(
  kept: HttpReply,
  confirmation: HttpReply,
  caching: Caching,
  nowNs: bigint,
): KeptReply | undefined {
  const reply = { ...kept, headers: { ...kept.headers, ...confirmation.headers } }
  const expiresNs =
    caching.forcedSeconds === undefined
      ? expiryByHeaders(confirmation)
      : nowNs + BigInt(caching.forcedSeconds) * 1_000_000_000n
  return expiresNs === undefined ? undefined : { reply, expiresNs }
}
