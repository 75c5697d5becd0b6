/**
 * Asking whether a set, an object or a comprehension has a member changes what is evaluated, never what is found: each question gives what it gives
 * when the same document is also asked for whole, and it ends with the first member.
 */
import { describe, expect, it } from 'vitest'
import { type Json, prepare, RegoErrors } from '../../../src/rego/index.ts'

const rules = `
  deny contains msg if { some line in input.lines; line.quantity < 0; msg := sprintf("line %v", [line.sku]) }
  deny contains input.flag
  seen[line.sku] := true if some line in input.lines
  conflicting[line.sku] := line.quantity if some line in input.lines
  indexed contains "a" if input.tool == "a"
  indexed contains "b" if input.tool == "b"
  indexed contains "c" if input.tool == "c"
  indexed contains input.flag if input.tool == "d"
`
const documents = ['deny', 'seen', 'conflicting', 'indexed'] as const

const questions = [
  'count(X) == 0',
  '0 == count(X)',
  'count(X) = 0',
  'count(X) != 0',
  'count(X) > 0',
  'count(X) >= 1',
  'count(X) < 1',
  'count(X) <= 0',
  '1 <= count(X)',
  'count(X) > 0.5',
  'count(X) == 1',
  'count(X) > 1',
  'count(X) >= 0',
  'count(X) < 2',
  'count(X) == "0"',
  'count(X) == input.none',
  'X == set()',
  'X != set()',
  'set() == X',
  'X == {}',
  'X != {}',
  'X == []',
  'not { X[_] }',
  'not { some _ in X }',
  'some _ in X',
  'X[_]',
  'some k, _ in X; k == "flag"',
  'some x in X; x == "flag"',
  'every _ in X { 1 == 2 }',
  'count(X) == 0; X[_]',
  'x := count(X); x == 0',
  'x := count(X); x > 0; y := x + 1; y == 2',
  'count({x | some x in X}) > 0',
  'count([1 | some x in X; x]) == 0',
  '[x | some x in X] == []',
  'count(X) == 0 with input.lines as [{"sku": "new", "quantity": -1}]',
  'count(X) == 0 with X as ["replaced"]',
  'X == set() with X as {}',
  'count(X) == 0 with count as 0',
]

const line = (sku: string, quantity: number): Json => ({ sku, quantity })
const inputs: Json[] = [
  { none: 0 },
  { lines: [line('s', 1)] },
  { lines: [line('s', -1)] },
  { lines: [line('s', -1), line('t', -1)] },
  { lines: [line('s', -1), line('s', -1)] },
  { lines: [line('s', 1), line('s', 2)] },
  { flag: false, tool: 'd' },
  { flag: 'flag', tool: 'd' },
  { tool: 'b', none: 1 },
]

/** The value, or the code of the error. */
function answer(modules: Record<string, string>, query: string, input: Json): unknown {
  try {
    const { holds } = prepare({ query, modules }).value(input) as Record<string, Json>
    return holds
  } catch (error) {
    if (!(error instanceof RegoErrors)) throw error
    return error.errors.map(({ code }) => code)
  }
}

describe.each(documents)('a question about `%s`', (document) => {
  it.each(questions)('%s: gives what it gives when all of the document is asked for, too', (question) => {
    const asked = question.replaceAll('X', `data.a.${document}`)
    const modules = {
      'a.rego': `package a\n${rules}`,
      'q.rego': `package q\nimport future.keywords.not\ndefault holds := false\nholds if { ${asked} }\nwhole := data.a.${document}`,
    }
    const texts = inputs.map((input) => JSON.stringify(input))
    const alone = inputs.map((input) => answer(modules, '{"holds": data.q.holds}', input))
    const beside = inputs.map((input) => answer(modules, '{"holds": data.q.holds, "whole": data.q.whole}', input))
    expect(Object.fromEntries(texts.map((text, i) => [text, alone[i]]))).toEqual(
      Object.fromEntries(
        // A document that cannot be made is an error where it is asked for whole, and may be one that nobody reaches alone.
        texts.map((text, i) => [text, Array.isArray(beside[i]) && !Array.isArray(alone[i]) ? alone[i] : beside[i]]),
      ),
    )
  })
})

describe('an object whose rules contradict each other', () => {
  it.each(['count(p) > 0', 'p != {}'])('is an error for `%s`', (question) => {
    const modules = { 'a.rego': `package a\np[k] := v if { some v in [1, 2]; k := "k" }\nholds if ${question}` }
    expect(answer(modules, '{"holds": data.a.holds}', {})).toEqual(['eval_conflict_error'])
  })
})

describe('the first member ends the question', () => {
  const stepsMax = 1_000
  const deny =
    'deny contains "first"\ndeny contains x if some x in numbers.range(1, 900)\ndeny contains y if some y in numbers.range(1, 900)'
  const cases: [string, string][] = [
    ['a size', 'p := count(deny) > 0'],
    ['a size in a body', 'p if count(deny) != 0'],
    ['an empty set', 'p if deny != set()'],
    ['a wildcard', 'p if some _ in deny'],
    ['a wildcard whose value counts', 'p if deny[_]'],
    ['a negation', 'p := x if { x := [1 | not { deny[_] }] == [] }\nimport future.keywords.not'],
    ['two questions', 'p if { count(deny) > 0; q }\nq if { not count(deny) == 0 }'],
    [
      'a comprehension',
      'p := count([1 | some x in numbers.range(1, 100); some y in numbers.range(1, 100); x < y]) > 0',
    ],
    ['an object', 'p if count(o) > 0\no[x] := true if some x in ["a", "b"]\no[x] := true if some x in deny'],
  ]
  it.each(cases)('%s', (_, rules) => {
    const [imports, body] = [rules.split('\n').filter(isImport), rules.split('\n').filter((text) => !isImport(text))]
    const modules = { 'a.rego': ['package a', ...imports, deny, ...body].join('\n') }
    expect(prepare({ query: 'data.a.p', modules, limits: { stepsMax } }).value()).toBe(true)
    const whole = prepare({ query: 'data.a.deny', modules, limits: { stepsMax } })
    expect(() => whole.value()).toThrow(RegoErrors)
  })
})

function isImport(text: string): boolean {
  return text.startsWith('import ')
}
