/** What of a list an agent is shown is made once for all from whom the same is hidden. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Line, Offers, Part } from '../../../../src/forward/mcp/lines.ts'
import type { Listed, Sees } from '../../../../src/model/index.ts'
import { fakeClock } from '../../../support/clock.ts'

const upstream = { id: 's' } as unknown as Listed['upstream']

function linesOf(names: readonly string[]): readonly Line[] {
  return names.map((own) => ({
    name: own,
    own,
    text: `{"name":"${own}"}`,
    listed: { upstream, prompt: { name: own } },
  }))
}

/** Hides some names, and counts how often it is asked. */
function sight(hidden: readonly string[]): { readonly sees: Sees; readonly asked: () => number } {
  let count = 0
  return {
    sees: ({ prompt }) => {
      count++
      return !hidden.includes(prompt?.name ?? '')
    },
    asked: () => count,
  }
}

const names = ['a', 'b', 'c']

test.each([
  [[], 'abc', ''],
  [['b'], 'ac', 'b'],
  [['a', 'c'], 'b', 'ac'],
  [names, '', 'abc'],
])('hides %j', async (hides, shown, hidden) => {
  const offers = new Offers(fakeClock())
  for (let time = 0; time < 2; time++) {
    const offer = await offers.offerOf(names, () => linesOf(names), sight(hides).sees)
    expect(offer.shown.lines.map(({ name }) => name).join('')).toBe(shown)
    expect(offer.hidden.map(({ name }) => name).join('')).toBe(hidden)
    expect(JSON.parse(`[${offer.shown.bytes.toString()}]`)).toEqual([...shown].map((name) => ({ name })))
  }
})

test('shows all where nobody can tell', async () => {
  const offer = await new Offers(fakeClock()).offerOf(names, () => linesOf(names), undefined)
  expect(offer.shown.lines).toHaveLength(3)
})

test('asks a sight once about a list, and again about another', async () => {
  const offers = new Offers(fakeClock())
  const { sees, asked } = sight(['b'])
  const one = await offers.offerOf(names, () => linesOf(names), sees)
  expect(await offers.offerOf(names, () => linesOf(names), sees)).toBe(one)
  expect(asked()).toBe(3)
  const longer = [...names, 'd']
  expect((await offers.offerOf(longer, () => linesOf(longer), sees)).shown.lines).toHaveLength(3)
  expect(asked()).toBe(7)
})

test('makes one offer for all sights that hide the same', async () => {
  const offers = new Offers(fakeClock())
  const [one, two, other] = await Promise.all(
    [['b'], ['b'], ['c']].map((hides) => offers.offerOf(names, () => linesOf(names), sight(hides).sees)),
  )
  expect(one).toBe(two)
  expect(one).not.toBe(other)
})

test('finds an offer again that was forgotten among many', async () => {
  const many = Array.from({ length: 64 }, (_, index) => `n${index}`)
  const offers = new Offers(fakeClock())
  const sights = many.map((name) => sight([name]))
  const shownTo = async ({ sees }: (typeof sights)[number]): Promise<readonly string[]> =>
    (await offers.offerOf(many, () => linesOf(many), sees)).hidden.map(({ name }) => name)
  for (let time = 0; time < 2; time++)
    for (const [index, one] of sights.entries()) expect(await shownTo(one)).toEqual([`n${index}`])
  for (const { asked } of sights) expect(asked()).toBe(64)
})

test('joins the lists of servers once, and anew where any of them is another one', () => {
  const offers = new Offers(fakeClock())
  const [one, two, other] = [new Part(linesOf(['a', 'b'])), new Part(linesOf(['b', 'c'])), new Part(linesOf(['d']))]
  const whole = offers.wholeOf([one, two])
  expect(whole.bytes.toString()).toBe('{"name":"a"},{"name":"b"},{"name":"c"}')
  expect(whole.lines[1]).toBe(one.lines[1])
  expect(offers.wholeOf([one, two])).toBe(whole)
  expect(offers.wholeOf([one, other]).lines.map(({ name }) => name)).toEqual(['a', 'b', 'd'])
  expect(offers.wholeOf([one, two, other]).lines.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd'])
  expect(offers.wholeOf([two, one]).lines.map(({ name }) => name)).toEqual(['b', 'c', 'a'])
  expect(offers.wholeOf([one])).toBe(one)
  expect(offers.wholeOf([]).lines).toEqual([])
})

test('lets others go on while a policy takes long over a list', async () => {
  let passedMs = 0
  const clock = { ...fakeClock(), monotonicMs: () => passedMs }
  let othersWent = 0
  let over = false
  const others = (async () => {
    for (; !over; othersWent++) await nextTurn()
  })()
  const sees: Sees = () => {
    passedMs += 2
    return true
  }
  const many = Array.from({ length: 100 }, (_, index) => `n${index}`)
  const offer = await new Offers(clock).offerOf(many, () => linesOf(many), sees)
  over = true
  await others
  expect(offer.shown.lines).toHaveLength(100)
  // Each third entry is beyond its turn of 5 ms.
  expect(othersWent).toBeGreaterThanOrEqual(33)
})
