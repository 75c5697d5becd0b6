/**
 * Call -> Principal. A token that was verified is remembered by its whole text and costs one look-up and a few
 * comparisons from then on; a new one is read, checked against its issuer and verified by jose, once however many calls bring it.
 *
 * What a flood of bad tokens costs: anything but a well-formed token of a trusted issuer with the right audience, type and
 * times is refused before any cryptography (about 10 us); what remains costs at most `limits.keysTriedMax` signature checks
 * off the main thread, a repeated one none; `receive/` bounds the refusals of one address.
 */
import { compactVerify, errors } from 'jose'
import { LRUCache } from 'lru-cache'
import {
  type AgentEntry,
  type AgentFacts,
  type Call,
  Fault,
  type Identity,
  type Issuer,
  limits,
  type Principal,
  signatureAlgorithms,
} from '../model/index.ts'
import { indexAgents } from './agents.ts'
import { checkClaims } from './claims.ts'
import { identityOf } from './identity.ts'
import { type IssuerKeys, type KeyPorts, openIssuerKeys, placeOf } from './keys.ts'
import { quoted } from './quoted.ts'
import { bearerToken, readToken, type Token } from './token.ts'

/**
 * The principal of a call: anonymous when it has no `Authorization`. A remembered token is answered at once, a new one with
 * a promise. Faults: the rows `token_*`, `keys_unavailable`, `agent_unknown` and `agent_suspended` of the fault table.
 */
export type Identify = (call: Call) => Principal | Promise<Principal>

export interface IdentifierOptions {
  readonly issuers: readonly Issuer[]
  readonly agents: readonly AgentEntry[]
  /** Whether a token that names no agent of the configuration is refused (`agent_unknown`); default false: policy sees no `agent`. */
  readonly agentsRequired?: boolean
  /** Characters of remembered tokens in all; default `limits.rememberedTokenCharsMax`. */
  readonly rememberedCharsMax?: number
  /** The identifier of the configuration before: fetched keys of the same place are taken over, remembered tokens never. */
  readonly previous?: Identifier
}

export interface Identifier {
  readonly identify: Identify
  /** Begins to fetch keys, so that the first call need not wait; resolves when it was tried. Never rejects. */
  load(): Promise<void>
  /** What is wrong with the keys, or undefined. */
  readiness(): string | undefined
  /** Names of the keys in use, by issuer. */
  keyNames(): { readonly [issuer: string]: readonly string[] }
  /** Tokens remembered now. */
  remembered(): number
  /** Keys by issuer and place, for the identifier that follows. */
  readonly keys: ReadonlyMap<string, IssuerKeys>
}

interface Remembered {
  readonly principal: Principal
  /** Wall clock, milliseconds. Never later than `exp`: the skew is forgiven by verifying again, not by memory. */
  readonly fromMs: number
  readonly untilMs: number
  readonly keys: IssuerKeys
  readonly version: number
  readonly refusal: Fault | undefined
}

interface Refused {
  readonly fault: Fault
  readonly keys: IssuerKeys
  readonly version: number
}

interface Trusted {
  readonly settings: Issuer
  readonly keys: IssuerKeys
}

/** Characters that an entry is taken to weigh besides its token: the principal and the cache's own links. */
const entryChars = 2048

/** Throws `Flaws` for a key file that cannot be read, an `Error` for contradictory settings, which a configuration has refused. */
export function makeIdentifier(options: IdentifierOptions, ports: KeyPorts): Identifier {
  const { parseJson } = ports
  // Taken out here: what the functions below hold on to must not lead to `previous`, or no identifier would ever be freed.
  const agentsRequired = options.agentsRequired === true
  const findAgent = indexAgents(options.agents)
  const remembered = new LRUCache<string, Remembered>({
    max: limits.rememberedTokensMax,
    maxSize: options.rememberedCharsMax ?? limits.rememberedTokenCharsMax,
    sizeCalculation: (_, text) => text.length + entryChars,
  })
  const refused = new LRUCache<string, Refused>({ max: limits.refusedTokensMax })
  const running = new Map<string, Promise<Principal>>()
  const trusted = trustIssuers(options, ports)

  function identify(call: Call): Principal | Promise<Principal> {
    const authorization = call.headers.get('authorization')
    if (authorization === undefined) return anonymous
    // The key is the whole header, scheme and token: no part of it is cut out or hashed here.
    const known = remembered.get(authorization)
    if (known !== undefined) {
      if (isStillGood(known, call)) {
        if (known.refusal !== undefined) throw known.refusal
        return known.principal
      }
      remembered.delete(authorization)
    }
    return identifyOnce(authorization, call.receivedMs)
  }

  function identifyOnce(authorization: string, nowMs: number): Promise<Principal> {
    const bad = refused.get(authorization)
    if (bad !== undefined && bad.version === bad.keys.version()) throw bad.fault
    const under = running.get(authorization)
    if (under !== undefined) return under
    const token = readToken(bearerToken(authorization), parseJson)
    const issuer = token.claims.iss
    if (typeof issuer !== 'string') throw new Fault('token_claims', '`iss` is missing or not text')
    const { settings, keys } = trusted.get(issuer) ?? untrusted(issuer)
    const { fromMs, untilMs } = checkClaims(token, settings, nowMs)
    const identity = identityOf(token.claims, issuer, settings.claims)
    const verified = verify(authorization, token, keys)
      .then((version) => {
        const agent = findAgent(identity, token.claims)
        const refusal = refusalOf(identity, agent)
        const principal = principalOf(identity, agent, untilMs + settings.skewS * 1000)
        if (nowMs < untilMs) remembered.set(authorization, { principal, fromMs, untilMs, keys, version, refusal })
        if (refusal !== undefined) throw refusal
        return principal
      })
      .finally(() => running.delete(authorization))
    running.set(authorization, verified)
    return verified
  }

  /** The version of the keys that verified it. Faults: `token_signature`, `keys_unavailable`. */
  async function verify(authorization: string, token: Token, keys: IssuerKeys): Promise<number> {
    const { keys: candidates, version } = await keys.find(token)
    let problem: unknown
    for (const { jwk } of candidates) {
      try {
        await compactVerify(token.text, jwk, { algorithms: [token.algorithm] })
        return version
      } catch (cause) {
        // A key that cannot be used (a point off its curve) verifies nothing: as closed as a wrong signature.
        if (!(cause instanceof errors.JWSSignatureVerificationFailed)) problem = cause
      }
    }
    const detail = problem instanceof Error ? `: ${problem.message}` : ''
    const fault = new Fault('token_signature', `no key of the issuer verifies the signature${detail}`, {
      cause: problem,
    })
    refused.set(authorization, { fault, keys, version })
    throw fault
  }

  function refusalOf(identity: Identity, agent: AgentFacts | undefined): Fault | undefined {
    if (agent?.status === 'suspended') return new Fault('agent_suspended', `agent \`${agent.id}\` is suspended`)
    if (agent === undefined && agentsRequired)
      return new Fault(
        'agent_unknown',
        `no entry names the agent ${quoted(identity.agent?.id)} of ${quoted(identity.issuer)}`,
      )
    return undefined
  }

  const sets = [...new Map([...trusted.values()].map(({ keys }) => [keys.place, keys])).values()]
  return {
    identify,
    load: async () => {
      await Promise.all(sets.map((keys) => keys.load()))
    },
    readiness: () => sets.map((keys) => keys.readiness()).find((problem) => problem !== undefined),
    keyNames: () => Object.fromEntries([...trusted].map(([issuer, { keys }]) => [issuer, keys.names()])),
    remembered: () => remembered.size,
    keys: new Map([...trusted.values()].map(({ settings, keys }) => [keyOf(settings), keys])),
  }
}

function isStillGood({ fromMs, untilMs, keys, version }: Remembered, call: Call): boolean {
  if (call.receivedMs < fromMs || call.receivedMs >= untilMs) return false
  return keys.keep(call.startedMs) && keys.version() === version
}

/** Each issuer with its keys, by the exact value of `iss`. */
function trustIssuers({ issuers, previous }: IdentifierOptions, ports: KeyPorts): ReadonlyMap<string, Trusted> {
  const known: readonly string[] = signatureAlgorithms
  const trusted = new Map<string, Trusted>()
  for (const settings of issuers) {
    const shared = settings.algorithms.find((algorithm) => !known.includes(algorithm))
    if (shared !== undefined)
      throw new Error(
        `issuer \`${settings.issuer}\` lists the algorithm \`${shared}\`: take of ${signatureAlgorithms.join(', ')}`,
      )
    if (trusted.has(settings.issuer)) throw new Error(`issuer \`${settings.issuer}\` is listed twice: keep one entry`)
    // A file may have changed with the configuration; what a URL gave stays good, above all while its issuer is down.
    const fetched = 'url' in settings.keys ? previous?.keys.get(keyOf(settings)) : undefined
    const keys = fetched ?? openIssuerKeys(settings, ports)
    trusted.set(settings.issuer, { settings, keys })
  }
  return trusted
}

function keyOf(settings: Issuer): string {
  return `${settings.issuer} ${placeOf(settings)}`
}

function untrusted(issuer: string): never {
  throw new Fault('token_issuer', `\`iss\` is ${quoted(issuer)}, which no issuer of the configuration has`)
}

/** The one place that makes principals (model/principal.ts): holding one proves that `identify` ran. */
function principalOf(identity: Identity, agent: AgentFacts | undefined, untilMs: number): Principal {
  const fields = { authenticated: true, identity, untilMs, ...(agent !== undefined && { agent }) }
  return Object.freeze(fields) as Principal
}

const anonymous = Object.freeze({
  authenticated: false,
  identity: Object.freeze({
    actors: Object.freeze([]),
    delegated: false,
    scopes: Object.freeze([]),
    roles: Object.freeze([]),
    bound: 'none',
    claims: Object.freeze({}),
  }),
}) as unknown as Principal
