/**
 * `npm run conformance -- [--direct] [--revision R] [--scenario S]`: the official suite through Gatehouse, or, with `--direct`, against
 * the fixture alone. Prints one line a leg and revision, such as `server 2026-07-28: 37/37`, and before it what did not come out as
 * the baseline says. Exit status 0: everything did; 1: something did not; 2: the arguments.
 */
import { parseArgs } from 'node:util'
import { nodePackages } from '../packages/install.ts'
import { runServerLeg } from './server-leg.ts'
import { openSuite, revisions } from './suite.ts'

const { values } = parseArgs({
  options: { direct: { type: 'boolean', default: false }, revision: { type: 'string' }, scenario: { type: 'string' } },
})
const chosen = revisions.filter((one) => values.revision === undefined || one === values.revision)
if (chosen.length === 0) {
  process.stderr.write(`conformance: \`${values.revision}\` is no revision; there is ${revisions.join(', ')}\n`)
  process.exit(2)
}

const suite = openSuite(await nodePackages())
const report = (line: string): void => void process.stdout.write(`${line}\n`)
process.exitCode = 0
for (const revision of chosen)
  if (!(await runServerLeg({ suite, revision, scenario: values.scenario, direct: values.direct, report })))
    process.exitCode = 1
