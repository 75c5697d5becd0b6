/**
 * Proves the layout by a table of sources with what `opa fmt` 1.20.2 printed for each, what is different by intent by a second table, and that
 * formatting never changes what a module says, keeps every comment, and ends, by sources whose tokens were moved around.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { format, type Json, parse, parseModule, RegoErrors } from '../../../src/rego/index.ts'
import { randomFrom } from '../../support/random.ts'
import { reshape } from '../../support/reshaped.ts'

interface Row {
  readonly note: string
  readonly source: string
  readonly formatted: string
}

const rows = JSON.parse(readFileSync(new URL('../../cases/rego/format.json', import.meta.url), 'utf8')) as Row[]

describe('the layout is that of opa fmt:', () => {
  test.each(rows)('$note', ({ source, formatted }) => {
    expect(format(source, 'x.rego')).toBe(formatted)
  })
  test.each(rows)('formatting again changes nothing: $note', ({ formatted }) => {
    expect(format(formatted, 'x.rego')).toBe(formatted)
  })
})

/** Where the text of `opa fmt` says something else than the source, or nothing that can be read. */
const kept: readonly (readonly [note: string, source: string, formatted: string])[] = [
  [
    'an operand that binds looser',
    'package a\np if (x + 1) * 2 > 3\nq if (x + 1) * 2\n',
    'package a\n\np if (x + 1) * 2 > 3\nq if (x + 1) * 2\n',
  ],
  ['minus before an operand', 'package a\np if -x * 2\n', 'package a\n\np if (0 - x) * 2\n'],
  [
    'in on the right of in',
    'package a\np if x in (y in z)\nq if 1, (2 in x) in y\n',
    'package a\n\np if x in (y in z)\nq if 1, (2 in x) in y\n',
  ],
  ['in beside ==', 'package a\np if (x in y) == z\n', 'package a\n\np if (x in y) == z\n'],
  [
    'strings in an else of one line',
    'package a\np if { x } else := "a" if "a" == "b"\n',
    'package a\n\np if x\n\nelse := "a" if "a" == "b"\n',
  ],
  ['escapes that only Go has', 'package a\np if x["\\u0000"]\n', 'package a\n\np if x["\\u0000"]\n'],
  ['a key with a condition that always holds', 'package a\np[x] if { true }\n', 'package a\n\np[x] := true\n'],
  [
    'what follows a term whose comments want one line',
    'package a\np if f({"a": {"b": 1, # one\n"c": # two\n2}}, x)\nq := 1 # three\n',
    'package a\n\np if f({"a": {"b": 1, # one\n"c": # two\n2}}, x)\n\nq := 1 # three\n',
  ],
]

describe('what the text says stays, where opa fmt changes it:', () => {
  test.each(kept)('%s', (_note, source, formatted) => {
    expect(format(source, 'x.rego')).toBe(formatted)
    expect(meaning(formatted)).toBe(meaning(source))
  })
})

const refused: readonly (readonly [source: string, code: string, message: string, row: number])[] = [
  ['package a\np if {', 'rego_parse_error', 'unexpected eof token', 2],
  ['package a\nimport data.x\nimport input.x\n', 'rego_compile_error', 'import must not shadow import data.x', 3],
  ['package a\ninput := 1', 'rego_compile_error', 'rules must not shadow input (use a different rule name)', 2],
  ['package a\nf(data) := 1', 'rego_compile_error', 'args must not shadow data (use a different variable name)', 2],
  [
    'package a\np if input := 1',
    'rego_compile_error',
    'variables must not shadow input (use a different variable name)',
    2,
  ],
  ['package a\np if any([true])', 'rego_type_error', 'deprecated built-in function calls in expression: any', 2],
  ['package a\np if x == any([true])', 'rego_type_error', 'deprecated built-in function calls in expression: any', 2],
  ['package a\np if plus(1)', 'rego_type_error', 'plus: arity mismatch', 2],
  ['package a\np := [plus(1)]', 'rego_type_error', 'plus: arity mismatch', 2],
]

test.each(refused)('refuses %j', (source, code, message, row) => {
  const error = errorOf(() => format(source, 'x.rego'))
  expect(error).toMatchObject({ code, message, file: 'x.rego', row })
})

function errorOf(run: () => unknown): unknown {
  try {
    run()
  } catch (cause) {
    if (cause instanceof RegoErrors) return cause.errors[0]
    throw cause
  }
  return undefined
}

const unstable = new Set(['assign', 'annotations', 'name'])

/** The tree without what formatting may change: `=` in heads, names of wildcards, the order of imports, constants in templates. */
function meaning(text: string): string {
  const {
    comments: _c,
    annotations: _a,
    imports = [],
    ...rest
  } = parse(text, '') as { [key: string]: Json; imports?: Json[] }
  const sorted = imports
    .map((each) => JSON.stringify(each))
    .filter((each) => !each.includes('"future"'))
    .sort()
  return JSON.stringify({ sorted, rest }, (key, value) => (unstable.has(key) ? undefined : value)).replace(
    /"[$_]\d+"/g,
    '"_"',
  )
}

function commentsOf(text: string): string[] {
  return parseModule(text, '')
    .comments.flatMap((comment) => comment.text.match(/c\d+/g) ?? [])
    .sort()
}

const seed = 20_261_122
const plain = rows.filter(
  ({ source }) =>
    !source.includes('$') && !source.includes('true') && !source.includes('1, 2, 1') && !source.includes('plus('),
)

test('tokens moved around: the same tree, every comment once, and a second formatting can be read', () => {
  let tried = 0
  fc.assert(
    fc.property(fc.constantFrom(...plain), fc.nat(), fc.constantFrom(0.03, 0.1, 0.3), ({ source }, start, share) => {
      const text = reshape(source, randomFrom(start), share)
      if (text === undefined) return
      tried++
      const formatted = format(text, 'x.rego')
      expect(meaning(formatted)).toBe(meaning(text))
      expect(commentsOf(formatted)).toEqual(commentsOf(text))
      expect(meaning(format(formatted, 'x.rego'))).toBe(meaning(text))
    }),
    { seed, numRuns: 1500 },
  )
  expect(tried).toBeGreaterThan(700)
})

test('tokens moved around: formatting settles, mostly at once', () => {
  let [tried, settled] = [0, 0]
  fc.assert(
    fc.property(fc.constantFrom(...plain), fc.nat(), ({ source }, start) => {
      const text = reshape(source, randomFrom(start), 0.1)
      if (text === undefined) return
      tried++
      let formatted = format(text, 'x.rego')
      if (format(formatted, 'x.rego') === formatted) settled++
      for (let i = 0; i < 8; i++) formatted = format(formatted, 'x.rego')
      expect(format(formatted, 'x.rego')).toBe(formatted)
    }),
    { seed, numRuns: 600 },
  )
  expect(settled / tried).toBeGreaterThan(0.75)
})

test('formats a module of 20,000 rules with comments in time that grows with its length', () => {
  const source = `package a\n${'# why\np if {\n  input.x == [1, # one\n 2]\n} else := $"{input.y}{1}"\n'.repeat(20_000)}`
  const before = performance.now()
  expect(format(source, 'x.rego').length).toBeGreaterThan(source.length)
  expect(performance.now() - before).toBeLessThan(20_000)
})
