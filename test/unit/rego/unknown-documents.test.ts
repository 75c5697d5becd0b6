/** Proves that a path below `data` that nothing declares is told of where something near it is declared, once, and never otherwise. */
import { describe, expect, test } from 'vitest'
import { check, type Hint, hints } from '../../../src/rego/index.ts'

const lib = 'package lib.strings\n\nmax_length := 64\n\nis_slug(x) := x\n\nprefixes[k] := 1 if some k in ["a"]\n'

function hintsIn(source: string, data?: unknown): readonly Hint[] {
  const modules = { 'lib.rego': lib, 't.rego': `package gatehouse\n\n${source}\n` }
  expect(check({ modules })).toEqual([])
  return hints({ modules, ...(data === undefined ? {} : { data }) })
}

const slips: readonly (readonly [string, string, string])[] = [
  ['p := data.lib.strings.max_lenght', '3:6 data.lib.strings.max_lenght', 'data.lib.strings.max_length'],
  ['p := data.lib.string.max_length', '3:6 data.lib.string.max_length', 'data.lib.strings.max_length'],
  ['allow := true\np if data.gatehouse.alow', '4:6 data.gatehouse.alow', 'data.gatehouse.allow'],
  ['allow := {"x": 1}\np := data.gatehouse.alow.x', '4:6 data.gatehouse.alow.x', 'data.gatehouse.allow.x'],
  ['import data.lib.strngs\np := strngs.max_length', '3:8 data.lib.strngs', 'data.lib.strings'],
  [
    'import data.lib.strings.max_lenght\np := max_lenght',
    '3:8 data.lib.strings.max_lenght',
    'data.lib.strings.max_length',
  ],
  ['p := [x | x := data.lib.strings.max_lenght]', '3:16 data.lib.strings.max_lenght', 'data.lib.strings.max_length'],
  ['p if not data.lib.strings.max_lenght', '3:10 data.lib.strings.max_lenght', 'data.lib.strings.max_length'],
  [
    'p if every x in [1] { x < data.lib.strings.max_lenght }',
    '3:27 data.lib.strings.max_lenght',
    'data.lib.strings.max_length',
  ],
  ['p := $"{data.lib.strings.max_lenght}"', '3:9 data.lib.strings.max_lenght', 'data.lib.strings.max_length'],
  [
    'p := 1 if input.x else := 2 if data.lib.strings.max_lenght',
    '3:32 data.lib.strings.max_lenght',
    'data.lib.strings.max_length',
  ],
]

describe('what is near something that is declared', () => {
  test.each(slips)('%s', (source, place, meant) => {
    const found = hintsIn(source)
    expect(found.map(({ row, col, message }) => `${row}:${col} ${message}`)).toEqual([
      place.replace(/ (.*)$/, ' nothing declares `$1`'),
    ])
    expect(found[0]?.details).toEqual([`did you mean \`${meant}\`?`])
  })

  test('is told of once for a module', () => {
    expect(hintsIn('p := data.lib.strings.max_lenght\nq := data.lib.strings.max_lenght')).toHaveLength(1)
    expect(hintsIn('import data.lib.strngs\np := strngs.max_length\nq := strngs.is_slug')).toHaveLength(1)
  })
})

test.each([
  ['what is declared', 'p := data.lib.strings.max_length'],
  ['a package as a whole', 'p := data.lib.strings'],
  ['what is not near anything', 'p := data.users'],
  ['a key of what a rule makes', 'p := data.lib.strings.prefixes.b'],
  ['a base document whose name is near that of a package', 'p := data.libs'],
  ['short names that differ in a letter', 'ab := 1\np := data.gatehouse.ac'],
  ['a path that goes on with a variable', 'p contains x if some x in data.lib.strings[_]'],
])('no hint for %s', (_what, source) => {
  expect(hintsIn(source)).toEqual([])
})

test('no hint for what the base document has', () => {
  expect(hintsIn('p := data.lib.string.max_length', { lib: { string: { max_length: 3 } } })).toEqual([])
  expect(hintsIn('p := data.lib.string.max_length', { lib: { string: {} } })).toHaveLength(1)
})

test('no hints for modules that do not compile', () => {
  expect(hints({ modules: { 'a.rego': 'package a\n\np := x\n' } })).toEqual([])
  expect(hints({ modules: { 'a.rego': 'package a\n\np :=\n' } })).toEqual([])
})
