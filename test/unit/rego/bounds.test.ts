import { expect, test } from 'vitest'
import { check, type Json, prepare } from '../../../src/rego/index.ts'

const chain = (first: string, step: (before: string) => string): string =>
  Array.from({ length: 60 }, (_, i) => `x${i + 1} := ${step(`x${i}`)}`).reduce(
    (text, line) => `${text}\n${line}`,
    first,
  )

test('types of sixty locals that each hold the one before twice are told in no time', () => {
  const body = chain('x0 := 1', (before) => `[${before}, ${before}]`)
  expect(check({ modules: { 'a.rego': `package a\np if {\n${body}\nx60 == 1\n}` } })).toMatchObject([
    { code: 'rego_type_error', message: 'match error' },
  ])
})

test('types of sixty rules that each hold the one before twice are told in no time', () => {
  for (const step of [
    (before: string) => `[${before}, ${before}]`,
    (before: string) => `{"a": ${before}, "b": ${before}}`,
    (before: string) => `{[${before}], [${before}, 1]}`,
    (before: string) => `[y | some y in [${before}, [${before}]]]`,
  ])
    expect(check({ modules: { 'a.rego': `package a\n${chain('x0 := 1', step)}\np if x60 == "a"` } })).toHaveLength(1)
})

test('a type error about a large document is no larger than a screen', () => {
  const rows = Array.from({ length: 2_000 }, (_, i) => `"field_${i}": {"a": ${i}, "b": "c"}`).join(', ')
  const [error] = check({ modules: { 'a.rego': `package a\nx := {${rows}}\np if x == 1` } })
  expect(error?.message).toBe('match error')
  expect(error?.details?.join('').length).toBeLessThan(2_500)
})

function nested(levels: number): Json {
  let value: Json = 1
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? { a: value } : [value]
  return value
}

test.each([
  'input.x == input.y',
  'input.x < input.y',
  'input.x',
  '{input.x: 1}',
  'sprintf("%v", [input.x])',
  'json.marshal(input.x)',
  'yaml.marshal(input.x)',
  '$"{input.x}"',
  'object.union({"a": input.x}, {"a": input.y})',
])('`%s` ends with an error where a value is nested more than a thousand levels deep', (query) => {
  const prepared = prepare({ query, modules: {} })
  const ask = (levels: number) => () => prepared.value({ x: nested(levels), y: nested(levels) })
  expect(ask(900)).not.toThrow()
  for (const levels of [1_200, 5_000])
    expect(ask(levels)).toThrow('eval_cancel_error: a value is nested more than `1000`')
  // The walk that was broken off leaves nothing behind.
  expect(ask(900)).not.toThrow()
})

test.each([
  ['[x, x]', (before: string) => `[${before}, ${before}]`],
  ['{"a": x, "b": x}', (before: string) => `{"a": ${before}, "b": ${before}}`],
])('`yaml.marshal` of a chain of `%s` ends with an error', (_, step) => {
  const rules = chain('x0 := input.a', step)
  const query = prepare({ query: 'data.a.p', modules: { 'a.rego': `package a\n${rules}\np := yaml.marshal(x60)` } })
  expect(() => query.value({ a: 1 })).toThrow('eval_cancel_error: a text of more than `16777216` characters')
})

test.each(['sprintf("%v", [x60])', 'json.marshal(x60)', '$"{x60}"', '{x60: 1}'])(
  '`%s` of a value that is far larger than what it is made of ends with an error',
  (term) => {
    const rules = chain('x0 := input.a', (before) => `[${before}, ${before}]`)
    const query = prepare({ query: 'data.a.p', modules: { 'a.rego': `package a\n${rules}\np := ${term}` } })
    expect(() => query.value({ a: 1 })).toThrow('eval_cancel_error: comparing and printing values took more than')
  },
  30_000,
)
