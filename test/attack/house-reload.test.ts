/** Policies swapped under load: no call sees half of two of them, none fails because of it, and nothing old is held on to. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { type Identifier, makeIdentifier } from '../../src/identify/index.ts'
import { parseJson } from '../../src/wire/index.ts'
import { openWorld, type World } from '../support/world.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const reloads = 40
/** Both files say the same number, or the call is not allowed: a policy of two generations would show. */
const rules = (generation: number): string =>
  `package gatehouse\n\nallow if data.generation == ${generation}\n\nlabels := {"rules": "${generation}", "data": sprintf("%d", [data.generation])}\n`

describe('reloads', () => {
  it(`${reloads} times under load give every call one whole policy`, async () => {
    const here = await openWorld({
      policies: { 'main.rego': rules(0) },
      files: { 'policies/data.json': '{"generation":0}' },
    })
    world = here
    const statuses: number[] = []
    let over = false
    const caller = async (): Promise<void> => {
      while (!over) statuses.push((await here.send()).status)
    }
    const callers = Promise.all([caller(), caller(), caller()])
    for (let generation = 1; generation <= reloads; generation++) {
      here.write('policies/main.rego', rules(generation))
      here.write('policies/data.json', `{"generation":${generation}}`)
      // Every third change is broken: what was in force before goes on.
      if (generation % 3 === 0) here.write('policies/broken.rego', 'package gatehouse\n\nallow if {')
      const refusal = await here.house.reload()
      if (generation % 3 !== 0) expect(refusal).toBeUndefined()
      else {
        expect(refusal).toContain('broken.rego')
        here.write('policies/broken.rego', 'package unused\n')
        expect(await here.house.reload()).toBeUndefined()
      }
    }
    over = true
    await callers
    expect(new Set(statuses)).toEqual(new Set([200]))
    const labels = here.records().flatMap((record) => (record.type === 'decision' ? [record.labels] : []))
    expect(labels.filter(({ rules, data }) => rules !== data)).toEqual([])
    expect(new Set(labels.map((label) => label.rules)).size).toBeGreaterThan(3)
  })

  it('free the identifier before, with all the tokens it remembers', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const make = (previous: Identifier | undefined): Identifier =>
      makeIdentifier(
        { issuers: [], agents: [], ...(previous !== undefined && { previous }) },
        {
          clock: systemClock,
          fetchDocument: () => Promise.reject(new Error('nothing is fetched here')),
          keysChanged: () => {},
          parseJson,
          log: { debug() {}, info() {}, warn() {}, error() {} },
        },
      )
    const chain = (length: number): { last: Identifier; before: WeakRef<Identifier>[] } => {
      const before: WeakRef<Identifier>[] = []
      let last = make(undefined)
      for (let index = 0; index < length; index++) {
        before.push(new WeakRef(last))
        last = make(last)
      }
      return { last, before }
    }
    const { last, before } = chain(10)
    // A weak reference is kept until the turn ends in which it was made.
    await expect
      .poll(
        () => {
          collect()
          return before.filter((one) => one.deref() !== undefined).length
        },
        { timeout: 10_000 },
      )
      .toBe(0)
    expect(last.remembered()).toBe(0)
  })
})
