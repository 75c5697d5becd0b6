/**
 * OPA's own suite of evaluation cases, run on the compiler: every case gives the same bindings, or an error of the same code whose message
 * contains the same words. Cases are read from `../shared/rego/conformance/v1` or the folder that `REGO_CONFORMANCE` names.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Json, parseTerm, prepare, type RegoError, RegoErrors } from '../../src/rego/index.ts'
import { type Case, canonical, casesFolder as folder, modulesOf, readCases } from './rego-cases.ts'
import { exclusions } from './rego-exclusions.ts'

function bindingsOf(wanted: Case, rows: readonly Record<string, Json>[]): string[] {
  const texts = rows.map((row) => {
    const shown = Object.entries(row).filter(([name]) => !(wanted.ignore_generated_vars && name.startsWith('$')))
    return canonical(Object.fromEntries(shown), wanted.sort_bindings === true)
  })
  return texts.sort()
}

async function run(wanted: Case): Promise<readonly Record<string, Json>[]> {
  const query = prepare({
    query: wanted.query,
    modules: modulesOf(wanted),
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
