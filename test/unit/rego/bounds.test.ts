import { expect, test } from 'vitest'
import { check } from '../../../src/rego/index.ts'

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
