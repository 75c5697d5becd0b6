/** A remembered token answers at once, by its whole text, and never longer than it is valid. */
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/index.ts'
import { callWith, goodClaims, issuerSettings, makePair, nowS, openWorld, sign, startMs } from './world.ts'

const pair = await makePair('k1')

describe('a token that was verified', () => {
  it('is answered without a promise, with the same principal', async () => {
    const world = openWorld([pair.jwk])
    const header = `Bearer ${await sign(pair)}`
    const first = await world.identify(header)
    const second = world.identifier.identify(callWith(header))
    expect(second).toBe(first)
  })

  it('is verified once however many calls bring it at the same time', async () => {
    const world = openWorld([pair.jwk])
    const header = `Bearer ${await sign(pair)}`
    const principals = await Promise.all(Array.from({ length: 50 }, () => world.identify(header)))
    expect(new Set(principals).size).toBe(1)
  })

  it('is not recognised by a part of it', async () => {
    const world = openWorld([pair.jwk])
    const token = await sign(pair)
    await world.outcome(token)
    const [header = '', claims = '', signature = ''] = token.split('.')
    const other = `${signature.slice(0, -2)}${signature.endsWith('AA') ? 'BA' : 'AA'}`
    expect(await world.outcome(`${header}.${claims}.${other}`)).toMatch(/^token_/)
  })

  it.each([
    { note: 'before it expires', atS: nowS + 599, wanted: 'buyer' },
    { note: 'in the skew, verified again', atS: nowS + 605, wanted: 'buyer' },
    { note: 'after it has expired', atS: nowS + 610, wanted: 'token_expired' },
    { note: 'when the clock was set back before it began', atS: nowS - 71, wanted: 'token_not_yet_valid' },
  ])('is judged by the clock of each call: $note', async ({ atS, wanted }) => {
    const world = openWorld([pair.jwk])
    const header = `Bearer ${await sign(pair)}`
    await world.identify(header)
    const outcome = async (): Promise<unknown> => {
      try {
        return (await world.identifier.identify(callWith(header, atS * 1000, 0))).identity.client_id
      } catch (cause) {
        return (cause as { code?: string }).code
      }
    }
    expect(await outcome()).toBe(wanted)
    expect(world.identifier.remembered()).toBe(wanted === 'buyer' && atS < nowS + 600 ? 1 : 0)
  })

  it('is too old at the age that its issuer allows, whatever its expiry', async () => {
    const world = openWorld([pair.jwk], { issuers: [issuerSettings({ ageSMax: 100 })] })
    const header = `Bearer ${await sign(pair)}`
    await world.identify(header)
    await expect(async () => world.identifier.identify(callWith(header, startMs + 51_000, 0))).rejects.toMatchObject({
      code: 'token_too_old',
    })
  })

  it('is forgotten by the next configuration', async () => {
    const world = openWorld([pair.jwk])
    const header = `Bearer ${await sign(pair)}`
    await world.identify(header)
    const next = world.again({ previous: world.identifier, issuers: [issuerSettings({ audiences: ['else'] })] })
    await expect(async () => next.identify(callWith(header))).rejects.toMatchObject({ code: 'token_audience' })
  })
})

describe('memory', () => {
  it('is bounded by the characters of its tokens: those used longest ago are forgotten', async () => {
    const world = openWorld([pair.jwk], { rememberedCharsMax: 20_000 })
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => sign(pair, { ...goodClaims(), jti: `${n}` })))
    for (const token of tokens) await world.outcome(token)
    expect(world.identifier.remembered()).toBeLessThan(10)
    const last = await world.identifier.identify(callWith(`Bearer ${tokens.at(-1)}`))
    expect(world.identifier.identify(callWith(`Bearer ${tokens.at(-1)}`))).toBe(last)
    expect(world.identifier.identify(callWith(`Bearer ${tokens[0]}`))).toBeInstanceOf(Promise)
  })

  it('of bad signatures is given up when the keys change', async () => {
    const late = await makePair('k1')
    const world = openWorld([pair.jwk])
    const token = await sign(late)
    expect(await world.outcome(token)).toBe('token_signature')
    world.serve([late.jwk])
    await world.clock.advance(limits.keysExpiryMs + 1)
    const nowLater = world.clock.nowMs() / 1000
    await world.outcome(await sign(late, { ...goodClaims(), iat: nowLater, nbf: nowLater, exp: nowLater + 60 }))
    const again = await world.identifier.identify(callWith(`Bearer ${token}`, startMs + 1000, limits.keysExpiryMs + 2))
    expect(again.authenticated).toBe(true)
  })
})
