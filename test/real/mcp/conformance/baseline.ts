/**
 * What is known to fail, in `test/real/conformance-baseline.yaml`: every line with its reason. The list can only shrink: a check that
 * fails and is not listed is an error, and so is one that is listed and passes.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Check } from './suite.ts'

const schema = z.strictObject({
  failing: z.array(
    z.strictObject({
      leg: z.enum(['server', 'client']),
      revision: z.enum(['2026-07-28', '2025-11-25']),
      scenario: z.string(),
      check: z.string(),
      reason: z.string().min(20),
    }),
  ),
})

export type Known = z.infer<typeof schema>['failing'][number]

/** Throws when the file is not what it should be. */
export function readBaseline(file = join(import.meta.dirname, '../../conformance-baseline.yaml')): readonly Known[] {
  return schema.parse(parse(readFileSync(file, 'utf8'))).failing
}

export interface Verdict {
  readonly passed: boolean
  /** One line each; empty when all is as the baseline says. */
  readonly problems: readonly string[]
}

/** `known` holds the lines of this scenario alone. */
export function judge(checks: readonly Check[], known: readonly Known[]): Verdict {
  const failures = checks.filter(({ status }) => status === 'FAILURE')
  const problems = failures
    .filter(({ id }) => !known.some(({ check }) => check === id))
    .map(({ id, errorMessage }) => `${id}: ${errorMessage ?? 'failed'}`)
  for (const { check } of known)
    if (!failures.some(({ id }) => id === check)) problems.push(`${check} passes: remove it from the baseline`)
  // No check at all is no proof of anything.
  if (checks.length === 0) problems.push('the suite made no check')
  return { passed: failures.length === 0 && checks.length > 0, problems }
}
