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
  ]
  it.each(cases)('ends with status 2 on $note', ({ args, says }) => {
    const { status, text } = bench(...args)
    expect(text).toMatch(says)
    expect(status).toBe(2)
  })
})
