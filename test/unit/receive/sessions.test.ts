/** Sessions of agents: whom they tell of their end, and that they keep nobody who no longer wants to know. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/index.ts'
import { makeMcpSessions } from '../../../src/receive/index.ts'
import { fakeClock } from '../../support/clock.ts'

const options = { owner: 'buyer', route: 'tools', revision: '2025-11-25', opening: new Uint8Array(0) }

describe('the end of a session', () => {
  it('is told once to whoever waits for it, at once when it has come, and not to who does not wait any more', () => {
    const sessions = makeMcpSessions({ clock: fakeClock(), randomBytes })
    const session = sessions.open(options)
    const told: string[] = []
    session.onEnd(() => void told.push('waits'))
    const forget = session.onEnd(() => void told.push('waited'))
    forget()
    sessions.end(session)
    sessions.end(session)
    session.onEnd(() => void told.push('late'))
    expect(told).toEqual(['waits', 'late'])
    expect(sessions.count).toBe(0)
  })

  it('comes when nobody used it for long', async () => {
    const clock = fakeClock()
    const sessions = makeMcpSessions({ clock, randomBytes })
    const session = sessions.open(options)
    let ended = false
    session.onEnd(() => {
      ended = true
    })
    await clock.advance(limits.mcpSessionIdleMs / 2)
    expect(sessions.find(session.id, 'buyer', 'tools')).toBe(session)
    expect(sessions.find(session.id, 'finance', 'tools')).toBeUndefined()
    await clock.advance(limits.mcpSessionIdleMs / 2 + 1_000)
    expect(ended).toBe(false)
    await clock.advance(limits.mcpSessionIdleMs)
    expect(ended).toBe(true)
    expect(sessions.find(session.id, 'buyer', 'tools')).toBeUndefined()
  })
})
