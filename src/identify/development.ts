/**
 * The issuer of development mode: a key pair in the data directory, made on first start, that signs access tokens for the
 * agents of the embedded default (RFC 9068). Its issuer name is one that nobody can have elsewhere.
 */
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import { type Clock, type Issuer, type Json, messageOf, type RandomBytes } from '../model/index.ts'

/** RFC 6761 section 6.4: names under `.invalid` never exist. */
const developmentIssuerName = 'https://development.gatehouse.invalid'
const audience = 'gatehouse'
const algorithm = 'ES256'
/** Seconds: a week, so that a token in somebody's shell history does not outlive the try-out by much. */
const lifetimeSMax = 7 * 86_400
/** Bytes of a `jti`: enough that two never meet (RFC 7519 section 4.1.7). */
const tokenIdBytes = 16

const privateFile = 'development-issuer.json'
const publicFile = 'development-issuer.jwks.json'

export interface DevelopmentToken {
  /** `sub` and `client_id`: the agent's id, unless `client` says otherwise. */
  readonly subject: string
  readonly client?: string
  readonly scopes?: readonly string[]
  /** Seconds, 1 to 604,800. */
  readonly lifetimeS: number
  readonly roles?: readonly string[]
  /** Outermost first, as RFC 8693 `act` nests them. */
  readonly actors?: readonly string[]
  /** Further claims; none of the registered ones. */
  readonly claims?: { readonly [name: string]: Json }
}

export interface DevelopmentIssuer {
  /** The entry of the configuration that trusts it: keys from the file beside the private one. */
  readonly settings: Issuer
  /** The public JWK set, as the operators' port publishes it. */
  jwks(): { readonly keys: readonly JWK[] }
  /** An access token of type `at+jwt`. Rejects with an `Error` that names the option when one is out of its range. */
  sign(token: DevelopmentToken): Promise<string>
}

export interface DevelopmentOptions {
  /** Absolute; made with mode 0700 when it is not there. */
  readonly directory: string
  readonly clock: Clock
  readonly randomBytes: RandomBytes
}

/**
 * Opens the key pair in `directory`, or makes one (files of mode 0600, written whole or not at all; of two processes that
 * start at once, one key wins). Rejects with an `Error` naming the file when it is there but not readable as a key.
 */
export async function openDevelopmentIssuer({
  directory,
  clock,
  randomBytes,
}: DevelopmentOptions): Promise<DevelopmentIssuer> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const privatePath = join(directory, privateFile)
  const publicPath = join(directory, publicFile)
  const stored = readIfThere(privatePath) ?? (await makeKey(privatePath, randomBytes))
  const { key, publicJwk } = await readKey(privatePath, stored)
  const set = { keys: [publicJwk] }
  const setText = `${JSON.stringify(set, null, 2)}\n`
  if (readIfThere(publicPath) !== setText) {
    rmSync(publicPath, { force: true })
    writeOnce(publicPath, setText, randomBytes)
  }
  return {
    settings: {
      issuer: developmentIssuerName,
      keys: { file: publicPath },
      audiences: [audience],
      algorithms: [algorithm],
      types: ['at+jwt'],
      skewS: 0,
      ageSMax: lifetimeSMax,
      claims: [],
    },
    jwks: () => set,
    sign: async (token) => {
      const { subject, client, scopes, roles, actors, lifetimeS, claims } = token
      if (!Number.isInteger(lifetimeS) || lifetimeS < 1 || lifetimeS > lifetimeSMax)
        throw new Error(`the lifetime \`${lifetimeS}\` is not a whole number of seconds from 1 to ${lifetimeSMax}`)
      if (subject === '') throw new Error('the subject is empty: name an agent')
      const nowS = Math.floor(clock.nowMs() / 1000)
      return new SignJWT({
        ...claims,
        client_id: client ?? subject,
        ...(scopes !== undefined && { scope: scopes.join(' ') }),
        ...(roles !== undefined && { roles }),
        ...(actors !== undefined && actors.length > 0 && { act: nestActors(actors) }),
      })
        .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: publicJwk.kid as string })
        .setIssuer(developmentIssuerName)
        .setSubject(subject)
        .setAudience(audience)
        .setIssuedAt(nowS)
        .setExpirationTime(nowS + lifetimeS)
        .setJti(Buffer.from(randomBytes(tokenIdBytes)).toString('base64url'))
        .sign(key)
    },
  }
}

async function makeKey(path: string, randomBytes: RandomBytes): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(jwk)
  writeOnce(path, `${JSON.stringify({ ...jwk, kid, alg: algorithm, use: 'sig' })}\n`, randomBytes)
  return readFileSync(path, 'utf8')
}

async function readKey(path: string, text: string): Promise<{ key: CryptoKey; publicJwk: JWK }> {
  try {
    const { kty, crv, x, y, d, kid } = JSON.parse(text) as { [member: string]: string }
    if (kid === undefined || d === undefined) throw new Error('`kid` or `d` is missing')
    const key = await importJWK({ kty, crv, x, y, d } as JWK, algorithm)
    if (key instanceof Uint8Array) throw new Error('it is a shared secret')
    return { key, publicJwk: { kty, crv, x, y, kid, alg: algorithm, use: 'sig' } as JWK }
  } catch (cause) {
    const what = messageOf(cause)
    throw new Error(`\`${path}\` does not hold a key of the development issuer (${what}): remove it and start again`, {
      cause,
    })
  }
}

function nestActors(actors: readonly string[]): Json {
  return actors.reduceRight<Json>((inner, sub) => (inner === null ? { sub } : { sub, act: inner }), null)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/** Whole or not at all, and never over a file that is there: a hard link to a finished file fails where one exists. */
function writeOnce(path: string, text: string, randomBytes: RandomBytes): void {
  const draft = `${path}.${Buffer.from(randomBytes(6)).toString('hex')}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
    linkSync(draft, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    closeSync(file)
    rmSync(draft, { force: true })
  }
}
