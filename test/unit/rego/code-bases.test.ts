/** What whole code bases showed, each as the few lines that show it: errors of a module, and syntax trees, as `opa` 1.20.2 gives them. */
import { describe, expect, test } from 'vitest'
import { check, parse } from '../../../src/rego/index.ts'

describe('errors of', () => {
  const cases: { note: string; body: string; strict?: boolean; wanted: string[] }[] = [
    {
      note: 'every rule of an older Rego, a row once',
      body: 'p[x] { x = 1 }\n\nq { true } else = 2 { false }\n\nf(x) = y { y = x }',
      wanted: ['3 rego_parse_error', '5 rego_parse_error', '7 rego_parse_error'],
    },
    {
      note: 'statements that are no rules, among those of an older Rego',
      body: 'not x\n\np; q\n\nr { true }\n\npackage b',
      wanted: ['3 rego_parse_error', '5 rego_parse_error', '7 rego_parse_error', '9 rego_parse_error'],
    },
    {
      note: 'the grammar alone, where that is wrong too',
      body: 'p { true }\n\nq := [1,,2]\n\nr { true }',
      wanted: ['5 rego_parse_error'],
    },
    {
      note: 'a variable that a template has from nowhere, before functions that do not exist',
      body: 'p contains x if {\n\tsome i, y in nowhere\n\tx := $"{xs[i]}"\n\tz := nothing(y)\n}\n\nxs := [1]',
      wanted: ['5 rego_compile_error'],
    },
    {
      note: 'no import of `input` that is used by its own name',
      body: 'import input\nimport data\n\np := input.x\n\nq := data.x',
      strict: true,
      wanted: [],
    },
    {
      note: 'unused imports before imports of one name',
      body: 'import data.a\nimport data.a\nimport data.b\n\np := a.x',
      strict: true,
      wanted: ['5 rego_compile_error'],
    },
  ]
  test.each(cases)('$note', ({ body, strict = false, wanted }) => {
    const found = check({ modules: { 'x.rego': `package a\n\n${body}\n` }, strict })
    expect(found.map(({ row, code }) => `${row} ${code}`)).toEqual(wanted)
  })
})

describe('syntax trees', () => {
  const rulesOf = (body: string) =>
    (parse(`package a\n\n${body}\n`) as { rules: { head: { name?: string }; annotations?: { title: string }[] }[] })
      .rules

  test('have no name for a default of two parts, and one for a function of two parts', () => {
    const rules = rulesOf('default p["x"] := 1\n\np["y"] := 1\n\nf["x"](y) if y\n\nf["x"](y) := 1')
    expect(rules.map(({ head }) => head.name)).toEqual([undefined, 'p', 'f', undefined])
  })

  test('show annotations of a document at all rules of its name, those of a rule once', () => {
    const rules = rulesOf(
      '# METADATA\n# title: all\n# scope: document\n\n# METADATA\n# title: one\np if true\n\n# METADATA\n# title: two\np if 1\n\np if 2\n\nq[x] := 1 if x := 1',
    )
    expect(rules.map(({ annotations }) => annotations?.map(({ title }) => title))).toEqual([
      ['all', 'one'],
      ['all', 'two'],
      ['all'],
      undefined,
    ])
  })

  test('sort templates after strings and before variables, short ones first', () => {
    const [rule] = rulesOf('p := {x, $"a{x}", $`{x}`, "s", $"{x}b{x}"} if x := 1') as unknown as {
      head: { value: { value: { type: string; value: unknown }[] } }
    }[]
    expect(rule?.head.value.value.map(({ type }) => type)).toEqual([
      'string',
      'templatestring',
      'templatestring',
      'templatestring',
      'var',
    ])
  })
})
