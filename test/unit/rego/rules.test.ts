/** Which rules gave a result: a prepared query tells the rules that it asks by itself, where it was prepared to. Each row is a policy and what it must name. */
import { describe, expect, test } from 'vitest'
import { type PrepareOptions, prepare, type RuleRef } from '../../../src/rego/index.ts'

function firedBy(policy: string, input: unknown, query = 'data.p', options: Partial<PrepareOptions> = {}): string[] {
  const rules = ({ name, file, row, id }: RuleRef): string =>
    id === undefined ? `${name}@${file}:${row}` : `${name}#${id}`
  const prepared = prepare({ query, modules: { 'p.rego': `package p\n${policy}` }, rules, ...options })
  let fired: readonly string[] = []
  prepared.evaluate(input as never, { rules: (names) => (fired = names) })
  return [...fired].sort()
}

const cases: readonly (readonly [note: string, policy: string, input: unknown, fired: readonly string[]])[] = [
  ['a rule that holds', 'allow if input.x == 1', { x: 1 }, ['p.allow@p.rego:2']],
  ['no rule that does not hold', 'allow if input.x == 1', { x: 2 }, []],
  ['a default, which is a rule', 'default allow := false\nallow if input.x == 1', { x: 2 }, ['p.allow@p.rego:2']],
  ['the rule and not its default', 'default allow := false\nallow if input.x == 1', { x: 1 }, ['p.allow@p.rego:3']],
  [
    'the first of those that would give the same',
    'allow if input.x\nallow if input.y',
    { x: 1, y: 1 },
    ['p.allow@p.rego:2'],
  ],
  [
    'every rule of a set that gave an element, once',
    'deny contains x if some x in input.xs\ndeny contains "no" if input.no\ndeny contains "never" if input.never',
    { xs: ['a', 'b', 'c'], no: true },
    ['p.deny@p.rego:2', 'p.deny@p.rego:3'],
  ],
  ['the `else` that gave the value', 'v := 1 if input.a\nelse := 2 if input.b\nelse := 3', { b: 1 }, ['p.v@p.rego:3']],
  ['parts of an object', 'labels["a"] := input.a\nlabels["b"] := input.b', { b: 1 }, ['p.labels.b@p.rego:3']],
  [
    'a rule by the id of its annotation',
    '# METADATA\n# title: Small\n# custom:\n#   id: orders.small\nallow if input.x < 3',
    { x: 1 },
    ['p.allow#orders.small'],
  ],
  [
    'an annotation whose id is no text as a place',
    '# METADATA\n# custom:\n#   id: 7\nallow if input.x < 3',
    { x: 1 },
    ['p.allow@p.rego:5'],
  ],
]

describe('rules that fired', () => {
  test.each(cases)('name %s', (_note, policy, input, fired) => {
    expect(firedBy(policy, input)).toEqual(fired)
  })

  test('leave out what the rules asked in turn', () => {
    expect(firedBy('allow if helper\nhelper if input.x', { x: 1 }, '[x | x := data.p.allow]')).toEqual([
      'p.allow@p.rego:2',
    ])
  })

  test('leave out what a rule gave only where a `with` replaced something', () => {
    const policy = 'deny contains "no" if input.x\nallow if count(deny) > 0 with input.x as 1'
    expect(firedBy(policy, {}, '[data.p.deny, data.p.allow]')).toEqual(['p.allow@p.rego:3'])
  })

  test('are not told of by a query that was not prepared to', () => {
    let called = false
    const query = prepare({ query: 'data.p.a', modules: { 'p.rego': 'package p\na := 1' } })
    query.value(undefined, { rules: () => (called = true) })
    expect(called).toBe(false)
  })
})
