/** The server leg: every scenario that a revision asks of a server, and two that the suite does not score but a gateway must pass. */
import { startFixture } from '../fixture/start.ts'
import { judge, type Known } from './baseline.ts'
import type { Revision, Suite } from './suite.ts'

/** Run by the suite without being scored, and about what stands between client and server: the headers that mirror the body. */
const beyond: Record<Revision, readonly string[]> = {
  '2026-07-28': ['http-header-validation', 'http-custom-header-server-validation'],
  '2025-11-25': [],
}

export interface LegOptions {
  readonly suite: Suite
  readonly revision: Revision
  /** Only this one. */
  readonly scenario: string | undefined
  readonly report: (line: string) => void
}

/** Whether all is as it should be. Reports what is not, then the count. */
export async function runServerLeg({ suite, revision, scenario: only, report }: LegOptions): Promise<boolean> {
  const required = suite.required('server', revision)
  const wanted = [...required, ...beyond[revision]].filter((one) => only === undefined || one === only)
  const passed = new Set<string>()
  let asExpected = true
  const fixture = await startFixture()
  try {
    for (const scenario of wanted) {
      const known: readonly Known[] = []
      const verdict = judge(await suite.run('server', revision, scenario, fixture.url), known)
      const seen = await fixture.takeSeen()
      const problems = [...verdict.problems, ...(seen.length === 0 ? ['the fixture saw nothing of it'] : [])]
      for (const problem of problems) report(`server ${revision} ${scenario}: ${problem}`)
      if (problems.length > 0) asExpected = false
      else if (verdict.passed) passed.add(scenario)
    }
  } finally {
    await fixture.end()
  }
  const count = (list: readonly string[]): string =>
    `${list.filter((one) => passed.has(one)).length}/${list.filter((one) => wanted.includes(one)).length}`
  const besides = beyond[revision].length === 0 ? '' : `, and ${count(beyond[revision])} beyond`
  report(`server ${revision}: ${count(required)}${besides}`)
  return asExpected && wanted.length > 0
}
