/** Help, completion and reference page, made from the table of commands; the scripts are read by the shells that are installed. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/cli/command.ts'
import { commands } from '../../../src/cli/commands.ts'
import { helpText } from '../../../src/cli/help.ts'
import { runWords } from '../../../src/cli/main.ts'
import { commandLinePage } from '../../support/command-line-page.ts'
import { makeFakeIo } from '../../support/io.ts'

const all: readonly Command[] = commands

async function scriptOf(shell: string): Promise<string> {
  const io = makeFakeIo({ directory: '/' })
  expect(await runWords(['completion', shell], io)).toBe(0)
  return io.stdout.text
}

/** What bash offers for a line that ends where the cursor stands. */
async function offered(line: string): Promise<string[]> {
  const words = line.split(' ')
  const quoted = words.map((word) => `'${word}'`).join(' ')
  const script = `${await scriptOf('bash')}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _gatehouse; printf '%s\\n' "\${COMPREPLY[@]}"`
  const ran = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
  expect(ran.stderr).toBe('')
  return ran.stdout.split('\n').filter((word) => word !== '')
}

describe('docs/reference/command-line.md', () => {
  it('is what the table of commands says (npm run generate writes it)', async () => {
    await expect(commandLinePage()).toMatchFileSnapshot('../../../docs/reference/command-line.md')
  })
})

describe('help', () => {
  it('lists every command', () => {
    for (const { name, summary } of all) expect(helpText(undefined)).toMatch(new RegExp(`^  ${name} +${summary}`, 'm'))
  })

  it.each(all.map((command) => ({ name: command.name, command })))(
    'of `$name` has every flag, and lines that fit a terminal',
    ({ command }) => {
      const text = helpText(command)
      for (const { name } of command.flags) expect(text).toContain(`--${name}`)
      const examples = command.examples.map(({ line }) => `  ${line}`)
      for (const line of text.split('\n')) if (!examples.includes(line)) expect(line.length).toBeLessThanOrEqual(100)
    },
  )
})

describe('completion', () => {
  it.each([
    { line: 'gatehouse t', wanted: ['token', 'tail', 'test', 'tools'] },
    { line: 'gatehouse tail --d', wanted: ['--decision', '--data'] },
    { line: 'gatehouse tail --decision ', wanted: ['allow', 'deny', 'ask'] },
    { line: 'gatehouse completion z', wanted: ['zsh'] },
    { line: 'gatehouse fmt polic', wanted: ['policies'] },
    { line: 'gatehouse test --wat', wanted: ['--watch'] },
    { line: 'gatehouse help ch', wanted: ['check'] },
    { line: 'gatehouse frobnicate --', wanted: [] },
  ])('in bash offers $wanted after `$line`', async ({ line, wanted }) => {
    expect((await offered(line)).sort()).toEqual([...wanted].sort())
  })

  it.each(['bash', 'zsh', 'fish'])('for %s names every command and flag', async (shell) => {
    const script = await scriptOf(shell)
    for (const { name, flags } of all) {
      expect(script).toContain(name)
      for (const flag of flags) expect(script).toMatch(new RegExp(`(--|-l )${flag.name}\\b`))
    }
  })

  // Where a shell is not installed its script is compared with the table only, above.
  const installed = ['bash', 'zsh', 'fish'].filter((shell) => spawnSync(shell, ['-c', 'true']).status === 0)
  it.each(installed)('is a script that %s can read', async (shell) => {
    const ran = spawnSync(shell, ['-n'], { input: await scriptOf(shell), encoding: 'utf8' })
    expect([ran.status, ran.stderr]).toEqual([0, ''])
  })
})
