/**
 * `npm run conformance -- --direct [--revision R] [--scenario S]`: the official suite against the fixture. Prints one line a leg
 * and revision, such as `server 2026-07-28: 37/37`, and before it what failed. Exit status 0: nothing failed; 1: something did;
 * 2: the arguments.
 */
import { parseArgs } from 'node:util'
import { nodePackages } from '../packages/install.ts'
import { runServerLeg } from './server-leg.ts'
import { openSuite, revisions } from './suite.ts'

const usage = 'usage: npm run conformance -- --direct [--revision REVISION] [--scenario NAME]'

const { values } = parseArgs({
  options: { direct: { type: 'boolean', default: false }, revision: { type: 'string' }, scenario: { type: 'string' } },
})
const chosen = revisions.filter((one) => values.revision === undefined || one === values.revision)
if (chosen.length === 0) refuse(`\`${values.revision}\` is no revision; there is ${revisions.join(', ')}`)
if (!values.direct) refuse(usage)

const suite = openSuite(await nodePackages())
const report = (line: string): void => void process.stdout.write(`${line}\n`)
process.exitCode = 0
for (const revision of chosen)
  if (!(await runServerLeg({ suite, revision, scenario: values.scenario, report }))) process.exitCode = 1

function refuse(words: string): never {
  process.stderr.write(`conformance: ${words}\n`)
  process.exit(2)
}
