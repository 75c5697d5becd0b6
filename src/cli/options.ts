/** Reads the words after `gatehouse` by the table of commands: every word is known and checked, or an error says what to write. */
import { nearest, parseDuration } from '../model/index.ts'
import type { Command, Flag, Options } from './command.ts'
import { CommandError, exitStatus } from './io.ts'

/** Of a `count`: what is shown at once is held in memory. */
const countMax = 10_000

export type Parsed =
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | { readonly kind: 'run'; readonly command: Command; readonly options: Options }

/** `words` without the program's name. `gatehouse`, `gatehouse --help`, `gatehouse help X` and `gatehouse X --help` are help. */
export function parseWords(words: readonly string[], commands: readonly Command[]): Parsed {
  const [first, ...rest] = words
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help', command: undefined }
  if (first === '--version' || first === '-V') return parseWords(['version', ...rest], commands)
  const command = commands.find(({ name }) => name === first)
  if (command === undefined) throw new CommandError(unknownCommand(first, commands))
  if (asksForHelp(rest, command)) return { kind: 'help', command }
  if (command.name === 'help') {
    const [word] = readOptions(rest, command).operands
    const about = commands.find(({ name }) => name === word)
    if (word !== undefined && about === undefined) throw new CommandError(unknownCommand(word, commands))
    return { kind: 'help', command: about }
  }
  return { kind: 'run', command, options: readOptionsOf(rest, command) }
}

function readOptionsOf(words: readonly string[], command: Command): Options {
  try {
    return readOptions(words, command)
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause
    throw new CommandError(cause.message, command.usageStatus ?? exitStatus.usage)
  }
}

/** Whether the words ask for JSON, also where they cannot be parsed: then the error is JSON too. */
export function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  const flags = end === -1 ? words : words.slice(0, end)
  return flags.some((word, index) => word === '--format=json' || (word === '--format' && flags[index + 1] === 'json'))
}

/** `--help` as the value of a flag is not a question. */
function asksForHelp(words: readonly string[], command: Command): boolean {
  for (const [index, word] of words.entries()) {
    if (word === '--') return false
    const before = words[index - 1]
    const flag = before?.startsWith('--') ? command.flags.find(({ name }) => `--${name}` === before) : undefined
    if ((word === '--help' || word === '-h') && (flag === undefined || flag.kind === 'switch')) return true
  }
  return false
}

function unknownCommand(word: string, commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name)
  const meant = nearest(word, names)
  const offer = meant === undefined ? `commands are ${names.join(', ')}` : `did you mean \`${meant}\`?`
  return `there is no command \`${printable(word)}\`; ${offer}`
}

function readOptions(words: readonly string[], command: Command): Options {
  const values = new Map<string, string[]>()
  const operands: string[] = []
  const queue = [...words]
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      operands.push(...queue.splice(0))
    } else if (word.startsWith('-') && word !== '-') {
      for (const { flag, inline } of flagsIn(word, command)) {
        const given = values.get(flag.name) ?? []
        if (given.length > 0 && flag.repeats !== true)
          throw new CommandError(`\`--${flag.name}\` comes twice; write it once`)
        const value = flag.kind === 'switch' ? switchValue(flag, inline) : checkedValue(flag, inline ?? queue.shift())
        values.set(flag.name, [...given, ...(flag.kind === 'list' ? value.split(',') : [value])])
      }
    } else operands.push(word)
  }
  checkOperands(operands, command)
  return optionsOf(values, operands, command)
}

interface Given {
  readonly flag: Flag
  readonly inline: string | undefined
}

/** `--name`, `--name=value`, `-n`, `-n=value`, `-nvalue`, and switches together: `-lw`. */
function flagsIn(word: string, command: Command): Given[] {
  if (word.startsWith('--')) {
    const [name = '', inline] = splitOnce(word.slice(2))
    const flag = command.flags.find((one) => one.name === name)
    if (flag === undefined) throw new CommandError(unknownFlag(word, name, command))
    return [{ flag, inline }]
  }
  const found: Given[] = []
  const letters = word.slice(1)
  for (let i = 0; i < letters.length; i++) {
    const flag = command.flags.find((one) => one.short === letters[i])
    if (flag === undefined) throw new CommandError(unknownLetter(word, letters[i] ?? '', command))
    const rest = letters.slice(i + 1)
    if (flag.kind === 'switch' && !rest.startsWith('=')) found.push({ flag, inline: undefined })
    else return [...found, { flag, inline: rest === '' ? undefined : rest.replace(/^=/, '') }]
  }
  return found
}

/** A word of several letters with an unknown one in it was probably meant as one flag. */
function unknownLetter(word: string, letter: string, command: Command): string {
  const isRefused = command.refused?.some(({ short }) => short === letter)
  return isRefused ? unknownFlag(`-${letter}`, letter, command) : unknownFlag(word, word.slice(1), command)
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=')
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function switchValue(flag: Flag, inline: string | undefined): string {
  if (inline === undefined || inline === 'true') return 'true'
  if (inline === 'false') return 'false'
  throw new CommandError(`\`--${flag.name}\` takes no value but \`true\` or \`false\`; write it alone`)
}

function checkedValue(flag: Flag, value: string | undefined): string {
  const expected = `--${flag.name} ${flag.value ?? ''}`
  if (value === undefined || value === '')
    throw new CommandError(`\`--${flag.name}\` needs a value; write \`${expected}\``)
  const wrong = (wanted: string): CommandError =>
    new CommandError(`\`--${flag.name}\` takes ${wanted}, not \`${printable(value)}\``)
  if (flag.kind === 'choice' && flag.choices?.includes(value) !== true) {
    const meant = nearest(value, flag.choices ?? [])
    const offer = meant === undefined ? '' : `; did you mean \`${meant}\`?`
    throw new CommandError(`\`--${flag.name}\` takes ${flag.choices?.join(', ')}, not \`${printable(value)}\`${offer}`)
  }
  if (flag.kind === 'port' && !(/^\d{1,5}$/.test(value) && Number(value) <= 65_535))
    throw wrong('a port from 0 to 65535')
  if (flag.kind === 'count' && !(/^\d{1,5}$/.test(value) && Number(value) <= countMax))
    throw wrong(`a whole number from 0 to ${countMax}`)
  if (flag.kind === 'duration' && parseDuration(value) === undefined)
    throw wrong('a length of time such as `90s`, `15m` or `24h`')
  return value
}

function unknownFlag(word: string, name: string, command: Command): string {
  const refused = command.refused?.find((one) => (word.startsWith('--') ? one.name : one.short) === name)
  if (refused !== undefined) return `\`${command.name}\` does not take \`--${refused.name}\`: ${refused.says}`
  const meant = nearest(
    name,
    command.flags.map((flag) => flag.name),
  )
  const offer =
    meant === undefined ? `run \`gatehouse ${command.name} --help\` for those it has` : `did you mean \`--${meant}\`?`
  return `\`${command.name}\` has no flag \`${printable(splitOnce(word)[0])}\`; ${offer}`
}

function checkOperands(operands: readonly string[], command: Command): void {
  for (const [index, operand] of command.operands.entries()) {
    const given = operands[index]
    if (given === undefined && operand.optional !== true)
      throw new CommandError(
        `\`${command.name}\` needs ${operand.name}, ${operand.says}; run \`gatehouse ${command.name} --help\``,
      )
    if (given !== undefined && operand.choices?.includes(given) === false)
      throw new CommandError(`${operand.name} is one of ${operand.choices.join(', ')}, not \`${printable(given)}\``)
  }
  const extra = operands[command.operands.length]
  if (extra !== undefined && command.operands.at(-1)?.repeats !== true)
    throw new CommandError(
      `\`${command.name}\` takes no \`${printable(extra)}\`; run \`gatehouse ${command.name} --help\``,
    )
}

function optionsOf(
  values: ReadonlyMap<string, readonly string[]>,
  operands: readonly string[],
  command: Command,
): Options {
  const known = (flag: string): readonly string[] => {
    if (!command.flags.some(({ name }) => name === flag)) throw new TypeError(`${command.name} has no flag --${flag}`)
    return values.get(flag) ?? []
  }
  return {
    operands,
    is: (flag) => known(flag).at(-1) === 'true',
    isOff: (flag) => known(flag).at(-1) === 'false',
    text: (flag) => known(flag)[0],
    list: known,
    ms: (flag) => parseDuration(known(flag)[0] ?? ''),
    port: (flag) => numberOf(known(flag)[0]),
    count: (flag) => numberOf(known(flag)[0]),
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

/** What somebody typed may hold control characters; a terminal must not obey them. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return text.slice(0, 80).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}
