/** The command line of the benchmarks: what it does not know it says, with status 2 and without measuring anything. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../../../bench/machine.ts'

const bench = (...args: string[]): { status: number | null; text: string } => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'bench/main.ts'), ...args], { encoding: 'utf8' })
  return { status, text: stderr }
}

describe('npm run bench', () => {
  const cases = [
    { note: 'no name', args: [], says: /usage: npm run bench -- NAME[\s\S]*http[\s\S]*wire/ },
    { note: 'a name that is none', args: ['constructor'], says: /usage/ },
    {
      note: 'a subject that is none',
      args: ['http', '--only', 'gatehouse,envoy'],
      says: /there is no subject `envoy`/,
    },
    { note: 'an option that is none', args: ['http', '--fast'], says: /--fast/ },
    { note: 'an option that the log has not', args: ['log', '--only', 'strict'], says: /--only/ },
    { note: 'an option that the parser has not', args: ['wire', '--fast'], says: /--fast/ },
    { note: 'a gateway for tools that is none', args: ['mcp', '--only', 'envoy'], says: /there is no subject `envoy`/ },
    { note: 'an engine that is none', args: ['rego', '--only', 'cel'], says: /there is no engine `cel`/ },
    { note: 'a sink that is none', args: ['sinks', '--only', 'kafak'], says: /there is no sink `kafak`/ },
    { note: 'words in the place of options', args: ['sinks', 'kafka'], says: /kafka/ },
    { note: 'a number that is none', args: ['verify', 'many'], says: /`many` is no number of records/ },
    { note: 'no time at all', args: ['formats', '0'], says: /`0` is no number of seconds/ },
    { note: 'a second number', args: ['formats', '1', '2'], says: /`1 2` is no number of seconds/ },
  ]
  it.each(cases)('ends with status 2 on $note', ({ args, says }) => {
    const { status, text } = bench(...args)
    expect(text).toMatch(says)
    expect(status).toBe(2)
  })
})
