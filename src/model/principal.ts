/**
 * A principal: who calls, as a verified token proves it. Only `identify/` makes one, so holding a `Principal` is the proof
 * that the check was done.
 */
import type { Json, JsonObject } from './json.ts'

declare const identified: unique symbol

export interface Principal {
  readonly [identified]: true
  /** False only when no credential was presented at all; a bad credential never becomes a principal. */
  readonly authenticated: boolean
  /** The `identity` part of the policy input, built once and shared by every call of this token. */
  readonly identity: Identity
  /** The `agent` part of the policy input: the entry of the configuration that this identity names; absent when none does. */
  readonly agent?: AgentFacts
  /** Wall clock, milliseconds: from then on the token is refused. Absent without a token. What lasts longer than a call ends then. */
  readonly untilMs?: number
}

export interface Identity {
  readonly issuer?: string
  readonly subject?: { readonly id: string; readonly type: string }
  readonly agent?: { readonly issuer: string; readonly id: string; readonly type: string }
  readonly client_id?: string
  /** RFC 8693 `act` chain, outermost first. */
  readonly actors: readonly { readonly id: string; readonly issuer?: string }[]
  readonly delegated: boolean
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly audience?: readonly string[]
  readonly tenant?: string
  readonly bound: 'none'
  readonly claims: JsonObject
}

/** Status `suspended` denies every call with code `agent_suspended`. */
export interface AgentFacts {
  readonly id: string
  readonly owner?: string
  readonly team?: string
  readonly status: 'active' | 'suspended'
  readonly version?: string
  readonly risk?: string
  readonly labels?: { readonly [name: string]: Json }
}

/** One text for one principal, for what is his alone: who the token speaks of, and who acts for him. */
export function ownerOf({ authenticated, identity, agent }: Principal): string {
  if (!authenticated) return 'anonymous'
  const { issuer, subject, client_id } = identity
  const actors = identity.actors.map(({ issuer: by, id }) => [by ?? null, id])
  return JSON.stringify([
    issuer ?? null,
    subject?.id ?? null,
    client_id ?? null,
    identity.agent?.id ?? null,
    agent?.id ?? null,
    actors,
  ])
}
