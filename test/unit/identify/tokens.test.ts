/**
 * Every bad token of every kind gets the fault that says what is wrong with it, and no principal. Tokens are signed with
 * real keys; each row changes one thing of a good one.
 */
import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { FaultCode } from '../../../src/model/index.ts'
import { encode, goodClaims, issuerSettings, makePair, nowS, openWorld, type Pair, sign } from './world.ts'

const pair = await makePair('k1')
const rsa = await makePair('k2', 'RS256')
const stranger = await makePair('k1')
const unlisted = await makePair('k3', 'ES384')
const published = [pair.jwk, rsa.jwk, unlisted.jwk]

function actors(depth: number): unknown {
  return depth === 0 ? undefined : { sub: `agent-${depth}`, act: actors(depth - 1) }
}

function unsigned(header: unknown, claims: unknown = goodClaims(), signature = ''): string {
  return `${encode(header)}.${encode(claims)}.${signature}`
}

/** The classic confusion: the public key as the secret of an HMAC. */
function signedWithPublicKey(of: Pair): string {
  const pem = createPublicKey({ key: of.jwk as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: of.kid })}.${encode(goodClaims())}`
  return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`
}

const good = await sign(pair)
const parts = good.split('.') as [string, string, string]
const withClaims = (changes: object) => sign(pair, { ...goodClaims(), ...changes })
const without = (name: string) =>
  sign(pair, Object.fromEntries(Object.entries(goodClaims()).filter(([one]) => one !== name)))
const withHeader = (header: object) => sign(pair, goodClaims(), { ...header })
const swapped = (part: number, text: string) => parts.map((one, index) => (index === part ? text : one)).join('.')

const bad: { note: string; token: string | Promise<string>; wanted: FaultCode }[] = [
  // The text.
  { note: 'no text', token: '', wanted: 'token_malformed' },
  { note: 'a word', token: 'password', wanted: 'token_malformed' },
  { note: 'two parts', token: `${parts[0]}.${parts[1]}`, wanted: 'token_malformed' },
  { note: 'four parts', token: `${good}.${parts[2]}`, wanted: 'token_malformed' },
  { note: 'five parts, an encrypted token', token: `${good}.${parts[1]}.${parts[2]}`, wanted: 'token_malformed' },
  { note: 'an empty header', token: `.${parts[1]}.${parts[2]}`, wanted: 'token_malformed' },
  { note: 'empty claims', token: `${parts[0]}..${parts[2]}`, wanted: 'token_malformed' },
  { note: 'an empty signature', token: `${parts[0]}.${parts[1]}.`, wanted: 'token_malformed' },
  { note: 'padding', token: `${good}=`, wanted: 'token_malformed' },
  { note: 'base64 with + and /', token: swapped(2, `+/${parts[2].slice(2)}`), wanted: 'token_malformed' },
  { note: 'a line break inside', token: `${parts[0]}.\n${parts[1]}.${parts[2]}`, wanted: 'token_malformed' },
  { note: 'a second token', token: `${good}, Bearer ${good}`, wanted: 'token_malformed' },
  { note: 'one character too many', token: swapped(2, `${parts[2]}AAA`), wanted: 'token_malformed' },
  {
    note: 'left-over bits that are not zero',
    token: swapped(1, `${encode('{}a')}`.replace(/.$/, 'F')),
    wanted: 'token_malformed',
  },
  { note: 'more than 12 KiB', token: withClaims({ filler: 'x'.repeat(12 * 1024) }), wanted: 'token_malformed' },
  { note: 'a header that is not JSON', token: swapped(0, encode('{"alg":')), wanted: 'token_malformed' },
  { note: 'a header that is a list', token: swapped(0, encode(['ES256'])), wanted: 'token_malformed' },
  { note: 'claims that are text', token: swapped(1, encode('"x"')), wanted: 'token_malformed' },
  { note: 'claims that are null', token: swapped(1, encode('null')), wanted: 'token_malformed' },
  {
    note: 'claims that are not UTF-8',
    token: swapped(1, Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')),
    wanted: 'token_malformed',
  },
  {
    note: 'the algorithm twice',
    token: swapped(0, encode('{"alg":"none","alg":"ES256","typ":"at+jwt"}')),
    wanted: 'token_malformed',
  },
  {
    note: 'the subject twice',
    token: swapped(1, encode(`{"sub":"a",${JSON.stringify(goodClaims()).slice(1)}`)),
    wanted: 'token_malformed',
  },
  // The header.
  { note: 'no algorithm', token: unsigned({ typ: 'at+jwt' }, goodClaims(), parts[2]), wanted: 'token_algorithm' },
  { note: 'alg none, no signature', token: unsigned({ alg: 'none', typ: 'at+jwt' }), wanted: 'token_algorithm' },
  { note: 'alg None, no signature', token: unsigned({ alg: 'None', typ: 'at+jwt' }), wanted: 'token_malformed' },
  {
    note: 'alg none with a signature',
    token: unsigned({ alg: 'none', typ: 'at+jwt' }, goodClaims(), parts[2]),
    wanted: 'token_algorithm',
  },
  { note: 'HS256 with the public key as secret', token: signedWithPublicKey(rsa), wanted: 'token_algorithm' },
  { note: 'an algorithm that the issuer does not list', token: sign(unlisted), wanted: 'token_algorithm' },
  {
    note: 'the algorithm in lower case',
    token: swapped(0, encode({ alg: 'es256', typ: 'at+jwt', kid: 'k1' })),
    wanted: 'token_algorithm',
  },
  {
    note: 'an algorithm that is not text',
    token: swapped(0, encode({ alg: ['ES256'], typ: 'at+jwt' })),
    wanted: 'token_algorithm',
  },
  { note: 'no type', token: withHeader({ typ: undefined }), wanted: 'token_type' },
  { note: 'an ID token', token: withHeader({ typ: 'JWT' }), wanted: 'token_type' },
  { note: 'an identity assertion', token: withHeader({ typ: 'oauth-id-jag+jwt' }), wanted: 'token_type' },
  { note: 'a security event', token: withHeader({ typ: 'secevent+jwt' }), wanted: 'token_type' },
  { note: 'a DPoP proof', token: withHeader({ typ: 'dpop+jwt' }), wanted: 'token_type' },
  { note: 'a type that is a number', token: swapped(0, encode({ alg: 'ES256', typ: 1 })), wanted: 'token_malformed' },
  {
    note: 'a key id that is an object',
    token: swapped(0, encode({ alg: 'ES256', typ: 'at+jwt', kid: {} })),
    wanted: 'token_malformed',
  },
  {
    note: 'a critical extension',
    token: swapped(0, encode({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', crit: ['exp'], exp: 1 })),
    wanted: 'token_malformed',
  },
  {
    note: 'an unencoded payload',
    token: swapped(0, encode({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', crit: ['b64'], b64: false })),
    wanted: 'token_malformed',
  },
  {
    note: 'an empty list of extensions',
    token: swapped(0, encode({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', crit: [] })),
    wanted: 'token_malformed',
  },
  // The signature.
  { note: 'a key id that the issuer does not have', token: withHeader({ kid: 'k9' }), wanted: 'token_signature' },
  { note: 'a key id that walks a path', token: withHeader({ kid: '../../etc/passwd' }), wanted: 'token_signature' },
  { note: 'the key id of a key for another algorithm', token: withHeader({ kid: 'k2' }), wanted: 'token_signature' },
  { note: "somebody else's key under a known id", token: sign(stranger), wanted: 'token_signature' },
  {
    note: 'a key of its own in `jwk`',
    token: sign(stranger, goodClaims(), { jwk: stranger.jwk }),
    wanted: 'token_signature',
  },
  {
    note: 'a key set of its own in `jku`',
    token: sign(stranger, goodClaims(), { jku: 'https://evil.test/keys' }),
    wanted: 'token_signature',
  },
  {
    note: 'a certificate of its own in `x5c`',
    token: sign(stranger, goodClaims(), { x5c: ['MIIB'] }),
    wanted: 'token_signature',
  },
  { note: 'a changed claim', token: swapped(1, encode({ ...goodClaims(), sub: 'admin' })), wanted: 'token_signature' },
  {
    note: 'a changed header',
    token: swapped(0, encode({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', x: 1 })),
    wanted: 'token_signature',
  },
  {
    note: 'a signature of zeros',
    token: swapped(2, Buffer.alloc(64).toString('base64url')),
    wanted: 'token_signature',
  },
  {
    note: 'a signature cut short',
    token: swapped(2, Buffer.alloc(32, 1).toString('base64url')),
    wanted: 'token_signature',
  },
  {
    note: 'a signature by an unknown key without key id',
    token: sign(stranger, goodClaims(), { kid: undefined }),
    wanted: 'token_signature',
  },
  // The claims.
  { note: 'no issuer', token: without('iss'), wanted: 'token_claims' },
  {
    note: 'an issuer that is a list',
    token: withClaims({ iss: ['https://idp.example.test'] }),
    wanted: 'token_claims',
  },
  { note: 'another issuer', token: withClaims({ iss: 'https://evil.test' }), wanted: 'token_issuer' },
  { note: 'the issuer with a slash', token: withClaims({ iss: 'https://idp.example.test/' }), wanted: 'token_issuer' },
  { note: 'the issuer in capitals', token: withClaims({ iss: 'https://IDP.example.test' }), wanted: 'token_issuer' },
  { note: 'an issuer called __proto__', token: withClaims({ iss: '__proto__' }), wanted: 'token_issuer' },
  { note: 'no audience', token: without('aud'), wanted: 'token_claims' },
  { note: 'an empty list of audiences', token: withClaims({ aud: [] }), wanted: 'token_claims' },
  { note: 'an audience that is a number', token: withClaims({ aud: ['gatehouse', 1] }), wanted: 'token_claims' },
  { note: 'another audience', token: withClaims({ aud: 'somebody-else' }), wanted: 'token_audience' },
  {
    note: 'an audience that only begins the same',
    token: withClaims({ aud: 'gatehouse-2' }),
    wanted: 'token_audience',
  },
  { note: 'other audiences', token: withClaims({ aud: ['a', 'b'] }), wanted: 'token_audience' },
  { note: 'no expiry', token: without('exp'), wanted: 'token_claims' },
  { note: 'an expiry as text', token: withClaims({ exp: String(nowS + 600) }), wanted: 'token_claims' },
  { note: 'an expiry in milliseconds', token: withClaims({ exp: (nowS + 600) * 1000 }), wanted: 'token_claims' },
  { note: 'a negative expiry', token: withClaims({ exp: -1 }), wanted: 'token_claims' },
  { note: 'expired, at the edge of the skew', token: withClaims({ exp: nowS - 10 }), wanted: 'token_expired' },
  { note: 'not valid yet, just beyond the skew', token: withClaims({ nbf: nowS + 11 }), wanted: 'token_not_yet_valid' },
  { note: 'issued in the future', token: withClaims({ iat: nowS + 11, nbf: nowS }), wanted: 'token_not_yet_valid' },
  { note: 'not-before as text', token: withClaims({ nbf: 'now' }), wanted: 'token_claims' },
  { note: 'no time of issue', token: without('iat'), wanted: 'token_claims' },
  { note: 'issued too long ago', token: withClaims({ iat: nowS - 3611, nbf: nowS - 3611 }), wanted: 'token_too_old' },
  { note: 'no subject', token: without('sub'), wanted: 'token_claims' },
  { note: 'an empty subject', token: withClaims({ sub: '' }), wanted: 'token_claims' },
  { note: 'a subject that is a number', token: withClaims({ sub: 7 }), wanted: 'token_claims' },
  { note: 'a client id that is an object', token: withClaims({ client_id: {} }), wanted: 'token_claims' },
  { note: 'a scope that is a number', token: withClaims({ scope: 1 }), wanted: 'token_claims' },
  {
    note: 'scopes that are not all text',
    token: withClaims({ scope: undefined, scp: ['a', 1] }),
    wanted: 'token_claims',
  },
  { note: 'roles that are an object', token: withClaims({ roles: { admin: true } }), wanted: 'token_claims' },
  { note: 'bound to a key', token: withClaims({ cnf: { jkt: 'abc' } }), wanted: 'token_bound' },
  { note: 'bound to a certificate', token: withClaims({ cnf: { 'x5t#S256': 'abc' } }), wanted: 'token_bound' },
  { note: 'bound to nothing that is known', token: withClaims({ cnf: null }), wanted: 'token_bound' },
  { note: 'nine actors', token: withClaims({ act: actors(9) }), wanted: 'token_claims' },
  { note: 'an actor without subject', token: withClaims({ act: { iss: 'x' } }), wanted: 'token_claims' },
  { note: 'an actor that is text', token: withClaims({ act: 'agent' }), wanted: 'token_claims' },
  { note: 'an inner actor that is null', token: withClaims({ act: { sub: 'a', act: null } }), wanted: 'token_claims' },
]

describe('a bad token', () => {
  it.each(bad)('$note: $wanted', async ({ token, wanted }) => {
    const world = openWorld(published)
    expect(await world.outcome(await token)).toBe(wanted)
    expect(world.identifier.remembered()).toBe(0)
  })

  it('is refused again when it comes again', async () => {
    const world = openWorld(published)
    const token = await sign(stranger)
    expect([await world.outcome(token), await world.outcome(token)]).toEqual(['token_signature', 'token_signature'])
  })
})

const accepted: { note: string; token: string | Promise<string> }[] = [
  { note: 'as it should be', token: good },
  { note: 'with RS256', token: sign(rsa) },
  { note: 'without key id, where one key fits', token: sign(pair, goodClaims(), { kid: undefined }) },
  { note: 'with its type written as a media type', token: withHeader({ typ: 'application/AT+JWT' }) },
  { note: 'with one audience of several', token: withClaims({ aud: ['other', 'gatehouse'] }) },
  { note: 'expired within the skew', token: withClaims({ exp: nowS - 9 }) },
  { note: 'valid from a moment within the skew', token: withClaims({ nbf: nowS + 10 }) },
  { note: 'with eight actors', token: withClaims({ act: actors(8), client_id: 'buyer' }) },
  { note: 'with `may_act`, which grants nothing', token: withClaims({ may_act: { sub: 'other' } }) },
]

describe('a good token', () => {
  it.each(accepted)('$note', async ({ token }) => {
    expect((await openWorld(published).identify(`Bearer ${await token}`)).authenticated).toBe(true)
  })

  it.each(['bearer', 'BEARER', 'Bearer  '])('comes under the scheme `%s`', async (scheme) => {
    expect((await openWorld(published).identify(`${scheme} ${good}`)).authenticated).toBe(true)
  })

  it('may come without type only where the issuer lists `none`', async () => {
    const token = await withHeader({ typ: undefined })
    const world = openWorld(published, { issuers: [issuerSettings({ types: ['none', 'jwt'] })] })
    expect(await world.outcome(token)).toBe('buyer')
    expect(await world.outcome(await withHeader({ typ: 'JWT' }))).toBe('buyer')
    expect(await world.outcome(good)).toBe('token_type')
  })

  it("is verified with its own issuer's keys only", async () => {
    const other = issuerSettings({ issuer: 'https://other.test', keys: { url: 'https://other.test/keys' } })
    const world = openWorld([rsa.jwk], { issuers: [issuerSettings(), other] })
    expect(await world.outcome(await sign(rsa))).toBe('buyer')
    world.serve([pair.jwk])
    expect(await world.outcome(await sign(rsa, { ...goodClaims(), iss: 'https://other.test' }))).toBe('token_signature')
  })
})

describe('the header that carries it', () => {
  it('makes an anonymous principal when it is not there', async () => {
    const { authenticated, identity } = await openWorld(published).identify(undefined)
    expect({ authenticated, identity }).toEqual({
      authenticated: false,
      identity: { actors: [], delegated: false, scopes: [], roles: [], bound: 'none', claims: {} },
    })
  })

  it.each([
    { header: '', wanted: 'token_malformed' },
    { header: 'Bearer', wanted: 'token_malformed' },
    { header: 'Bearer ', wanted: 'token_malformed' },
    { header: `Basic ${Buffer.from('a:b').toString('base64')}`, wanted: 'token_malformed' },
    { header: good, wanted: 'token_malformed' },
    { header: `DPoP ${good}`, wanted: 'token_bound' },
  ])('is refused when it is `$header`', async ({ header, wanted }) => {
    await expect(openWorld(published).identify(header)).rejects.toMatchObject({ code: wanted })
  })
})

describe('settings that contradict themselves', () => {
  it.each([
    { note: 'a shared secret', issuers: [issuerSettings({ algorithms: ['HS256'] })], wanted: /`HS256`/ },
    { note: 'no signature', issuers: [issuerSettings({ algorithms: ['none'] })], wanted: /`none`/ },
    { note: 'one issuer twice', issuers: [issuerSettings(), issuerSettings()], wanted: /listed twice/ },
    {
      note: 'a key file that is not there',
      issuers: [issuerSettings({ keys: { file: '/nowhere/keys.json' } })],
      wanted: /\/nowhere\/keys\.json/,
    },
  ])('are refused: $note', ({ issuers, wanted }) => {
    expect(() => openWorld(published, { issuers })).toThrow(wanted)
  })
})
