/** The list of what is known to fail in the conformance suite can only shrink, and each of its lines says why. */
import { describe, expect, it } from 'vitest'
import { judge, type Known, readBaseline } from './mcp/conformance/baseline.ts'
import type { Check } from './mcp/conformance/suite.ts'

const check = (id: string, status: Check['status']): Check => ({ id, status })
const known = (id: string): Known => ({
  leg: 'server',
  revision: '2026-07-28',
  scenario: 'tools-list',
  check: id,
  reason: 'the reason of this test, at some length',
})

const cases: {
  note: string
  checks: readonly Check[]
  known: readonly Known[]
  passed: boolean
  problems: readonly RegExp[]
}[] = [
  { note: 'all passes', checks: [check('a', 'SUCCESS')], known: [], passed: true, problems: [] },
  { note: 'a warning is no failure', checks: [check('a', 'WARNING')], known: [], passed: true, problems: [] },
  { note: 'an unlisted failure', checks: [check('a', 'FAILURE')], known: [], passed: false, problems: [/^a: failed$/] },
  { note: 'a listed failure', checks: [check('a', 'FAILURE')], known: [known('a')], passed: false, problems: [] },
  {
    note: 'a listed failure beside an unlisted one',
    checks: [check('a', 'FAILURE'), check('b', 'FAILURE')],
    known: [known('a')],
    passed: false,
    problems: [/^b: failed$/],
  },
  {
    note: 'a listed check that passes',
    checks: [check('a', 'SUCCESS')],
    known: [known('a')],
    passed: true,
    problems: [/^a passes: remove it/],
  },
  { note: 'no check at all', checks: [], known: [], passed: false, problems: [/made no check/] },
]

describe('the verdict on a scenario', () => {
  it.each(cases)('$note', ({ checks, known, passed, problems }) => {
    const verdict = judge(checks, known)
    expect(verdict.passed).toBe(passed)
    expect(verdict.problems).toHaveLength(problems.length)
    for (const [index, problem] of problems.entries()) expect(verdict.problems[index]).toMatch(problem)
  })
})

describe('the baseline', () => {
  it('can be read, and names each check once', () => {
    const lines = readBaseline().map(({ leg, revision, scenario, check }) => `${leg} ${revision} ${scenario} ${check}`)
    expect(new Set(lines).size).toBe(lines.length)
  })
})
