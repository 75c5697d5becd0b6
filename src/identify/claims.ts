/**
 * The registered claims of an access token (RFC 7519 section 4.1, RFC 9068 section 4, RFC 8725bis) against the settings of
 * its issuer. All of it is cheap and comes before the signature is checked, so that junk costs no cryptography.
 */
import { Fault, type Issuer, type Json, property } from '../model/index.ts'
import { quoted } from './quoted.ts'
import type { Token } from './token.ts'

/** Milliseconds since 1970 within which a token holds, without any skew. */
export interface Validity {
  readonly fromMs: number
  /** The earlier of `exp` and the issuer's greatest age. */
  readonly untilMs: number
}

/**
 * Faults: `token_algorithm`, `token_type`, `token_audience`, `token_expired`, `token_not_yet_valid`, `token_too_old`,
 * `token_bound`, `token_claims`. `exp`, `iat`, `aud` and `sub` must be there.
 */
export function checkClaims(token: Token, issuer: Issuer, nowMs: number): Validity {
  const { claims } = token
  if (!issuer.algorithms.includes(token.algorithm))
    throw new Fault('token_algorithm', `\`alg\` is ${quoted(token.algorithm)}, not ${issuer.algorithms.join(', ')}`)
  if (!issuer.types.includes(token.type ?? 'none'))
    throw new Fault('token_type', `\`typ\` is ${quoted(token.type ?? 'none')}, not ${issuer.types.join(', ')}`)
  const audience = audienceOf(property(claims, 'aud'))
  if (!audience.some((name) => issuer.audiences.includes(name)))
    throw new Fault('token_audience', `\`aud\` is ${quoted(audience.join(' '))}, not ${issuer.audiences.join(', ')}`)
  // RFC 7800 section 3.1: such a token is good only with a proof of its key.
  if (property(claims, 'cnf') !== undefined) throw new Fault('token_bound', 'the token has `cnf`')
  return checkTimes(token, issuer, nowMs)
}

function checkTimes({ claims }: Token, issuer: Issuer, nowMs: number): Validity {
  const skewMs = issuer.skewS * 1000
  const expiryMs = dateOf('exp', property(claims, 'exp'))
  const issuedMs = dateOf('iat', property(claims, 'iat'))
  const begins = property(claims, 'nbf')
  const fromMs = begins === undefined ? issuedMs : Math.max(issuedMs, dateOf('nbf', begins))
  if (nowMs >= expiryMs + skewMs) throw new Fault('token_expired', `\`exp\` was ${secondsText(nowMs - expiryMs)} ago`)
  if (nowMs < fromMs - skewMs)
    throw new Fault('token_not_yet_valid', `\`nbf\` or \`iat\` is ${secondsText(fromMs - nowMs)} ahead`)
  const oldMs = issuedMs + issuer.ageSMax * 1000
  if (nowMs > oldMs + skewMs)
    throw new Fault('token_too_old', `\`iat\` was ${secondsText(nowMs - issuedMs)} ago, more than ${issuer.ageSMax} s`)
  return { fromMs, untilMs: Math.min(expiryMs, oldMs) }
}

/** `aud` as a list (RFC 7519 section 4.1.3). Fault: `token_claims`. */
export function audienceOf(aud: Json | undefined): readonly string[] {
  const list = typeof aud === 'string' ? [aud] : aud
  if (Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === 'string')) return list
  throw new Fault('token_claims', '`aud` is not text or a list of texts')
}

/** A NumericDate (RFC 7519 section 2) in milliseconds. Fault: `token_claims`. */
function dateOf(name: string, value: Json | undefined): number {
  // 9999-12-31: beyond it the number is a mistake of units, and sums with it would lose precision.
  if (typeof value === 'number' && value >= 0 && value < 253_402_300_800) return value * 1000
  const what = value === undefined ? 'is missing' : 'is not a date in seconds'
  throw new Fault('token_claims', `\`${name}\` ${what}`)
}

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
