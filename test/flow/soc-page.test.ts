/** docs/soc.md: every line to paste is run against the log of a house with calls of every kind, and ends well. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import { makeFakeIo } from '../support/io.ts'
import { root } from '../support/sources.ts'
import { openWorld } from '../support/world.ts'

const token = 'operators-token-of-32-characters'
const page = readFileSync(join(root, 'docs/soc.md'), 'utf8')
const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, text = '']) => text.trim().split('\n'))
const cells = [...page.matchAll(/^\|.*\| `(gatehouse [^`]*)` +\|$/gm)].map(([, text = '']) => text)
const lines = [...blocks, ...cells]

/** Words of a line as a shell splits it: quotes, and variables that the page names. */
function wordsOf(line: string, variables: { readonly [name: string]: string }): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []
  return words.map((word) =>
    word.startsWith("'")
      ? word.slice(1, -1)
      : word.replaceAll('"', '').replace(/\$([A-Z]+)/g, (_, name) => variables[name] ?? ''),
  )
}

it(`runs all ${lines.length} lines of the page, and most find something`, { timeout: 60_000 }, async () => {
  expect(cells.length).toBe(11)
  const world = await openWorld({
    files: { 'operators-token': token },
    config: { listeners: { agents: { port: 0 }, operators: { port: 0, token: 'file:operators-token' } } },
    policies: {
      'main.rego':
        'package gatehouse\n\nallow if not input.call.http.path == "/bad"\n\ndeny contains {"code": "vendor_not_listed", "message": "no"} if input.call.http.path == "/bad"\n',
    },
  })
  try {
    await world.send()
    await world.send({ path: '/bad' })
    await world.send({ token: 'rubbish' })
    await world.raw('rubbish\r\n\r\n')
    const variables = {
      ID: world.pair().decision.decision_id,
      OPERATORS: world.house.operatorsUrl,
      TOKEN: token,
    }
    // Proofs need a checkpoint, which comes a second after the first line.
    await expect.poll(() => world.records().some(({ type }) => type === 'checkpoint'), { timeout: 10_000 }).toBe(true)
    let found = 0
    for (const line of lines) {
      const [program, ...words] = wordsOf(line, variables)
      if (program === 'curl') {
        const { stdout } = await promisify(execFile)('curl', words)
        expect(stdout, line).toContain('"decision":"deny"')
        continue
      }
      expect(program).toBe('gatehouse')
      const io = makeFakeIo({ directory: world.folder, pause: async () => {} })
      expect([await runWords(words, io), io.stderr.text], line).toEqual([0, ''])
      if (io.stdout.text !== '') found++
    }
    expect(found).toBeGreaterThan(lines.length / 2)
  } finally {
    await world.close()
  }
})
