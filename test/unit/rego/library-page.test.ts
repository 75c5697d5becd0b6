/**
 * The examples of docs/library.md as they stand there: each is a program of its own that prints what the block after it says. The
 * name by which the package is imported leads to the sources here; that the packed package answers to it is shown where it is installed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from '../../support/command.ts'
import { root, textOf } from '../../support/sources.ts'

const folder = mkdtempSync(join(tmpdir(), 'library-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const blocks = [...textOf('docs/library.md').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
  kind: match[1],
  text: match[2] ?? '',
}))
const examples = blocks.flatMap(({ kind, text }, i) => (kind === 'js' ? [{ text, printed: blocks[i + 1] }] : []))
const name = 'gatehouse/rego'

describe('the page about the library', () => {
  it('has examples, each with what it prints', () => {
    expect(examples.length).toBeGreaterThan(4)
    for (const { text, printed } of examples) {
      expect(text).toContain(`from '${name}'`)
      expect(printed?.kind).toBe('text')
    }
  })

  it.each(examples)('prints what it says: $text', async ({ text, printed }) => {
    const file = join(folder, 'example.mjs')
    writeFileSync(file, text.replaceAll(name, pathToFileURL(join(root, 'src/rego/index.ts')).href))
    expect(await run([process.execPath, file])).toEqual({ status: 0, out: printed?.text, err: '' })
  })

  it('names the door that the package has', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(exports).toHaveProperty(['./rego', 'default'], './dist/src/rego/index.js')
  })
})
