/**
 * The sessions of the legacy era with agents (2025-11-25, "Session Management"). An id is chance alone and opens nothing by itself: it
 * works for the principal that got it, on the route that it was opened on. They live in memory: after a restart agents open new ones.
 */
import {
  type Clock,
  Fault,
  limits,
  type McpAsked,
  type McpSession,
  type McpSessions,
  type RandomBytes,
} from '../../model/index.ts'

/** 192 bits: nobody guesses one, and no two are alike. */
const idBytes = 24
/** Milliseconds between two looks for sessions that are too old. */
const sweepMs = 30_000

export interface SessionPorts {
  readonly clock: Clock
  readonly randomBytes: RandomBytes
}

export function makeMcpSessions({ clock, randomBytes }: SessionPorts): McpSessions {
  const sessions = new Map<string, Session>()
  const owned = new Map<string, number>()

  class Session implements McpSession {
    readonly id = Buffer.from(randomBytes(idBytes)).toString('base64url')
    readonly owner: string
    readonly route: string
    readonly revision: string
    readonly opening: Uint8Array
    readonly asked = new Map<string, McpAsked>()
    usedMs = clock.monotonicMs()
    ended = false
    readonly listeners = new Set<() => void>()

    constructor({ owner, route, revision, opening }: Pick<McpSession, 'owner' | 'route' | 'revision' | 'opening'>) {
      this.owner = owner
      this.route = route
      this.revision = revision
      this.opening = opening
    }

    touch(): void {
      this.usedMs = clock.monotonicMs()
    }

    onEnd(listener: () => void): () => void {
      if (this.ended) listener()
      else this.listeners.add(listener)
      return () => void this.listeners.delete(listener)
    }
  }

  function end(session: Session): void {
    if (session.ended) return
    session.ended = true
    sessions.delete(session.id)
    const left = (owned.get(session.owner) ?? 1) - 1
    if (left === 0) owned.delete(session.owner)
    else owned.set(session.owner, left)
    for (const listener of session.listeners) listener()
    session.listeners.clear()
  }

  clock.every(sweepMs, () => {
    const oldestMs = clock.monotonicMs() - limits.mcpSessionIdleMs
    for (const session of sessions.values()) if (session.usedMs < oldestMs) end(session)
  })

  return {
    open(options) {
      const count = owned.get(options.owner) ?? 0
      if (sessions.size >= limits.mcpSessionsMax || count >= limits.mcpSessionsPerOwnerMax)
        throw new Fault('overloaded', `${sessions.size} sessions are open, ${count} of them by this principal`)
      const session = new Session(options)
      sessions.set(session.id, session)
      owned.set(session.owner, count + 1)
      return session
    },
    find(id, owner, route) {
      const session = sessions.get(id)
      if (session === undefined || session.owner !== owner || session.route !== route) return undefined
      session.touch()
      return session
    },
    end(session) {
      const known = sessions.get(session.id)
      if (known !== undefined) end(known)
    },
    get count() {
      return sessions.size
    },
  }
}
