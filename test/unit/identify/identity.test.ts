/** What policies read of a token: one shape whatever the issuer calls things, and the agent that the configuration names. */
import { describe, expect, it } from 'vitest'
import type { AgentEntry } from '../../../src/model/index.ts'
import { goodClaims, issuerName, issuerSettings, makePair, openWorld, sign } from './world.ts'

const pair = await makePair('k1')

async function identityOf(changes: object): Promise<unknown> {
  const world = openWorld([pair.jwk])
  return (await world.identify(`Bearer ${await sign(pair, { ...goodClaims(), ...changes })}`)).identity
}

describe('an identity', () => {
  it('holds everything that the token says, and nothing that it does not', async () => {
    expect(await identityOf({ region: 'eu', secret: 'x', tid: 't-1' })).toEqual({
      issuer: issuerName,
      subject: { id: 'user-7', type: 'unclassified' },
      agent: { issuer: issuerName, id: 'buyer', type: 'unclassified' },
      client_id: 'buyer',
      actors: [],
      delegated: false,
      scopes: ['erp.read', 'erp.write'],
      roles: ['buyer'],
      audience: ['gatehouse'],
      tenant: 't-1',
      bound: 'none',
      claims: { region: 'eu' },
    })
  })

  const cases: { note: string; claims: object; wanted: object }[] = [
    {
      note: 'names actors from the outermost in, with their own issuers',
      claims: { act: { sub: 'b', iss: 'https://b.test', sub_profile: 'ai_agent', act: { sub: 'c' } } },
      wanted: {
        actors: [{ id: 'b', issuer: 'https://b.test' }, { id: 'c' }],
        agent: { issuer: 'https://b.test', id: 'b', type: 'ai_agent' },
        delegated: true,
      },
    },
    {
      note: 'is not delegated by an actor that is the subject itself',
      claims: { act: { sub: 'user-7' } },
      wanted: { delegated: false, actors: [{ id: 'user-7' }] },
    },
    {
      note: 'is delegated by an actor of the same name from another issuer',
      claims: { act: { sub: 'user-7', iss: 'https://other.test' } },
      wanted: { delegated: true },
    },
    {
      note: 'takes `azp` for a missing client id',
      claims: { client_id: undefined, azp: 'app' },
      wanted: { client_id: 'app' },
    },
    { note: 'takes `appid`', claims: { client_id: undefined, appid: 'app' }, wanted: { client_id: 'app' } },
    { note: 'takes `cid`', claims: { client_id: undefined, cid: 'app' }, wanted: { client_id: 'app' } },
    {
      note: 'falls back on the subject as the agent, with its profile',
      claims: { client_id: undefined, sub_profile: 'service' },
      wanted: {
        agent: { issuer: issuerName, id: 'user-7', type: 'service' },
        subject: { id: 'user-7', type: 'service' },
      },
    },
    { note: 'reads `scp` as a list', claims: { scope: undefined, scp: ['a', 'b'] }, wanted: { scopes: ['a', 'b'] } },
    { note: 'reads `scp` as text', claims: { scope: undefined, scp: 'a b' }, wanted: { scopes: ['a', 'b'] } },
    { note: 'does not add `scp` to `scope`', claims: { scope: 'a', scp: 'b' }, wanted: { scopes: ['a'] } },
    { note: 'has no scopes for an empty text', claims: { scope: '  ' }, wanted: { scopes: [] } },
    { note: 'prefers `tenant` to `tid`', claims: { tenant: 'a', tid: 'b' }, wanted: { tenant: 'a' } },
  ]
  it.each(cases)('$note', async ({ claims, wanted }) => {
    expect(await identityOf(claims)).toMatchObject(wanted)
  })

  it('leaves absent parts out', async () => {
    const identity = await identityOf({ client_id: undefined, roles: undefined })
    expect(Object.keys(identity as object)).not.toContain('client_id')
    expect(Object.keys(identity as object)).not.toContain('tenant')
  })

  it('copies a claim called `__proto__` as a plain one', async () => {
    const token = await sign(pair, JSON.parse(`{"__proto__":{"admin":true},${JSON.stringify(goodClaims()).slice(1)}`))
    const world = openWorld([pair.jwk], { issuers: [issuerSettings({ claims: ['__proto__', 'constructor'] })] })
    const { claims } = (await world.identify(`Bearer ${token}`)).identity
    expect(Object.keys(claims)).toEqual(['__proto__'])
    expect((claims as { admin?: unknown }).admin).toBeUndefined()
  })

  it('cannot be changed by whoever holds it', async () => {
    const world = openWorld([pair.jwk])
    const principal = await world.identify(`Bearer ${await sign(pair)}`)
    const { identity } = principal
    expect([principal, identity, identity.scopes, identity.subject].every((part) => Object.isFrozen(part))).toBe(true)
  })
})

const entry = (id: string, claim: string, value: string, status: 'active' | 'suspended' = 'active'): AgentEntry => ({
  facts: { id, status, labels: { region: 'eu' } },
  identity: { issuer: issuerName, claim, value },
})

describe('the agent of a token', () => {
  const cases: {
    note: string
    agents: AgentEntry[]
    claims?: object
    required?: boolean
    wanted: string | undefined
  }[] = [
    { note: 'is the entry whose claim has the value', agents: [entry('a', 'client_id', 'buyer')], wanted: 'a' },
    { note: 'is absent when no entry fits', agents: [entry('a', 'client_id', 'other')], wanted: undefined },
    { note: 'is refused when no entry fits and one is required', agents: [], required: true, wanted: 'agent_unknown' },
    {
      note: 'is refused when it is suspended',
      agents: [entry('a', 'client_id', 'buyer', 'suspended')],
      wanted: 'agent_suspended',
    },
    {
      note: 'is found by the outermost actor',
      agents: [entry('a', 'act.sub', 'bot')],
      claims: { act: { sub: 'bot' } },
      wanted: 'a',
    },
    {
      note: 'is not an actor of another issuer',
      agents: [entry('a', 'act.sub', 'bot')],
      claims: { act: { sub: 'bot', iss: 'https://x.test' } },
      wanted: undefined,
    },
    {
      note: 'is not an inner actor',
      agents: [entry('a', 'act.sub', 'bot')],
      claims: { act: { sub: 'x', act: { sub: 'bot' } } },
      wanted: undefined,
    },
    {
      note: 'may be named by two claims of one entry id',
      agents: [entry('a', 'client_id', 'buyer'), entry('a', 'sub', 'user-7')],
      wanted: 'a',
    },
    {
      note: 'is refused when two claims name two agents',
      agents: [entry('a', 'client_id', 'buyer'), entry('b', 'sub', 'user-7')],
      wanted: 'agent_unknown',
    },
    { note: 'is not found by a claim that is no text', agents: [entry('a', 'roles', 'buyer')], wanted: undefined },
    { note: 'is not found on a prototype', agents: [entry('a', 'constructor', 'x')], wanted: undefined },
    {
      note: 'is not that of another issuer',
      agents: [
        {
          facts: { id: 'a', status: 'active' },
          identity: { issuer: 'https://x.test', claim: 'client_id', value: 'buyer' },
        },
      ],
      wanted: undefined,
    },
  ]
  it.each(cases)('$note', async ({ agents, claims, required, wanted }) => {
    const world = openWorld([pair.jwk], { agents, agentsRequired: required === true })
    const token = await sign(pair, { ...goodClaims(), ...claims })
    const outcome = async (): Promise<unknown> => {
      try {
        return (await world.identify(`Bearer ${token}`)).agent?.id
      } catch (cause) {
        return (cause as { code?: string }).code
      }
    }
    // The second time the token is remembered, and nothing may be different.
    expect([await outcome(), await outcome()]).toEqual([wanted, wanted])
  })

  it('may not be two entries of one identity', () => {
    const agents = [entry('a', 'client_id', 'buyer'), entry('b', 'client_id', 'buyer')]
    expect(() => openWorld([pair.jwk], { agents })).toThrow(/`a` and `b` have the same identity/)
  })
})
