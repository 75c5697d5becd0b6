/**
 * jose's `jwtVerify` is the oracle: whatever it refuses under the same settings we refuse, and what we refuse beyond that is
 * said here by name. Tokens are made from a seed that is printed when a case fails.
 */
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { randomFrom } from '../../support/random.ts'
import { encode, goodClaims, issuerName, makePair, nowS, openWorld, sign } from './world.ts'

const pair = await makePair('k1')
const rsa = await makePair('k2', 'RS256')
const stranger = await makePair('k1')
const keys = createLocalJWKSet({ keys: [pair.jwk, rsa.jwk] })

const values: { [claim: string]: readonly unknown[] } = {
  iss: [issuerName, issuerName, issuerName, 'https://evil.test', undefined, 7, `${issuerName}/`],
  aud: ['gatehouse', 'gatehouse', ['x', 'gatehouse'], 'other', [], undefined, ['other']],
  exp: [nowS + 600, nowS + 600, nowS - 9, nowS - 10, nowS - 11, undefined, 'x', nowS + 600.5, 0],
  nbf: [nowS - 60, nowS, nowS + 10, nowS + 11, undefined, 'x'],
  iat: [nowS - 60, nowS - 3600, nowS - 3611, nowS - 3609, nowS + 10, nowS + 11, undefined],
  sub: ['user-7', 'user-7', undefined],
}
const headers: readonly { [name: string]: unknown }[] = [
  {},
  {},
  {},
  { typ: 'AT+JWT' },
  { typ: 'application/at+jwt' },
  { typ: 'JWT' },
  { typ: undefined },
  { kid: undefined },
  { kid: 'k9' },
  { kid: 'k2' },
]

async function oracle(token: string): Promise<JWTPayload | string> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuerName,
      audience: 'gatehouse',
      algorithms: ['ES256', 'RS256'],
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'sub', 'aud'],
      clockTolerance: 10,
      maxTokenAge: 3600,
      currentDate: new Date(nowS * 1000),
    })
    return payload
  } catch (cause) {
    if (cause instanceof errors.JOSEError) return cause.code
    throw cause
  }
}

describe('jose', () => {
  const seed = Number(process.env.GATEHOUSE_SEED ?? 20_260_302)

  it(`accepts and refuses the same tokens as we do (seed ${seed})`, async () => {
    const random = randomFrom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const world = openWorld([pair.jwk, rsa.jwk])
    let accepted = 0
    for (let round = 0; round < 1500; round++) {
      const claims = goodClaims()
      // One to two changes: with more, hardly a token would be good.
      for (let change = 0; change < 1 + Math.floor(random() * 2); change++) {
        const name = pick(Object.keys(values))
        claims[name] = pick(values[name] as readonly unknown[])
      }
      claims.jti = `r-${round}`
      const signer = pick([pair, pair, pair, rsa, stranger])
      let token = await sign(signer, claims, random() < 0.3 ? pick(headers) : {})
      const mutation = random()
      if (mutation < 0.1) {
        const at = Math.floor(random() * token.length)
        token = `${token.slice(0, at)}${pick(['A', 'b', '.', '_', '=', ''])}${token.slice(at + 1)}`
      } else if (mutation < 0.15) {
        token = `${encode({ alg: pick(['none', 'HS256', 'ES384', 'es256']), typ: 'at+jwt' })}.${token.split('.').slice(1).join('.')}`
      }
      const [theirs, ours] = [await oracle(token), await world.outcome(token)]
      const note = `seed ${seed}, round ${round}: jose ${JSON.stringify(theirs)}, ours ${ours}, ${token}`
      if (typeof theirs === 'string') expect(ours, note).toMatch(/^(token_|keys_)/)
      else expect(ours, note).toBe('buyer')
      if (ours === 'buyer') accepted++
    }
    // The comparison is worth something only when both sides occur.
    expect(accepted).toBeGreaterThan(200)
    expect(accepted).toBeLessThan(1300)
  })
})
