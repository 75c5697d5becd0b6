/** A small world for identity: issuers with real keys, tokens made by hand so that every wrong one can be made too, calls that carry them. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { type Identifier, type IdentifierOptions, type KeyChange, makeIdentifier } from '../../../src/identify/index.ts'
import type { Call, FetchDocument, Issuer, Log, Principal } from '../../../src/model/index.ts'
import { Fault } from '../../../src/model/index.ts'
import { parseJson } from '../../../src/wire/index.ts'
import { type FakeClock, fakeClock } from '../../support/clock.ts'

export const issuerName = 'https://idp.example.test'
export const keysUrl = 'https://idp.example.test/keys'
export const startMs = Date.UTC(2026, 2, 2, 10)
export const nowS = startMs / 1000

export interface Pair {
  readonly kid: string
  readonly algorithm: string
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
  readonly jwk: JWK
}

export async function makePair(kid: string, algorithm = 'ES256'): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return { kid, algorithm, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' } }
}

/** The claims of a good token; a row of a table changes one thing. */
export function goodClaims(): { [name: string]: unknown } {
  return {
    iss: issuerName,
    aud: 'gatehouse',
    sub: 'user-7',
    client_id: 'buyer',
    scope: 'erp.read erp.write',
    roles: ['buyer'],
    iat: nowS - 60,
    nbf: nowS - 60,
    exp: nowS + 600,
    jti: 't-1',
  }
}

export function sign(
  pair: Pair,
  claims: { [name: string]: unknown } = goodClaims(),
  header: { [name: string]: unknown } = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: pair.algorithm, typ: 'at+jwt', kid: pair.kid, ...header })
    .sign(pair.privateKey)
}

export function encode(part: unknown): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

export function callWith(authorization: string | undefined, atMs = startMs, monotonicMs = atMs - startMs): Call {
  const headers = new Map(authorization === undefined ? [] : [['authorization', authorization]])
  return { headers, receivedMs: atMs, startedMs: monotonicMs } as unknown as Call
}

export function issuerSettings(changes: Partial<Issuer> = {}): Issuer {
  return {
    issuer: issuerName,
    keys: { url: keysUrl },
    audiences: ['gatehouse'],
    algorithms: ['ES256', 'RS256'],
    types: ['at+jwt'],
    skewS: 10,
    ageSMax: 3600,
    claims: ['region'],
    ...changes,
  }
}

export const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface World {
  readonly clock: FakeClock
  readonly identifier: Identifier
  /** What the issuer answers from now on; an `Error` is an outage. */
  serve(answer: readonly JWK[] | Error | { status: number } | string): void
  readonly fetches: () => number
  identify(authorization: string | undefined): Promise<Principal>
  /** The principal's agent id, or the code of the fault. */
  outcome(token: string): Promise<string>
  /** What was told about replaced keys. */
  readonly changes: readonly KeyChange[]
  again(options?: Partial<IdentifierOptions>): Identifier
}

export function openWorld(keys: readonly JWK[], options: Partial<IdentifierOptions> = {}): World {
  const clock = fakeClock(startMs)
  let answer: readonly JWK[] | Error | { status: number } | string = keys
  let fetches = 0
  const fetchDocument: FetchDocument = async () => {
    fetches++
    if (answer instanceof Error) throw answer
    const status = typeof answer === 'object' && 'status' in answer ? answer.status : 200
    const text = typeof answer === 'string' ? answer : JSON.stringify({ keys: answer })
    return { status, headers: new Map(), bytes: Buffer.from(text) }
  }
  const changes: KeyChange[] = []
  const ports = {
    clock,
    log: quiet,
    fetchDocument,
    parseJson,
    keysChanged: (change: KeyChange) => void changes.push(change),
  }
  const make = (changes: Partial<IdentifierOptions> = {}) =>
    makeIdentifier({ issuers: [issuerSettings()], agents: [], ...options, ...changes }, ports)
  const identifier = make()
  const identify = async (authorization: string | undefined) =>
    identifier.identify(callWith(authorization, clock.nowMs(), clock.monotonicMs()))
  return {
    clock,
    identifier,
    identify,
    serve: (next) => {
      answer = next
    },
    fetches: () => fetches,
    outcome: async (token) => {
      try {
        const principal = await identify(`Bearer ${token}`)
        return principal.identity.agent?.id ?? 'anonymous'
      } catch (cause) {
        if (cause instanceof Fault) return cause.code
        throw cause
      }
    },
    changes,
    again: make,
  }
}
