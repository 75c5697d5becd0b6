/**
 * Keys over time: rotation, made-up key ids, outages, revocation. The issuer is a local HTTP server where bytes matter, a
 * function where only time does.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { makeIdentifier } from '../../../src/identify/index.ts'
import { type FetchDocument, limits } from '../../../src/model/index.ts'
import { parseJson } from '../../../src/wire/index.ts'
import { fakeClock } from '../../support/clock.ts'
import {
  callWith,
  goodClaims,
  issuerName,
  issuerSettings,
  keysUrl,
  makePair,
  nowS,
  openWorld,
  quiet,
  sign,
} from './world.ts'

const first = await makePair('k1')
const second = await makePair('k2')
const withoutId = await makePair('k3')
const down = new Error('connect ECONNREFUSED')

/** A token of its own for each use: what is remembered or refused must not answer for the keys. */
let count = 0
const fresh = (pair = first) => sign(pair, { ...goodClaims(), exp: nowS + 3000, jti: `t-${count++}` })

describe('keys from a URL', () => {
  it('are fetched once for many calls at the same time', async () => {
    const world = openWorld([first.jwk])
    const tokens = await Promise.all([fresh(), fresh(), fresh()])
    expect(await Promise.all(tokens.map((token) => world.outcome(token)))).toEqual(['buyer', 'buyer', 'buyer'])
    expect(world.fetches()).toBe(1)
  })

  it('are fetched before the first call by `load`, which never rejects', async () => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    expect([world.fetches(), world.identifier.readiness()]).toEqual([1, undefined])
    const dead = openWorld([])
    dead.serve(down)
    await dead.identifier.load()
    expect(dead.identifier.readiness()).toMatch(/idp\.example\.test.*ECONNREFUSED/)
  })

  it('are fetched again at once when a token has a key id that is not known', async () => {
    const world = openWorld([first.jwk])
    expect(await world.outcome(await fresh())).toBe('buyer')
    world.serve([first.jwk, second.jwk])
    expect(await world.outcome(await fresh(second))).toBe('buyer')
    expect(world.fetches()).toBe(2)
  })

  it('are not fetched oftener for made-up key ids than the bound says', async () => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    for (let id = 0; id < 20; id++) {
      const token = await sign(first, goodClaims(), { kid: `made-up-${id}` })
      expect(await world.outcome(token)).toBe('token_signature')
    }
    expect(world.fetches()).toBe(2)
    await world.clock.advance(limits.keysCooldownMs)
    world.serve([second.jwk])
    expect(await world.outcome(await fresh(second))).toBe('buyer')
    expect(world.fetches()).toBe(3)
  })

  it('are fetched ahead of their expiry while calls go on with the old ones', async () => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    await world.clock.advance(limits.keysFreshMs + 1)
    world.serve([first.jwk, second.jwk])
    expect(await world.outcome(await fresh())).toBe('buyer')
    await world.clock.settled(() => world.fetches() === 2)
    expect(await world.outcome(await fresh(second))).toBe('buyer')
    expect(world.fetches()).toBe(2)
  })

  it('are fetched ahead of their expiry by remembered tokens too', async () => {
    const world = openWorld([first.jwk])
    const token = await fresh()
    await world.outcome(token)
    await world.clock.advance(limits.keysFreshMs + 1)
    expect(await world.outcome(token)).toBe('buyer')
    await world.clock.settled(() => world.fetches() === 2)
  })

  it('are waited for once they have expired', async () => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    await world.clock.advance(limits.keysExpiryMs + 1)
    world.serve([second.jwk])
    expect(await world.outcome(await fresh())).toBe('token_signature')
    expect(await world.outcome(await fresh(second))).toBe('buyer')
  })

  it('go on working while the issuer is down, for a day', async () => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    world.serve(down)
    await world.clock.advance(limits.keysExpiryMs + 1)
    expect(await world.outcome(await fresh())).toBe('buyer')
    expect(world.identifier.readiness()).toBeUndefined()
    await world.clock.advance(limits.keysStaleMsMax)
    const late = world.clock.nowMs() / 1000
    const token = await sign(first, { ...goodClaims(), iat: late, nbf: late, exp: late + 60 })
    expect(await world.outcome(token)).toBe('keys_unavailable')
    expect(world.identifier.readiness()).toMatch(/are not there/)
  })

  it('that are not known while the issuer is down are an outage, not a bad token', async () => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    world.serve(down)
    expect(await world.outcome(await fresh(second))).toBe('keys_unavailable')
    world.serve([first.jwk, second.jwk])
    await world.clock.advance(limits.keysRetryMs)
    expect(await world.outcome(await fresh(second))).toBe('buyer')
  })

  it('that never came are an outage until they come, with one try a second', async () => {
    const world = openWorld([])
    world.serve(down)
    for (let call = 0; call < 5; call++) expect(await world.outcome(await fresh())).toBe('keys_unavailable')
    expect(world.fetches()).toBe(1)
    world.serve([first.jwk])
    await world.clock.advance(limits.keysRetryMs)
    expect(await world.outcome(await fresh())).toBe('buyer')
  })

  it.each([
    { note: 'a status that is not 200', answer: { status: 500 } },
    { note: 'rubbish', answer: '<html>' },
    { note: 'no list of keys', answer: '{"keys":{}}' },
    {
      note: 'more keys than a set may have',
      answer: JSON.stringify({ keys: Array(limits.keysPerSetMax + 1).fill(first.jwk) }),
    },
  ])('keep the last good set when the issuer answers with $note', async ({ answer }) => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    world.serve(answer)
    await world.clock.advance(limits.keysExpiryMs + 1)
    expect(await world.outcome(await fresh())).toBe('buyer')
    expect(world.fetches()).toBe(2)
  })

  it('that are revoked take with them every token they verified, remembered ones too', async () => {
    const world = openWorld([first.jwk, second.jwk])
    const token = await fresh()
    expect(await world.outcome(token)).toBe('buyer')
    world.serve([second.jwk])
    await world.clock.advance(limits.keysFreshMs + 1)
    await world.outcome(await fresh(second))
    await world.clock.settled(() => world.fetches() === 2)
    expect(await world.outcome(token)).toBe('token_signature')
  })

  it('that are replaced are told by name, once, and not before they are in use', async () => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    expect(world.changes).toEqual([])
    const { [issuerName]: before = [] } = world.identifier.keyNames()
    expect(before).toEqual([expect.stringMatching(/^k1 sha256:[0-9a-f]{16}$/)])
    world.serve([second.jwk])
    await world.clock.advance(limits.keysExpiryMs + 1)
    await world.outcome(await fresh(second))
    const { [issuerName]: after = [] } = world.identifier.keyNames()
    expect(after).toEqual([expect.stringMatching(/^k2 sha256:/)])
    expect(world.changes).toEqual([
      { issuer: issuerName, place: expect.any(String), keys: after, added: after, removed: before },
    ])
    await world.clock.advance(limits.keysExpiryMs + 1)
    await world.outcome(await fresh(second))
    expect([world.fetches(), world.changes.length]).toEqual([3, 1])
    world.serve([{ ...first.jwk, kid: 'k2' }])
    await world.clock.advance(limits.keysExpiryMs + 1)
    await world.outcome(await fresh(second))
    expect(world.changes.at(-1)).toMatchObject({
      added: [expect.stringMatching(/^k2 /)],
      removed: [expect.stringMatching(/^k2 /)],
    })
  })

  it('may all be revoked by an empty set', async () => {
    const world = openWorld([first.jwk])
    const token = await fresh()
    await world.outcome(token)
    world.serve([])
    await world.clock.advance(limits.keysExpiryMs + 1)
    await world.outcome(await fresh())
    expect(await world.outcome(token)).toBe('token_signature')
  })

  it('are taken over by the identifier of the next configuration, so that a reload during an outage changes nothing', async () => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    world.serve(down)
    const next = world.again({ previous: world.identifier })
    await next.load()
    const principal = await next.identify(callWith(`Bearer ${await fresh()}`))
    expect([principal.authenticated, world.fetches()]).toEqual([true, 1])
  })

  it('are fetched anew when the next configuration names another place', async () => {
    const world = openWorld([first.jwk])
    await world.identifier.load()
    const issuers = [issuerSettings({ keys: { url: `${keysUrl}/new` } })]
    await world.again({ previous: world.identifier, issuers }).load()
    expect(world.fetches()).toBe(2)
  })
})

describe('a token without key id', () => {
  const bare = () => sign(withoutId, { ...goodClaims(), jti: `t-${count++}` }, { kid: undefined })

  it('is tried with every key that fits', async () => {
    expect(await openWorld([first.jwk, second.jwk, withoutId.jwk]).outcome(await bare())).toBe('buyer')
  })

  it('is refused when more keys fit than are tried', async () => {
    const many = await Promise.all(Array.from({ length: limits.keysTriedMax }, (_, index) => makePair(`m${index}`)))
    const world = openWorld([withoutId.jwk, ...many.map(({ jwk }) => jwk)])
    expect(await world.outcome(await bare())).toBe('token_signature')
  })
})

describe('a key', () => {
  const cases: { note: string; change: (jwk: JWK) => JWK; wanted: string }[] = [
    { note: 'without `use` verifies', change: ({ use: _, ...jwk }) => jwk, wanted: 'buyer' },
    { note: 'without `alg` verifies what fits it', change: ({ alg: _, ...jwk }) => jwk, wanted: 'buyer' },
    { note: 'for encryption does not verify', change: (jwk) => ({ ...jwk, use: 'enc' }), wanted: 'token_signature' },
    {
      note: 'for signing only does not verify',
      change: (jwk) => ({ ...jwk, key_ops: ['sign'] }),
      wanted: 'token_signature',
    },
    { note: 'for verifying verifies', change: (jwk) => ({ ...jwk, key_ops: ['verify'] }), wanted: 'buyer' },
    {
      note: 'of another algorithm does not verify',
      change: (jwk) => ({ ...jwk, alg: 'ES384' }),
      wanted: 'token_signature',
    },
    {
      note: 'that is a shared secret does not verify',
      change: () => ({ kty: 'oct', kid: 'k1', k: 'c2VjcmV0', alg: 'ES256' }),
      wanted: 'token_signature',
    },
    {
      note: 'off its curve does not verify',
      change: (jwk) => ({ ...jwk, y: jwk.x as string }),
      wanted: 'token_signature',
    },
    { note: 'without a coordinate does not verify', change: ({ y: _, ...jwk }) => jwk, wanted: 'token_signature' },
    {
      note: 'with a key id that is a number does not verify',
      change: (jwk) => ({ ...jwk, kid: 1 as unknown as string }),
      wanted: 'token_signature',
    },
  ]
  it.each(cases)('$note', async ({ change, wanted }) => {
    expect(await openWorld([change(first.jwk)]).outcome(await fresh())).toBe(wanted)
  })

  it('of RSA with less than 2,048 bits does not verify', async () => {
    const rsa = await makePair('r', 'RS256')
    const weak = { ...rsa.jwk, n: Buffer.alloc(128, 0xff).toString('base64url') }
    const world = openWorld([weak])
    expect(await world.outcome(await sign(rsa))).toBe('token_signature')
  })
})

const opened: Server[] = []
afterEach(() => {
  for (const server of opened.splice(0)) server.close()
})

describe('an issuer over HTTP', () => {
  it('rotates its keys, goes down and comes back under a running identifier', async () => {
    let keys: readonly JWK[] = [first.jwk]
    const serve = (port: number): Promise<Server> =>
      new Promise((resolve) => {
        const server = createServer((_, response) => response.end(JSON.stringify({ keys })))
        opened.push(server)
        server.listen(port, '127.0.0.1', () => resolve(server))
      })
    let server = await serve(0)
    const { port } = server.address() as AddressInfo
    const fetchDocument: FetchDocument = async ({ url, headers }) => {
      const reply = await fetch(url, { redirect: 'error', headers: { ...headers, connection: 'close' } })
      return { status: reply.status, headers: new Map(reply.headers), bytes: new Uint8Array(await reply.arrayBuffer()) }
    }
    const clock = fakeClock(nowS * 1000)
    const issuers = [issuerSettings({ keys: { url: `http://127.0.0.1:${port}/keys` } })]
    const { identify } = makeIdentifier(
      { issuers, agents: [] },
      { clock, log: quiet, fetchDocument, parseJson, keysChanged: () => {} },
    )
    const attempt = async (token: string): Promise<unknown> => {
      try {
        return (await identify(callWith(`Bearer ${token}`, clock.nowMs(), clock.monotonicMs()))).authenticated
      } catch (cause) {
        return (cause as { code?: string }).code
      }
    }
    expect(await attempt(await fresh())).toBe(true)
    keys = [first.jwk, second.jwk]
    expect(await attempt(await fresh(second))).toBe(true)
    await new Promise((resolve) => server.close(resolve))
    expect(await attempt(await fresh(withoutId))).toBe('token_signature')
    await clock.advance(limits.keysCooldownMs)
    expect(await attempt(await fresh(withoutId))).toBe('keys_unavailable')
    expect(await attempt(await fresh(second))).toBe(true)
    keys = [withoutId.jwk]
    server = await serve(port)
    await clock.advance(limits.keysRetryMs)
    expect(await attempt(await fresh(withoutId))).toBe(true)
    expect(await attempt(await fresh())).toBe('token_signature')
  })
})

describe('keys from a file', () => {
  it('are read once, and a file that is no key set is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'))
    try {
      const file = join(folder, 'keys.json')
      writeFileSync(file, JSON.stringify({ keys: [first.jwk] }))
      const issuers = [issuerSettings({ keys: { file } })]
      expect(openWorld([], { issuers }).identifier.readiness()).toBeUndefined()
      writeFileSync(file, '[]')
      expect(() => openWorld([], { issuers })).toThrow(/keys\.json.*no list `keys`/)
      writeFileSync(file, '{"keys":[]}')
      expect(openWorld([], { issuers }).identifier.readiness()).toMatch(/no key in .*keys\.json/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
