/** OPA's own suite of evaluation cases, as the tests of this folder read and compare them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../../src/rego/index.ts'

/** A case as `../shared/rego/README.md` describes it. */
export interface Case {
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

/** Where the cases are: `../shared/rego/conformance/v1` beside the project, or the folder that `REGO_CONFORMANCE` names. */
export const casesFolder =
  process.env.REGO_CONFORMANCE ?? join(import.meta.dirname, '../../../shared/rego/conformance/v1')

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseJson = JSON.parse as (text: string, reviver: Reviver) => unknown

/** Numbers of the cases as `Json` has them: exact. */
export function readCases(file: string): readonly Case[] {
  const { cases } = parseJson(readFileSync(file, 'utf8'), (_key, value, context) => {
    if (typeof value !== 'number' || context.source === undefined || String(value) === context.source) return value
    return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
  }) as { readonly cases: readonly Case[] }
  return cases
}

/** A text that two documents share when they are equal; where `sorted`, arrays compare as sets. */
export function canonical(value: unknown, sorted: boolean): string {
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

/** The modules of a case by file name. */
export function modulesOf({ modules = [] }: Case): Record<string, string> {
  return Object.fromEntries(modules.map((source, i) => [`test-${i}.rego`, source]))
}
