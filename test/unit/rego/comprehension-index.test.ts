/**
 * A comprehension that looks for what belongs to a key gives for many keys what it gives for each alone, and takes time with the number of keys plus
 * the number of candidates, not with their product.
 */
import { describe, expect, it } from 'vitest'
import { type Json, prepare, RegoErrors } from '../../../src/rego/index.ts'

const keys: Json[] = ['a', 'b', 'c', 1, 1.5, null, true, ['a', 1], { k: 'a' }, '__proto__', 'none', '', 'd', 'e', 'f']
const items: Json[] = keys.flatMap((owner, i) => [
  { owner, name: `n${i}`, tags: ['a', `t${i % 3}`], pair: [owner, i % 2] },
  { owner, name: `m${i % 4}`, tags: [], pair: [owner, 1], more: { owner } },
  { name: 'without an owner', tags: ['b'] },
])
const input: Json = { keys, items, other: 'a' }

const comprehensions: [string, string][] = [
  ['a set', '{i.name | some i in input.items; i.owner == key}'],
  ['an array in its order', '[i.name | some i in input.items; i.owner == key]'],
  ['an object', '{i.name: i.tags | some i in input.items; i.owner == key; i.more}'],
  ['a unification', '{i.name | i := input.items[_]; i.owner = key}'],
  ['a key on the left', '{i.name | some i in input.items; key == i.owner}'],
  ['a pattern', '{x | some i in input.items; [key, x] = i.pair}'],
  ['a pattern with more conditions', '{i.name | some i in input.items; [key, 1] = i.pair; i.more}'],
  ['two keys', '{i.name | some i in input.items; i.owner == key; i.pair[1] == half}'],
  ['a part of a key', '{i.name | some i in input.items; i.owner == key.k}'],
  ['a computed key', '{i.name | some i in input.items; i.owner == lower(key)}'],
  ['what depends on the key alone', '{i.name | some i in input.items; i.owner == key; key != "b"}'],
  ['two loops', '{t | some i in input.items; i.owner == key; some t in i.tags}'],
  ['an inner loop that meets the key', '{i.name | some i in input.items; some t in i.tags; t == key}'],
  ['a filter', '{i.name | some i in input.items; i.owner == key; not startswith(i.name, "m")}'],
  ['a filter that is undefined for some', '{i.more.owner | some i in input.items; i.owner == key}'],
  ['another comprehension inside', '[n | some i in input.items; i.owner == key; n := count([t | some t in i.tags])]'],
  ['a function', '{f(i.name) | some i in input.items; i.owner == key}'],
  ['a document', '{i.name | some i in owned; i.owner == key}'],
  ['a walk', '{path | walk(input.items, [path, v]); v == key}'],
  ['the key in what it gives', '{[key, i.name] | some i in input.items; i.owner == key}'],
  ['a comparison of another kind', '{i.name | some i in input.items; i.pair[1] < half}'],
  ['a size', 'count([1 | some i in input.items; i.owner == key])'],
  ['whether there is one', 'count({1 | some i in input.items; i.owner == key}) == 0'],
  [
    'a replaced input',
    '{i.name | some i in input.items; i.owner == key} with input.items as [{"owner": "b", "name": "new"}]',
  ],
  ['a key of the state', '{i.name | some i in input.items; i.owner == input.other}'],
  ['an array made outside', '{i.name | some i in listed; i.owner == key}'],
]

function modulesFor(comprehension: string): Record<string, string> {
  const rules = `package a
    owned contains i if some i in input.items
    f(x) := upper(x)
    p contains [key, half, made] if {
      listed := [i | some i in input.items; i.owner]
      some n, key in input.keys
      half := n % 2
      made := ${comprehension}
    }`
  return { 'a.rego': rules }
}

describe('a comprehension for many keys gives what it gives for each alone', () => {
  it.each(comprehensions)('%s', (_, comprehension) => {
    const query = prepare({ query: 'data.a.p', modules: modulesFor(comprehension) })
    const all = query.value(input) as Json[]
    // The place of a key says a part of the question, so that keys alone stand where they stood.
    const alone = keys.flatMap((key, n) => {
      const found = query.value({ ...(input as object), keys: n % 2 === 0 ? [key] : ['\u0000', key] }) as [
        Json,
        Json,
        Json,
      ][]
      return found.filter(([of]) => of !== '\u0000')
    })
    const texts = (rows: Json[]): string[] => rows.map((row) => JSON.stringify(row)).sort()
    expect(texts(all)).toEqual(texts(alone))
    expect(all.length).toBeGreaterThan(0)
  })
})

describe('errors', () => {
  const pairs = (other: string): Json => ({
    keys: Array.from({ length: 20 }, (_, i) => `k${i}`),
    items: [
      { owner: 'k19', name: 'n', value: 1 },
      { owner: other, name: 'n', value: 2 },
    ],
  })
  const query = (comprehension: string, options = {}) =>
    prepare({
      query: 'data.a.p',
      modules: { 'a.rego': `package a\np[key] := ${comprehension} if some key in input.keys` },
      ...options,
    })
  const object = '{i.name: i.value | some i in input.items; i.owner == key}'
  const strict = '[1 | some i in input.items; i.owner == key; to_number(i.name)]'

  it('in elements that nobody asks for are not found', () => {
    expect(query(object).value(pairs('other'))).toMatchObject({ k0: {}, k19: { n: 1 } })
    const failing = { keys: Array.from({ length: 20 }, (_, i) => i), items: [{ owner: 'other', name: 'x' }] }
    expect(query(strict, { strictBuiltinErrors: true }).value(failing)).toMatchObject({ 0: [], 19: [] })
  })

  it('in elements that somebody asks for are', () => {
    expect(() => query(object).value(pairs('k19'))).toThrow(RegoErrors)
    const failing = { keys: Array.from({ length: 20 }, (_, i) => i), items: [{ owner: 19, name: 'x' }] }
    expect(() => query(strict, { strictBuiltinErrors: true }).value(failing)).toThrow(RegoErrors)
  })
})

describe('the time that many keys take', () => {
  const size = 3_000
  const many = {
    keys: Array.from({ length: size }, (_, i) => `k${i}`),
    items: Array.from({ length: size }, (_, i) => ({ owner: `k${i}`, name: i })),
  }
  const policies: [string, string][] = [
    [
      'in a loop',
      'p := count({[key, n] | some key in input.keys; n := count([1 | some i in input.items; i.owner == key])})',
    ],
    [
      'in a function',
      'p := count([key | some key in input.keys; f(key) == 1])\nf(key) := count([1 | some i in input.items; i.owner == key])',
    ],
    [
      'in a rule of an object',
      'p := count([key | some key, n in o; n == 1])\no[key] := count([1 | some i in input.items; i.owner == key]) if some key in input.keys',
    ],
    [
      'for whether there is none',
      'p := count([key | some key in input.keys; count([1 | some i in input.items; i.owner == key]) > 0])',
    ],
  ]
  it.each(policies)('%s is their sum', (_, rules) => {
    const query = prepare({
      query: 'data.a.p',
      modules: { 'a.rego': `package a\n${rules}` },
      limits: { stepsMax: 30 * size },
    })
    expect(query.value(many)).toBe(size)
  })
})
