/**
 * The client leg: the suite's own servers judge what Gatehouse sends them. Of what a revision asks of a client, all is run but signing
 * in at an authorization server: the credentials of upstreams are configured, and nobody signs in for an agent.
 */
import { join } from 'node:path'
import { judge, readBaseline } from './baseline.ts'
import type { Revision, Suite } from './suite.ts'

export interface ClientLegOptions {
  readonly suite: Suite
  readonly revision: Revision
  /** Only this one. */
  readonly scenario: string | undefined
  readonly report: (line: string) => void
}

/** Whether all is as the baseline says. Reports what is not, then the count. */
export async function runClientLeg({ suite, revision, scenario: only, report }: ClientLegOptions): Promise<boolean> {
  const required = suite.required('client', revision)
  const asked = required.filter((one) => !one.startsWith('auth/'))
  const wanted = asked.filter((one) => only === undefined || one === only)
  const baseline = readBaseline().filter((known) => known.leg === 'client' && known.revision === revision)
  const command = `${process.execPath} ${join(import.meta.dirname, 'client-driver.ts')}`
  let passed = 0
  let asExpected = true
  for (const scenario of wanted) {
    const checks = await suite.run('client', revision, scenario, command)
    const verdict = judge(
      checks,
      baseline.filter((line) => line.scenario === scenario),
    )
    for (const problem of verdict.problems) report(`client ${revision} ${scenario}: ${problem}`)
    if (verdict.problems.length > 0) asExpected = false
    if (verdict.passed) passed += 1
  }
  const left = required.length - asked.length
  report(`client ${revision}: ${passed}/${wanted.length}, without ${left} about signing in`)
  return asExpected
}
