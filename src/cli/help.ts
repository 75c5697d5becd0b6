/** Help as text for a terminal, made from the table of commands. */
import type { Command, Flag } from './command.ts'
import { commands } from './commands.ts'

/** Columns of a line; narrower terminals wrap by themselves. */
const columns = 100

/** The list of commands, or all about one. */
export function helpText(command: Command | undefined): string {
  return command === undefined ? overview() : aboutCommand(command)
}

/** The same for programs: the rows of the table, or the one row. */
export function helpJson(command: Command | undefined): string {
  return `${JSON.stringify(command ?? { commands }, null, 2)}\n`
}

/** `gatehouse token AGENT [flags]`. */
export function usageLine({ name, operands }: Command): string {
  const words = operands.map(({ name, optional, repeats }) => {
    const word = repeats === true ? `${name} ...` : name
    return optional === true ? `[${word}]` : word
  })
  return ['gatehouse', name, ...words, '[flags]'].join(' ')
}

/** `--scope SCOPE ...`, `-n, --last COUNT`. */
export function flagForm(flag: Flag): string {
  const short = flag.short === undefined ? '' : `-${flag.short}, `
  return `${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}${flag.repeats === true ? ' ...' : ''}`
}

function overview(): string {
  const rows = commands.map(({ name, summary }): [string, string] => [name, summary])
  return [
    'gatehouse: the policy gateway for AI agents',
    '',
    'usage: gatehouse COMMAND [flags]',
    '',
    ...listed(rows),
    '',
    'Every command explains itself: gatehouse COMMAND --help',
    'Exit status: 0 done, 1 a finding, 2 wrong usage or configuration, 3 the server cannot be reached,',
    '4 the call was refused.',
    '',
  ].join('\n')
}

function aboutCommand(command: Command): string {
  const flags = [...command.flags, { name: 'help', kind: 'switch', says: 'Print this' } satisfies Flag]
  const operands = command.operands.map((one): [string, string] => [
    one.name,
    `${one.says}${'choices' in one && one.choices !== undefined ? `: ${one.choices.join(', ')}` : ''}`,
  ])
  return [
    `usage: ${usageLine(command)}`,
    '',
    ...wrapped(command.about, columns),
    '',
    ...(operands.length === 0 ? [] : [...listed(operands), '']),
    ...listed(flags.map((flag): [string, string] => [flagForm(flag), saysWithChoices(flag)])),
    '',
    ...command.examples.flatMap(({ line, does }) => [`  # ${does}`, `  ${line}`]),
    '',
  ].join('\n')
}

export function saysWithChoices(flag: Flag): string {
  return flag.choices === undefined ? flag.says : `${flag.says} (${flag.choices.join(', ')})`
}

function listed(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  return rows.flatMap(([left, right]) =>
    wrapped(right, columns - width - 2).map((line, index) => `  ${(index === 0 ? left : '').padEnd(width)}${line}`),
  )
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
