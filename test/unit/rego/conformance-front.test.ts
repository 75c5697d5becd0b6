/**
 * Proves on OPA's own cases that every program that OPA runs is parsed, resolved and type-checked without an error here,
 * and that OPA's cases of diagnostics give their errors. The cases are read from `../shared/rego` or the folder in
 * `REGO_CONFORMANCE`; without them the tests are skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { check, compile } from '../../../src/rego/compile.ts'
import { RegoErrors } from '../../../src/rego/errors.ts'
import { parseTermText } from '../../../src/rego/parse/module.ts'

interface Case {
  readonly note: string
  readonly query: string
  readonly modules?: readonly string[]
  readonly input_term?: string
  readonly want_error_code?: string
}

interface CompileCase {
  readonly note: string
  readonly modules: readonly string[]
  readonly print_statements?: boolean
  readonly exhaustive?: boolean
  readonly want_errors: readonly { code: string; row: number; col: number; message: string }[]
}

const folder = process.env.REGO_CONFORMANCE ?? join(import.meta.dirname, '../../../../shared/rego/conformance')
const files = existsSync(join(folder, 'v1')) ? readdirSync(join(folder, 'v1')) : []
const sleep = { 'test.sleep': { args: [{ type: 'string' }], result: { type: 'null' } } } as const

function named(modules: readonly string[]): Record<string, string> {
  return Object.fromEntries(modules.map((source, i) => [`test-${i}.rego`, source]))
}

describe.skipIf(files.length === 0)('every program of the suite passes the front end', () => {
  test.each(files)('%s', (file) => {
    const { cases } = JSON.parse(readFileSync(join(folder, 'v1', file), 'utf8')) as { cases: readonly Case[] }
    expect(cases.length).toBeGreaterThan(0)
    for (const { note, query, modules, input_term, want_error_code } of cases) {
      try {
        compile({ modules: named(modules ?? []), builtins: sleep }).query(query)
        if (input_term !== undefined) parseTermText(input_term)
        expect(want_error_code ?? '', note).not.toMatch(/^rego_/)
      } catch (cause) {
        if (!(cause instanceof RegoErrors)) throw cause
        expect(cause.errors[0]?.code, `${note}\n${cause.message}`).toBe(want_error_code)
      }
    }
  })
})

describe.skipIf(files.length === 0)('the cases of diagnostics give their errors', () => {
  const text = files.length === 0 ? '{"cases":[]}' : readFileSync(join(folder, 'compile-v1.json'), 'utf8')
  const { cases } = JSON.parse(text) as { cases: readonly CompileCase[] }
  for (const { note, modules, print_statements, exhaustive, want_errors } of cases)
    test(note, () => {
      const errors = check({ modules: named(modules), print: print_statements ?? false })
      for (const { code, row, col, message } of want_errors)
        expect(errors).toContainEqual(expect.objectContaining({ code, row, col, message }))
      if (exhaustive) expect(errors).toHaveLength(want_errors.length)
    })
})
