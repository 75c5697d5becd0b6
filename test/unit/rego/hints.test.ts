/**
 * Proves that errors say what helps: each row of `test/cases/rego/hints.json` is a wrong module, the codes and places that
 * `opa check` 1.20.2 gives for it, and the whole text that we give. Where `opa` can be run it is asked again.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Plain } from '../../../src/rego/ast.ts'
import { check } from '../../../src/rego/compile.ts'
import { describe as textOf } from '../../../src/rego/errors.ts'
import { findOpa } from '../../support/opa.ts'

interface Row {
  readonly modules: Readonly<Record<string, string>>
  /** What `input` is. */
  readonly schema?: Plain
  /** `code row:col` of each error of `opa check`. */
  readonly opa: readonly string[]
  readonly errors: readonly string[]
}

const rows: readonly Row[] = JSON.parse(readFileSync(new URL('../../cases/rego/hints.json', import.meta.url), 'utf8'))
const named = rows.map((row) => [(row.modules['t.rego'] ?? '').replace(/^package test\n\n/, ''), row] as const)

function errorsOf({ modules, schema }: Row) {
  return check({ modules, ...(schema === undefined ? {} : { schemas: { schema } }) })
}

describe('an error says what it is, where, and what was probably meant', () => {
  test.each(named)('%s', (_source, row) => {
    expect(errorsOf(row).map(textOf)).toEqual(row.errors)
  })

  test.each(named)('OPA finds an error of the same code at the same place: %s', (_source, row) => {
    for (const { code, row: line, col } of errorsOf(row)) {
      // For the end of a text OPA counts the column from 0.
      const places = row.opa.map((each) => each.replace(/:0$/, ':1'))
      expect(places).toContain(`${code} ${line}:${col}`)
    }
  })

  test('no message has a name that the compiler made up', () => {
    for (const error of rows.flatMap(({ errors }) => errors)) expect(error).not.toMatch(/__\w+__|\$\d/)
  })

  test('one cause is reported once', () => {
    for (const row of rows) {
      const places = errorsOf(row).map(({ row: line, col, message }) => `${line}:${col} ${message}`)
      expect(new Set(places).size).toBe(places.length)
    }
  })
})

const opa = findOpa()

describe.skipIf(opa === undefined)('the table says what opa says', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hints-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(named)('%s', (_source, { modules, schema, opa: recorded }) => {
    const files = Object.entries(modules).map(([name, source]) => written(folder, name, source))
    const schemas = schema === undefined ? [] : ['--schema', written(folder, 'schema.json', JSON.stringify(schema))]
    expect(opaErrors(opa ?? '', ['check', '--format', 'json', ...schemas, ...files])).toEqual(recorded)
  })
})

function written(folder: string, name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

interface OpaReport {
  readonly errors?: readonly {
    readonly code: string
    readonly location: { readonly row: number; readonly col: number }
  }[]
}

function opaErrors(command: string, args: readonly string[]): string[] {
  try {
    execFileSync(command, args, { stdio: 'pipe' })
    return []
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout: Buffer; stderr: Buffer }
    const report = JSON.parse(String(stdout) || String(stderr)) as OpaReport
    const found = (report.errors ?? []).map(({ code, location }) => `${code} ${location.row}:${location.col}`)
    return [...new Set(found)]
  }
}
