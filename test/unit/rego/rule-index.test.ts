/**
 * The rule index changes what is tried, never what is found: every group of rules gives, on every input, what its rules give one by one, each in
 * a policy of its own where there is nothing to index.
 */
import { describe, expect, it } from 'vitest'
import { type Json, parseTerm, prepare } from '../../../src/rego/index.ts'

const groups: [string, string[]][] = [
  [
    'equality of one place',
    [
      'input.a == "x"',
      'input.a == "y"',
      'input.a == 1',
      'input.a == 1.0',
      'input.a == null',
      'input.a == [1]',
      '"x" == input.a',
    ],
  ],
  [
    'equality of two places',
    [
      'input.a == "x"; input.b == 1',
      'input.a == "x"; input.b == 2',
      'input.a == "y"; input.b == 1',
      'input.b == 1',
      'input.a',
    ],
  ],
  [
    'membership in constants',
    ['input.a in ["x", "y"]', 'input.a in {"y", 1}', 'input.a in {"k": "x"}', 'input.a in []', 'input.a == "y"'],
  ],
  [
    'elements of a place',
    ['"x" in input.a', '"y" in input.a', '1 in input.a', '"x" in input.a; "y" in input.a', '[1] in input.a'],
  ],
  [
    'prefixes',
    [
      'startswith(input.a, "")',
      'startswith(input.a, "x")',
      'startswith(input.a, "xy")',
      'startswith(input.a, "y")',
      'startswith(input.a, "x"); input.b == 1',
    ],
  ],
  [
    'globs',
    [
      'glob.match("x*", [], input.a)',
      'glob.match("x?z", [], input.a)',
      'glob.match("{xyz,y}", [], input.a)',
      'glob.match("xy[a-z]", [], input.a)',
      'glob.match("x", null, input.a)',
      'glob.match("\\\\x*", [], input.a)',
      'glob.match("*z", [], input.a); startswith(input.a, "xy")',
      'startswith(input.a, "x")',
    ],
  ],
  [
    'array patterns',
    [
      'input.a == ["x", "y"]',
      '["x", _] = input.a',
      '[_, "y"] = input.a',
      '["x", _, 1] = input.a',
      'input.a = [[1], _]',
    ],
  ],
  [
    'other names of a place',
    [
      'v := input.a; v == "x"',
      'v := input.a; w := v; w == "y"',
      'o := input; o.a == 1',
      'v = input.a; v == "x"; v == "y"',
      'input.a == "x"',
    ],
  ],
  [
    'conditions that are no guards',
    [
      'input.a != "x"',
      'not input.a == "x"',
      'input.a == "x" with input.a as "y"',
      'input.a == "y" with input.a as "y"',
      'input.a == input.b',
      'input.a == "x"',
    ],
  ],
  [
    'one kind of guard beside another',
    [
      'input.a == "x"',
      'startswith(input.a, "x")',
      '"x" in input.a',
      'input.a in {"x"}',
      'input.b == 1',
      'true',
      'false',
    ],
  ],
]

const inputs: Json[] = [
  {},
  null,
  'x',
  { a: 'x' },
  { a: 'x', b: 1 },
  { a: 'x', b: 2 },
  { a: 'y', b: 1 },
  { a: 'xyz', b: 1 },
  { a: 1, b: 1 },
  { a: 1n },
  { a: null },
  { a: [1] },
  { a: ['x', 'y'] },
  { a: ['x', 'y', 'x', 1] },
  { a: ['x', 'q', 1] },
  { a: [[1], 2] },
  { a: { k: 'x', l: 'y' } },
  { a: { 0: 'x', 1: 'y' } },
  { a: 'constructor' },
  { a: true, b: true },
]

describe('an indexed group gives what its rules give', () => {
  it.each(groups)('%s', (_, conditions) => {
    const head = (i: number) => `p contains ${i} if`
    const together = prepare({
      query: 'data.a.p',
      modules: { 'a.rego': `package a\n${conditions.map((condition, i) => `${head(i)} { ${condition} }`).join('\n')}` },
    })
    const apart = conditions.map((condition, i) =>
      prepare({ query: 'data.a.p', modules: { 'a.rego': `package a\n${head(i)} { ${condition} }` } }),
    )
    let found = 0
    for (const input of [...inputs, parseTerm('{"a": {"x", "y", 1}}'), parseTerm('{"a": {[1]}, "b": 2}')]) {
      const wanted = apart.flatMap((query) => query.value(input) as Json[])
      expect(
        together.value(input),
        JSON.stringify(input, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)),
      ).toEqual(wanted)
      found += wanted.length
    }
    expect(found).toBeGreaterThan(0)
  })

  it('functions by their arguments', () => {
    const rules =
      'f("a", n) := n\nf("b", 1) := "b1"\nf("b", 2) := "b2"\nf(["c", x], _) := x\nf(x, 9) := "nine" if x != "a"\nf({"k": v}, _) := v'
    const query = prepare({
      query: 'data.a.p',
      modules: { 'a.rego': `package a\np := [y | some x in input; y := f(x[0], x[1])]\n${rules}` },
    })
    expect(
      query.value([
        ['a', 7],
        ['b', 1],
        ['b', 2],
        ['b', 3],
        [['c', 'deep'], 0],
        ['z', 9],
        [{ k: 'v' }, 0],
        [{ k: 1, l: 2 }, 0],
      ]),
    ).toEqual([7, 'b1', 'b2', 'deep', 'nine', 'v'])
  })

  it('a thousand rules for a thousand tools find the one, or none', () => {
    const rules = Array.from({ length: 1000 }, (_, i) => `allow if { input.tool == "tool_${i}"; input.amount < ${i} }`)
    const query = prepare({
      query: 'data.c.allow',
      modules: { 'c.rego': `package c\ndefault allow := false\n${rules.join('\n')}` },
    })
    expect(query.value({ tool: 'tool_999', amount: 998 })).toBe(true)
    expect(query.value({ tool: 'tool_999', amount: 999 })).toBe(false)
    expect(query.value({ tool: 'tool_1000', amount: 0 })).toBe(false)
    expect(query.value({ amount: 0 })).toBe(false)
  })
})
