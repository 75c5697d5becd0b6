/**
 * Watched code against OPA's suite: whatever is watched, with the rule index or without and with early exit or without, results are those that OPA
 * gives, and every step that has begun has ended when evaluation has. One test a file of cases, since each case has been told of apart elsewhere.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { watching } from '../../src/rego/emit/instrument.ts'
import { type Json, type PrepareOptions, parseTerm, RegoErrors } from '../../src/rego/index.ts'
import { prepareAs } from '../../src/rego/prepare.ts'
import { Watching } from '../../src/rego/run/watch.ts'
import { type Case, canonical, casesFolder as folder, modulesOf, readCases } from './rego-cases.ts'
import { exclusions } from './rego-exclusions.ts'

interface Way {
  readonly indexed: boolean
  readonly exitsEarly: boolean
  readonly needsFirst: boolean
}

async function rowsOf(wanted: Case, way: Way): Promise<{ rows: readonly Record<string, Json>[]; left: number }> {
  const watch = new Watching({})
  const options: PrepareOptions = {
    query: wanted.query,
    modules: modulesOf(wanted),
    data: wanted.data ?? {},
    strictBuiltinErrors: wanted.strict_error === true,
    ...(wanted.env === undefined ? {} : { env: wanted.env }),
    builtins: {
      'test.sleep': { decl: { args: [{ type: 'string' }], result: { type: 'null' } }, run: () => null },
    },
  }
  const query = prepareAs(options, {
    marks: { needsFirst: way.needsFirst },
    emission: () => ({ instrument: watching(way), watch: () => watch }),
  })
  const input = wanted.input_term === undefined ? wanted.input : parseTerm(wanted.input_term)
  const rows = input === undefined ? await query.evaluateAsync() : await query.evaluateAsync(input)
  return { rows, left: watch.stack.length }
}

function texts(wanted: Case, rows: readonly Record<string, Json>[]): string[] {
  const shown = (row: Record<string, Json>): [string, Json][] =>
    Object.entries(row).filter(([name]) => !(wanted.ignore_generated_vars && name.startsWith('$')))
  return rows.map((row) => canonical(Object.fromEntries(shown(row)), wanted.sort_bindings === true)).sort()
}

/** What a case gives otherwise than wanted; undefined where it gives what is wanted. */
async function difference(wanted: Case, way: Way): Promise<string | undefined> {
  const isError = wanted.want_error_code !== undefined || wanted.want_error !== undefined
  try {
    const { rows, left } = await rowsOf(wanted, way)
    if (isError) return 'no error'
    if (left > 0) return `${left} steps have not ended`
    if (wanted.want_defined !== undefined && rows.length > 0 !== wanted.want_defined) return 'defined or not'
    if (wanted.want_result === undefined) return undefined
    const [got, expected] = [texts(wanted, rows), texts(wanted, wanted.want_result)]
    return JSON.stringify(got) === JSON.stringify(expected) ? undefined : `${got.join()} instead of ${expected.join()}`
  } catch (cause) {
    if (!(cause instanceof RegoErrors)) throw cause
    const { want_error_code: code } = wanted
    if (!isError) return cause.message
    return code === undefined || cause.errors.some((error) => error.code === code) ? undefined : cause.message
  }
}

const ways: readonly Way[] = [
  { indexed: true, exitsEarly: true, needsFirst: true },
  { indexed: false, exitsEarly: true, needsFirst: false },
  { indexed: true, exitsEarly: false, needsFirst: true },
]

if (!existsSync(folder)) {
  test.skip(`OPA's suite is not at ${folder}: set REGO_CONFORMANCE to the folder of its cases`, () => {})
} else {
  describe.each(ways)('watched, rule index: $indexed, early exit: $exitsEarly', (way) => {
    test.each(readdirSync(folder).sort())('%s gives what OPA gives', async (file) => {
      const differences: string[] = []
      for (const wanted of readCases(join(folder, file))) {
        if (exclusions[wanted.note] !== undefined) continue
        const found = await difference(wanted, way)
        if (found !== undefined) differences.push(`${wanted.note}: ${found}`)
      }
      expect(differences).toEqual([])
    })
  })
}
