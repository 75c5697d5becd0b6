/** A real identity provider (oidc-provider) on a free port: signed access tokens (RFC 9068) for the client `buyer`, by client credentials. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import Provider, { type JWK } from 'oidc-provider'
import { listenOn } from './world.ts'

export interface IdentityProvider {
  readonly issuer: string
  /** Method and address of every request, in order. */
  readonly asked: readonly string[]
  /** Puts a provider with these keys in the place of the one before, at the same address. */
  use(...keys: readonly JWK[]): void
  /** From now on it answers 503. */
  stop(): void
  close(): void
}

export interface IdentityProviderOptions {
  /** All that the client may have. */
  readonly scopes: readonly string[]
  /** What a token is for that was asked for without a resource; absent: a client must name one. */
  readonly defaultResource?: string
}

/** The secret of the client `buyer`. */
export const buyerSecret = 'secret'

/** A key for ES256 with its private part. */
export function providerKey(kid: string): JWK {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  return { ...key, kid, alg: 'ES256', use: 'sig' } as JWK
}

/** Stopped until `use` gives it keys. */
export async function openIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const { scopes, defaultResource } = options
  const asked: string[] = []
  let answer: ReturnType<Provider['callback']> | undefined
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (answer === undefined) response.writeHead(503).end()
    else void answer(request, response)
  })
  const issuer = `http://127.0.0.1:${await listenOn(server)}`
  const scope = scopes.join(' ')
  return {
    issuer,
    asked,
    use(...keys) {
      const provider = new Provider(issuer, {
        jwks: { keys: [...keys] },
        clients: [
          {
            client_id: 'buyer',
            client_secret: buyerSecret,
            grant_types: ['client_credentials'],
            redirect_uris: [],
            response_types: [],
            scope,
          },
        ],
        clientDefaults: { id_token_signed_response_alg: 'ES256' },
        enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
        scopes: [...scopes],
        features: {
          devInteractions: { enabled: false },
          clientCredentials: { enabled: true },
          resourceIndicators: {
            enabled: true,
            ...(defaultResource !== undefined && { defaultResource: () => defaultResource }),
            getResourceServerInfo: () => ({
              scope,
              audience: 'gatehouse',
              accessTokenFormat: 'jwt',
              jwt: { sign: { alg: 'ES256' } },
            }),
          },
        },
      })
      answer = provider.callback()
    },
    stop() {
      answer = undefined
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
