/**
 * The agents of the configuration, found by what a verified token says of itself. The look-up costs one step for each
 * claim name that the issuer's entries use, however many agents there are.
 */
import { type AgentEntry, type AgentFacts, Fault, type Identity, type JsonObject, property } from '../model/index.ts'

/** Names the outermost actor (RFC 8693 `act`): then the entry's issuer is the actor's own, where the token states one. */
const actorClaim = 'act.sub'

/** The one agent that a token names, or undefined. Fault: `agent_unknown` when its claims name two different ones. */
export type FindAgent = (identity: Identity, claims: JsonObject) => AgentFacts | undefined

/** Throws an `Error` when two entries are named by the same issuer, claim and value. */
export function indexAgents(entries: readonly AgentEntry[]): FindAgent {
  const byIssuer = new Map<string, Map<string, Map<string, AgentFacts>>>()
  for (const { facts, identity } of entries) {
    const byClaim = at(byIssuer, identity.issuer, () => new Map<string, Map<string, AgentFacts>>())
    const byValue = at(byClaim, identity.claim, () => new Map<string, AgentFacts>())
    const other = byValue.get(identity.value)
    if (other !== undefined)
      throw new Error(
        `the agents \`${other.id}\` and \`${facts.id}\` have the same identity: issuer \`${identity.issuer}\`, \`${identity.claim}\` is \`${identity.value}\``,
      )
    byValue.set(identity.value, Object.freeze({ ...facts }))
  }
  return function findAgent(identity, claims) {
    let found: AgentFacts | undefined
    const meet = (facts: AgentFacts | undefined): void => {
      if (facts === undefined) return
      if (found !== undefined && found.id !== facts.id)
        throw new Fault('agent_unknown', `the token names both \`${found.id}\` and \`${facts.id}\``)
      found = facts
    }
    const actor = identity.actors[0]
    if (actor !== undefined)
      meet(
        byIssuer
          .get(actor.issuer ?? identity.issuer ?? '')
          ?.get(actorClaim)
          ?.get(actor.id),
      )
    for (const [claim, byValue] of byIssuer.get(identity.issuer ?? '') ?? []) {
      const value = property(claims, claim)
      if (claim !== actorClaim && typeof value === 'string') meet(byValue.get(value))
    }
    return found
  }
}

function at<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
