/**
 * Tokens of a real identity provider: oidc-provider issues RFC 9068 access tokens to a client by client credentials, its keys
 * are fetched over HTTP, rotated, and go away.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { buyerSecret, openIdentityProvider, providerKey } from '../support/identity-provider.ts'
import { openWorld, type World } from '../support/world.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** The provider can be exchanged for one with other keys, or none. */
async function issuerWorld() {
  const provider = await openIdentityProvider({ scopes: ['orders'], defaultResource: 'urn:gatehouse' })
  cleanups.push(() => provider.close())
  const { issuer } = provider
  return {
    ...provider,
    async token(): Promise<string> {
      const reply = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`buyer:${buyerSecret}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: 'grant_type=client_credentials&scope=orders',
      })
      const said = (await reply.json()) as { access_token?: string }
      if (said.access_token === undefined) throw new Error(`the provider gave no token: ${JSON.stringify(said)}`)
      return said.access_token
    },
  }
}

async function gatehouseFor(issuer: string): Promise<World> {
  const world = await openWorld({
    config: {
      issuers: [{ issuer, keys: { url: `${issuer}/jwks` }, audiences: ['gatehouse'], algorithms: ['ES256'] }],
      agents: [{ id: 'buyer', team: 'procurement', identity: { issuer } }],
    },
    policies: {
      'main.rego':
        'package gatehouse\n\nallow if {\n\tinput.agent.id == "buyer"\n\t"orders" in input.identity.scopes\n}\n',
    },
  })
  cleanups.push(() => world.close())
  return world
}

describe('a real identity provider', () => {
  it('issues a token that is accepted, with its scopes and its agent', async () => {
    const provider = await issuerWorld()
    provider.use(providerKey('k1'))
    const world = await gatehouseFor(provider.issuer)
    expect((await world.send({ token: await provider.token() })).status).toBe(200)
    expect(world.pair().decision.principal).toMatchObject({
      issuer: provider.issuer,
      client_id: 'buyer',
      agent: 'buyer',
      scopes: ['orders'],
    })
  })

  it('goes on being trusted for tokens already verified and for known keys while it is down', async () => {
    const provider = await issuerWorld()
    provider.use(providerKey('k1'))
    const world = await gatehouseFor(provider.issuer)
    const [first, second] = [await provider.token(), await provider.token()]
    expect((await world.send({ token: first })).status).toBe(200)
    provider.stop()
    expect((await world.send({ token: first })).status).toBe(200)
    expect((await world.send({ token: second })).status).toBe(200)
  })

  it('is 503, not 401, when it was never reached', async () => {
    const provider = await issuerWorld()
    provider.use(providerKey('k1'))
    const token = await provider.token()
    provider.stop()
    const world = await gatehouseFor(provider.issuer)
    const reply = await world.send({ token })
    expect({ status: reply.status, code: reply.json.code }).toEqual({ status: 503, code: 'keys_unavailable' })
  })
})
