import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { declarations } from '../../../../src/rego/builtins/declarations.ts'
import type { TypeDecl } from '../../../../src/rego/builtins/type-decl.ts'

type Listed = {
  name: string
  infix?: string
  nondeterministic?: true
  relation?: true
  deprecated?: true
  decl: { args?: TypeDecl[]; result?: TypeDecl; variadic?: TypeDecl }
}

const file = join(
  process.env.REGO_CONFORMANCE ?? join(import.meta.dirname, '../../../../../shared/rego'),
  'capabilities.json',
)

describe.skipIf(!existsSync(file))('the table of builtins', () => {
  const listed: Listed[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).builtins : []

  test('names exactly the builtins of OPA', () => {
    expect(Object.keys(declarations).sort()).toEqual(listed.map((builtin) => builtin.name).sort())
  })

  test.each(listed)('declares $name as OPA does', ({ name, decl, infix, nondeterministic, relation, deprecated }) => {
    const { args, result, ...flags } = declarations[name] ?? { args: [], result: undefined }
    expect(args.map(({ name: _, ...type }) => type)).toEqual(decl.args ?? [])
    expect(result).toEqual(decl.result)
    const { variadic } = decl
    expect(flags).toEqual(JSON.parse(JSON.stringify({ variadic, infix, nondeterministic, relation, deprecated })))
  })
})
