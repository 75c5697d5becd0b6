import { describe, expect, test } from 'vitest'
import { declarations } from '../../../../src/rego/builtins/declarations.ts'
import { builtins } from '../../../../src/rego/builtins/index.ts'

/** What the compiler turns into something else: unification, assignment and `print`. */
const compiled = new Set(['eq', 'assign', 'print'])

describe('the registry', () => {
  test.each(Object.keys(declarations))('%s is implemented, or handled by the compiler', (name) => {
    expect(builtins.has(name)).toBe(!compiled.has(name))
  })

  test('implements nothing that is not declared', () => {
    expect([...builtins.keys()].filter((name) => !Object.hasOwn(declarations, name))).toEqual([])
  })

  test.each([...builtins])(
    '%s is a relation or nondeterministic exactly where its declaration says so',
    (name, builtin) => {
      const { relation = false, nondeterministic = false } = declarations[name] ?? {}
      expect('each' in builtin).toBe(relation)
      expect('run' in builtin && builtin.nondeterministic === true).toBe(nondeterministic)
    },
  )
})
