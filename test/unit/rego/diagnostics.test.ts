/**
 * Proves that modules are refused, or not, as OPA 1.20.2 does: code, row, column and message of each row of
 * `test/cases/rego/diagnostics.json` were printed by `opa check`; ours may say more at the end of a message. Where ours
 * differs on purpose, the second table says how.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { check } from '../../../src/rego/compile.ts'

interface Row {
  readonly source: string
  readonly strict?: boolean
  readonly errors: readonly string[]
}

const rows: readonly Row[] = JSON.parse(
  readFileSync(new URL('../../cases/rego/diagnostics.json', import.meta.url), 'utf8'),
)

function diagnose(source: string, strict = false): string[] {
  const errors = check({ modules: { 't.rego': `package test\n\n${source}\n` }, strict })
  return errors.map(({ row, col, code, message, details = [] }) =>
    [`${row}:${col} ${code} ${message}`, ...details].join('\n    '),
  )
}

describe('modules are refused as OPA refuses them', () => {
  test.each(rows)('$source', ({ source, strict, errors }) => {
    const found = diagnose(source, strict)
    expect(found.length, found.join('\n')).toBe(errors.length)
    for (const wanted of errors)
      expect(
        found.some((each) => each.startsWith(wanted)),
        `${wanted}\n${found}`,
      ).toBe(true)
  })
})

const own = [
  {
    note: 'a variable that only follows from an unsafe one is not reported',
    source: 'p if { input.foo[x] = y; z = y + w }',
    error: '3:26 rego_unsafe_var_error var w is unsafe\n    nothing here gives `w` a value',
  },
  {
    note: 'a wildcard below an unsafe root is not reported',
    source: 'p if { arr[_] == 1 }',
    error: '3:8 rego_unsafe_var_error var arr is unsafe\n    nothing here gives `arr` a value',
  },
  {
    note: 'an unterminated string is one error',
    source: 'p := "abc',
    error: '3:6 rego_parse_error non-terminated string',
  },
  { note: 'a bad number is one error', source: 'p := 1a', error: '3:6 rego_parse_error illegal number format' },
  {
    note: 'an object without a value is told where the colon is missing',
    source: 'p := {1: 2, 3}',
    error: '3:14 rego_parse_error unexpected } token: expected ":"',
  },
  {
    note: 'Rego v0 is refused with the line to write',
    source: 'p[x] { x := 1 }',
    error:
      '3:1 rego_parse_error `if` keyword is required before rule body (hint: this is Rego v0: migrate the file with `opa fmt --v0-v1`, or write `p contains x if { ... }`)',
  },
  {
    note: 'an else of Rego v0 is refused with the line to write',
    source: 'p if { true } else { false }',
    error:
      '3:15 rego_parse_error `if` keyword is required before rule body (hint: this is Rego v0: migrate the file with `opa fmt --v0-v1`, or write `else if { ... }`)',
  },
  {
    note: 'a recursive rule is named as written',
    source: 'p[x] := 1 if { p.a; x := "b" }',
    error: '3:1 rego_recursion_error rule data.test.p[x] is recursive: data.test.p[x] -> data.test.p[x]',
  },
  {
    note: 'a mistyped builtin has a suggestion',
    source: 'p if { json.unmarshall("a") }',
    error: '3:8 rego_type_error undefined function json.unmarshall\n    did you mean `json.unmarshal`?',
  },
  {
    note: 'a mistyped function of the package has a suggestion',
    source: 'is_admin(x) := x\np if { is_admn(1) }',
    error: '4:8 rego_type_error undefined function is_admn\n    did you mean `is_admin`?',
  },
  {
    note: 'a variable that hides a function is named as the cause',
    source: 'p if { count := 1; count([1]) }',
    error: '3:20 rego_type_error undefined function count\n    a variable called `count` stands in the way',
  },
]

own.push(
  {
    note: 'an annotation of a wrong type is told of on its own line',
    source: '# METADATA\n# title: a\n# entrypoint: 3\np := 1',
    error: '5:1 rego_parse_error annotation `entrypoint` must be a boolean',
  },
  {
    note: 'a list that should be a map is told of on its own line',
    source: '# METADATA\n# custom: [1]\np := 1',
    error: '4:1 rego_parse_error annotation `custom` must be a map',
  },
  {
    note: 'a schema that is no map is told of on the line of the schemas',
    source: '# METADATA\n# title: a\n# schemas: [1]\np := 1',
    error: '5:1 rego_parse_error annotation `schemas` must be a list of maps',
  },
)

own.push(
  {
    note: 'a mistyped rule has a suggestion',
    source: 'users := []\np if { usres[0] == 1 }',
    error: '4:8 rego_unsafe_var_error var usres is unsafe\n    did you mean `users`?',
  },
  {
    note: 'a mistyped root of an import has a suggestion',
    source: 'import inptu.x\np if x',
    error:
      '3:8 rego_parse_error unexpected import path, must begin with one of: {data, future, input, rego}, got: inptu\n    did you mean `input`?',
  },
  {
    note: 'a mistyped future keyword has a suggestion',
    source: 'import future.keywords.nto',
    error:
      '3:8 rego_parse_error unexpected keyword, must be one of [and contains every if in not or]\n    did you mean `not`?',
  },
)

describe('where errors are not OPA’s, they are better', () => {
  test.each(own)('$note', ({ source, error }) => {
    expect(diagnose(source)).toEqual([error])
  })
})
