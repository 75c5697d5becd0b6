/** Operators that compiled code writes out give what the builtins of the same names give, on every pair of values of every kind. */
import { describe, expect, it } from 'vitest'
import { parseTerm, prepare } from '../../../src/rego/index.ts'

const terms = [
  'null',
  'false',
  'true',
  '0',
  '-1',
  '1',
  '1.0',
  '1.5',
  '9007199254740993',
  '1e400',
  '0.1',
  '""',
  '"a"',
  '"b"',
  '"10"',
  '[]',
  '[1]',
  '["a"]',
  '{}',
  '{"a": 1}',
  '{1: "a"}',
  'set()',
  '{1}',
  '{"a", 1}',
]

/** The operator as written, and the call of the builtin that a replaced function forces through the table. */
const operators: [string, string, string][] = [
  ['==', 'input.x == input.y', 'equal(input.x, input.y)'],
  ['!=', 'input.x != input.y', 'neq(input.x, input.y)'],
  ['<', 'input.x < input.y', 'lt(input.x, input.y)'],
  ['<=', 'input.x <= input.y', 'lte(input.x, input.y)'],
  ['>', 'input.x > input.y', 'gt(input.x, input.y)'],
  ['>=', 'input.x >= input.y', 'gte(input.x, input.y)'],
  ['in', 'input.x in input.y', 'internal.member_2(input.x, input.y)'],
]

describe('operators', () => {
  it.each(operators)('`%s` agrees with its builtin', async (_, written, called) => {
    const { builtins } = await import('../../../src/rego/builtins/index.ts')
    const name = called.slice(0, called.indexOf('('))
    const builtin = builtins.get(name)
    if (builtin === undefined || !('run' in builtin)) throw new Error(`there is no builtin \`${name}\``)
    const asValue = prepare({ query: 'data.a.p', modules: { 'a.rego': `package a\np := ${written}` } })
    const asCondition = prepare({ query: 'data.a.p', modules: { 'a.rego': `package a\np if ${written}` } })
    const seen = new Set<unknown>()
    for (const x of terms) {
      for (const y of terms) {
        const wanted = builtin.run({} as never, parseTerm(x), parseTerm(y))
        const input = parseTerm(`{"x": ${x}, "y": ${y}}`)
        expect(asValue.value(input), `${x} ${name} ${y}`).toBe(wanted)
        expect(asCondition.value(input), `${x} ${name} ${y} as a condition`).toBe(wanted === true ? true : undefined)
        seen.add(wanted)
      }
    }
    expect([...seen].sort()).toEqual([false, true])
  })
})
