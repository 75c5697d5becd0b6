/**
 * The server leg: every scenario that a revision asks of a server, and two that the suite does not score but a gateway must pass.
 * Through Gatehouse, each scenario is proved to have come that way: the fixture answers only who has the gateway's credential, and
 * its log must show it.
 */
import { randomBytes } from 'node:crypto'
import { startFixture } from '../fixture/start.ts'
import { startGateway } from '../gateway.ts'
import { judge, type Known, readBaseline } from './baseline.ts'
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
  /** Without Gatehouse; then nothing may fail at all. */
  readonly direct: boolean
  readonly report: (line: string) => void
}

/** Whether all is as it should be. Reports what is not, then the count. */
export async function runServerLeg({ suite, revision, scenario: only, direct, report }: LegOptions): Promise<boolean> {
  const required = suite.required('server', revision)
  const wanted = [...required, ...beyond[revision]].filter((one) => only === undefined || one === only)
  const baseline = direct ? [] : readBaseline().filter((known) => known.leg === 'server' && known.revision === revision)
  const credential = direct ? undefined : randomBytes(24).toString('hex')
  const passed = new Set<string>()
  let asExpected = true
  const fixture = await startFixture(credential)
  const server = { url: fixture.url, ...(credential !== undefined && { credential }) }
  let gateway = direct ? undefined : await startGateway(server)
  try {
    for (const scenario of wanted) {
      const known: readonly Known[] = baseline.filter((line) => line.scenario === scenario)
      const run = async () => {
        const checks = await suite.run('server', revision, scenario, gateway?.url ?? fixture.url)
        return { verdict: judge(checks, known), seen: await fixture.takeSeen() }
      }
      let ran = await run()
      if (gateway !== undefined && ran.seen.length === 0) {
        // It answered of what it knows from the scenario before: one that knows nothing has to ask.
        await gateway.end()
        gateway = await startGateway(server)
        ran = await run()
      }
      const problems = [...ran.verdict.problems]
      if (ran.seen.length === 0) problems.push('the fixture saw nothing of it')
      if (!direct && ran.seen.some((one) => !one.credential))
        problems.push('something came to the fixture past the gateway')
      for (const problem of problems) report(`server ${revision} ${scenario}: ${problem}`)
      if (problems.length > 0) asExpected = false
      else if (ran.verdict.passed) passed.add(scenario)
    }
  } finally {
    await gateway?.end()
    await fixture.end()
  }
  const count = (list: readonly string[]): string =>
    `${list.filter((one) => passed.has(one)).length}/${list.filter((one) => wanted.includes(one)).length}`
  const besides = beyond[revision].length === 0 ? '' : `, and ${count(beyond[revision])} beyond`
  report(`server ${revision}: ${count(required)}${besides}${direct ? ' (direct)' : ''}`)
  return asExpected
}
