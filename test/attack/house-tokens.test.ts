/**
 * Tokens that try to be what they are not, through the whole house: each is refused with its code before policy and upstream hear
 * of it, and leaves two records without the token. What a token says of itself never chooses a key, an algorithm or a file.
 */
import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { issuerName, openWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld({ config: { unknown_agents: 'refuse' } })
})
afterAll(() => world.close())
beforeEach(() => {
  world.received.length = 0
})

const nowS = Math.floor(Date.now() / 1000)
const claims = { iss: issuerName, aud: 'gatehouse', sub: 'buyer', client_id: 'buyer', iat: nowS, exp: nowS + 3_600 }
const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }

/** A good token whose header or claims text is replaced, with the signature of the good one. */
async function altered(head: unknown, body: unknown): Promise<string> {
  const signature = (await world.token()).split('.')[2]
  return `${part(head)}.${part(body)}.${signature}`
}

/** The key file that everybody may read, used as a shared secret: the oldest trick (RFC 8725 section 2.1). */
function hmacOfPublicKey(format: 'pem' | 'jwk'): string {
  const { keys } = JSON.parse(readFileSync(join(world.folder, 'jwks.json'), 'utf8'))
  const secret =
    format === 'jwk'
      ? JSON.stringify(keys[0])
      : createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const signed = `${part({ ...header, alg: 'HS256' })}.${part(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** Signed well, with a key of the attacker that the header offers. */
async function ownKey(offer: object): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return await new SignJWT(claims).setProtectedHeader({ ...header, ...offer }).sign(privateKey)
}
const offeredJwk = (): object => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

const rows: { note: string; code: string; token: () => string | Promise<string> }[] = [
  {
    note: 'no signature (alg none)',
    code: 'token_algorithm',
    token: () => `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims)}.`,
  },
  {
    note: 'alg None in other letters',
    code: 'token_malformed',
    token: () => `${part({ alg: 'nOnE', typ: 'at+jwt' })}.${part(claims)}.`,
  },
  { note: 'an empty signature', code: 'token_malformed', token: () => `${part(header)}.${part(claims)}.` },
  { note: 'the public key as a shared secret', code: 'token_algorithm', token: () => hmacOfPublicKey('pem') },
  { note: 'the JWK as a shared secret', code: 'token_algorithm', token: () => hmacOfPublicKey('jwk') },
  { note: 'a list as algorithm', code: 'token_algorithm', token: () => altered({ ...header, alg: ['ES256'] }, claims) },
  {
    note: 'the all-zero signature (CVE-2022-21449)',
    code: 'token_signature',
    token: () => `${part(header)}.${part(claims)}.${Buffer.alloc(64).toString('base64url')}`,
  },
  {
    note: 'other claims under a good signature',
    code: 'token_signature',
    token: () => altered(header, { ...claims, client_id: 'finance' }),
  },
  { note: 'a key of its own in jwk', code: 'token_signature', token: () => ownKey({ jwk: offeredJwk() }) },
  {
    note: 'a key of its own in jku',
    code: 'token_signature',
    token: () => ownKey({ jku: `http://127.0.0.1:${world.port}/jwks` }),
  },
  { note: 'a key of its own in x5u', code: 'token_signature', token: () => ownKey({ x5u: 'file:///etc/passwd' }) },
  { note: 'a key of its own in x5c', code: 'token_signature', token: () => ownKey({ x5c: ['MIIB'] }) },
  { note: 'a kid that walks the disk', code: 'token_signature', token: () => ownKey({ kid: '../../../../dev/null' }) },
  { note: 'a kid that is SQL', code: 'token_signature', token: () => ownKey({ kid: "x' UNION SELECT 'secret' --" }) },
  {
    note: 'a kid with control characters',
    code: 'token_signature',
    token: () => ownKey({ kid: '\u001b[2J\r\n\u0000' }),
  },
  { note: 'a kid of JavaScript', code: 'token_signature', token: () => ownKey({ kid: '__proto__' }) },
  { note: 'a kid of 4,000 characters', code: 'token_signature', token: () => ownKey({ kid: 'k'.repeat(4_000) }) },
  {
    note: 'a kid that is no text',
    code: 'token_malformed',
    token: () => altered({ ...header, kid: { $ne: '' } }, claims),
  },
  {
    note: 'a critical extension',
    code: 'token_malformed',
    token: () => altered({ ...header, crit: ['b64'], b64: false }, claims),
  },
  {
    note: 'an encrypted token',
    code: 'token_malformed',
    token: () => `${part({ alg: 'dir', enc: 'A128GCM' })}..a.b.c`,
  },
  {
    note: 'an issuer twice',
    code: 'token_malformed',
    token: () => altered(header, JSON.stringify(claims).replace('{', '{"iss":"https://evil",')),
  },
  {
    note: 'a subject twice, once escaped',
    code: 'token_malformed',
    token: () => altered(header, JSON.stringify(claims).replace('{', '{"\\u0073ub":"root",')),
  },
  { note: 'claims that are a list', code: 'token_malformed', token: () => altered(header, [claims]) },
  {
    note: 'claims nested 10,000 deep',
    code: 'token_malformed',
    token: () => altered(header, `${'['.repeat(4_000)}${']'.repeat(4_000)}`),
  },
  { note: 'padding', code: 'token_malformed', token: async () => `${await world.token()}=` },
  {
    note: 'the alphabet of plain base64',
    code: 'token_malformed',
    token: async () => `${(await world.token()).slice(0, -2)}+/`,
  },
  {
    note: 'a second token behind a comma',
    code: 'token_malformed',
    token: async () => `${await world.token()}, Bearer ${await world.token()}`,
  },
  {
    note: 'an issuer that differs in a slash',
    code: 'token_issuer',
    token: () => world.token({ iss: `${issuerName}/` }),
  },
  { note: 'an issuer in capitals', code: 'token_issuer', token: () => world.token({ iss: issuerName.toUpperCase() }) },
  { note: 'an issuer of JavaScript', code: 'token_issuer', token: () => world.token({ iss: '__proto__' }) },
  { note: 'an audience with a space', code: 'token_audience', token: () => world.token({ aud: 'gatehouse other' }) },
  {
    note: 'many audiences, not this one',
    code: 'token_audience',
    token: () => world.token({ aud: Array.from({ length: 200 }, (_, index) => `a${index}`) }),
  },
  {
    note: 'an audience list with no text in it',
    code: 'token_claims',
    token: () => world.token({ aud: ['gatehouse', 7] as unknown as string[] }),
  },
  { note: 'a beginning tomorrow', code: 'token_not_yet_valid', token: () => world.token({ nbf: nowS + 86_400 }) },
  { note: 'an expiry as text', code: 'token_claims', token: () => altered(header, { ...claims, exp: '9999999999' }) },
  { note: 'an expiry without end', code: 'token_claims', token: () => altered(header, { ...claims, exp: 1e300 }) },
  { note: 'no expiry', code: 'token_claims', token: () => altered(header, { ...claims, exp: undefined }) },
  {
    note: 'issued in the year 5138',
    code: 'token_not_yet_valid',
    token: () => altered(header, { ...claims, iat: 99_999_999_999 }),
  },
  { note: 'the type of an ID token', code: 'token_type', token: () => world.token({}, { typ: 'JWT' }) },
  { note: 'no type', code: 'token_type', token: () => world.token({}, { typ: undefined }) },
  { note: 'a key confirmation', code: 'token_bound', token: () => world.token({ cnf: { 'x5t#S256': 'a' } }) },
  { note: 'a chain of 9 actors', code: 'token_claims', token: () => world.token({ act: chain(9) }) },
  { note: 'a chain of 100 actors', code: 'token_claims', token: () => world.token({ act: chain(100) }) },
  { note: 'an actor without a name', code: 'token_claims', token: () => world.token({ act: { iss: issuerName } }) },
  { note: 'a subject that is empty', code: 'token_claims', token: () => world.token({ sub: '' }) },
  {
    note: 'an agent spelled with a Cyrillic letter',
    code: 'agent_unknown',
    token: () => world.token({ client_id: 'b\u0443yer' }),
  },
  {
    note: 'an agent spelled with a hidden character',
    code: 'agent_unknown',
    token: () => world.token({ client_id: 'buyer\u200b' }),
  },
  { note: 'an agent in capitals', code: 'agent_unknown', token: () => world.token({ client_id: 'BUYER' }) },
  { note: 'an agent of JavaScript', code: 'agent_unknown', token: () => world.token({ client_id: 'constructor' }) },
]

function chain(depth: number): object {
  let link: object = { sub: 'a0' }
  for (let index = 1; index < depth; index++) link = { sub: `a${index}`, act: link }
  return link
}

describe('a token with', () => {
  it.each(rows)('$note is $code', async ({ code, token }) => {
    const text = await token()
    const reply = await world.send({ token: text })
    expect(reply.json.code).toBe(code)
    expect(world.received).toEqual([])
    const { decision, outcome } = world.pair(String(reply.headers['gatehouse-decision']))
    expect(decision).toMatchObject({ decision: 'deny', code })
    const told = `${JSON.stringify([decision, outcome])}${reply.text}${JSON.stringify(reply.headers)}`
    for (const piece of text.split(/[., ]+/)) if (piece.length > 20) expect(told).not.toContain(piece)
  })

  it.each([
    { note: 'twice the field', headers: { authorization: ['Bearer a.b.c', 'Bearer a.b.c'] }, code: 'header_refused' },
    { note: 'another scheme', headers: { authorization: 'Basic YnV5ZXI6eA==' }, code: 'token_malformed' },
    { note: 'a DPoP scheme', headers: { authorization: 'DPoP a.b.c' }, code: 'token_bound' },
    { note: 'nothing behind Bearer', headers: { authorization: 'Bearer ' }, code: 'token_malformed' },
    { note: 'no scheme', headers: { authorization: 'a.b.c' }, code: 'token_malformed' },
    {
      note: 'a field called like it',
      headers: { 'x-authorization': 'Bearer a.b.c', authorization_: 'x' },
      code: 'token_missing',
    },
    { note: 'a proxy`s field', headers: { 'proxy-authorization': 'Bearer a.b.c' }, code: 'token_missing' },
  ])('$note is $code', async ({ headers, code }) => {
    const reply = await world.send({ token: null, headers: headers as { [name: string]: string | string[] } })
    expect(reply.json.code).toBe(code)
    expect(world.received).toEqual([])
  })

  it('a place in the query or the body is no token at all', async () => {
    const token = await world.token()
    for (const call of [
      { path: `/orders?access_token=${token}` },
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `access_token=${token}`,
      },
    ])
      expect((await world.send({ token: null, ...call })).json.code).toBe('token_missing')
    expect(JSON.stringify(world.records())).not.toContain(token)
  })

  it('any writing of Bearer is the same principal', async () => {
    const token = await world.token()
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer  ']) {
      const reply = await world.send({ token: null, headers: { authorization: `${scheme} ${token}` } })
      expect(reply.status).toBe(200)
      expect(world.pair(String(reply.headers['gatehouse-decision'])).decision.principal.agent).toBe('buyer')
    }
    expect(JSON.stringify(world.received)).not.toContain(token)
  })
})

describe('whoever has no token', () => {
  it('cannot tell routes, methods and operations that are there from those that are not', async () => {
    const here = await openWorld({ route: { path: '/erp', methods: ['GET'] } })
    try {
      const answers = await Promise.all(
        [
          { path: '/erp' },
          { path: '/erp/orders/1' },
          { path: '/nothing' },
          { path: '/erp', method: 'DELETE' },
          { path: '/nothing', method: 'OPTIONS' },
          { path: '/erp', method: 'POST', body: '{"a":1,"a":2}', headers: { 'content-type': 'application/json' } },
        ].map((call) => here.send({ token: null, ...call })),
      )
      const told = answers.map(({ status, json, headers }) => ({
        status,
        json: { ...json, decision_id: '' },
        names: Object.keys(headers).sort(),
      }))
      expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1)
      expect(told[0]?.status).toBe(401)
    } finally {
      await here.close()
    }
  })
})
