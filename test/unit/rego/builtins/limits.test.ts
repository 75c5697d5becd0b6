import { expect, test } from 'vitest'
import { BuiltinError } from '../../../../src/rego/builtins/builtin.ts'
import { builtins } from '../../../../src/rego/builtins/index.ts'
import type { Value } from '../../../../src/rego/value.ts'
import { contextOf, resultOf } from './calls.ts'

function failureOf(name: string, args: readonly Value[]): BuiltinError {
  const builtin = builtins.get(name)
  if (builtin === undefined) throw new Error(`there is no builtin \`${name}\``)
  try {
    const context = contextOf()
    if ('run' in builtin) builtin.run(context, ...args)
    else for (const _ of builtin.each(context, ...args));
  } catch (error) {
    if (error instanceof BuiltinError) return error
    throw error
  }
  throw new Error(`${name} gave a value`)
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

const calls: readonly [name: string, why: string, args: Value[]][] = [
  ['numbers.range', 'a thousand million numbers', [1, 1e9]],
  ['numbers.range_step', 'a thousand million numbers', [1, 1e9, 1]],
  ['net.cidr_expand', 'every address there is', ['0.0.0.0/0']],
  ['bits.lsh', 'a thousand million binary digits', [1, 1e9]],
  ['json.unmarshal', 'lists within lists', [nested(5000)]],
  ['strings.replace_n', 'text that grows past the limit', [{ a: 'b'.repeat(5000) }, 'a'.repeat(5000)]],
  ['replace', 'text that grows past the limit', ['a'.repeat(5000), 'a', 'b'.repeat(5000)]],
  ['concat', 'text that grows past the limit', ['x'.repeat(5000), Array.from({ length: 5000 }, () => 'y')]],
  [
    'sprintf',
    'text that grows past the limit',
    ['%s'.repeat(200), Array.from({ length: 200 }, () => 'x'.repeat(100_000))],
  ],
  ['regex.match', 'a pattern past the limit', ['a'.repeat(20_000), 'a']],
]

test.each(calls)('%s refuses %s, and the evaluation ends', (name, _why, args) => {
  const failure = failureOf(name, args)
  expect(failure.halts).toBe(true)
  expect(failure.message).toMatch(/\d/)
})

test('a pattern that makes other engines try every way is done at once', () => {
  const before = performance.now()
  expect(resultOf('regex.match', ['^(a+)+$', `${'a'.repeat(5000)}b`])).toBe('false')
  expect(resultOf('glob.match', ['*a*a*a*a*a*b', [], 'a'.repeat(5000)])).toBe('false')
  expect(performance.now() - before).toBeLessThan(2000)
})
