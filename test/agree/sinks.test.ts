/**
 * The promises of every sink, against the receivers that need no installed server; `npm run sinks` runs the same scenarios, with more
 * records, against all of them.
 */
import { describe, expect, it } from 'vitest'
import { sinkKinds } from '../../src/sinks/kinds.ts'
import { receivers } from './receivers/index.ts'
import { openWorld, scenarios } from './sink-scenarios.ts'

const records = 400

it('has a receiver for every kind of sink, and no other', () => {
  expect(receivers.map(({ kind }) => kind).sort()).toEqual(sinkKinds.map(({ kind }) => kind).sort())
})

describe.each(receivers.filter(({ installed }) => installed === undefined))('the sink $kind', (kind) => {
  const possible = scenarios.filter(
    ({ needsServer, needsPoison }) =>
      !(needsServer && kind.serverless !== undefined) && !(needsPoison === true && 'none' in kind.poison),
  )
  it.each(possible)('keeps its promise: $name', { timeout: 120_000 }, async (scenario) => {
    await using world = await openWorld(kind, '')
    const result = await scenario.run(world, records, kind)
    expect(result.wrong).toEqual([])
    expect(result.records).toBeGreaterThan(records / 8)
  })
})
