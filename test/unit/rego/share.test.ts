/** Sharing changes how a document is held, never what it says. */
import { describe, expect, it } from 'vitest'
import { type Json, shareEqualParts } from '../../../src/rego/index.ts'

const raw = (text: string): Json => (JSON as unknown as { rawJSON(text: string): Json }).rawJSON(text)

function shared(document: Json): Json {
  shareEqualParts(document)
  return document
}

describe('equal parts', () => {
  it('become one object, with everything in them', () => {
    const records = Array.from({ length: 100 }, (_, i) => ({ roles: ['a', `b${i % 2}`], team: { name: 't' } }))
    const [one, other, third] = shared(records as Json) as { roles: Json; team: Json }[]
    expect(one).toBe(third)
    expect(one).not.toBe(other)
    expect(one?.team).toBe(other?.team)
    expect(new Set(records).size).toBe(2)
  })

  it('stay apart where they differ in anything', () => {
    const parts: Json[] = [
      [1],
      ['1'],
      [1n],
      [true],
      ['true'],
      [null],
      ['null'],
      [[]],
      [{}],
      [[1]],
      [['1']],
      [-0],
      [0],
      [''],
      [],
      {},
      ['#0'],
      [0.1],
      { a: 1 },
      { b: 1 },
      { a: '1' },
      { a: 1, b: 1 },
      { b: 1, a: 1 },
      ['a', 'b'],
      ['a,b'],
      ['a","b'],
      { 'a":1,"b': 1 },
      [raw('1.50')],
      [raw('1.5')],
      JSON.parse('{"__proto__": 1}'),
      JSON.parse('{"__proto__": {"a": 1}}'),
      { constructor: 1 },
    ]
    expect(new Set(shared(parts) as Json[]).size).toBe(parts.length)
  })

  it('say afterwards what they said before', () => {
    const make = (): Json =>
      Array.from({ length: 3_000 }, (_, i) => ({
        id: i,
        list: [i % 7, [i % 3], { k: `${i % 5}`, 'a b': null }],
        wide: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, [n]])),
        ...JSON.parse('{"__proto__": {"own": [1]}}'),
      })) as Json
    expect(shared(make())).toEqual(make())
    expect(JSON.stringify(shared(make()))).toBe(JSON.stringify(make()))
  })

  it('are left alone where hardly anything repeats, and where they lie deep', () => {
    const different = Array.from({ length: 20_000 }, (_, i) => [i]).concat([[1], [1]])
    shared(different)
    expect(different.at(-1)).not.toBe(different.at(-2))
    let deep: Json = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(() => shared(deep)).not.toThrow()
  })
})
