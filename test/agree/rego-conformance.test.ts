/**
 * OPA's own suite of evaluation cases, run on the compiler: every case gives the same bindings, or an error of the same code whose message
 * contains the same words. Cases are read from `../shared/rego/conformance/v1` or the folder that `REGO_CONFORMANCE` names.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Json, parseTerm, prepare, type RegoError, RegoErrors } from '../../src/rego/index.ts'
import { exclusions } from './rego-exclusions.ts'

interface Case {
  readonly note: string
  readonly query: string
  readonly modules?: readonly string[]
  readonly data?: Json
  readonly input?: Json
  readonly input_term?: string
  readonly want_result?: readonly Record<string, Json>[]
  readonly want_defined?: boolean
  readonly want_error_code?: string
  readonly want_error?: string
  readonly sort_bindings?: boolean
  readonly strict_error?: boolean
  readonly ignore_generated_vars?: boolean
  readonly env?: Record<string, string>
}

const folder = process.env.REGO_CONFORMANCE ?? join(import.meta.dirname, '../../../shared/rego/conformance/v1')

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseJson = JSON.parse as (text: string, reviver: Reviver) => unknown

/** Numbers of the cases as `Json` has them: exact. */
function readCases(file: string): readonly Case[] {
  const { cases } = parseJson(readFileSync(file, 'utf8'), (_key, value, context) => {
    if (typeof value !== 'number' || context.source === undefined || String(value) === context.source) return value
    return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
  }) as { readonly cases: readonly Case[] }
  return cases
}

/** A text that two documents share when they are equal; where `sorted`, arrays compare as sets. */
function canonical(value: unknown, sorted: boolean): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item, sorted))
    return `[${(sorted ? items.sort() : items).join(',')}]`
  }
  if (typeof value === 'object' && value !== null) {
    if ('rawJSON' in value) return String(value.rawJSON)
    const fields = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, sorted)}`)
    return `{${fields.sort().join(',')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function bindingsOf(wanted: Case, rows: readonly Record<string, Json>[]): string[] {
  const texts = rows.map((row) => {
    const shown = Object.entries(row).filter(([name]) => !(wanted.ignore_generated_vars && name.startsWith('$')))
    return canonical(Object.fromEntries(shown), wanted.sort_bindings === true)
  })
  return texts.sort()
}

async function run(wanted: Case): Promise<readonly Record<string, Json>[]> {
  const modules = Object.fromEntries((wanted.modules ?? []).map((source, i) => [`test-${i}.rego`, source]))
  const query = prepare({
    query: wanted.query,
    modules,
    data: wanted.data ?? {},
    strictBuiltinErrors: wanted.strict_error === true,
    ...(wanted.env === undefined ? {} : { env: wanted.env }),
    builtins: {
      'test.sleep': { decl: { args: [{ type: 'string' }], result: { type: 'null' } }, run: () => null },
    },
  })
  if (wanted.input_term !== undefined) return await query.evaluateAsync(parseTerm(wanted.input_term))
  return 'input' in wanted ? await query.evaluateAsync(wanted.input) : await query.evaluateAsync()
}

/** An evaluation error as OPA prints it: cases quote parts of that. */
function opaText({ file, row, code, message }: RegoError): string {
  return `${file}:${row}: ${code}: ${message}`
}

async function check(wanted: Case): Promise<void> {
  if (wanted.want_error_code !== undefined || wanted.want_error !== undefined) {
    const error = await run(wanted).then(
      (rows) => new Error(`no error but ${canonical(rows, false)}`),
      (cause: unknown) => cause,
    )
    if (!(error instanceof RegoErrors)) throw error
    if (wanted.want_error_code !== undefined)
      expect(error.errors.map(({ code }) => code)).toContain(wanted.want_error_code)
    if (wanted.want_error !== undefined) expect(error.errors.map(opaText).join('\n')).toContain(wanted.want_error)
    return
  }
  const rows = await run(wanted)
  if (wanted.want_defined !== undefined) expect(rows.length > 0).toBe(wanted.want_defined)
  if (wanted.want_result !== undefined) expect(bindingsOf(wanted, rows)).toEqual(bindingsOf(wanted, wanted.want_result))
}

if (!existsSync(folder)) {
  test.skip(`OPA's suite is not at ${folder}: set REGO_CONFORMANCE to the folder of its cases`, () => {})
} else {
  for (const file of readdirSync(folder).sort()) {
    describe(file, () => {
      for (const wanted of readCases(join(folder, file))) {
        const reason = exclusions[wanted.note]
        if (reason === undefined) test(wanted.note, () => check(wanted))
        else {
          test(`${wanted.note} (does not pass yet: ${reason})`, async () => {
            await expect(check(wanted), 'passes now: take it off the list').rejects.toThrow()
          })
        }
      }
    })
  }
}
