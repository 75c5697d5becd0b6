/**
 * `npm run conformance -- [--direct] [--leg LEG] [--revision R] [--scenario S]`: the official suite through Gatehouse, both legs, or,
 * with `--direct`, against the fixture alone. Prints one line a leg and revision, such as `server 2026-07-28: 37/37`, and before it what did not come out as
 * the baseline says. Exit status 0: everything did; 1: something did not; 2: the arguments.
 */
import { parseArgs } from 'node:util'
import { nodePackages } from '../packages/install.ts'
import { runClientLeg } from './client-leg.ts'
import { runServerLeg } from './server-leg.ts'
import { openSuite, revisions } from './suite.ts'

const { values } = parseArgs({
  options: {
    direct: { type: 'boolean', default: false },
    leg: { type: 'string' },
    revision: { type: 'string' },
    scenario: { type: 'string' },
  },
})
const chosen = revisions.filter((one) => values.revision === undefined || one === values.revision)
if (chosen.length === 0) refuse(`\`${values.revision}\` is no revision; there is ${revisions.join(', ')}`)
if (values.leg !== undefined && values.leg !== 'server' && values.leg !== 'client')
  refuse(`\`${values.leg}\` is no leg; there is server, client`)

const suite = openSuite(await nodePackages())
const report = (line: string): void => void process.stdout.write(`${line}\n`)
process.exitCode = 0
const { scenario, direct } = values
for (const revision of chosen) {
  if (values.leg !== 'client' && !(await runServerLeg({ suite, revision, scenario, direct, report })))
    process.exitCode = 1
  // The client leg is about what Gatehouse sends: there is nothing to it without.
  if (values.leg !== 'server' && !direct && !(await runClientLeg({ suite, revision, scenario, report })))
    process.exitCode = 1
}

function refuse(words: string): never {
  process.stderr.write(`conformance: ${words}\n`)
  process.exit(2)
}
