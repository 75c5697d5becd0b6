/**
 * Proves that no text makes the front end fail with anything but `RegoErrors`: arbitrary strings, and Rego in which
 * pieces were put in, taken out and repeated. The seed is fixed, and fast-check prints it with a failure.
 */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { check } from '../../../src/rego/compile.ts'

const rows = JSON.parse(readFileSync(new URL('../../cases/rego/diagnostics.json', import.meta.url), 'utf8')) as {
  source: string
}[]
const sources = rows.map(({ source }) => `package test\n${source}\n`)
const pieces = [
  ...['{', '}', '[', ']', '(', ')', ':=', '=', '==', '|', '&', '.', ',', ';', '\n', '"', '`', '$"', '\\', '#'],
  ...['not ', 'some x in ', 'every x in ', 'if ', 'else ', 'contains ', 'with ', ' as ', 'default ', 'and ', 'or '],
  ...[
    'x',
    '_',
    'input',
    'data',
    '0',
    '-',
    '1e5',
    'set()',
    'f(x)',
    'x.y[z]',
    '{x|',
    'import future.keywords\n',
    '# METADATA\n',
    '\0',
    '\ud800',
    '😀',
  ],
]
const edit = fc.tuple(
  fc.constantFrom('insert', 'delete', 'repeat'),
  fc.nat(),
  fc.nat({ max: 30 }),
  fc.constantFrom(...pieces),
)

function apply(
  source: string,
  [kind, at, length, piece]: readonly ['insert' | 'delete' | 'repeat' | string, number, number, string],
): string {
  const start = at % (source.length + 1)
  if (kind === 'insert') return source.slice(0, start) + piece + source.slice(start)
  if (kind === 'delete') return source.slice(0, start) + source.slice(start + length)
  return source.slice(0, start) + source.slice(start, start + length) + source.slice(start)
}

const seed = 20_261_121

test('any text is parsed or refused', () => {
  const any = fc.string({ unit: 'binary', maxLength: 200 })
  fc.assert(
    fc.property(any, (text) => {
      for (const { code } of check({ modules: { 'f.rego': text } })) expect(code).toMatch(/^rego_/)
    }),
    { seed, numRuns: 2_000 },
  )
})

test('damaged Rego is compiled or refused', () => {
  const damaged = fc.tuple(fc.constantFrom(...sources), fc.array(edit, { minLength: 1, maxLength: 5 }), fc.boolean())
  const property = fc.property(damaged, ([source, edits, strict]) => {
    const text = edits.reduce(apply, source)
    const errors = check({ modules: { 'f.rego': text }, strict, print: !strict })
    for (const { code, message } of errors) {
      expect(code).toMatch(/^rego_/)
      // Nothing that the compiler made up is shown.
      expect(message).not.toMatch(/__local|\$[0-9]/)
    }
  })
  fc.assert(property, { seed, numRuns: 6_000 })
})
