/** The text of `docs/reference/command-line.md`, made from the table of commands. */
import type { Command } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { flagForm, saysWithChoices, usageLine } from '../../src/cli/help.ts'

export function commandLinePage(): string {
  return `${introduction}\n${commands.map(sectionOf).join('\n')}`
}

const introduction = `# Command line

<!-- Made from the table in src/cli/commands.ts by \`npm run generate\`; a test compares. -->

In a checkout, and where the package is installed, the command is \`npx gatehouse\`; a service runs \`node bin/gatehouse\`.

| exit status | meaning |
| --- | --- |
| 0 | done |
| 1 | a finding |
| 2 | wrong usage or configuration |
| 3 | the server cannot be reached |
| 4 | the call was refused |

Output goes to standard output, everything else to standard error. Flags are written \`--flag VALUE\` or \`--flag=VALUE\`; after \`--\`
nothing is a flag. Lengths of time are a whole number and a unit: \`500ms\`, \`30s\`, \`15m\`, \`2h\`, \`7d\`.

Environment variables that are read besides those that the configuration names: \`NO_COLOR\` (any value: no colours),
\`GATEHOUSE_PRODUCTION_ONLY\` (\`1\`: development mode is refused, as in the image), \`GATEHOUSE_OPERATORS_TOKEN\` (of \`tail --url\`) and
\`GATEHOUSE_TOKEN\` (of \`tools\` and \`call\`).
`

function sectionOf(command: Command): string {
  const operands = command.operands.map(
    ({ name, says, choices }) =>
      `| \`${name}\` | ${cell(says)}${choices === undefined ? '' : ` (${choices.join(', ')})`} |`,
  )
  const flags = command.flags.map((flag) => `| \`${flagForm(flag)}\` | ${cell(saysWithChoices(flag))} |`)
  const examples = command.examples.flatMap(({ line, does }) => [`# ${does}`, line])
  return [
    `## ${command.name}`,
    '',
    `    ${usageLine(command)}`,
    '',
    `${command.summary}. ${command.about}`,
    '',
    '| argument | meaning |',
    '| --- | --- |',
    ...operands,
    ...flags,
    '',
    '```sh',
    ...examples,
    '```',
    '',
  ].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
