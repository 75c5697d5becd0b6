/** `gatehouse completion SHELL`: a script that completes commands, flags and fixed values, made from the table of commands. */
import type { Command, Flag, RunCommand } from './command.ts'
import { commands } from './commands.ts'
import { exitStatus } from './io.ts'

const help: Flag = { name: 'help', kind: 'switch', says: 'Print this' }

const scripts: { readonly [shell: string]: () => string } = { bash, zsh, fish }

export const runCompletion: RunCommand = async (options, { out }) => {
  const shell = options.operands[0] ?? ''
  // INVARIANT: the table lets only these three names pass.
  const script = scripts[shell]
  if (script === undefined) throw new TypeError('a shell without a script')
  await out.write(options.text('format') === 'json' ? `${JSON.stringify({ shell, script: script() })}\n` : script())
  return exitStatus.done
}

function flagsOf(command: Command): readonly Flag[] {
  return [...command.flags, help]
}

function bash(): string {
  const cases = commands.map((command: Command) => {
    const flags = flagsOf(command).map(({ name }) => `--${name}`)
    const words = [...flags, ...(command.operands[0]?.choices ?? operandWords(command))]
    const files = command.operands.some(({ isPath }) => isPath) ? ' files=yes' : ''
    return `    ${command.name}) words="${words.join(' ')}"${files} ;;`
  })
  const values = choiceFlags().map(
    ({ command, flag }) => `    ${command.name}:--${flag.name}) words="${flag.choices?.join(' ')}" ;;`,
  )
  return `# bash completion of gatehouse
_gatehouse() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" command="\${COMP_WORDS[1]}" words= files=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names().join(' ')} --help --version" -- "$current"))
    return
  fi
  case "$before" in
    ${fileFlags('file').join(' | ')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${fileFlags('folder').join(' | ')}) COMPREPLY=($(compgen -d -- "$current")); return ;;
  esac
  case "$command:$before" in
${values.join('\n')}
  esac
  [ -n "$words" ] || case "$command" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ -n "$files" ] && [[ "$current" != -* ]]; then COMPREPLY+=($(compgen -f -- "$current")); fi
}
complete -F _gatehouse gatehouse
`
}

function zsh(): string {
  const described = commands.map(({ name, summary }) => `    ${zshQuoted(`${name}:${summary}`)}`)
  const cases = commands.map((command: Command) => {
    const specs = flagsOf(command).map((flag) => `        ${zshQuoted(zshFlag(flag))}`)
    const operands = command.operands.map((operand) => {
      const words = operand.choices ?? operandWords(command)
      const action = operand.isPath === true ? '_files' : words.length === 0 ? ' ' : `(${words.join(' ')})`
      return `        ${zshQuoted(`${operand.repeats === true ? '*' : ''}:${operand.name}:${action}`)}`
    })
    return `      ${command.name}) _arguments \\\n${[...specs, ...operands].join(' \\\n')} ;;`
  })
  return `#compdef gatehouse
_gatehouse() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
  else
    local command=\${words[2]}
    shift words
    (( CURRENT-- ))
    case "$command" in
${cases.join('\n')}
    esac
  fi
}
if [ "$funcstack[1]" = _gatehouse ]; then _gatehouse "$@"; else compdef _gatehouse gatehouse; fi
`
}

function zshFlag(flag: Flag): string {
  const says = flag.says.replace(/[[\]:\\]/g, '\\$&')
  const many = flag.repeats === true ? '*' : ''
  if (flag.kind === 'switch') return `${many}--${flag.name}[${says}]`
  const action =
    { file: '_files', folder: '_files -/', choice: `(${flag.choices?.join(' ')})` }[flag.kind as string] ?? ' '
  return `${many}--${flag.name}=[${says}]:${flag.value ?? ''}:${action}`
}

/** Within single quotes of zsh a quote ends the text: it is written outside. */
function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function fish(): string {
  const lines = ['# fish completion of gatehouse', 'complete -c gatehouse -f']
  for (const { name, summary } of commands)
    lines.push(`complete -c gatehouse -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`)
  for (const command of commands as readonly Command[]) {
    const when = fishQuoted(`__fish_seen_subcommand_from ${command.name}`)
    for (const flag of flagsOf(command)) {
      const value = { switch: '', file: ' -r -F', folder: ' -r -a "(__fish_complete_directories)"' }[
        flag.kind as string
      ]
      const choices = flag.choices === undefined ? ' -x' : ` -x -a ${fishQuoted(flag.choices.join(' '))}`
      const short = flag.short === undefined ? '' : ` -s ${flag.short}`
      lines.push(
        `complete -c gatehouse -n ${when}${short} -l ${flag.name}${value ?? choices} -d ${fishQuoted(flag.says)}`,
      )
    }
    const words = command.operands[0]?.choices ?? operandWords(command)
    if (words.length > 0) lines.push(`complete -c gatehouse -n ${when} -a ${fishQuoted(words.join(' '))}`)
    if (command.operands.some(({ isPath }) => isPath)) lines.push(`complete -c gatehouse -n ${when} -F`)
  }
  return `${lines.join('\n')}\n`
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

function names(): string[] {
  return commands.map(({ name }) => name)
}

/** What `help` explains. */
function operandWords(command: Command): readonly string[] {
  return command.name === 'help' ? names() : []
}

function choiceFlags(): { command: Command; flag: Flag }[] {
  return commands.flatMap((command: Command) =>
    command.flags.filter(({ kind }) => kind === 'choice').map((flag) => ({ command, flag })),
  )
}

function fileFlags(kind: 'file' | 'folder'): string[] {
  const all = commands.flatMap((command: Command) => command.flags.filter((flag) => flag.kind === kind))
  return [...new Set(all.map(({ name }) => `--${name}`))]
}
