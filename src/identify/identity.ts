/**
 * Verified claims in the one shape that policies read, whatever the issuer calls them. Facts about
 * issuers' names: RFC 9068 and RFC 8693, Entra (`azp`, `appid`, `scp`, `tid`), Okta (`cid`, `scp` as a list), Keycloak (`azp`).
 */
import { Fault, type Identity, isJsonObject, type Json, type JsonObject, limits, property } from '../model/index.ts'
import { audienceOf } from './claims.ts'
import { quoted } from './quoted.ts'

/** In this order: the registered claim, then what issuers use instead. */
const clientClaims = ['client_id', 'azp', 'appid', 'cid'] as const
const tenantClaims = ['tenant', 'tid'] as const
/** What a type is called that the token does not state: policies should trust it least (OAuth Actor Profile). */
const unclassified = 'unclassified'

interface Actor {
  readonly id: string
  readonly issuer?: string
}

/**
 * The identity of a verified token. The acting agent is the outermost actor, else the client, else the subject. `copied`
 * names the claims that go to `identity.claims`. Fault: `token_claims` when a claim has the wrong type or the chain of
 * actors is too deep.
 */
export function identityOf(claims: JsonObject, issuer: string, copied: readonly string[]): Identity {
  const subjectId = textClaim(claims, 'sub')
  if (subjectId === undefined) throw wrong('`sub` is missing')
  const subjectType = textClaim(claims, 'sub_profile') ?? unclassified
  const clientId = firstText(claims, clientClaims)
  const tenant = firstText(claims, tenantClaims)
  const { actors, actorType } = actorsOf(property(claims, 'act'))
  const actor = actors[0]
  const agent =
    actor !== undefined
      ? { issuer: actor.issuer ?? issuer, id: actor.id, type: actorType }
      : { issuer, id: clientId ?? subjectId, type: (clientId ?? subjectId) === subjectId ? subjectType : unclassified }
  return deepFreeze({
    issuer,
    subject: { id: subjectId, type: subjectType },
    agent,
    ...(clientId !== undefined && { client_id: clientId }),
    actors,
    // An actor that is the subject itself delegates nothing; `sub` unlike `client_id` proves nothing (OAuth Actor Profile).
    delegated: actors.some(({ id, issuer: of }) => id !== subjectId || (of ?? issuer) !== issuer),
    scopes: scopesOf(claims),
    roles: rolesOf(property(claims, 'roles')),
    audience: audienceOf(property(claims, 'aud')),
    ...(tenant !== undefined && { tenant }),
    bound: 'none' as const,
    // `fromEntries` defines properties: a claim called `__proto__` stays a plain one.
    claims: Object.fromEntries(
      copied.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name] as Json]),
    ),
  })
}

/** RFC 8693 section 4.1: nested `act` claims, the outermost is who acts now. Deeper than the bound is refused, never cut. */
function actorsOf(act: Json | undefined): { actors: readonly Actor[]; actorType: string } {
  const actors: Actor[] = []
  let actorType = unclassified
  for (let link = act; link !== undefined; link = property(link, 'act')) {
    if (!isJsonObject(link)) throw wrong('`act` is not an object')
    if (actors.length === limits.actorsMax) throw wrong(`the chain of actors is deeper than ${limits.actorsMax}`)
    const id = textClaim(link, 'sub')
    if (id === undefined) throw wrong('an `act` has no `sub`')
    const issuer = textClaim(link, 'iss')
    if (actors.length === 0) actorType = textClaim(link, 'sub_profile') ?? unclassified
    actors.push(issuer === undefined ? { id } : { id, issuer })
  }
  return { actors, actorType }
}

/** RFC 9068 section 2.2.3: `scope` is text with spaces; `scp` is what Entra (text) and Okta (list) send instead. */
function scopesOf(claims: JsonObject): readonly string[] {
  const name = property(claims, 'scope') === undefined ? 'scp' : 'scope'
  const value = property(claims, name)
  if (value === undefined) return []
  const list = typeof value === 'string' ? value.split(' ').filter((scope) => scope !== '') : value
  return textList(name, list)
}

function rolesOf(roles: Json | undefined): readonly string[] {
  if (roles === undefined) return []
  return textList('roles', typeof roles === 'string' ? [roles] : roles)
}

function textList(name: string, list: Json): readonly string[] {
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list
  throw wrong(`\`${name}\` is not text or a list of texts`)
}

function firstText(claims: JsonObject, names: readonly string[]): string | undefined {
  const name = names.find((one) => property(claims, one) !== undefined)
  return name === undefined ? undefined : textClaim(claims, name)
}

function textClaim(claims: JsonObject, name: string): string | undefined {
  const value = property(claims, name)
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw wrong(`\`${name}\` is ${value === '' ? 'empty' : quoted(value)}, not text`)
}

function wrong(detail: string): Fault {
  return new Fault('token_claims', detail)
}

/** One identity is shared by every call of its token: nobody may change it for the next one. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}
