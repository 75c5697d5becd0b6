/** The words of a command line: each is known and checked, or the answer says what to write. */
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/cli/command.ts'
import { commands } from '../../../src/cli/commands.ts'
import { CommandError } from '../../../src/cli/io.ts'
import { parseWords } from '../../../src/cli/options.ts'

function parse(line: string) {
  return parseWords(line === '' ? [] : line.split(' '), commands)
}

function errorOf(line: string): string {
  try {
    parse(line)
  } catch (cause) {
    if (cause instanceof CommandError) return cause.message
    throw cause
  }
  return ''
}

describe('the words of a command line', () => {
  it('become the command, its operands and its flags', () => {
    const parsed = parse('token buyer --scope a --lifetime=2h --scope b --format json')
    if (parsed.kind !== 'run') throw new Error(parsed.kind)
    const { command, options } = parsed
    expect(command.name).toBe('token')
    expect(options.operands).toEqual(['buyer'])
    expect([options.list('scope'), options.ms('lifetime'), options.text('format')]).toEqual([
      ['a', 'b'],
      7_200_000,
      'json',
    ])
    expect([options.text('subject'), options.list('role'), options.is('config')]).toEqual([undefined, [], false])
    expect(() => options.text('port'), 'a flag of another command is a bug').toThrow(TypeError)
  })

  it.each([
    { line: '', command: undefined },
    { line: '--help', command: undefined },
    { line: '-h', command: undefined },
    { line: 'help', command: undefined },
    { line: 'help tail', command: 'tail' },
    { line: 'help --format json', command: undefined },
    { line: 'help --format json tail', command: 'tail' },
    { line: 'tail --help', command: 'tail' },
    { line: 'tail --no-follow -h', command: 'tail' },
    { line: 'token --help', command: 'token' },
    { line: 'tail --unknown --help', command: 'tail' },
  ])('`gatehouse $line` asks for help', ({ line, command }) => {
    const parsed = parse(line)
    expect([parsed.kind, parsed.command?.name]).toEqual(['help', command])
  })

  it.each([
    { line: 'version' },
    { line: '--version' },
    { line: '-V' },
    { line: 'version --config x --format json' },
    { line: 'token -- --odd-agent' },
    { line: 'token buyer --subject --help' },
    { line: 'start --port 0 --operators-port 65535' },
    { line: 'tail --since 2h --decision deny --type outcome' },
    { line: 'tail --no-follow=true -n5' },
    { line: 'fmt -lw policies' },
    { line: 'eval -Sfraw data -b=x -bx' },
  ])('`gatehouse $line` runs', ({ line }) => {
    expect(parse(line).kind).toBe('run')
  })

  it('come in one word, letter by letter, as well as apart', () => {
    const parsed = parse('eval -Sfraw -b=x -by --ignore .*,a --ignore b --fail=false 1')
    if (parsed.kind !== 'run') throw new Error('not run')
    const { options } = parsed
    expect(options.is('strict')).toBe(true)
    expect(options.text('format')).toBe('raw')
    expect(options.list('bundle')).toEqual(['x', 'y'])
    expect(options.list('ignore')).toEqual(['.*', 'a', 'b'])
    expect([options.is('fail'), options.isOff('fail'), options.isOff('stdin')]).toEqual([false, true, false])
  })

  it.each([
    { line: 'strat', wanted: /no command `strat`; did you mean `start`\?/ },
    { line: 'frobnicate', wanted: /commands are start, token, tail/ },
    { line: 'help tial', wanted: /did you mean `tail`\?/ },
    { line: 'token', wanted: /`token` needs AGENT/ },
    { line: 'token buyer seller', wanted: /takes no `seller`/ },
    { line: 'tail extra', wanted: /takes no `extra`/ },
    { line: 'tail --folow', wanted: /no flag `--folow`; did you mean `--follow`\?/ },
    { line: 'tail --desision deny', wanted: /did you mean `--decision`\?/ },
    { line: 'tail -x', wanted: /no flag `-x`; run `gatehouse tail --help`/ },
    { line: 'tail -follow', wanted: /no flag `-follow`; did you mean `--follow`\?/ },
    { line: 'tail --f', wanted: /no flag `--f`/ },
    { line: 'fmt -lwx', wanted: /no flag `-lwx`/ },
    { line: 'eval -Sp 1', wanted: /`eval` does not take `--partial`: / },
    { line: 'eval --entrypoint x 1', wanted: /`eval` does not take `--entrypoint`: it belongs to/ },
    { line: 'help tail token', wanted: /`help` takes no `token`/ },
    { line: 'help --frmat json', wanted: /no flag `--frmat`; did you mean `--format`\?/ },
    { line: 'tail --decision dny', wanted: /allow, deny, ask, not `dny`; did you mean `deny`\?/ },
    { line: 'tail --decision', wanted: /`--decision` needs a value; write `--decision DECISION`/ },
    { line: 'tail --agent=', wanted: /`--agent` needs a value/ },
    { line: 'tail --agent a --agent b', wanted: /`--agent` comes twice/ },
    { line: 'tail --no-follow=yes', wanted: /takes no value/ },
    { line: 'start --port 65536', wanted: /a port from 0 to 65535, not `65536`/ },
    { line: 'start --port 80x', wanted: /a port from 0 to 65535/ },
    { line: 'start --port -1', wanted: /a port from 0 to 65535, not `-1`/ },
    { line: 'token buyer --lifetime 60', wanted: /a length of time such as/ },
    { line: 'completion tcsh', wanted: /SHELL is one of bash, zsh, fish, not `tcsh`/ },
    { line: 'check --format yaml', wanted: /text, pretty, json, not `yaml`/ },
    { line: 'tail --\u001b[31m', wanted: /no flag `--\?\[31m`/ },
  ])('`gatehouse $line` is refused with what to write', ({ line, wanted }) => {
    expect(errorOf(line)).toMatch(wanted)
  })
})

describe('the table of commands', () => {
  const all: readonly Command[] = commands

  it.each(all.map((command) => ({ name: command.name, command })))(
    '`$name` takes --config and --format, and names its flags once',
    ({ command }) => {
      const names = command.flags.map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining(['config', 'format']))
      expect(new Set(names).size).toBe(names.length)
      for (const flag of command.flags) {
        expect(flag.says, flag.name).toMatch(/^[A-Z`].*[^.]$/)
        expect(flag.kind === 'switch', `${flag.name} has a value exactly when it is no switch`).toBe(
          flag.value === undefined,
        )
        expect(flag.kind === 'choice', `${flag.name} has choices exactly when it is a choice`).toBe(
          flag.choices !== undefined,
        )
      }
    },
  )

  it.each(all.flatMap(({ name, examples }) => examples.map(({ line }) => ({ name, line }))))(
    'the example `$line` of `$name` parses',
    ({ line }) => {
      const words = /gatehouse ([a-z][^)>"|]*)/.exec(line)?.[1]?.trim()
      expect(['run', 'help']).toContain(parse(words ?? 'no words').kind)
    },
  )
})
